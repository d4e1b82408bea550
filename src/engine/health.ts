import { Refusal } from "../domain/refusal.ts";
import { StoreError } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { DowntimeReport, Health } from "./engine.ts";

export async function advanceClock(
  context: Context,
  ms: number,
  quiet: () => Promise<void>,
): Promise<{ now: number; offsetMs: number }> {
  const real = [...context.book.lines.values()].some(
    (line) => line.status !== "removed" && context.carriers.get(line.carrier)?.kind.real !== false,
  );
  const { testClock } = context;
  if (real || testClock === null)
    throw new Refusal("sandbox_only", "A server that can ring real people keeps the real time.");
  const target = context.clock.now() + ms;
  context.state.isMoved = true;
  try {
    await testClock.advanceTo(target, quiet);
  } finally {
    context.state.isMoved = false;
    context.state.movedAt = context.clock.now();
    context.wake("heartbeat");
    context.wake("jobs");
  }
  await context.store.run("keep the test clock", () =>
    context.store.statements.settings.put([
      {
        workspace_id: 0,
        name: "clock_offset_ms",
        value: JSON.stringify(testClock.offsetMs),
        updated_at: context.clock.now(),
      },
    ]),
  );
  return { now: context.clock.now(), offsetMs: testClock.offsetMs };
}

/** More jobs than these are not named. */
const namedMax = 20;
/** A run of a job that takes longer hangs, for all we know; no other of that job begins meanwhile. */
const longMs = 3_600_000;

export async function readHealth(context: Context, downtime: DowntimeReport | null): Promise<Health> {
  const lanes = [...context.book.lanes.values()];
  const problems: string[] = [];
  let ok = true;
  let detail = "ok";
  let oldest = Infinity;
  let inFlight = 0;
  try {
    const read = await context.store.read("look at the store", function* () {
      return {
        heads: yield* context.store.statements.due.heads(lanes.map((lane) => ({ lane_id: lane.id }))),
        open: yield* context.store.statements.attempts.countOpen({}),
        failing: yield* context.store.statements.timetable.failing({ limit: namedMax }),
        runs: yield* context.store.statements.jobRuns.running({ limit: namedMax }),
      };
    });
    problems.push(...read.failing.map(({ job }) => `The latest run of the job ${job} failed.`));
    const longAgo = context.clock.now() - longMs;
    for (const { job, started_at: startedAt } of read.runs)
      if (startedAt !== null && startedAt < longAgo)
        problems.push(`A run of the job ${job} has been going on for more than an hour.`);
    oldest = read.heads.reduce((least, head) => Math.min(least, head.due_at), Infinity);
    inFlight = read.open.reduce((sum, row) => sum + row.count, 0);
    if (!context.store.roomForMore()) problems.push("The disk is almost full, so no new call is started.");
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    ok = false;
    detail = error.message;
    problems.push("The store cannot be used.");
  }
  if (context.clock.now() < context.state.fencedUntil)
    problems.push("The clock jumped, so no call is started until it has been steady for half a minute.");
  context.meter.inFlight(inFlight);
  const stopped = [...context.book.workspaces.values()].some(({ row }) => row.stopped_at !== null);
  return {
    store: { kind: context.store.kind, ok, detail },
    tzdb: { version: context.zones.version, source: context.zones.source },
    clockOffsetMs: context.testClock?.offsetMs ?? 0,
    oldestDueAt: oldest <= context.clock.now() ? oldest : null,
    inFlight,
    dialing: context.state.draining ? "draining" : stopped ? "stopped" : "running",
    downtime,
    problems,
  };
}
