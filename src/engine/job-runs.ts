import { forever } from "../domain/ids.ts";
import type { Job, JobResult } from "../ports/job.ts";
import { queueNames } from "../ports/program.ts";
import type { JobRunRow } from "../ports/timetable-rows.ts";
import type { Tx } from "../ports/store.ts";
import { isClockFenced } from "./clock-watch.ts";
import type { Context } from "./context.ts";
import { defaultGraceMs } from "./job-rule.ts";
import { errorWords, missedWords, nextWake, noteMissed, planRuns } from "./job-slots.ts";
import { Entries } from "./ledger.ts";
import { isAlive } from "./recover.ts";
import { runSure } from "./run-sure.ts";
import { keepTimetable } from "./timetable-keep.ts";

const page = 50;
/** Where several nodes share the store, each looks so often for what another one wrote. */
const lookEveryMs = 2000;
/** What a process that only answers takes in, and those that work have not heard of. */
const leftByOthers = ["dispatch", "tell"] as const;
const recheckMs = 1000;
/** A run that ended with its process so often is not started again. */
const triesMax = 3;
const resultMax = 16_000;

/**
 * The duty of the timetable. 1. Write the runs of slots that have come; 2. take over runs of processes that died; 3. claim
 * what waits in the queues that this process works, the most urgent first, and begin it. Runs go on beside the loop; each
 * that ends wakes the duty again. On a node that works no queue it only writes what others run.
 */
export class JobRuns {
  readonly #context: Context;
  readonly #running = new Map<number, Promise<void>>();
  readonly #kept = new Set<number>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** True when no job runs in this process. */
  get quiet(): boolean {
    return this.#running.size === 0;
  }

  /** Before the first run: every workspace has its rows, and this node says what it works on. */
  async begin(): Promise<void> {
    const context = this.#context;
    const { calls, queues } = context.works;
    await this.#keep();
    await context.store.run("say what a node works on", function* () {
      yield* context.store.statements.nodeWorks.forgetGone({});
      yield* context.store.statements.nodeWorks.put([
        {
          node_id: context.nodeId,
          calls: calls ? 1 : 0,
          queues: queues.join(","),
          jobs_max: context.tuning.jobsMax,
        },
      ]);
    });
  }

  async run(): Promise<number> {
    const context = this.#context;
    if (context.programs.jobs.size === 0 || context.state.draining) return forever;
    const now = context.clock.now();
    if (isClockFenced(context)) return context.state.fencedUntil;
    if (!context.store.roomForMore()) return now + recheckMs;
    await this.#keep();
    if (await planRuns(context, now)) return now;
    await this.#takeOver(now);
    await this.#claim(now);
    const wakeAt = await nextWake(context);
    const isAlone = context.store.singleOwner || context.state.isMoved;
    if (isAlone) return wakeAt;
    for (const duty of leftByOthers) context.wake(duty);
    return Math.min(wakeAt, now + lookEveryMs);
  }

