import type { FastifyInstance } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";
import { nothing } from "../../ports/http/schema-parts.ts";
import { section } from "../../ports/http/section.ts";

import { pageQuery } from "./call-schemas.ts";
import { stale } from "./refusal-lists.ts";
import { timetableHandlers, workerHandlers } from "./timetable.ts";
import * as of from "./timetable-schemas.ts";

/** What programs do by the clock, and who does it. */
export function addTimetable(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const timetable = section(app, "Timetable", "timetable");
  const handle = timetableHandlers(ports);
  const worker = workerHandlers(ports);
  const edited = { answer: of.timetableJob, refusals: ["job_driven", ...stale] as const };

  timetable.get(
    "listTimetable",
    "/timetable",
    "List the jobs of the programs, with their last and next runs",
    { answer: of.timetablePage },
    handle.list,
  );
  timetable.get(
    "getTimetableJob",
    "/timetable/:id",
    "Get a job by its name",
    { answer: of.timetableJob },
    handle.get,
  );
  timetable.patch(
    "updateTimetableJob",
    "/timetable/:id",
    "Change a job's rule, zone or switch",
    {
      ...edited,
      body: of.timetablePatch,
      refusals: [...edited.refusals, "rule_invalid", "timezone_unknown"],
    },
    handle.update,
  );
  timetable.post(
    "pauseTimetableJob",
    "/timetable/:id/pause",
    "Switch a job off; it still runs when somebody asks",
    { ...edited, body: nothing },
    handle.pause,
  );
  timetable.post(
    "resumeTimetableJob",
    "/timetable/:id/resume",
    "Switch a job on; what passed meanwhile is not made up for",
    { ...edited, body: nothing },
    handle.resume,
  );
  timetable.post(
    "runTimetableJob",
    "/timetable/:id/run-now",
    "Run a job now, beside its rule",
    { body: nothing, answer: of.jobRun, statuses: [202], refusals: ["job_running"] },
    handle.runNow,
  );
  timetable.get(
    "listRunsOfTimetableJob",
    "/timetable/:id/runs",
    "List a job's runs, newest first",
    { query: pageQuery, answer: of.jobRunPage, refusals: ["invalid_cursor"] },
    handle.runsOf,
  );
  timetable.get(
    "listTimetableRuns",
    "/timetable/runs",
    "List the runs of all jobs, newest first",
    { query: of.runsQuery, answer: of.jobRunPage, refusals: ["invalid_cursor", "not_found"] },
    handle.runs,
  );
  timetable.get("getTimetableRun", "/timetable/runs/:id", "Get a run", { answer: of.jobRun }, handle.run);

  timetable.get(
    "listWorkers",
    "/workers",
    "List the processes that share the work",
    { answer: of.workerPage },
    worker.list,
  );
  timetable.get(
    "getWorkerStats",
    "/workers/stats",
    "How the runs of the last 24 hours went, by queue and job",
    { answer: of.workerStats },
    worker.stats,
  );
}
