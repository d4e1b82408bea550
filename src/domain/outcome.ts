/** What the network did with one attempt. */
export const outcomes = [
  "answered_human",
  "answered_machine",
  "answered_unknown",
  "busy",
  "no_answer",
  "declined",
  "invalid_number",
  "unreachable",
  "blocked",
  "carrier_error",
  "not_placed",
] as const;
export type Outcome = (typeof outcomes)[number];

/** What the person said. A carrier may also report `custom:<word>`. */
export const dispositions = [
  "confirmed",
  "renewal_agreed",
  "reschedule_requested",
  "callback_requested",
  "wrong_number",
  "opt_out",
  "left_message",
] as const;
export type Disposition = (typeof dispositions)[number] | `custom:${string}`;

/** The retry class that an outcome falls into; `done` ends the call well, `never` ends it without another try. */
export type RetryClass = "busy" | "no_answer" | "voicemail" | "declined" | "network_error";
export const retryClasses = ["busy", "no_answer", "voicemail", "declined", "network_error"] as const;

const classes = {
  answered_human: "done",
  answered_unknown: "done",
  answered_machine: "voicemail",
  busy: "busy",
  no_answer: "no_answer",
  declined: "declined",
  invalid_number: "never",
  unreachable: "network_error",
  blocked: "never",
  carrier_error: "network_error",
  not_placed: "network_error",
} as const satisfies Record<Outcome, RetryClass | "done" | "never">;

/** A message left on a machine was the goal of the call, so it counts as done. */
export function retryClassOf(outcome: Outcome, disposition: string | null): RetryClass | "done" | "never" {
  if (outcome === "answered_machine" && disposition === "left_message") return "done";
  return classes[outcome];
}

/**
 * Which terminal report wins when several disagree: the first in this list that any report claims. Evidence that a
 * person answered comes first, so that disagreement never rings somebody again; then what forbids another try.
 */
export const outcomeRank = [
  "answered_human",
  "answered_unknown",
  "answered_machine",
  "blocked",
  "invalid_number",
  "declined",
  "busy",
  "no_answer",
  "unreachable",
  "carrier_error",
  "not_placed",
] as const satisfies readonly Outcome[];

export function isOutcome(text: string): text is Outcome {
  return (outcomes as readonly string[]).includes(text);
}

export function isDisposition(text: string): text is Disposition {
  return (dispositions as readonly string[]).includes(text) || /^custom:[a-z0-9_]{1,40}$/.test(text);
}