  /** Workspaces may be made while the process runs. */
  async #keep(): Promise<void> {
    for (const id of this.#context.book.workspaces.keys()) {
      if (this.#kept.has(id)) continue;
      await keepTimetable(this.#context, id);
      this.#kept.add(id);
    }
  }

  /** What a dead process was at waits again; after some tries it has failed. */
  async #takeOver(now: number): Promise<void> {
    const context = this.#context;
    const { jobRuns, nodes, timetable, ledger } = context.store.statements;
    const running = await context.store.read("look for running jobs", () => jobRuns.running({ limit: page }));
    const others = running.filter((run) => !this.#running.has(run.id));
    if (others.length === 0) return;
    const known = await context.store.read("read nodes", () => nodes.all({}));
    const alive = new Set(
      known.filter((node) => node.id !== context.nodeId && isAlive(context, node, now)).map(({ id }) => id),
    );
    const orphans = others.filter((run) => run.node_id === null || !alive.has(run.node_id));
    if (orphans.length === 0) return;
    const lease = await context.ids.reserve({ ledger: orphans.length });
    await runSure(context, "take over runs of jobs", function* (): Tx<void> {
      const entries = new Entries(lease);
      const locked = yield* jobRuns.lock(orphans.map(({ id }) => ({ id })));
      for (const run of locked) {
        const seen = orphans.find(({ id }) => id === run.id);
        if (run.status !== "running" || run.node_id !== seen?.node_id || run.tries !== seen.tries) continue;
        if (run.tries < triesMax) {
          yield* jobRuns.change([{ ...run, status: "waiting", node_id: null, started_at: null }]);
          continue;
        }
        const error = `Its process ended while it ran, ${run.tries} times.`;
        yield* jobRuns.change([{ ...run, status: "failed", ended_at: now, error }]);
        yield* timetable.ran([{ ...run, last_run_id: run.id, last_status: "failed" }]);
        noteFailed(context, entries, run, error, now);
      }
      yield* ledger.insert(entries.rows);
    });
    context.ids.release(lease);
    context.log.warn("Runs of jobs were taken over from a process that ended.", { runs: orphans.length });
    context.announce();
  }

  async #claim(now: number): Promise<void> {
    const context = this.#context;
    const { jobsMax } = context.tuning;
    for (const queue of queueNames.filter((name) => context.works.queues.includes(name))) {
      for (let after = 0; this.#running.size < jobsMax;) {
        const waiting = await context.store.read("look for waiting runs", () =>
          context.store.statements.jobRuns.waiting({ queue, after_id: after, limit: page }),
        );
        for (const run of waiting) {
          const job = context.programs.jobs.get(run.job)?.job;
          if (job === undefined || this.#running.size >= jobsMax || context.state.draining) continue;
          const claimed = await this.#take(run, job, now);
          if (claimed !== null) this.#begin(claimed, job);
        }
        after = waiting.at(-1)?.id ?? 0;
        if (waiting.length < page) break;
      }
    }
  }

  /** Makes a waiting run ours; null when another is faster, the job runs already, or its time is over. */
  async #take(run: JobRunRow, job: Job, now: number): Promise<JobRunRow | null> {
    const context = this.#context;
    const { jobRuns, timetable, ledger } = context.store.statements;
    const lease = await context.ids.reserve({ ledger: 1 });
    const isLate = run.asked_by === null && now - run.at > (job.graceMs ?? defaultGraceMs);
    const claimed = await runSure(context, "claim a run of a job", function* (again): Tx<JobRunRow | null> {
      const entries = new Entries(lease);
      // Whoever claims a run of the job holds this row, so that two are never begun at once.
      yield* timetable.lock([{ workspace_id: run.workspace_id, job: run.job }]);
      const [found] = yield* jobRuns.lock([{ id: run.id }]);
      if (found === undefined) return null;
      if (found.status !== "waiting") return again && isOurs(context, found, run) ? found : null;
      if (isLate) {
        yield* jobRuns.change([{ ...found, status: "missed", ended_at: now, error: missedWords }]);
        noteMissed(entries, found, { slot: found, count: found.coalesced + 1 }, now);
        yield* ledger.insert(entries.rows);
        return null;
      }
      const { workspace_id, job: name } = found;
      if ((yield* jobRuns.ofState([{ workspace_id, job: name, status: "running" }])).length > 0) return null;
      const begun: JobRunRow = {
        ...found,
        status: "running",
        node_id: context.nodeId,
        started_at: now,
        tries: found.tries + 1,
      };
      yield* jobRuns.change([begun]);
      return begun;
    });
    context.ids.release(lease);
    return claimed;
  }

