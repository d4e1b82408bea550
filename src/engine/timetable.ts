import { forever } from "../domain/ids.ts";
import { Refusal } from "../domain/refusal.ts";
import type { JobEdit, JobRunView, JobView } from "../ports/job.ts";
import type { ProgramActor, QueueName } from "../ports/program.ts";
import { queueNames } from "../ports/program.ts";
import type { JobRunRow, TimetableRow } from "../ports/timetable-rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { beforeOf, pageOf } from "./cursor.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { newRun } from "./job-slots.ts";
import { Entries } from "./ledger.ts";
import { checkVersion } from "./lines.ts";
import { lanesOf } from "./notification-write.ts";
import { isAlive } from "./recover.ts";
import { runSure } from "./run-sure.ts";
import type {
  JobRunFilter,
  TimetableEdit,
  TimetableStats,
  TimetableVerbs,
  WorkerView,
} from "./timetable-api.ts";
import { editedRow, freshRow } from "./timetable-keep.ts";
import { jobView, listJobs, requireJob, runView } from "./timetable-view.ts";

export function timetableVerbs(context: Context): TimetableVerbs {
  return {
    listJobs: (actor) => listJobs(context, actor),
    getJob: (actor, name) => getJob(context, actor, name),
    editJob: (actor, name, edit, ifVersion) => editJob(context, actor, name, edit, ifVersion),
    runJobNow: (actor, name) => runJobNow(context, actor, name),
    listJobRuns: (actor, filter, page) => listJobRuns(context, actor, filter, page),
    getJobRun: (actor, runId) => getJobRun(context, actor, runId),
    listWorkers: (actor) => listWorkers(context, actor),
    timetableStats: (actor) => timetableStats(context, actor),
  };
}

const statsMs = 24 * 3_600_000;
const workersMax = 500;
const countedMax = 100_000;

async function getJob(context: Context, actor: Actor, name: string): Promise<JobView> {
  const { known, row } = await requireJob(context, actor, name);
  const { jobRuns } = context.store.statements;
  const ids = row.last_run_id === null ? [] : [{ id: row.last_run_id }];
  const [lastRun] = await context.store.read("read the latest run", () => jobRuns.byIds(ids));
  return jobView(context, known, row, lastRun);
}

async function editJob(
  context: Context,
  actor: Actor,
  name: string,
  edit: TimetableEdit,
  ifVersion: number | undefined,
): Promise<JobView> {
  const { known, row } = await requireJob(context, actor, name);
  if (known.job.drivenBy !== undefined)
    throw new Refusal("job_driven", `The job ${name} is not edited here: ${known.job.drivenBy}.`);
  const now = context.clock.now();
  const lease = await context.ids.reserve({ ledger: 1 });
  let written: number | null = null;
  await runSure(context, "edit a job", function* (again): Tx<void> {
    const entries = new Entries(lease);
    const { timetable, ledger } = context.store.statements;
    const [found = row] = yield* timetable.lock([row]);
    if (again && found.version === written) return;
    checkVersion(found.version, ifVersion);
    const next = editedRow(context, found, known.job, edit, now);
    written = found.version + 1;
    yield* timetable.change([next]);
    noteChanged(entries, actor, next, now);
    yield* ledger.insert(entries.rows);
  });
  context.ids.release(lease);
  context.announce();
  context.wake("jobs");
  return getJob(context, actor, name);
}

/**
 * Edits a job for the program whose it is, inside a transaction of the program. Whoever commits it wakes the duty `jobs`.
 * Takes one id of the ledger. Throws `Refusal` for a rule or zone that cannot be read.
 */
