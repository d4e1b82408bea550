import { objectIn } from "../../domain/json-object.ts";
import { retryAfterMs } from "../../domain/retry-after.ts";
import { withoutNumbers } from "../../domain/without-numbers.ts";
import type { OutsideAnswer } from "../../ports/carrier.ts";
import type { Told } from "../../ports/messenger.ts";

/** Twilio says no time with a 429; its limits are counted by the second and the minute. */
const LIMITED_MS = 60_000;
const WAIT_MAX_MS = 86_400_000;

/** The recipient answered STOP; only START makes the number take messages again. */
const STOPPED = 21_610;
/** Too many requests; and more than the sender's queue, which may hold hours, has room for. */
const LIMITED: readonly number[] = [20_429, 14_107];
const FULL: readonly number[] = [21_611, 30_001, 30_022];
/** The account is closed, on hold or asked with a wrong key; the sender is none of its own, or cannot send texts. */
const OURS: readonly number[] = [
  10_001, 10_002, 20_002, 20_003, 20_004, 20_005, 20_006, 20_008, 20_404, 21_212, 21_603, 21_606, 21_659,
  21_660, 21_701, 21_703, 21_704, 21_705,
];

/**
 * Reads Twilio's answer to a message (codes: https://www.twilio.com/docs/api/errors). What it takes is queued; what becomes
 * of it later is not told here. `now` in UTC ms.
 */
export function judge(answer: OutsideAnswer, now: number): Told {
  if (answer.kind === "not_sent")
    return { kind: "not_sent", code: "not_reached", detail: withoutNumbers(answer.detail) };
  if (answer.kind === "unknown")
    return { kind: "unknown", code: "no_answer", detail: withoutNumbers(answer.detail) };
  const { status } = answer;
  const fields = objectIn(answer);
  if (status >= 200 && status < 300) {
    const sid = fields?.["sid"];
    return typeof sid === "string" && /^[SM]M[0-9a-f]{32}$/i.test(sid)
      ? { kind: "sent", reference: sid }
      : { kind: "unknown", code: "unreadable", detail: `HTTP ${status} without a message` };
  }
  const twilio = typeof fields?.["code"] === "number" ? fields["code"] : null;
  const code = twilio === null ? `HTTP ${status}` : String(twilio);
  const detail = wordsOf(status, twilio, fields?.["message"]);
  // Also with a code: what failed on their side may have failed after the message was taken.
  if (status >= 500) return { kind: "unknown", code, detail };
  if (isAmong(FULL, twilio)) return { kind: "not_sent", code, detail };
  if (status === 429 || isAmong(LIMITED, twilio)) {
    const askedMs = retryAfterMs(answer.headers["retry-after"], now) ?? LIMITED_MS;
    return { kind: "not_sent", code, detail, afterMs: Math.min(askedMs, WAIT_MAX_MS) };
  }
  if (isAmong(OURS, twilio) || (twilio === null && [401, 403, 404].includes(status)))
    return { kind: "not_sent", code, detail, isOurs: true };
  // A redirect, or the page of a proxy: nobody at Twilio has said that it did not take the message.
  if (twilio === null || status < 400) return { kind: "unknown", code, detail };
  return { kind: "failed", code, detail, ...(twilio === STOPPED && { isGone: true }) };
}

function isAmong(codes: readonly number[], code: number | null): boolean {
  return code !== null && codes.includes(code);
}

function wordsOf(status: number, code: number | null, message: unknown): string {
  const words = typeof message === "string" ? `: ${message}` : "";
  return withoutNumbers(`HTTP ${status}${code === null ? "" : `, Twilio ${code}`}${words}`);
}
