import { retryAfterMs } from "../../domain/retry-after.ts";
import type { OutsideAnswer } from "../../ports/carrier.ts";
import type { Channel, ChannelPorts, Message, Sent, Target, TargetCheck } from "../../ports/channel.ts";
import { signatureHeaders } from "./signature.ts";

const TIMEOUT_MS = 15_000;
const URL_MAX = 2000;
/** More of an answer is neither kept nor shown. */
const ANSWER_SHOWN_BYTES = 1024;
const GONE = 410;

/** An HTTP POST of each event, signed as Standard Webhooks says. Only a 2xx is a success; a redirect is a failure. */
export function openWebhook(ports: ChannelPorts): Channel {
  return {
    missing: null,
    readTarget: (input, allowPrivate) => readTarget(ports, input, allowPrivate),
    send: (message) => send(ports, message),
    close: () => Promise.resolve(),
  };
}

function readTarget(ports: ChannelPorts, input: Target, allowPrivate: boolean): TargetCheck {
  const { url, ...others } = input;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    return { ok: false, pointer: `/${unknown}`, detail: "A webhook takes only url and allow_private." };
  if (typeof url !== "string" || url.length > URL_MAX)
    return { ok: false, pointer: "/url", detail: "url is required: an absolute https URL." };
  const why = ports.checkUrl(url, allowPrivate);
  return why === null
    ? { ok: true, target: { url, allow_private: allowPrivate } }
    : { ok: false, pointer: "/url", detail: why };
}

/** Guarded anew at each try: what the name leads to may have changed. */
async function send(ports: ChannelPorts, message: Message): Promise<Sent> {
  const answer = await ports.fetch({
    method: "POST",
    url: String(message.target["url"]),
    headers: {
      "content-type": "application/json",
      "user-agent": "carillon-webhooks/1",
      ...signatureHeaders(message, message.secrets),
    },
    body: message.body,
    timeoutMs: TIMEOUT_MS,
    allowPrivate: message.target["allow_private"] === true,
  });
  return judge(answer, ports.clock.now());
}

function judge(answer: OutsideAnswer, now: number): Sent {
  if (answer.kind !== "answer") return { kind: "retry", detail: answer.detail };
  const { status } = answer;
  const shown = { status, body: cut(answer.body) };
  if (status >= 200 && status < 300) return { kind: "delivered", answer: shown };
  const detail = `HTTP ${status}`;
  if (status === GONE)
    return { kind: "failed", detail: `${detail}: the receiver wants no more`, isGone: true, answer: shown };
  if (status >= 300 && status < 400)
    return { kind: "retry", detail: `${detail}: a redirect, which is not followed`, answer: shown };
  const asked = status === 429 || status === 503 ? retryAfterMs(answer.headers["retry-after"], now) : null;
  return { kind: "retry", detail, answer: shown, ...(asked !== null && { afterMs: asked }) };
}

function cut(body: string): string {
  const bytes = Buffer.from(body, "utf8");
  if (bytes.length <= ANSWER_SHOWN_BYTES) return body;
  // A character that the cut went through is left out.
  return bytes
    .subarray(0, ANSWER_SHOWN_BYTES)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
}
