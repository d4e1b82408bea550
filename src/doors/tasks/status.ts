import type { ShownStatus } from "../../domain/call.ts";
import type { CallView } from "../../engine/engine.ts";

export const taskStatuses = ["SCHEDULED", "RUNNING", "COMPLETED", "FAILED", "CANCELED"] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/**
 * A call as a task. A task is complete once the backend took the call, and stays so whatever became of the conversation;
 * until then it stands as the call does.
 */
export function taskStatusOf({
  status,
  reason,
  dispatchedAt,
}: Pick<CallView, "status" | "reason" | "dispatchedAt">): TaskStatus {
  if (dispatchedAt !== null) return "COMPLETED";
  // Another attempt is planned: for a task, that is still the one run.
  if (reason === "retry" && (status === "scheduled" || status === "queued")) return "RUNNING";
  return views[status];
}

const views = {
  scheduled: "SCHEDULED",
  queued: "SCHEDULED",
  paused: "SCHEDULED",
  dialing: "RUNNING",
  completed: "COMPLETED",
  failed: "FAILED",
  expired: "FAILED",
  needs_review: "FAILED",
  canceled: "CANCELED",
  skipped: "CANCELED",
} as const satisfies Record<ShownStatus, TaskStatus>;

/** The calls among which tasks of a status are to be found; null: among all. */
export function statusesToLookAt(status: TaskStatus): readonly ShownStatus[] | null {
  return amongst[status];
}

const amongst: Readonly<Record<TaskStatus, readonly ShownStatus[] | null>> = {
  SCHEDULED: ["scheduled", "queued", "paused"],
  RUNNING: ["scheduled", "queued", "dialing"],
  COMPLETED: null,
  FAILED: ["failed", "expired", "needs_review"],
  CANCELED: ["canceled", "skipped"],
};
