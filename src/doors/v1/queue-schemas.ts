import { type Static, Type } from "typebox";

import { jobStates } from "../../engine/job-state.ts";

import { answer, duration, nullable, oneOf, pageOf, utc, utcOrNull } from "../../ports/http/schema-parts.ts";

const counts = answer("QueueCounts", {
  waiting: Type.Integer({ description: "Due, and not begun." }),
  active: Type.Integer({ description: "Being dialed, and not yet taken by a carrier." }),
  completed: Type.Integer({ description: "Taken by a carrier in the last 24 hours, at most 1,000." }),
  failed: Type.Integer({ description: "Given up in the last 7 days before a carrier took them." }),
  delayed: Type.Integer({ description: "Not yet due." }),
  paused: Type.Integer({ description: "Paused, or due while the queue is." }),
  total: Type.Integer({ description: "The sum of the others." }),
});

export const queue = answer("Queue", {
  name: Type.String({ description: "calls: all of them; else the name of a line." }),
  line: Type.Unsafe<{ id: string; name: string } | null>({
    type: ["object", "null"],
    properties: { id: { type: "string" }, name: { type: "string" } },
  }),
  paused: Type.Boolean(),
  paused_reason: nullable("string"),
  concurrency: Type.Integer({ description: "Calls at one time." }),
  counts,
});
export type QueueJson = Static<typeof queue>;
export const queuePage = pageOf("QueuePage", queue);

export const queueClean = Type.Unsafe<{ state?: "completed" | "failed"; older_than?: string } | null>({
  type: ["object", "null"],
  additionalProperties: false,
  "x-name": "QueueClean",
  properties: {
    state: oneOf(["completed", "failed"], "Only these; without it, both."),
    older_than: duration("Only jobs that ended longer ago than this (default: all of them).", "1h"),
  },
});
export type QueueClean = Static<typeof queueClean>;
export const queueCleaned = answer("QueueCleaned", { removed: Type.Integer(), queue });

export const job = answer("Job", {
  id: Type.String({ description: "The id of the call." }),
  state: oneOf(jobStates),
  call_status: Type.String(),
  queue: Type.String({ description: "The name of its line's queue." }),
  priority: Type.Integer(),
  attempts_made: Type.Integer(),
  due_at: utc,
  processed_at: utcOrNull,
  finished_at: utcOrNull,
  failed_reason: nullable("string"),
  created_at: utc,
});
