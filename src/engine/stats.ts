import { type ShownStatus, callStatuses } from "../domain/call.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { Context } from "./context.ts";
import type { Actor, Stats } from "./engine.ts";

const keptMax = 20_000;
const dueMax = 1_000_000;

/** The start delays of this process, the last 20,000 of them. */
export class StartDelays {
  #delays: number[] = [];
  #count = 0;

  add(ms: number): void {
    this.#delays[this.#count % keptMax] = ms;
    this.#count += 1;
  }

  summary(): Stats["startDelay"] {
    const sorted = Float64Array.from(this.#delays).toSorted();
    const quantile = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return {
      count: this.#count,
      p50: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
      max: sorted.at(-1) ?? 0,
    };
  }
}

/** Counts of a workspace's calls. It reads every call of the workspace: a number for people, not for polling. */
export async function readStats(context: Context, actor: Actor, delays: StartDelays): Promise<Stats> {
  const { statements } = context.store;
  const now = context.clock.now();
  const lanes = [...context.book.lanes.values()].filter((lane) => lane.workspace_id === actor.workspaceId);
  const lineIds = new Set(context.book.linesOf(actor.workspaceId).map((line) => line.id));
  const read = await context.store.read("count calls", function* () {
    const counts = yield* statements.calls.countByStatus({ workspace_id: actor.workspaceId, since: 0 });
    const heads = yield* statements.due.heads(lanes.map((lane) => ({ lane_id: lane.id })));
    const open = yield* statements.attempts.countOpen({});
    let due = 0;
    for (const lane of lanes)
      due += (yield* statements.due.countDue({ lane_id: lane.id, now, limit: dueMax }))[0]?.count ?? 0;
    return { counts, heads, open, due };
  });
  const calls: Record<ShownStatus, number> = { ...emptyCounts };
  const outcomes: Partial<Record<Outcome, number>> = {};
  let attempts = 0;
  for (const { status, outcome, count } of read.counts) {
    calls[status] += count;
    if (outcome !== null) outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
    attempts += outcome === null ? 0 : count;
  }
  calls.queued = read.due;
  calls.scheduled = Math.max(0, calls.scheduled - read.due);
  const oldest = read.heads.reduce((least, head) => Math.min(least, head.due_at), Infinity);
  return {
    calls,
    outcomes,
    attempts,
    inFlight: read.open.filter((row) => lineIds.has(row.line_id)).reduce((sum, row) => sum + row.count, 0),
    dueNow: read.due,
    oldestDueAt: oldest <= now ? oldest : null,
    startDelay: delays.summary(),
  };
}

const emptyCounts = Object.fromEntries([...callStatuses, "queued"].map((status) => [status, 0])) as Record<
  ShownStatus,
  number
>;
