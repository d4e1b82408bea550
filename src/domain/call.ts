/** Where a call stands. `queued` is no state: it is how a due `scheduled` call is shown. */
export const callStatuses = [
  "scheduled",
  "dialing",
  "paused",
  "needs_review",
  "completed",
  "failed",
  "expired",
  "canceled",
  "skipped",
] as const;
export type CallStatus = (typeof callStatuses)[number];
export type ShownStatus = CallStatus | "queued";

export const callEvents = [
  "claim",
  "release",
  "move",
  "reschedule",
  "pause",
  "resume",
  "cancel",
  "expire",
  "skip",
  "park",
  "review",
  "retry",
  "complete",
  "fail",
] as const;
export type CallEvent = (typeof callEvents)[number];

/**
 * State × event → next state; an absent pair is refused (from outside) or asserted (from inside).
 * `complete` and `fail` on a call that waits, or `complete` on one that failed, are reports of its last attempt that
 * came late. `completed`, `expired`, `canceled` and `skipped` absorb everything.
 */
export const callTransitions = {
  scheduled: {
    claim: "dialing",
    move: "scheduled",
    reschedule: "scheduled",
    pause: "paused",
    cancel: "canceled",
    expire: "expired",
    skip: "skipped",
    park: "needs_review",
    retry: "scheduled",
    complete: "completed",
    fail: "failed",
  },
  dialing: {
    release: "scheduled",
    retry: "scheduled",
    review: "needs_review",
    complete: "completed",
    fail: "failed",
  },
  paused: {
    resume: "scheduled",
    reschedule: "paused",
    cancel: "canceled",
    expire: "expired",
    complete: "completed",
    fail: "failed",
  },
  needs_review: {
    cancel: "canceled",
    reschedule: "scheduled",
    retry: "scheduled",
    complete: "completed",
    fail: "failed",
  },
  failed: { complete: "completed" },
  completed: {},
  expired: {},
  canceled: {},
  skipped: {},
} as const satisfies Record<CallStatus, Partial<Record<CallEvent, CallStatus>>>;

/** The next state, or undefined when the event is not allowed there. */
export function nextCallStatus(status: CallStatus, event: CallEvent): CallStatus | undefined {
  const row: Partial<Record<CallEvent, CallStatus>> = callTransitions[status];
  return row[event];
}

/** True when nothing more will happen to the call by itself or by a verb. */
export function hasEnded(status: CallStatus): boolean {
  return ended.has(status);
}
const ended: ReadonlySet<CallStatus> = new Set(["completed", "failed", "expired", "canceled", "skipped"]);

/** Why a call waited, moved, was held, skipped, expired or ended: machine-readable, one list. */
export const reasons = {
  requested: "It waits for the instant that was asked for.",
  dispatch: "It is due and is being claimed.",
  calling_hours: "It waits for the recipient's calling hours.",
  capacity: "Every slot of the line is taken.",
  rate_limit: "The line may not start calls faster.",
  carrier_backoff: "The carrier asked to be left alone for a while.",
  daily_cap: "The line has placed all its calls of the day.",
  number_cap: "This number was called too often lately.",
  not_on_allow_list: "The workspace is in canary, and the number is not on its allow-list.",
  country_approval: "A person has to allow calls to its country first.",
  destination_refused: "Lines that can ring people do not call such a number.",
  block_cap: "Too many numbers of its block of a thousand were called within the hour.",
  spend_cap: "The line has no money left for it in this hour or on this day.",
  call_cost_cap: "It could cost more than one call of its line may.",
  dialing_stopped: "All new calls of the workspace are stopped.",
  line_paused: "The line is paused.",
  line_removed: "The line was removed.",
  retry: "Another attempt is planned.",
  rescheduled: "It was moved by request.",
  resumed: "It was resumed.",
  call_now: "It was asked for at once.",
  not_sent: "The request did not leave in time, so nothing rang; it goes back to wait.",
  unconfirmed: "The carrier's answer is not known; it is being asked.",
  hours_changed: "Calling hours, zone data or what real lines may call changed, so it was planned again.",
  zone_unknown: "The recipient's time zone is not known, so calling hours cannot be kept.",
  no_common_hours: "The calling hours that apply never overlap.",
  suppressed: "The number is on the do-not-call list.",
  number_quarantined: "The network said that this number cannot be called.",
  deadline_passed: "Its last useful instant passed before it could be placed.",
  canceled_by_request: "It was canceled by request.",
  person_erased: "The person asked to be forgotten.",
  canceled_by_program: "The program that had asked for it does not want it any more.",
  deleted_by_request: "It was deleted by request.",
  replaced_by_series: "It was made to repeat: a series took its place.",
  paused_by_request: "It is paused by request.",
  retries_exhausted: "Every planned attempt was made.",
  never_retried: "The outcome forbids another attempt.",
  reached: "The conversation took place, or its goal was met.",
  undecodable: "Its stored row could not be read.",
  no_answer_from_carrier: "The carrier could not say what became of the attempt.",
  max_duration: "The call lasted longer than the line allows and was ended.",
  settled_by_hand: "A person settled what became of the attempt.",
  overlap: "An earlier occurrence of its series has not ended.",
  series_changed: "Its series was changed, and the call was replaced.",
  series_paused: "Its series is paused.",
  series_ended: "Its series was ended.",
  line_configuration: "The line's carrier refused its settings.",
} as const satisfies Record<string, string>;
export type Reason = keyof typeof reasons;
