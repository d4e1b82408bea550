import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import {
  type Job,
  type JobRun,
  type Worker,
  type WorkerStats,
  runColumns,
  runRow,
  timetablePath,
} from "./job-shapes.ts";
import type { List } from "./shapes.ts";
import { table } from "./table.ts";
import { instant, spanWords, stamp } from "./times.ts";

const shownMax = 500;

/** `carillon workers …`: who works on what, and how it went. */
export const addWorkers: AddCommand = (program, cli) => {
  const group = program.command("workers").description("the processes that share the work, and their runs");
  const list = group
    .command("list")
    .description("list the processes: what each works on, and whether it lives")
    .action(action(cli, listWorkers));
  examples(list, [["carillon workers list", ""]]);
  const active = group
    .command("active")
    .description("list the runs of jobs that are going on")
    .action(action(cli, (context) => listOpen(context, "running")));
  examples(active, [["carillon workers active", ""]]);
  const scheduled = group
    .command("scheduled")
    .description("list what waits for a worker, runs and notifications, and the next run of each job")
    .action(action(cli, listScheduled));
  examples(scheduled, [["carillon workers scheduled", ""]]);
  const stats = group
    .command("stats")
    .description("count the runs of the last 24 hours, by queue and job")
    .action(action(cli, showStats));
  examples(stats, [["carillon workers stats", ""]]);
};

async function listWorkers(context: Context): Promise<void> {
  const all = await context.client().get<List<Worker>>("/v1/workers");
  const { home } = context.times();
  context.print(all, () =>
    table(
      ["WORKER", "NAME", "STATE", "WORKS ON", "AT ONCE", "RUNNING", "SINCE"],
      all.data.map((worker) => [
        worker.id,
        worker.name,
        worker.status,
        [...(worker.calls ? ["calls"] : []), ...worker.queues].join(", ") || "the clock alone",
        String(worker.concurrency),
        String(worker.running.length),
        stamp(instant(worker.started_at), home),
      ]),
      "No workers.",
    ),
  );
}

async function listOpen(context: Context, status: "running" | "waiting"): Promise<void> {
  const runs = await readRuns(context, status);
  context.print({ data: runs }, () => runsTable(context, runs, "Nothing is running."));
}

async function listScheduled(context: Context): Promise<void> {
  const waiting = await readRuns(context, "waiting");
  const jobs = await context.client().get<List<Job>>(timetablePath);
  const { queues } = await context.client().get<WorkerStats>("/v1/workers/stats");
  const next = jobs.data
    .flatMap(({ name, queue, next_run_at: at }) => (at === null ? [] : [{ job: name, queue, at }]))
    .toSorted((one, other) => instant(one.at) - instant(other.at));
  const { home } = context.times();
  const notifications = queues.map(({ name, notifications_due: due, notifications_later: later }) => ({
    queue: name,
    due,
    later,
  }));
  context.print({ waiting, notifications, next }, () =>
    [
      runsTable(context, waiting, "No run waits for a worker."),
      "",
      table(
        ["NOTIFICATIONS OF", "TO SEND", "LATER"],
        notifications.map(({ queue, due, later }) => [queue, String(due), String(later)]),
        "No queues.",
      ),
      "",
      table(
        ["NEXT", "JOB", "QUEUE"],
        next.map(({ job, queue, at }) => [stamp(instant(at), home), job, queue]),
        "No job has a next run.",
      ),
    ].join("\n"),
  );
}

async function showStats(context: Context): Promise<void> {
  const stats = await context.client().get<WorkerStats>("/v1/workers/stats");
  const took = (ms: number | null): string => (ms === null ? "" : spanWords(ms));
  context.print(stats, () =>
    [
      table(
        ["QUEUE", "WAITING", "RUNNING", "SUCCEEDED", "FAILED", "MISSED", "TO SEND", "LATER"],
        stats.queues.map((queue) => [
          queue.name,
          ...[queue.waiting, queue.running, queue.succeeded, queue.failed, queue.missed].map(String),
          String(queue.notifications_due),
          String(queue.notifications_later),
        ]),
        "No queues.",
      ),
      "",
      table(
        ["JOB", "SUCCEEDED", "FAILED", "MISSED", "ON AVERAGE", "LONGEST"],
        stats.jobs.map((job) => [
          job.name,
          ...[job.succeeded, job.failed, job.missed].map(String),
          took(job.average_ms),
          took(job.longest_ms),
        ]),
        "No jobs.",
      ),
    ].join("\n"),
  );
}

async function readRuns(context: Context, status: "running" | "waiting"): Promise<JobRun[]> {
  const runs: JobRun[] = [];
  const path = `${timetablePath}/runs`;
  for await (const run of context.client().list<JobRun>(path, { status }, shownMax)) runs.push(run);
  return runs;
}

function runsTable(context: Context, runs: readonly JobRun[], empty: string): string {
  const { home } = context.times();
  return table(
    runColumns,
    runs.map((run) => runRow(run, home)),
    empty,
  );
}
