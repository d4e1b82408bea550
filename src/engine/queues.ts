import { Refusal } from "../domain/refusal.ts";
import type { LineRow } from "../ports/rows.ts";
import type { JobCount } from "../ports/agent-statements.ts";
import type { Context } from "./context.ts";
import { dialing, resumeDialing, stopDialing } from "./dialing.ts";
import type { Actor } from "./engine.ts";
import { type JobState, jobStates } from "./job-state.ts";
import { pauseLine, resumeLine } from "./lines.ts";
import type { CallCounts, QueueCounts, QueueVerbs, QueueView } from "./queues-api.ts";

export function queueVerbs(context: Context): QueueVerbs {
  return {
    listQueues: (actor) => listQueues(context, actor),
    getQueue: (actor, queue) => getQueue(context, actor, queue),
    pauseQueue: (actor, queue, reason) => pauseQueue(context, actor, queue, reason),
    resumeQueue: (actor, queue) => resumeQueue(context, actor, queue),
    cleanQueue: (actor, queue, what) => cleanQueue(context, actor, queue, what),
    countCalls: (actor) => countCalls(context, actor),
  };
}

/** The name of the queue of the whole workspace. */
export const wholeQueue = "calls";
const completedKeptMs = 24 * 3_600_000;
const completedKeptMax = 1000;
const failedKeptMs = 7 * 24 * 3_600_000;
const cleanedSetting = "queues_cleaned";

async function listQueues(context: Context, actor: Actor): Promise<readonly QueueView[]> {
  const counted = await countJobs(context, actor);
  const lines = context.book.linesOf(actor.workspaceId);
  return [
    viewOf(context, actor, null, counted),
    ...lines.map((line) => viewOf(context, actor, line, counted)),
  ];
}

async function getQueue(context: Context, actor: Actor, queue: string): Promise<QueueView> {
  const line = lineOf(context, actor, queue);
  return viewOf(context, actor, line, await countJobs(context, actor));
}

async function pauseQueue(context: Context, actor: Actor, queue: string, reason: string): Promise<QueueView> {
  const line = lineOf(context, actor, queue);
  if (line === null) await stopDialing(context, actor, reason);
  else await pauseLine(context, actor, line.name, reason);
  return getQueue(context, actor, queue);
}

async function resumeQueue(context: Context, actor: Actor, queue: string): Promise<QueueView> {
  const line = lineOf(context, actor, queue);
  if (line === null) await resumeDialing(context, actor);
  else await resumeLine(context, actor, line.name);
  return getQueue(context, actor, queue);
}

async function cleanQueue(
  context: Context,
  actor: Actor,
  queue: string,
  { state, olderThanMs }: { readonly state?: "completed" | "failed"; readonly olderThanMs: number },
): Promise<{ removed: number; queue: QueueView }> {
  const line = lineOf(context, actor, queue);
  const before = await getQueue(context, actor, queue);
  const now = context.clock.now();
  // A job that ends in this very millisecond stays, so that nothing is left out unseen.
  const until = now - olderThanMs;
  const marks = await readMarks(context, actor);
  const own = marks[line?.id ?? 0] ?? {};
  const mark: Mark = {
    ...own,
    ...(state !== "failed" && { completed: Math.max(own.completed ?? 0, until) }),
    ...(state !== "completed" && { failed: Math.max(own.failed ?? 0, until) }),
  };
  const value = JSON.stringify({ ...marks, [line?.id ?? 0]: mark });
  await context.store.run("clean a queue", () =>
    context.store.statements.settings.put([
      { workspace_id: actor.workspaceId, name: cleanedSetting, value, updated_at: now },
    ]),
  );
  const after = await getQueue(context, actor, queue);
  return { removed: Math.max(0, before.counts.total - after.counts.total), queue: after };
}

async function countCalls(context: Context, actor: Actor): Promise<CallCounts> {
  const rows = await context.store.read("count calls by job", () =>
    context.store.statements.queues.count({
      workspace_id: actor.workspaceId,
      line_id: null,
      now: context.clock.now(),
      completed_since: 0,
      failed_since: 0,
    }),
  );
  const sum = (states: readonly string[], ahead?: number): number =>
    rows
      .filter((row) => states.includes(row.state) && (ahead === undefined || row.is_ahead === ahead))
      .reduce((total, row) => total + row.count, 0);
  return {
    pending: sum(pending),
    processing: sum(["active"]),
    completed: sum(["completed"]),
    failed: sum(["failed"]),
    cancelled: sum(["cancelled"]),
    total: sum(jobStates),
    upcoming: sum(pending, 1),
  };
}

