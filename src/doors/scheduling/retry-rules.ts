import type { Outcome, RetryClass } from "../../domain/outcome.ts";
import { retryClassOf } from "../../domain/outcome.ts";
import type { RetryPolicy } from "../../domain/retry.ts";
import type { CallView } from "../../engine/engine.ts";
import type { CallWindow } from "../../engine/document.ts";

/** Why a call did not reach anybody, in the service's words. */
export const failureTypes = [
  "no_answer",
  "busy",
  "voicemail",
  "network_error",
  "call_rejected",
  "invalid_number",
  "blocked",
  "compliance_block",
] as const;
export type FailureType = (typeof failureTypes)[number];

const classes: Partial<Record<FailureType, RetryClass>> = {
  no_answer: "no_answer",
  busy: "busy",
  voicemail: "voicemail",
  network_error: "network_error",
  call_rejected: "declined",
};
const types: Readonly<Record<RetryClass, FailureType>> = {
  no_answer: "no_answer",
  busy: "busy",
  voicemail: "voicemail",
  network_error: "network_error",
  declined: "call_rejected",
};

/** The failure that an attempt's end means; null when it reached somebody, or its goal. */
export function failureOfAttempt(outcome: Outcome | null, disposition: string | null): FailureType | null {
  if (outcome === null) return null;
  const kind = retryClassOf(outcome, disposition);
  if (kind === "done") return null;
  if (kind === "never") return outcome === "invalid_number" ? "invalid_number" : "blocked";
  return types[kind];
}

/** The failure that a call ended with; null when there is none that could be tried again. */
export function failureOfCall(call: CallView): FailureType | null {
  if (call.reason === "suppressed" || call.reason === "number_quarantined" || call.disposition === "opt_out")
    return "compliance_block";
  return failureOfAttempt(call.outcome, call.disposition);
}

/** The policy's rule for a failure; null: never tried again. */
export function ruleOf(policy: RetryPolicy, type: FailureType): RetryPolicy["rules"][RetryClass] | null {
  const kind = classes[type];
  return kind === undefined ? null : policy.rules[kind];
}

/** Hours in which few calls are made: on workdays, in the local time of whoever is called. */
export const offPeak = { start: "10:00", end: "16:00", daysOfWeek: [1, 2, 3, 4, 5] } as const;
const offPeakDays = ["mon", "tue", "wed", "thu", "fri"] as const;

/** Off-peak hours, inside the hours that the call has of its own. Null when the two never meet. */
export function offPeakWindow(own: CallWindow | null, timezone: string): CallWindow | null {
  const range = `${offPeak.start}-${offPeak.end}`;
  const weekly = Object.fromEntries(
    offPeakDays.flatMap((day) => {
      const ranges =
        own === null ? [range] : (own.weekly[day] ?? []).flatMap((one) => meet(one, range) ?? []);
      return ranges.length === 0 ? [] : [[day, ranges]];
    }),
  );
  if (Object.keys(weekly).length === 0) return null;
  return { timezone: own === null ? timezone : own.timezone, weekly };
}

/** What two ranges of one day have in common. The second does not run past midnight; of the first, the part before it counts. */
function meet(one: string, other: string): string | null {
  const [from = "", to = ""] = one.split("-");
  const [otherFrom = "", otherTo = ""] = other.split("-");
  const end = to <= from ? "24:00" : to;
  const [start, stop] = [from > otherFrom ? from : otherFrom, end < otherTo ? end : otherTo];
  return start < stop ? `${start}-${stop}` : null;
}
