import type { Tx } from "../ports/store.ts";
import { applyOrRefuse } from "./change.ts";
import type { Context } from "./context.ts";
import { dedupeOf } from "./dispatch.ts";
import type { Actor } from "./engine.ts";
import { Entries, type Working } from "./ledger.ts";
import type { ScheduledSeries, SeriesInput } from "./series-api.ts";
import { createSeries } from "./series-create.ts";
import { callIdOf, noSuchCall } from "./view.ts";

/**
 * Puts a series in the place of a call that waits: in one transaction the series is made with its first occurrence, and
 * the call is canceled. The call's last entry names the series. Too late: `already_dialing`, and nothing is made.
 */
export async function turnIntoSeries(
  context: Context,
  actor: Actor,
  callId: string,
  input: SeriesInput,
): Promise<ScheduledSeries> {
  const id = callIdOf(context, callId);
  const lease = await context.ids.reserve({ ledger: 1 });
  const made = await createSeries(context, actor, input, undefined, function* replace(seriesId): Tx<void> {
    const { statements } = context.store;
    const now = context.clock.now();
    const [seen] = yield* statements.calls.byIds([{ id }]);
    if (seen === undefined || seen.workspace_id !== actor.workspaceId) throw noSuchCall(callId);
    yield* statements.due.remove([{ lane_id: seen.lane_id, due_at: seen.due_at, call_id: id }]);
    const [row] = yield* statements.calls.lock([{ id }]);
    if (row === undefined) throw noSuchCall(callId);
    yield* statements.due.remove([{ lane_id: row.lane_id, due_at: row.due_at, call_id: id }]);
    const call: Working = { ...row };
    applyOrRefuse(context, call, "cancel", now);
    call.reason = "replaced_by_series";
    call.ended_at = now;
    const entries = new Entries(lease);
    entries.add(call, {
      at: now,
      type: "call.canceled",
      reason: "replaced_by_series",
      actor: actor.name,
      data: { series_id: seriesId },
    });
    if ((yield* statements.calls.change([call])) === 0)
      throw new Error("A locked call was changed by another transaction");
    yield* statements.dedupe.remove(dedupeOf([call]));
    yield* statements.ledger.insert(entries.rows);
  });
  context.ids.release(lease);
  return made;
}
