import { type Static, Type } from "typebox";

import { queueNames } from "../../ports/program.ts";
import { jobRunStatuses } from "../../ports/timetable-rows.ts";

import { pageQuery } from "./call-schemas.ts";
import {
  answer,
  nullable,
  oneOf,
  pageOf,
  patchOf,
  strict,
  utc,
  utcOrNull,
} from "../../ports/http/schema-parts.ts";

const settable = (description: string, maxLength: number) =>
  Type.Unsafe<string | null>({ type: ["string", "null"], minLength: 1, maxLength, description });

const count = (description?: string) =>
  Type.Integer({ minimum: 0, ...(description === undefined ? {} : { description }) });

export const jobRun = answer("JobRun", {
  id: Type.String(),
  job: Type.String(),
  queue: oneOf(queueNames),
  status: oneOf(jobRunStatuses, "missed: nobody could run it in time."),
  trigger: Type.String({ description: "schedule, or who asked." }),
  at: Type.String({ description: "The instant of its slot, or when somebody asked (UTC, RFC 3339)." }),
  coalesced: count("How many slots it stands for beside its own."),
  started_at: utcOrNull,
  ended_at: utcOrNull,
  duration_ms: nullable("integer"),
  tries: count("How often it was begun: again when the process ended while it ran."),
  result: Type.Unsafe<Readonly<Record<string, unknown>> | null>({
    type: ["object", "null"],
    additionalProperties: true,
    description: "What it came to, as its program says.",
  }),
  error: nullable("string"),
});
export type JobRunJson = Static<typeof jobRun>;
export const jobRunPage = pageOf("JobRunPage", jobRun);

export const timetableJob = answer("TimetableJob", {
  name: Type.String(),
  title: Type.String({ description: "What it does." }),
  program: Type.String({ description: "The program whose it is." }),
  queue: oneOf(queueNames, "Which workers run it; the first is the most urgent."),
  rule: nullable("string", "A cron expression or an RRULE; null: it runs only when asked."),
  description: Type.String({ description: "The rule in words." }),
  timezone: Type.String(),
  enabled: Type.Boolean(),
  driven_by: nullable("string", "What sets its rule and switch, if it is not the timetable."),
  edited: Type.Boolean({ description: "False while all is as its program says." }),
  next_run_at: utcOrNull,
  last_run: Type.Unsafe<JobRunJson | null>({ type: ["object", "null"], properties: jobRun.properties }),
  version: Type.Integer(),
});
export type TimetableJobJson = Static<typeof timetableJob>;
export const timetablePage = pageOf("TimetablePage", timetableJob);

export const timetablePatch = patchOf(
  "TimetablePatch",
  strict("TimetableChange", {
    rule: settable("A cron expression of five fields or an RRULE; null: as its program says.", 2000),
    timezone: settable("An IANA time zone; null: as its program says.", 64),
    enabled: Type.Boolean(),
  }),
);
export type TimetablePatch = Static<typeof timetablePatch>;

export const runsQuery = Type.Object(
  {
    ...pageQuery.properties,
    job: Type.Optional(Type.String({ maxLength: 200 })),
    status: Type.Optional(oneOf(jobRunStatuses)),
  },
  { additionalProperties: false },
);
export type RunsQuery = Static<typeof runsQuery>;

export const worker = answer("Worker", {
  id: Type.String(),
  name: Type.String(),
  status: oneOf(["alive", "silent"], "silent: it has not shown itself for half a minute."),
  started_at: utc,
  seen_at: utc,
  calls: Type.Boolean({ description: "Whether it places calls." }),
  queues: Type.Array(oneOf(queueNames)),
  concurrency: Type.Integer({ description: "Runs of jobs at once." }),
  running: Type.Array(jobRun),
});
export type WorkerJson = Static<typeof worker>;
export const workerPage = pageOf("WorkerPage", worker);

export const workerStats = answer("WorkerStats", {
  since: utc,
  queues: Type.Array(
    answer("WorkerQueueStats", {
      name: oneOf(queueNames),
      waiting: count(),
      running: count(),
      succeeded: count(),
      failed: count(),
      missed: count(),
      notifications_due: count("Notifications of all workspaces that are due and not sent."),
      notifications_later: count("Those whose instant has not come."),
    }),
  ),
  jobs: Type.Array(
    answer("WorkerJobStats", {
      name: Type.String(),
      queue: oneOf(queueNames),
      succeeded: count(),
      failed: count(),
      missed: count(),
      average_ms: nullable("integer"),
      longest_ms: nullable("integer"),
    }),
  ),
});
export type WorkerStatsJson = Static<typeof workerStats>;
