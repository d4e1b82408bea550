// Plays a carrier for the bench of callbacks: takes calls, then reports on them at a steady rate, however long the answers
// take. In a process of its own.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Agent } from "undici";
import { answerParent } from "./child.ts";
import { quantiles } from "./harness.ts";

export type CallbackLoadHandlers = typeof handlers;
export type CarrierName = "http" | "twilio";
export type LoadInput = {
  readonly perSecond: number;
  readonly count: number;
  readonly connections: number;
};
export type LoadResult = {
  readonly sent: number;
  readonly taken: number;
  readonly ms: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Statuses other than a success, and how often. */
  readonly others: Readonly<Record<string, number>>;
};

/** One call that was taken: where it wants to be reported, and what its carrier calls it. */
type Taken = { readonly callbackUrl: string; readonly ref: string };
type Request = {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
};

export const twilioToken = "0123456789abcdef0123456789abcdef";
export const twilioAccount = `AC${"0".repeat(32)}`;

const tickMs = 5;
const steps = ["ringing", "answered", "completed"] as const;
const taken: Taken[] = [];
let carrier: CarrierName = "http";

const handlers = answerParent({
  /** Listens as the carrier; answers where. */
  open: async (input: { readonly carrier: CarrierName }) => {
    carrier = input.carrier;
    const server = createServer((request, response) => {
      void take(request).then((answer) => {
        response.writeHead(carrier === "twilio" ? 201 : 200, { "content-type": "application/json" });
        response.end(answer);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
  taken: () => taken.length,
  run: (input: LoadInput): Promise<LoadResult> => run(input),
});

async function take(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const ref = `CA${String(taken.length).padStart(32, "0")}`;
  if (carrier === "http") {
    const { callback_url: callbackUrl } = JSON.parse(body) as { callback_url: string };
    taken.push({ callbackUrl, ref });
    return JSON.stringify({ callId: ref });
  }
  const fields = new URLSearchParams(body);
  taken.push({ callbackUrl: fields.get("StatusCallback") ?? "", ref });
  return JSON.stringify({
    sid: ref,
    account_sid: twilioAccount,
    status: "queued",
    to: fields.get("To"),
    from: fields.get("From"),
    direction: "outbound-api",
  });
}

/**
 * Sends report after report, each call's in their order, at an even rate. A latency counts from the instant at which the
 * report should have left, so that a server that stalls is not spared.
 */
async function run({ perSecond, count, connections }: LoadInput): Promise<LoadResult> {
  const first = new URL(taken[0]?.callbackUrl ?? "");
  const agent = new Agent({ connections, pipelining: 1 });
  const latencies: number[] = [];
  const others: Record<string, number> = {};
  const running: Promise<void>[] = [];
  const started = performance.now();
  let sent = 0;
  let ok = 0;
  const send = async (n: number, dueAt: number): Promise<void> => {
    const request = requestOf(n);
    try {
      const answer = await agent.request({ origin: first.origin, method: "POST", ...request });
      await answer.body.dump();
      latencies.push(performance.now() - dueAt);
      if (answer.statusCode >= 200 && answer.statusCode < 300) ok += 1;
      else others[answer.statusCode] = (others[answer.statusCode] ?? 0) + 1;
    } catch (error) {
      const code = String((error as { code?: unknown }).code ?? error);
      others[code] = (others[code] ?? 0) + 1;
    }
  };
  while (sent < count) {
    const wanted = Math.min(count, Math.floor(((performance.now() - started) / 1000) * perSecond));
    for (; sent < wanted; sent += 1) running.push(send(sent, started + (sent / perSecond) * 1000));
    await wait(tickMs);
  }
  const ms = performance.now() - started;
  await Promise.all(running);
  await agent.close();
  const sorted = latencies.toSorted((a, b) => a - b);
  const { p50, p99, max } = quantiles(latencies);
  return { sent, taken: ok, ms, p50, p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0, p99, max, others };
}

/** The n-th report: first every call rings, then every one is answered, then every one ends. */
function requestOf(n: number): Request {
  const call = taken[n % taken.length];
  const step = steps[Math.floor(n / taken.length)];
  if (call === undefined || step === undefined) throw new Error("More reports than calls have steps");
  return carrier === "http" ? httpReport(call, step, n) : twilioReport(call, step);
}

function httpReport(call: Taken, step: (typeof steps)[number], n: number): Request {
  const body = JSON.stringify({
    id: `r${n}`,
    sequence: steps.indexOf(step) + 1,
    status: step,
    at: new Date().toISOString(),
    ...(step === "ringing" ? {} : { answered_by: "human" }),
  });
  return { path: new URL(call.callbackUrl).pathname, body, headers: { "content-type": "application/json" } };
}

function twilioReport(call: Taken, step: (typeof steps)[number]): Request {
  const url = new URL(call.callbackUrl);
  const fields: Record<string, string> = {
    AccountSid: twilioAccount,
    ApiVersion: "2010-04-01",
    CallSid: call.ref,
    CallStatus: step === "answered" ? "in-progress" : step,
    CallbackSource: "call-progress-events",
    Direction: "outbound-api",
    SequenceNumber: String(steps.indexOf(step) + 1),
    Timestamp: new Date().toUTCString().replace("GMT", "+0000"),
    ...(step === "completed" ? { CallDuration: "9", Duration: "1" } : {}),
  };
  const text = Object.keys(fields)
    .toSorted()
    .reduce((all, name) => `${all}${name}${fields[name]}`, call.callbackUrl);
  return {
    path: `${url.pathname}${url.search}`,
    body: new URLSearchParams(fields).toString(),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": createHmac("sha1", twilioToken).update(text).digest("base64"),
    },
  };
}