export function* editJobInTx(
  context: Context,
  entries: Entries,
  actor: ProgramActor,
  name: string,
  edit: JobEdit,
  now: number,
): Tx<void> {
  const known = context.programs.jobs.get(name);
  if (known === undefined) throw new Error(`No program has a job called ${name}`);
  const { timetable } = context.store.statements;
  const key = { workspace_id: actor.workspaceId, job: name };
  let [row] = yield* timetable.lock([key]);
  if (row === undefined) {
    yield* timetable.insert([freshRow(context, actor.workspaceId, known.job, now)]);
    [row] = yield* timetable.lock([key]);
  }
  if (row === undefined) throw new Error(`The job ${name} has no row`);
  const next = editedRow(context, row, known.job, edit, now);
  if ((yield* timetable.change([next])) === 0)
    throw new Error("A locked job was changed by another transaction");
  noteChanged(entries, actor, next, now);
}

function noteChanged(
  entries: Entries,
  actor: Pick<Actor, "workspaceId" | "name">,
  row: TimetableRow,
  now: number,
): void {
  entries.addWide(actor.workspaceId, {
    at: now,
    type: "job.changed",
    actor: actor.name,
    data: { job: row.job, rule: row.rule, timezone: row.timezone, enabled: row.enabled === 1 },
  });
}

async function runJobNow(context: Context, actor: Actor, name: string): Promise<JobRunView> {
  const { known, row } = await requireJob(context, actor, name);
  const now = context.clock.now();
  const lease = await context.ids.reserve({ record: 1, ledger: 1 });
  const id = lease.next("record");
  const publicId = context.secrets.publicId("job_run", id);
  const run: JobRunRow = {
    ...newRun(row, known.job, now),
    id,
    slot: `asked ${publicId}`,
    asked_by: actor.name,
  };
  await runSure(context, "run a job now", function* (again): Tx<void> {
    const { timetable, jobRuns, ledger } = context.store.statements;
    const entries = new Entries(lease);
    yield* timetable.lock([row]);
    if (again && (yield* jobRuns.byIds([{ id }])).length > 0) return;
    for (const status of ["running", "waiting"] as const) {
      const [open] = yield* jobRuns.ofState([{ workspace_id: row.workspace_id, job: name, status }]);
      if (open !== undefined) throw isUnderWay(context, open);
    }
    yield* jobRuns.insert([run]);
    entries.addWide(actor.workspaceId, {
      at: now,
      type: "job.run_asked",
      actor: actor.name,
      data: { job: name, run_id: publicId },
    });
    yield* ledger.insert(entries.rows);
  });
  context.ids.release(lease);
  context.announce();
  context.wake("jobs");
  return runView(context, run);
}

function isUnderWay(context: Context, run: JobRunRow): Refusal {
  const id = context.secrets.publicId("job_run", run.id);
  const state = run.status === "running" ? "is running" : "waits for a worker";
  return new Refusal("job_running", `A run of ${run.job} ${state} already: ${id}.`, {
    extra: { run_id: id },
  });
}

async function listJobRuns(
  context: Context,
  actor: Actor,
  { job, status }: JobRunFilter,
  page: PageRequest,
): Promise<Page<JobRunView>> {
  if (job !== undefined && !context.programs.jobs.has(job))
    throw new Refusal("not_found", `There is no job "${job.slice(0, 64)}".`);
  const mark = `job runs ${job ?? ""} ${status ?? ""}`;
  const before = beforeOf(page, mark);
  const rows = await context.store.read("list runs of jobs", () =>
    context.store.statements.jobRuns.list({
      workspace_id: actor.workspaceId,
      job: job ?? null,
      status: status ?? null,
      before_id: before,
      limit: page.limit + 1,
    }),
  );
  return pageOf(rows, page, mark, (row) => runView(context, row));
}

async function getJobRun(context: Context, actor: Actor, runId: string): Promise<JobRunView> {
  const id = context.secrets.readId("job_run", runId);
  const [row] =
    id === null
      ? []
      : await context.store.read("find a run", () => context.store.statements.jobRuns.byIds([{ id }]));
  if (row === undefined || row.workspace_id !== actor.workspaceId)
    throw new Refusal("not_found", `There is no run "${runId.slice(0, 64)}".`);
  return runView(context, row);
}

