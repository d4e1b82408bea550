import { firstSlotAfter, nextSlot, type Slot } from "../domain/recurrence/recurrence.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import { formatUtc } from "../domain/zone.ts";
import type { OccurrenceRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor, CallView } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { runSure } from "./run-sure.ts";
import type { SlotPreview } from "./series-api.ts";
import { previewOf } from "./series-create.ts";
import { type OpenSeries, openSeries } from "./series-document.ts";
import { ownSeries } from "./series-view.ts";
import { type PlannedSlot, draftOccurrence, idsFor, numberCalls, rowOf, writeSlots } from "./series-write.ts";
import { readCall } from "./view.ts";

const backfillMax = 100;

/** An occurrence beside the rule, due now, with a slot of its own. Throws for a series that has ended. */
export async function runSeriesNow(context: Context, actor: Actor, seriesId: string): Promise<CallView> {
  const now = context.clock.now();
  const series = openSeries(context, await ownSeries(context, actor, seriesId));
  if (series.row.status === "ended") throw new Refusal("already_ended", "The series has ended.");
  const slot = { key: `now:${formatUtc(now)}`, at: now, number: 0 };
  const draft = await draftOccurrence(context, series, slot, null);
  // Two requests within a millisecond are two wishes: the call's own id keeps their slots apart.
  const planned = (id: number): PlannedSlot => ({
    occurrence: rowOf(series, { ...slot, key: `${slot.key}#${id}` }, "run_now", now),
    draft,
  });
  const lease = await context.ids.reserve({ call: 1, ledger: 2 });
  draft.call.id = lease.next("call");
  await makeNow(context, actor, series, [planned(draft.call.id)], [], lease);
  return readCall(context, actor, context.secrets.publicId("call", draft.call.id));
}

/** Makes the slots of a stretch of the past that never became a call; `dryRun` only shows them. */
export async function backfillSeries(
  context: Context,
  actor: Actor,
  seriesId: string,
  stretch: { readonly from: number; readonly to: number; readonly dryRun: boolean },
): Promise<{ readonly data: readonly SlotPreview[]; readonly created: number }> {
  const now = context.clock.now();
  if (stretch.from >= stretch.to) throw refuseField("invalid_body", "/to", "It must be later than from.");
  if (stretch.to > now)
    throw refuseField(
      "invalid_body",
      "/to",
      "Only the past can be made up for; what comes is made by the rule.",
    );
  const series = openSeries(context, await ownSeries(context, actor, seriesId));
  const slots = slotsWithin(series, stretch);
  const known = new Map(
    (
      await context.store.read("look for slots", () =>
        context.store.statements.occurrences.of(
          slots.map((slot) => ({ series_id: series.row.id, slot: slot.key })),
        ),
      )
    ).map((row) => [row.slot, row]),
  );
  // The same wall time of another zone, which the series left, is another slot.
  const ofSlot = (slot: Slot): OccurrenceRow | undefined => {
    const row = known.get(slot.key);
    return row?.at === slot.at ? row : undefined;
  };
  const open = slots.filter((slot) => (ofSlot(slot)?.call_id ?? null) === null);
  const read = { e164: series.e164, timezone: series.row.timezone, document: series.document };
  const data = open.map((slot) => previewOf(context, actor, read, slot));
  if (stretch.dryRun || open.length === 0) return { data, created: 0 };
  const planned: PlannedSlot[] = [];
  for (const slot of open) {
    planned.push({
      occurrence: rowOf(series, slot, "backfill", now),
      draft: await draftOccurrence(context, series, slot, null),
    });
  }
  const needs = idsFor(planned);
  const lease = await context.ids.reserve({ ...needs, ledger: needs.ledger + 1 });
  numberCalls(lease, planned);
  const replaced = open.flatMap((slot) => ofSlot(slot) ?? []);
  await makeNow(context, actor, series, planned, replaced, lease);
  return { data, created: planned.length };
}

function slotsWithin(
  series: OpenSeries,
  { from, to }: { readonly from: number; readonly to: number },
): Slot[] {
  const slots: Slot[] = [];
  let slot = firstSlotAfter(series.recurrence, from - 1);
  while (slot !== null && slot.at < to) {
    if (slots.length === backfillMax)
      throw refuseField(
        "too_many_items",
        "/to",
        `The stretch holds more than ${backfillMax} slots; send a shorter one.`,
      );
    slots.push(slot);
    slot = nextSlot(series.recurrence, slot);
  }
  return slots;
}

async function makeNow(
  context: Context,
  actor: Actor,
  { row }: OpenSeries,
  planned: readonly PlannedSlot[],
  replaced: readonly OccurrenceRow[],
  lease: Awaited<ReturnType<Context["ids"]["reserve"]>>,
): Promise<void> {
  await runSure(context, "make occurrences", function* (again): Tx<void> {
    const { statements } = context.store;
    const ids = planned.flatMap(({ draft }) => (draft === null ? [] : [{ id: draft.call.id }]));
    if (again && (yield* statements.calls.byIds(ids)).length > 0) return;
    const kind = planned[0]?.occurrence.kind;
    // Two that make up for the same slots must not both; to run now is a wish of its own each time.
    if (kind === "backfill" && (yield* statements.series.change([row])) === 0)
      throw new Refusal("precondition_failed", "The series was changed at the same time.");
    const entries = new Entries(lease);
    yield* statements.occurrences.remove(replaced);
    yield* writeSlots(context, entries, planned);
    entries.addWide(row.workspace_id, {
      at: context.clock.now(),
      type: kind === "backfill" ? "series.backfilled" : "series.run_now",
      actor: actor.name,
      data: { series_id: context.secrets.publicId("series", row.id), calls: planned.length },
    });
    yield* statements.ledger.insert(entries.rows);
  });
  context.ids.release(lease);
  context.wake("dispatch");
  context.announce();
}
