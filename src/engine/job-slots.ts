import { forever } from "../domain/ids.ts";
import { withoutNumbers } from "../domain/without-numbers.ts";
import type { Job } from "../ports/job.ts";
import type { JobRunRow, TimetableRow } from "../ports/timetable-rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Lease } from "./ids.ts";
import { type JobStep, stepOf } from "./job-rule.ts";
import { Entries } from "./ledger.ts";
import { runSure } from "./run-sure.ts";

const batch = 100;
/** A job that this process cannot plan is left for others so long, and then looked at again. */
const postponedMs = 60_000;
/** Under the shortest day, so that what comes daily is never held. */
const movedMs = 22 * 3_600_000;

/**
 * Writes the runs of the slots that have come: 1. read which jobs want to be looked at; 2. in one transaction, for each
 * that nobody has looked at since: work out what passed, and write its run and its new place. Whoever comes second finds
 * it at another place and writes nothing. Answers whether there may be more.
 */
export async function planRuns(context: Context, now: number): Promise<boolean> {
  const { statements } = context.store;
  const come = await context.store.read("look for jobs", () =>
    statements.timetable.toWake({ now, limit: batch }),
  );
  const rows = come.filter((row) => wakeOf(context, row) <= now);
  if (rows.length === 0) return false;
  const lease = await context.ids.reserve({ record: 2 * rows.length, ledger: rows.length });
  await runSure(context, "plan runs of jobs", () => writeRuns(context, lease, rows, now));
  context.ids.release(lease);
  context.announce();
  return rows.length === batch;
}

/** When the next job is to be looked at; `forever` when none is. */
export async function nextWake(context: Context): Promise<number> {
  const { timetable } = context.store.statements;
  if (!context.state.isMoved) {
    const [next] = await context.store.read("look for the next job", () => timetable.nextWake({}));
    return next?.wake_at ?? forever;
  }
  const rows = await context.store.read("look for the next jobs", () =>
    timetable.toWake({ now: forever, limit: batch }),
  );
  return Math.min(forever, ...rows.map((row) => wakeOf(context, row)));
}

/**
 * While a test clock is being moved nobody waits for what comes many times a day, and months may pass in seconds: its
 * slots of most of a day join one run. Whatever comes at a time of the day comes at its minute.
 */
function wakeOf({ state }: Context, { wake_at: at, slot_at: lastAt }: TimetableRow): number {
  if (at === null) return forever;
  if (!state.isMoved || lastAt === null || at - lastAt >= movedMs) return at;
  return lastAt + movedMs;
}

function* writeRuns(context: Context, lease: Lease, rows: readonly TimetableRow[], now: number): Tx<void> {
  const { timetable, jobRuns, ledger } = context.store.statements;
  lease.rewind("record");
  const entries = new Entries(lease);
  const keys = rows.map(({ workspace_id, job }) => ({ workspace_id, job }));
  const there = new Map((yield* timetable.lock(keys)).map((row) => [keyOf(row), row]));
  const current = rows.filter((row) => {
    const found = there.get(keyOf(row));
    return found?.version === row.version && found.wake_at === row.wake_at;
  });
  const waiting = new Map(
    (yield* jobRuns.ofState(current.map((row) => ({ ...keyFor(row), status: "waiting" })))).map((run) => [
      keyOf(run),
      run,
    ]),
  );
  const next: TimetableRow[] = [];
  for (const row of current) {
    const job = context.programs.jobs.get(row.job)?.job;
    const run = waiting.get(keyOf(row));
    const step = job === undefined ? null : tried(context, job, row, run !== undefined, now);
    if (job === undefined || step === null) {
      next.push({ ...row, wake_at: now + postponedMs });
      continue;
    }
    next.push(step.row);
    if (step.covered !== null && run !== undefined) {
      const { count, latestAt } = step.covered;
      yield* jobRuns.change([{ ...run, at: latestAt, coalesced: run.coalesced + count }]);
    }
    yield* jobRuns.insert(runsOf(lease, row, job, step, now));
    if (step.missed !== null) noteMissed(entries, row, step.missed, now);
  }
  yield* timetable.place(next);
  yield* ledger.insert(entries.rows);
}

function tried(
  context: Context,
  job: Job,
  row: TimetableRow,
  isCovered: boolean,
  now: number,
): JobStep | null {
  try {
    // What was held back while a test clock was moved is not late.
    const isHeld = context.state.isMoved || now - context.state.movedAt < movedMs;
    return stepOf(context, isHeld ? { graceMs: forever } : job, row, isCovered, now);
  } catch (error) {
    // A rule that was read when it was set: zone data that lost a zone, or a defect. The other jobs go on.
    context.log.error("A job cannot be planned; it is looked at again in a minute.", {
      job: row.job,
      error: error as Error,
    });
    return null;
  }
}

function runsOf(lease: Lease, row: TimetableRow, job: Job, step: JobStep, now: number): JobRunRow[] {
  const { run, missed } = step;
  const fresh = { ...newRun(row, job, now), id: 0 };
  return [
    ...(missed === null
      ? []
      : [
          {
            ...fresh,
            id: lease.next("record"),
            slot: slotOf(row, missed.slot.key),
            at: missed.slot.at,
            coalesced: missed.count - 1,
            status: "missed" as const,
            ended_at: now,
            error: missedWords,
          },
        ]),
    ...(run === null
      ? []
      : [
          {
            ...fresh,
            id: lease.next("record"),
            slot: slotOf(row, run.slot.key),
            at: run.slot.at,
            coalesced: run.coalesced,
          },
        ]),
  ];
}

export const missedWords = "Nobody could run it in time.";

/** A run that waits to be claimed, without its id, slot and instant. */
export function newRun(
  row: Pick<TimetableRow, "workspace_id" | "job">,
  job: Job,
  now: number,
): Omit<JobRunRow, "id"> {
  return {
    ...keyFor(row),
    queue: job.queue,
    slot: "",
    status: "waiting",
    asked_by: null,
    at: now,
    coalesced: 0,
    tries: 0,
    node_id: null,
    started_at: null,
    ended_at: null,
    result: null,
    error: null,
    created_at: now,
  };
}

/** Adds what is lost to the history of the workspace. */
export function noteMissed(
  entries: Entries,
  row: Pick<TimetableRow, "workspace_id" | "job">,
  missed: { readonly slot: { readonly at: number }; readonly count: number },
  now: number,
): void {
  entries.addWide(row.workspace_id, {
    at: now,
    type: "job.missed",
    data: { job: row.job, at: missed.slot.at, count: missed.count },
  });
}

/** What an error says, short and without what could be a phone number. */
export function errorWords(error: unknown): string {
  return withoutNumbers(error instanceof Error ? error.message : String(error));
}

/** A wall time comes once in a zone; after a move to another zone it may come again. */
function slotOf(row: TimetableRow, key: string): string {
  return `${key} ${row.timezone}`;
}

function keyFor({ workspace_id, job }: Pick<TimetableRow, "workspace_id" | "job">) {
  return { workspace_id, job };
}

function keyOf({ workspace_id, job }: Pick<TimetableRow, "workspace_id" | "job">): string {
  return `${workspace_id} ${job}`;
}