const pending: readonly JobState[] = ["waiting", "delayed", "paused"];

/** Up to when finished jobs were cleaned away, UTC ms, by state. */
type Mark = { readonly completed?: number; readonly failed?: number };
/** By the id of a line; 0 is the whole workspace. */
type Marks = Readonly<Record<number, Mark>>;

async function readMarks(context: Context, actor: Actor): Promise<Marks> {
  const [row] = await context.store.read("read what was cleaned", () =>
    context.store.statements.settings.get({ workspace_id: actor.workspaceId, name: cleanedSetting }),
  );
  return row === undefined ? {} : (JSON.parse(row.value) as Marks);
}

type States = Record<JobState, number>;
/** Jobs by line; 0 is the whole workspace. */
type Counted = ReadonlyMap<number, States>;

async function countJobs(context: Context, actor: Actor): Promise<Counted> {
  const marks = await readMarks(context, actor);
  const counted = new Map<number, States>();
  const whole = await readJobs(context, actor, null, marks[0] ?? {});
  for (const row of whole) add(counted, 0, row);
  // Each queue is cleaned by itself: where none is, one look serves all.
  const lines = marks[0] === undefined ? whole : await readJobs(context, actor, null, {});
  for (const row of lines) {
    const line = context.book.lanes.get(row.lane_id)?.line_id ?? 0;
    if (marks[line] === undefined) add(counted, line, row);
  }
  for (const line of context.book.linesOf(actor.workspaceId)) {
    const mark = marks[line.id];
    if (mark === undefined) continue;
    for (const row of await readJobs(context, actor, line.id, mark)) add(counted, line.id, row);
  }
  return counted;
}

/** The jobs that a queue shows: all that have not ended, and those that ended lately. */
async function readJobs(
  context: Context,
  actor: Actor,
  lineId: number | null,
  mark: Mark,
): Promise<readonly JobCount[]> {
  const now = context.clock.now();
  const rows = await context.store.read("count jobs", () =>
    context.store.statements.queues.count({
      workspace_id: actor.workspaceId,
      line_id: lineId,
      now,
      completed_since: Math.max(now - completedKeptMs, (mark.completed ?? 0) + 1),
      failed_since: Math.max(now - failedKeptMs, (mark.failed ?? 0) + 1),
    }),
  );
  return rows.filter(
    ({ state, is_recent }) => is_recent === 1 || (state !== "completed" && state !== "failed"),
  );
}

function add(counted: Map<number, States>, line: number, { state, count }: JobCount): void {
  const states = counted.get(line) ?? { ...noJobs };
  states[state] += count;
  counted.set(line, states);
}

const noJobs = Object.fromEntries(jobStates.map((state) => [state, 0])) as States;

function viewOf(context: Context, actor: Actor, line: LineRow | null, counted: Counted): QueueView {
  const stop = dialing(context, actor);
  const isPaused = line === null ? stop.stopped : line.status === "paused";
  const holds = stop.stopped || isPaused;
  const lines = line === null ? context.book.linesOf(actor.workspaceId) : [line];
  return {
    name: line?.name ?? wholeQueue,
    line: line === null ? null : { id: context.secrets.publicId("line", line.id), name: line.name },
    isPaused,
    pausedReason: isPaused ? (line === null ? stop.reason : line.status_reason) : null,
    concurrency: lines.reduce((sum, one) => sum + one.slots_max, 0),
    counts: countsOf(counted.get(line?.id ?? 0) ?? noJobs, holds),
  };
}

/** What is due while the queue is paused waits because of that. */
function countsOf(states: States, isPaused: boolean): QueueCounts {
  const counts = {
    waiting: isPaused ? 0 : states.waiting,
    active: states.active,
    completed: Math.min(states.completed, completedKeptMax),
    failed: states.failed,
    delayed: states.delayed,
    paused: states.paused + (isPaused ? states.waiting : 0),
  };
  return { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) };
}

/** The line of a queue; null for the queue of the whole workspace. */
function lineOf(context: Context, actor: Actor, queue: string): LineRow | null {
  if (queue === wholeQueue) return null;
  const line = context.book.findLine(actor.workspaceId, queue);
  if (line === undefined) throw new Refusal("not_found", `There is no queue "${queue.slice(0, 64)}".`);
  return line;
}
