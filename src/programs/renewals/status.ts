import { type ShownStatus, reasons } from "../../domain/call.ts";
import type { Outcome } from "../../domain/outcome.ts";

export const renewalStatuses = ["pending", "queued", "completed", "failed", "cancelled", "skipped"] as const;
export type RenewalStatus = (typeof renewalStatuses)[number];

/** A call as it is shown here. A retry that is planned waits like a call that was never made: `pending`. */
export const statusViews = {
  scheduled: "pending",
  queued: "queued",
  paused: "pending",
  dialing: "queued",
  completed: "completed",
  failed: "failed",
  expired: "failed",
  needs_review: "failed",
  canceled: "cancelled",
  skipped: "skipped",
} as const satisfies Record<ShownStatus, RenewalStatus>;

export function isLive(status: RenewalStatus): boolean {
  return status === "pending" || status === "queued";
}

/** How often it was, or will be, tried again. */
export function retriesOf(call: {
  readonly status: ShownStatus;
  readonly reason: string;
  readonly attempts: number;
}): number {
  const isPlanned = call.reason === "retry" && isLive(statusViews[call.status]) && call.status !== "dialing";
  return isPlanned ? call.attempts : Math.max(0, call.attempts - 1);
}

/** Whether a call that ended so has rung somebody, or may have. */
export function hasRung(outcome: Outcome | null): boolean {
  return outcome !== null && !silent.has(outcome);
}
const silent: ReadonlySet<Outcome> = new Set(["not_placed", "carrier_error", "blocked"]);

/** Why a call failed, expired, was canceled or skipped, for people; null while nothing is wrong. */
export function errorOf(call: {
  readonly status: ShownStatus;
  readonly reason: string;
  readonly outcome: Outcome | null;
  readonly detail: string | null;
}): string | null {
  const why = Object.hasOwn(reasons, call.reason)
    ? reasons[call.reason as keyof typeof reasons]
    : call.reason;
  switch (call.status) {
    case "failed":
      return call.detail ?? call.outcome ?? why;
    case "needs_review":
      return `${call.detail ?? why} (it may have been placed, so it is not placed again)`;
    case "expired":
      return `EXPIRED: ${why}`;
    case "skipped":
      return `SKIPPED: ${why}`;
    default:
      return null;
  }
}
