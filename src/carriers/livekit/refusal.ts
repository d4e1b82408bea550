import type { Outcome } from "../../domain/outcome.ts";
import { retryAfterMs } from "../../domain/retry-after.ts";
import { outcomeOfSip } from "../../domain/sip.ts";
import type { OutsideAnswer, PlaceAnswer } from "../../ports/carrier.ts";
import { failureIn, troubleIn } from "./api.ts";
import type { Failure } from "./api.ts";

type Answer = Extract<OutsideAnswer, { kind: "answer" }>;
type Refused = Extract<PlaceAnswer, { kind: "refused" }>;

/** How long a line is left alone that somebody has to put right first. */
export const TROUBLE_MS = 300_000;
const RETRY_AFTER_MAX_MS = 3_600_000;
/** How long LiveKit, or its trunk, is left alone when it does not say. */
const LIMITED_MS = 10_000;

/** What the telephone network answers when the trunk, not the person, is at fault: the line has to be put right. */
const TRUNK_FAULTS: readonly number[] = [401, 402, 403, 405, 407, 415, 420, 421, 488];
/** The same call on its way twice: whether one of the two went on is not known. */
const MERGED = 482;

/** A create request that failed: the call never began, it has ended already, or nobody knows. */
export type Failed =
  | Refused
  | { readonly kind: "ended"; readonly outcome: Outcome; readonly detail: string }
  | { readonly kind: "unknown"; readonly detail: string };

/**
 * Why a create request was answered without a call. The SIP status is looked at before the HTTP status, because LiveKit
 * writes a busy phone as 429. `hasOwn`: the call itself said how it is dialed.
 */
export function readFailure(answer: Answer, hasOwn: boolean, now: number): Failed {
  const failure = failureIn(answer);
  const detail = troubleIn(answer);
  if (failure.sipStatus !== 0) return bySip(failure, detail);
  const refusal = readRefusal(answer, now);
  if (refusal === null) return { kind: "unknown", detail };
  // What the call itself asked for is no fault of its line.
  if (failure.code === "invalid_argument" && hasOwn) return { ...refusal, outcome: "blocked" };
  return refusal;
}

/**
 * An answer that is certain: LiveKit did nothing. Null for every other one. `failed_precondition` (412) is none of them,
 * because it is also said of a call that was dialed; nor are `aborted`, `canceled` and `deadline_exceeded`.
 */
export function readRefusal(answer: Answer, now: number): Refused | null {
  const detail = troubleIn(answer);
  const refused = { kind: "refused", outcome: "carrier_error", detail } as const;
  switch (answer.status) {
    case 429: {
      const askedMs = retryAfterMs(answer.headers["retry-after"], now) ?? LIMITED_MS;
      return { ...refused, retryAfterMs: Math.min(askedMs, RETRY_AFTER_MAX_MS) };
    }
    // The key, its rights, or the trunk.
    case 401:
    case 403:
    case 404:
      return { ...refused, retryAfterMs: TROUBLE_MS, isOurs: true };
    case 400:
    case 405:
    case 411:
    case 413:
    case 414:
    case 415:
    case 431:
      return { ...refused, isOurs: true };
    default:
      return null;
  }
}

function bySip({ sipStatus, sipReason, message }: Failure, detail: string): Failed {
  const words = `${sipReason} ${message}`;
  if (/cps limit exceeded|concurrent call limit exceeded/i.test(words))
    return { kind: "refused", outcome: "carrier_error", detail, retryAfterMs: LIMITED_MS };
  if (TRUNK_FAULTS.includes(sipStatus)) {
    return { kind: "refused", outcome: "carrier_error", detail, retryAfterMs: TROUBLE_MS, isOurs: true };
  }
  if (sipStatus < 300 || sipStatus === MERGED) return { kind: "unknown", detail };
  // Twilio's trunks write a call that they block for ever as declined.
  if (/\b32203\b/.test(words)) return { kind: "ended", outcome: "blocked", detail };
  return { kind: "ended", outcome: outcomeOfSip(sipStatus) ?? "carrier_error", detail };
}
