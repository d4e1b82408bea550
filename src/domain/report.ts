import type { Outcome } from "./outcome.ts";

/** One thing a carrier says about an attempt. The set of them decides the state, not their order. */
export type Report = {
  /** Unique within the attempt: a repeated delivery has the same key and falls to the floor. */
  readonly key: string;
  readonly kind: ReportKind;
  /** When it happened, by the carrier's word (UTC ms). */
  readonly at: number;
  /** The carrier's own order, where it has one. */
  readonly sequence?: number;
  /** Always on `ended`. */
  readonly outcome?: Outcome;
  readonly answeredBy?: "human" | "machine" | "unknown";
  readonly disposition?: string;
  /** The disposition is the word of whoever talked, and so wins over what a carrier heard; of several the latest. */
  readonly isSpoken?: boolean;
  /** Talk time. */
  readonly durationMs?: number;
  readonly carrierRef?: string;
  /** The carrier's code or words, without phone numbers. */
  readonly detail?: string;
  /** On a refusal for want of capacity: how long to leave the carrier alone (ms). Such an attempt does not count as a try. */
  readonly retryAfterMs?: number;
  /** On `ended`: the fault is ours (account, permission, instructions), so it is never held against the number. */
  readonly isOurs?: boolean;
  /** On `ended`: the create request was refused, so no carrier ever took the attempt. */
  readonly isRefused?: boolean;
  /** On `ended`: it was taken back at the carrier before anybody answered. */
  readonly isCanceled?: boolean;
  /**
   * On `ended`: who answered is told apart from it, by an `answered` report. Until that has come, or another end that does
   * not wait for it, the attempt goes on.
   */
  readonly answererFollows?: boolean;
};

/**
 * `unknown`: the request may or may not have been placed. `review`: nobody can be asked any more.
 * `ended` with outcome `not_placed` is the certain knowledge that nothing rang.
 */
export const reportKinds = ["unknown", "review", "accepted", "ringing", "answered", "ended"] as const;
export type ReportKind = (typeof reportKinds)[number];
