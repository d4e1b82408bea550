import { forever } from "../domain/ids.ts";
import { type Advance, advance } from "../domain/series.ts";
import type { CallRow, SeriesRow } from "../ports/rows.ts";
import { StoreError, type Tx } from "../ports/store.ts";
import { isClockFenced } from "./clock-watch.ts";
import type { Context } from "./context.ts";
import { Entries } from "./ledger.ts";
import { runSure } from "./run-sure.ts";
import { type OpenSeries, openSeries } from "./series-document.ts";
import {
  type PlannedSlot,
  idsFor,
  numberCalls,
  planSteps,
  soonestOf,
  withSlots,
  writeSlots,
} from "./series-write.ts";

const batch = 200;
const recheckMs = 1000;

type Work = { readonly series: OpenSeries; readonly next: Advance; readonly planned: readonly PlannedSlot[] };

/**
 * The duty that keeps series going. When the instant of a series' latest slot comes, the next one gets its call: one
 * ahead, whatever becomes of the one before. 1. Read what wants to be looked at; 2. work out, purely, which slots passed
 * and which is next; 3. plan their calls; 4. in one transaction write slots, calls and the series' new place, each series
 * only if nobody has changed it since.
 */
export function makeRecur(context: Context): () => Promise<number> {
  return async () => {
    if (context.state.draining) return forever;
    const now = context.clock.now();
    if (isClockFenced(context)) return context.state.fencedUntil;
    if (!context.store.roomForMore()) return now + recheckMs;
    const { statements } = context.store;
    const rows = await context.store.read("look for series", () =>
      statements.series.toWake({ now, limit: batch }),
    );
    if (rows.length > 0) await goOn(context, rows, now);
    if (rows.length === batch) return now;
    const [next] = await context.store.read("look for the next series", () => statements.series.nextWake({}));
    return next?.wake_at ?? forever;
  };
}

async function goOn(context: Context, rows: readonly SeriesRow[], now: number): Promise<void> {
  const { statements } = context.store;
  const calls = new Map(
    (
      await context.store.read("read the series' calls", () =>
        statements.calls.byIds(rows.flatMap((row) => (row.call_id === null ? [] : [{ id: row.call_id }]))),
      )
    ).map((call) => [call.id, call]),
  );
  const works: Work[] = [];
  const broken: SeriesRow[] = [];
  for (const row of rows) {
    try {
      works.push(await workOf(context, row, calls.get(row.call_id ?? 0), now));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      context.log.error("A series cannot be read or planned; it is paused.", {
        series: context.secrets.publicId("series", row.id),
        error: error as Error,
      });
      broken.push(row);
    }
  }
  await write(context, works, broken, now);
}

async function workOf(
  context: Context,
  row: SeriesRow,
  call: CallRow | undefined,
  now: number,
): Promise<Work> {
  const series = openSeries(context, row);
  const next = advance({
    recurrence: series.recurrence,
    last: placeOf(row),
    after: now,
    now,
    policy: series.document.misfire,
    passed: "misfires",
    covers: (latestPassedAt) => call !== undefined && standsFor(call, latestPassedAt, now),
  });
  return { series, next, planned: await planSteps(context, series, next.steps, now) };
}

/** The latest slot of a series that was used up; null before the first. */
export function placeOf(row: SeriesRow): Advance["last"] {
  if (row.slot === null || row.slot_local === null || row.slot_at === null) return null;
  return { key: row.slot, localMs: row.slot_local, at: row.slot_at, number: row.slot_number };
}

/** A late call that may still be dialed, or was after all those slots, is the one that runs for them. */
function standsFor(call: CallRow, latestPassedAt: number, now: number): boolean {
  if (call.status === "scheduled" || call.status === "dialing")
    return call.status === "dialing" || call.expires_at > now;
  return call.dispatched_at !== null && call.dispatched_at >= latestPassedAt;
}

async function write(
  context: Context,
  works: readonly Work[],
  broken: readonly SeriesRow[],
  now: number,
): Promise<void> {
  const needs = idsFor(works.flatMap((work) => work.planned));
  const lease = await context.ids.reserve({ ...needs, ledger: needs.ledger + works.length + broken.length });
  for (const work of works) numberCalls(lease, work.planned);
  const written = await runSure(context, "go on with series", function* (): Tx<readonly Work[]> {
    const { statements } = context.store;
    const all = [...works.map((work) => work.series.row), ...broken];
    const there = new Map(
      (yield* statements.series.lock(all.map((row) => ({ id: row.id })))).map((row) => [row.id, row]),
    );
    // Whatever was changed meanwhile, perhaps by this very transaction before its answer was lost, is looked at anew.
    const unchanged = (row: SeriesRow): boolean => there.get(row.id)?.version === row.version;
    const current = works.filter((work) => unchanged(work.series.row));
    const entries = new Entries(lease);
    const slots = yield* writeSlots(
      context,
      entries,
      current.flatMap((work) => work.planned),
    );
    const changed = [
      ...current.map((work) => {
        const standing = slots.splice(0, work.planned.length);
        return withSlots(movedOn(context, entries, work, now), work.planned, standing);
      }),
      ...broken.filter(unchanged).map((row) => parked(context, entries, row, now)),
    ];
    if ((yield* statements.series.change(changed)) < changed.length)
      throw new Error("A locked series was changed by another transaction");
    yield* statements.ledger.insert(entries.rows);
    return current;
  });
  context.ids.release(lease);
  const planned = written.flatMap((work) => work.planned);
  context.meter.missed(planned.filter(({ occurrence }) => occurrence.status === "missed").length);
  const soonest = soonestOf(planned);
  if (soonest !== null) context.wake("dispatch", soonest);
  if (written.length > 0) context.announce();
}

function movedOn(
  context: Context,
  entries: Entries,
  { series, next, planned }: Work,
  now: number,
): SeriesRow {
  const row = atPlace(series.row, next, planned, now);
  if (next.wakeAt !== null) return row;
  entries.addWide(row.workspace_id, {
    at: now,
    type: "series.ended",
    reason: "rule_finished",
    data: { series_id: context.secrets.publicId("series", row.id) },
  });
  return { ...row, status: "ended", status_reason: "rule_finished" };
}

/** The row of a series that has taken the steps of `next`. */
export function atPlace(
  row: SeriesRow,
  next: Advance,
  planned: readonly PlannedSlot[],
  now: number,
): SeriesRow {
  return {
    ...row,
    slot: next.last?.key ?? null,
    slot_local: next.last?.localMs ?? null,
    slot_at: next.last?.at ?? null,
    slot_number: next.last?.number ?? 0,
    call_id: planned.length === 0 ? row.call_id : (planned.at(-1)?.draft?.call.id ?? null),
    wake_at: next.wakeAt,
    updated_at: now,
  };
}

function parked(context: Context, entries: Entries, row: SeriesRow, now: number): SeriesRow {
  entries.addWide(row.workspace_id, {
    at: now,
    type: "series.paused",
    reason: "undecodable",
    data: { series_id: context.secrets.publicId("series", row.id) },
  });
  return {
    ...row,
    status: "paused",
    status_reason: "undecodable",
    wake_at: null,
    paused_at: now,
    updated_at: now,
  };
}
