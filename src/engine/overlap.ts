import type { CallRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";

/** What an occurrence does while earlier ones of its series are under way. */
export type Overlap = "skip" | "wait";

/** How often an occurrence that waits for an earlier one looks again (ms). */
export const overlapRecheckMs = 5000;
const lookedAt = 20;

/**
 * For due calls of series: which of them must not be dialed beside an earlier occurrence that has not ended. Runs inside
 * the claim, so that two nodes cannot both find the way free. An occurrence that waits far from now, one that is paused
 * and one that a person must look at are not under way.
 */
export function* overlapsOf(
  context: Context,
  calls: readonly CallRow[],
  now: number,
): Tx<ReadonlyMap<number, Overlap>> {
  const found = new Map<number, Overlap>();
  const ofSeries = calls.filter((call) => call.series_id !== null);
  if (ofSeries.length === 0) return found;
  const { statements } = context.store;
  const ids = [...new Set(ofSeries.map((call) => call.series_id as number))].toSorted((a, b) => a - b);
  const policies = new Map(
    (yield* statements.series.overlaps(ids.map((id) => ({ id })))).map((row) => [row.id, row]),
  );
  for (const call of ofSeries) {
    const seriesId = call.series_id as number;
    const policy = policies.get(seriesId);
    if (policy === undefined || (policy.overlap === "allow" && policy.overlap_max === 0)) continue;
    const earlier = yield* statements.calls.ofSeries({
      series_id: seriesId,
      before_id: call.id,
      limit: lookedAt,
    });
    const underWay = earlier.filter(
      (one) =>
        one.status === "dialing" || (one.status === "scheduled" && (one.attempts > 0 || one.due_at <= now)),
    ).length;
    if (underWay === 0) continue;
    if (policy.overlap === "buffer_one") found.set(call.id, underWay === 1 ? "wait" : "skip");
    else if (policy.overlap === "skip" || underWay >= policy.overlap_max) found.set(call.id, "skip");
  }
  return found;
}
