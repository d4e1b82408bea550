import type { FastifyReply } from "fastify";

import { formatUtc } from "../../domain/zone.ts";
import type { Engine } from "../../engine/engine.ts";
import type { TimetableStats, WorkerView } from "../../engine/timetable-api.ts";
import type { DoorPorts } from "../../ports/door.ts";
import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  pageRequestOf,
  sendPage,
  wholePage,
} from "../../ports/http/requests.ts";
import type { JobRunView, JobView } from "../../ports/job.ts";

import type { PageQuery } from "./call-schemas.ts";
import { instant } from "./render.ts";
import type {
  JobRunJson,
  RunsQuery,
  TimetableJobJson,
  TimetablePatch,
  WorkerJson,
  WorkerStatsJson,
} from "./timetable-schemas.ts";

/** The handlers of `/v1/timetable`; a job's name stands where other nouns have an id. */
export function timetableHandlers({ engine }: DoorPorts<Engine>) {
  const show = (view: JobView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderJob(view);
  };
  const turn = (enabled: boolean) => async (request: Checked, reply: FastifyReply) =>
    show(await engine.editJob(actorOf(request), request.params.id, { enabled }, ifVersionOf(request)), reply);
  return {
    list: async (request: Checked) => wholePage((await engine.listJobs(actorOf(request))).map(renderJob)),

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getJob(actorOf(request), request.params.id), reply),

    update: async (request: Checked<TimetablePatch>, reply: FastifyReply) =>
      show(
        await engine.editJob(actorOf(request), request.params.id, request.body, ifVersionOf(request)),
        reply,
      ),

    pause: turn(false),
    resume: turn(true),

    runNow: async (request: Checked, reply: FastifyReply) => {
      const run = await engine.runJobNow(actorOf(request), request.params.id);
      reply.code(202).header("location", `/v1/timetable/runs/${run.id}`);
      return renderRun(run);
    },

    runsOf: async (request: Checked<unknown, PageQuery>, reply: FastifyReply) => {
      const filter = { job: request.params.id };
      const page = await engine.listJobRuns(actorOf(request), filter, pageRequestOf(request.query));
      return sendPage(page, renderRun, request, reply);
    },

    runs: async (request: Checked<unknown, RunsQuery>, reply: FastifyReply) => {
      const { job, status } = request.query;
      const filter = { ...(job !== undefined && { job }), ...(status !== undefined && { status }) };
      const page = await engine.listJobRuns(actorOf(request), filter, pageRequestOf(request.query));
      return sendPage(page, renderRun, request, reply);
    },

    run: async (request: Checked) => renderRun(await engine.getJobRun(actorOf(request), request.params.id)),
  };
}

/** The handlers of `/v1/workers`: who works on what. */
export function workerHandlers({ engine }: DoorPorts<Engine>) {
  return {
    list: async (request: Checked) =>
      wholePage((await engine.listWorkers(actorOf(request))).map(renderWorker)),

    stats: async (request: Checked) => renderStats(await engine.timetableStats(actorOf(request))),
  };
}

function renderJob(view: JobView): TimetableJobJson {
  return {
    name: view.name,
    title: view.title,
    program: view.program,
    queue: view.queue,
    rule: view.rule,
    description: view.description,
    timezone: view.timezone,
    enabled: view.enabled,
    driven_by: view.drivenBy,
    edited: view.isEdited,
    next_run_at: instant(view.nextRunAt),
    last_run: view.lastRun === null ? null : renderRun(view.lastRun),
    version: view.version,
  };
}

function renderRun(view: JobRunView): JobRunJson {
  return {
    id: view.id,
    job: view.job,
    queue: view.queue,
    status: view.status,
    trigger: view.trigger,
    at: formatUtc(view.at),
    coalesced: view.coalesced,
    started_at: instant(view.startedAt),
    ended_at: instant(view.endedAt),
    duration_ms: view.durationMs,
    tries: view.tries,
    result: view.result,
    error: view.error,
  };
}

function renderWorker(view: WorkerView): WorkerJson {
  return {
    id: view.id,
    name: view.name,
    status: view.status,
    started_at: formatUtc(view.startedAt),
    seen_at: formatUtc(view.seenAt),
    calls: view.calls,
    queues: [...view.queues],
    concurrency: view.jobsMax,
    running: view.running.map(renderRun),
  };
}

function renderStats({ since, queues, jobs }: TimetableStats): WorkerStatsJson {
  return {
    since: formatUtc(since),
    queues: queues.map(({ notificationsDue, notificationsLater, ...queue }) => ({
      ...queue,
      notifications_due: notificationsDue,
      notifications_later: notificationsLater,
    })),
    jobs: jobs.map(({ averageMs, longestMs, ...job }) => ({
      ...job,
      average_ms: averageMs,
      longest_ms: longestMs,
    })),
  };
}
