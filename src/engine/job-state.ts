import type { CallView } from "./engine.ts";

/**
 * A call as a job of a queue whose work is done once a carrier took the call: what happens on the line afterwards, and
 * every later dial, changes nothing about the job.
 */
export const jobStates = [
  "waiting",
  "active",
  "completed",
  "failed",
  "delayed",
  "paused",
  "cancelled",
] as const;
export type JobState = (typeof jobStates)[number];

export function jobStateOf(call: Pick<CallView, "status" | "dispatchedAt">): JobState {
  return call.dispatchedAt === null ? states[call.status] : "completed";
}

const states = {
  scheduled: "delayed",
  queued: "waiting",
  dialing: "active",
  paused: "paused",
  needs_review: "failed",
  completed: "completed",
  failed: "failed",
  expired: "failed",
  canceled: "cancelled",
  skipped: "cancelled",
} as const satisfies Record<CallView["status"], JobState>;
