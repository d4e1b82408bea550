import type { ShownStatus } from "../../domain/call.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { SeriesStanding } from "../../engine/schedules-api.ts";

/** The schedule module's words for where a schedule stands. `created` passes at once into `scheduled`. */
export const scheduleStatuses = [
  "created",
  "scheduled",
  "pending",
  "running",
  "completed",
  "failed",
  "paused",
  "cancelled",
] as const;
export type ScheduleStatus = (typeof scheduleStatuses)[number];

/** How the core's states are shown. */
const views = {
  scheduled: "scheduled",
  queued: "pending",
  dialing: "running",
  completed: "completed",
  failed: "failed",
  expired: "failed",
  needs_review: "failed",
  canceled: "cancelled",
  skipped: "cancelled",
  paused: "paused",
} as const satisfies Record<ShownStatus, ScheduleStatus>;

export function viewOfStatus(status: ShownStatus | SeriesStanding): ScheduleStatus {
  return views[status];
}

/** The states of the core that a word stands for; undefined for a word that is none. */
export function statesOf(word: string): readonly ShownStatus[] | undefined {
  const plain = word.toLowerCase() === "canceled" ? "cancelled" : word.toLowerCase();
  if (!(scheduleStatuses as readonly string[]).includes(plain)) return undefined;
  return (Object.keys(views) as ShownStatus[]).filter((status) => views[status] === plain);
}

export type Operation = "update" | "pause" | "resume" | "cancel" | "delete";

/** Where each operation is possible; the arrows of the module's own state diagram, with what they imply. */
export const possible = {
  update: ["scheduled", "pending", "paused"],
  pause: ["scheduled", "pending"],
  resume: ["paused"],
  cancel: ["scheduled", "pending", "paused"],
  delete: ["created", "scheduled", "pending", "paused", "completed", "failed", "cancelled"],
} as const satisfies Record<Operation, readonly ScheduleStatus[]>;

/** Throws `wrong_state` (SCHEDULE_005) when the operation is not possible there. */
export function requirePossible(operation: Operation, status: ScheduleStatus): void {
  if ((possible[operation] as readonly string[]).includes(status)) return;
  throw new Refusal("wrong_state", `Cannot ${operation} a schedule with status ${status}.`);
}
