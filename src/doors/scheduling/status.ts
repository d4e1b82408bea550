import type { CallView } from "../../engine/engine.ts";
import { type JobState, jobStateOf } from "../../engine/job-state.ts";

export const statuses = ["pending", "processing", "completed", "failed", "cancelled"] as const;
export type Status = (typeof statuses)[number];

/** How the service calls where a call stands: its `completed` is said as soon as a carrier took the call, and for ever. */
export function statusOf(call: Pick<CallView, "status" | "dispatchedAt">): Status {
  return byState[jobStateOf(call)];
}

const byState = {
  waiting: "pending",
  delayed: "pending",
  paused: "pending",
  active: "processing",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
} as const satisfies Record<JobState, Status>;