  #begin(run: JobRunRow, job: Job): void {
    const context = this.#context;
    const done = this.#work(run, job)
      .catch((error: unknown) => {
        // It stays `running` in the store, and the next look takes it over.
        context.meter.error("jobs");
        context.log.error("The end of a run could not be recorded; it is started again.", {
          job: run.job,
          error: error as Error,
        });
      })
      .finally(() => {
        this.#running.delete(run.id);
        context.wake("jobs");
      });
    this.#running.set(run.id, done);
  }

  async #work(run: JobRunRow, job: Job): Promise<void> {
    const context = this.#context;
    let isCutShort = false;
    const begun = context.clock.mono();
    const ended = await tried(() =>
      job.run({
        actor: { workspaceId: run.workspace_id, name: `job ${job.name}` },
        runId: run.id,
        at: run.at,
        isStopping: () => (isCutShort ||= context.state.draining),
      }),
    );
    if (isCutShort) await putBack(context, run);
    else {
      await recordEnd(context, run, ended);
      context.meter.jobRan(run.queue, ended.status, context.clock.mono() - begun);
    }
  }
}

type Ended =
  | { readonly status: "succeeded"; readonly result: string }
  | { readonly status: "failed"; readonly error: unknown };

async function tried(work: () => Promise<JobResult>): Promise<Ended> {
  try {
    const result = JSON.stringify((await work()) ?? {});
    const kept = result.length <= resultMax ? result : JSON.stringify({ note: "The result is too long." });
    return { status: "succeeded", result: kept };
  } catch (error) {
    return { status: "failed", error };
  }
}

/** Writes what became of a run, unless it was taken over meanwhile. */
async function recordEnd(context: Context, run: JobRunRow, ended: Ended): Promise<void> {
  const { jobRuns, timetable, ledger } = context.store.statements;
  const now = context.clock.now();
  const error = ended.status === "failed" ? errorWords(ended.error) : null;
  const lease = await context.ids.reserve({ ledger: 1 });
  const isWritten = await runSure(context, "end a run of a job", function* (again): Tx<boolean> {
    const entries = new Entries(lease);
    const [found] = yield* jobRuns.lock([{ id: run.id }]);
    if (found === undefined || found.node_id !== run.node_id || found.tries !== run.tries) return false;
    if (found.status !== "running") return again;
    const result = ended.status === "succeeded" ? ended.result : null;
    yield* jobRuns.change([{ ...found, status: ended.status, ended_at: now, result, error }]);
    yield* timetable.ran([{ ...run, last_run_id: run.id, last_status: ended.status }]);
    if (error !== null) noteFailed(context, entries, run, error, now);
    yield* ledger.insert(entries.rows);
    return true;
  });
  context.ids.release(lease);
  const fields = { job: run.job, run: context.secrets.publicId("job_run", run.id) };
  if (!isWritten) context.log.warn("A run ended after it had been taken over; nothing is recorded.", fields);
  if (ended.status === "failed") {
    context.log.warn("A run of a job failed.", { ...fields, error: ended.error as Error });
    context.announce();
  }
}

/** A run that was asked to return because the process stops waits for the next process; it counts as no try. */
async function putBack(context: Context, run: JobRunRow): Promise<void> {
  const { jobRuns } = context.store.statements;
  await runSure(context, "put a run of a job back", function* (): Tx<void> {
    const [found] = yield* jobRuns.lock([{ id: run.id }]);
    if (found?.status !== "running" || found.node_id !== run.node_id || found.tries !== run.tries) return;
    yield* jobRuns.change([
      { ...found, status: "waiting", node_id: null, started_at: null, tries: run.tries - 1 },
    ]);
  });
}

function isOurs(context: Context, found: JobRunRow, seen: JobRunRow): boolean {
  return found.status === "running" && found.node_id === context.nodeId && found.tries === seen.tries + 1;
}

function noteFailed(
  context: Pick<Context, "secrets">,
  entries: Entries,
  run: JobRunRow,
  error: string,
  now: number,
): void {
  entries.addWide(run.workspace_id, {
    at: now,
    type: "job.failed",
    data: { job: run.job, run_id: context.secrets.publicId("job_run", run.id), tries: run.tries, error },
  });
}
