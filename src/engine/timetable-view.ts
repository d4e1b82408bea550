import { Refusal } from "../domain/refusal.ts";
import type { JobResult, JobRunView, JobView } from "../ports/job.ts";
import type { JobRunRow, TimetableRow } from "../ports/timetable-rows.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { describeJobRule } from "./job-rule.ts";
import type { ProgramJob } from "./programs.ts";
import { keepTimetable } from "./timetable-keep.ts";

/** The workspace's jobs, in the order in which their programs give them. */
export async function listJobs(context: Context, actor: Actor): Promise<readonly JobView[]> {
  const rows = new Map((await readRows(context, actor)).map((row) => [row.job, row]));
  const { jobRuns } = context.store.statements;
  const ids = [...rows.values()].flatMap(({ last_run_id: id }) => (id === null ? [] : [{ id }]));
  const runs = new Map(
    (await context.store.read("read latest runs", () => jobRuns.byIds(ids))).map((run) => [run.id, run]),
  );
  return [...context.programs.jobs.values()].flatMap((known) => {
    const row = rows.get(known.job.name);
    return row === undefined ? [] : [jobView(context, known, row, runs.get(row.last_run_id ?? 0))];
  });
}

/** A job by its name, with its row. Throws `not_found`. */
export async function requireJob(
  context: Context,
  actor: Actor,
  name: string,
): Promise<{ readonly known: ProgramJob; readonly row: TimetableRow }> {
  const known = context.programs.jobs.get(name);
  if (known === undefined) throw new Refusal("not_found", `There is no job "${name.slice(0, 64)}".`);
  const row = (await readRows(context, actor)).find((one) => one.job === name);
  if (row === undefined) throw new Error(`The job ${name} has no row`);
  return { known, row };
}

/** A workspace that was made after the start gets its rows when it is first looked at. */
async function readRows(context: Context, actor: Actor): Promise<readonly TimetableRow[]> {
  const { timetable } = context.store.statements;
  const read = (): Promise<TimetableRow[]> =>
    context.store.read("read the timetable", () =>
      timetable.ofWorkspace({ workspace_id: actor.workspaceId }),
    );
  const rows = await read();
  const names = new Set(rows.map(({ job }) => job));
  if ([...context.programs.jobs.keys()].every((name) => names.has(name))) return rows;
  await keepTimetable(context, actor.workspaceId);
  return read();
}

export function jobView(
  context: Pick<Context, "secrets" | "zones">,
  { program, job }: ProgramJob,
  row: TimetableRow,
  lastRun: JobRunRow | undefined,
): JobView {
  return {
    name: job.name,
    title: job.title,
    program,
    queue: job.queue,
    rule: row.rule,
    description: describeJobRule(context, row),
    timezone: row.timezone,
    enabled: row.enabled === 1,
    drivenBy: job.drivenBy ?? null,
    isEdited: row.rule_edited + row.timezone_edited + row.enabled_edited > 0,
    nextRunAt: row.wake_at,
    lastRun: lastRun === undefined ? null : runView(context, lastRun),
    version: row.version,
  };
}

export function runView(context: Pick<Context, "secrets">, row: JobRunRow): JobRunView {
  const { started_at: startedAt, ended_at: endedAt } = row;
  return {
    id: context.secrets.publicId("job_run", row.id),
    job: row.job,
    queue: row.queue,
    status: row.status,
    trigger: row.asked_by ?? "schedule",
    at: row.at,
    coalesced: row.coalesced,
    startedAt,
    endedAt,
    durationMs: startedAt === null || endedAt === null ? null : endedAt - startedAt,
    tries: row.tries,
    result: row.result === null ? null : (JSON.parse(row.result) as JobResult),
    error: row.error,
  };
}