async function listWorkers(context: Context, actor: Actor): Promise<readonly WorkerView[]> {
  const { nodes, nodeWorks, jobRuns } = context.store.statements;
  const now = context.clock.now();
  const read = await context.store.read("read workers", function* () {
    return {
      nodes: yield* nodes.all({}),
      works: yield* nodeWorks.all({}),
      running: yield* jobRuns.running({ limit: workersMax }),
    };
  });
  const works = new Map(read.works.map((row) => [row.node_id, row]));
  return read.nodes
    .filter((node) => node.stopped_at === null && works.has(node.id))
    .map((node): WorkerView => {
      const { calls = 0, queues = "", jobs_max: jobsMax = 0 } = works.get(node.id) ?? {};
      const own = read.running.filter(
        (run) => run.node_id === node.id && run.workspace_id === actor.workspaceId,
      );
      return {
        id: context.secrets.publicId("worker", node.id),
        name: node.name,
        status: isAlive(context, node, now) ? "alive" : "silent",
        startedAt: node.started_at,
        seenAt: node.id === context.nodeId ? now : node.seen_at,
        calls: calls === 1,
        queues: queueNames.filter((name) => queues.split(",").includes(name)),
        jobsMax,
        running: own.map((run) => runView(context, run)),
      };
    });
}

async function timetableStats(context: Context, actor: Actor): Promise<TimetableStats> {
  const since = context.clock.now() - statsMs;
  const { jobRuns } = context.store.statements;
  const toTell = await countToTell(context);
  const { totals, open } = await context.store.read("count runs of jobs", function* () {
    return {
      totals: yield* jobRuns.totals({ workspace_id: actor.workspaceId, since }),
      open: yield* jobRuns.countOpen({ workspace_id: actor.workspaceId }),
    };
  });
  const ended = (match: (total: (typeof totals)[number]) => boolean, status: JobRunRow["status"]): number =>
    sumOf(totals.filter((total) => match(total) && total.status === status));
  const opened = (queue: QueueName, status: string): number =>
    sumOf(open.filter((one) => one.queue === queue && one.status === status));
  return {
    since,
    queues: queueNames.map((name) => ({
      name,
      waiting: opened(name, "waiting"),
      running: opened(name, "running"),
      succeeded: ended(({ queue }) => queue === name, "succeeded"),
      failed: ended(({ queue }) => queue === name, "failed"),
      missed: ended(({ queue }) => queue === name, "missed"),
      notificationsDue: toTell.get(name)?.due ?? 0,
      notificationsLater: toTell.get(name)?.later ?? 0,
    })),
    jobs: [...context.programs.jobs.values()].map(({ job }) => {
      const own = totals.filter((total) => total.job === job.name && total.duration_ms !== null);
      const count = sumOf(own);
      return {
        name: job.name,
        queue: job.queue,
        succeeded: ended((total) => total.job === job.name, "succeeded"),
        failed: ended((total) => total.job === job.name, "failed"),
        missed: ended((total) => total.job === job.name, "missed"),
        averageMs:
          count === 0 ? null : Math.round(own.reduce((sum, one) => sum + (one.duration_ms ?? 0), 0) / count),
        longestMs: count === 0 ? null : Math.max(...own.map((one) => one.longest_ms ?? 0)),
      };
    }),
  };
}

async function countToTell(
  context: Context,
): Promise<ReadonlyMap<QueueName, { readonly due: number; readonly later: number }>> {
  const now = context.clock.now();
  const { notificationDue } = context.store.statements;
  return context.store.read("count notifications to be sent", function* () {
    const counted = new Map<QueueName, { due: number; later: number }>();
    for (const { lane, queue } of lanesOf(queueNames)) {
      const sum = counted.get(queue) ?? { due: 0, later: 0 };
      const [due] = yield* notificationDue.countDue({ lane, now, limit: countedMax });
      const [all] = yield* notificationDue.countDue({ lane, now: forever, limit: countedMax });
      sum.due += due?.count ?? 0;
      sum.later += (all?.count ?? 0) - (due?.count ?? 0);
      counted.set(queue, sum);
    }
    return counted;
  });
}

function sumOf(rows: readonly { readonly count: number }[]): number {
  return rows.reduce((sum, { count }) => sum + count, 0);
}
