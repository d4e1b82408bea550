import { retryAfterMs } from "../../domain/retry-after.ts";
import type { OutsideAnswer, PlaceAnswer } from "../../ports/carrier.ts";
import { codeIn, troubleIn } from "./api.ts";
import { INSTRUCTION_CODES, faultOfCode } from "./errors.ts";

type Answer = Extract<OutsideAnswer, { kind: "answer" }>;

/** How long a line is left alone that somebody has to put right first. */
export const TROUBLE_MS = 300_000;
const RETRY_AFTER_MAX_MS = 3_600_000;
/** How long Twilio is left alone when it does not say. */
const LIMITED_MS = 10_000;
/** The 4xx that say "I did nothing" also without a code of Twilio's; 408, 409, 425 and 499 do not. */
const CERTAIN = new Set([400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 429, 431]);

/**
 * An answer that is no success. A documented 4xx is certain: nothing rang. Everything else is unknown, also a 5xx with a
 * code: Twilio may have made the call before it failed. `hasOwn`: the call itself said what it does.
 */
export function readRefusal(answer: Answer, hasOwn: boolean, now: number): PlaceAnswer {
  const code = codeIn(answer);
  const detail = troubleIn(answer);
  const isCertain = answer.status >= 400 && answer.status < 500 && answer.status !== 408;
  if (!isCertain || (code === null && !CERTAIN.has(answer.status))) return { kind: "unknown", detail };
  const fault = code === null ? null : faultOfCode(code);
  if (answer.status === 429 || fault?.about === "busy") {
    const usualMs = fault?.about === "busy" ? fault.waitMs : LIMITED_MS;
    const askedMs = retryAfterMs(answer.headers["retry-after"], now) ?? usualMs;
    const waitMs = Math.min(askedMs, RETRY_AFTER_MAX_MS);
    return { kind: "refused", outcome: "carrier_error", detail, retryAfterMs: waitMs };
  }
  if (code !== null && hasOwn && INSTRUCTION_CODES.includes(code))
    return { kind: "refused", outcome: "blocked", detail, isOurs: true };
  if (fault?.about === "line" || (code === null && [401, 403, 404].includes(answer.status)))
    return { kind: "refused", outcome: "carrier_error", detail, retryAfterMs: TROUBLE_MS, isOurs: true };
  if (fault?.about === "call") return { kind: "refused", outcome: fault.outcome, detail, isOurs: true };
  if (fault?.about === "number") return { kind: "refused", outcome: fault.outcome, detail };
  return { kind: "refused", outcome: "carrier_error", detail };
}
