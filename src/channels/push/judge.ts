import { objectIn } from "../../domain/json-object.ts";
import { retryAfterMs } from "../../domain/retry-after.ts";
import type { OutsideAnswer } from "../../ports/carrier.ts";
import type { Told } from "../../ports/messenger.ts";
import { type Fault, faultIn } from "./answer.ts";

/** What Google asks for by a 429 without Retry-After. */
const QUOTA_MS = 60_000;
const WAIT_MAX_MS = 86_400_000;

/**
 * Reads FCM's answer (https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode). `random` in [0, 1) spreads the
 * waits of messages that were refused together; `now` in UTC ms.
 */
export function judge(answer: OutsideAnswer, random: number, now: number): Told {
  if (answer.kind === "not_sent") return { kind: "not_sent", code: "not_reached", detail: answer.detail };
  if (answer.kind === "unknown") return { kind: "unknown", code: "no_answer", detail: answer.detail };
  const { status } = answer;
  if (status >= 200 && status < 300) return takenIn(answer);
  const fault = status >= 400 ? faultIn(answer) : null;
  const [code, detail] = [fault?.code ?? `HTTP ${status}`, wordsOf(status, fault)];
  const askedMs = retryAfterMs(answer.headers["retry-after"], now) ?? (status === 429 ? QUOTA_MS : null);
  // Spread, as Google asks: what was refused together does not come back together.
  const afterMs = askedMs === null ? null : Math.min(Math.round(askedMs * (1 + random / 2)), WAIT_MAX_MS);
  const later: Told = { kind: "not_sent", code, detail, ...(afterMs !== null && { afterMs }) };
  // The project, the account's rights or its token.
  const ours: Told = { kind: "not_sent", code, detail, isOurs: true };
  if (status === 429) return later;
  // Nobody but Google can say that a message was not taken; a proxy that lost its other side cannot.
  if (fault === null) return [401, 403, 404].includes(status) ? ours : { kind: "unknown", code, detail };
  if (status === 500 || status === 503) return later;
  if (status > 500) return { kind: "unknown", code, detail };
  if (!fault.isFcm && status !== 400) return ours;
  if (code === "THIRD_PARTY_AUTH_ERROR") return { kind: "failed", code, detail, isOurs: true };
  return { kind: "failed", code, detail, ...(isGone(fault) && { isGone: true }) };
}

function takenIn(answer: OutsideAnswer): Told {
  const name = objectIn(answer)?.["name"];
  if (typeof name === "string") return { kind: "sent", reference: name.slice(0, 300) };
  return {
    kind: "unknown",
    code: "unreadable",
    detail: "The answer does not say which message it is about.",
  };
}

/**
 * Only what is said of the token itself: a project that is not found, or another project than the app's
 * (`SENDER_ID_MISMATCH`), must not cost anybody a device.
 */
function isGone({ code, message, fields }: Fault): boolean {
  if (code === "UNREGISTERED") return true;
  return (
    code === "INVALID_ARGUMENT" && (fields.includes("message.token") || /registration token/i.test(message))
  );
}

function wordsOf(status: number, fault: Fault | null): string {
  if (fault === null) return `HTTP ${status}`;
  return `HTTP ${status}, ${fault.code}: ${fault.message.replaceAll(/\p{Cc}+/gu, " ")}`.slice(0, 300);
}
