import { Refusal } from "../domain/refusal.ts";
import { nextSlot } from "../domain/recurrence/recurrence.ts";
import type { SeriesStep } from "../domain/series.ts";
import { formatUtc } from "../domain/zone.ts";
import type { OccurrenceRow, SeriesRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { type Draft, draftCall } from "./draft.ts";
import type { CallRequest } from "./engine.ts";
import type { Lease } from "./ids.ts";
import type { Entries } from "./ledger.ts";
import type { OpenSeries } from "./series-document.ts";
import { documentRow, insertDrafts, scheduledEntry } from "./write-drafts.ts";

/** A slot and, unless it is left out, the call that it yields; nothing of it is stored yet. */
export type PlannedSlot = { readonly occurrence: OccurrenceRow; readonly draft: Draft | null };

/** Plans what steps ask for. A call that cannot be planned is left out with the code of its refusal. */
export async function planSteps(
  context: Context,
  series: OpenSeries,
  steps: readonly SeriesStep[],
  now: number,
): Promise<PlannedSlot[]> {
  const planned: PlannedSlot[] = [];
  for (const step of steps) {
    if (step.kind === "make") planned.push(await planSlot(context, series, step, now));
    else planned.push({ occurrence: leftOut(series, step, now), draft: null });
  }
  return planned;
}

/** A call of the series at an instant (UTC ms), as an occurrence with the given slot. Throws `Refusal`. */
export async function draftOccurrence(
  context: Context,
  series: OpenSeries,
  slot: { readonly key: string; readonly number: number },
  dueAt: number | null,
): Promise<Draft> {
  const { row, document } = series;
  const request: CallRequest = {
    ...document.template,
    to: series.e164,
    timezone: row.timezone,
    ...(dueAt !== null && { at: formatUtc(dueAt) }),
    expires_after: document.template.expires_after ?? document.policies.misfire_grace,
  };
  const actor = {
    workspaceId: row.workspace_id,
    name: `series ${context.secrets.publicId("series", row.id)}`,
  };
  const draft = await draftCall(context, actor, request, null);
  draft.call.series_id = row.id;
  return {
    ...draft,
    document: { ...draft.document, occurrence: { slot: slot.key, number: slot.number } },
  };
}

async function planSlot(
  context: Context,
  series: OpenSeries,
  { slot, late }: Extract<SeriesStep, { kind: "make" }>,
  now: number,
): Promise<PlannedSlot> {
  const occurrence = rowOf(series, slot, "rule", now);
  const jitterMs = late ? 0 : Math.floor(context.random.float() * series.document.jitterMs);
  try {
    const draft = await draftOccurrence(context, series, slot, late ? null : slot.at + jitterMs);
    // When its hours open only at the next slot or later, the next one is made instead of both.
    const next = draft.moves.length === 0 || slot.number === 1 ? null : nextSlot(series.recurrence, slot);
    if (next === null || draft.call.due_at < next.at) return { occurrence, draft };
    return { occurrence: { ...occurrence, status: "skipped", reason: "no_hours_before_next" }, draft: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { occurrence: { ...occurrence, status: "skipped", reason: error.code }, draft: null };
  }
}

export function rowOf(
  { row }: OpenSeries,
  slot: { readonly key: string; readonly number: number; readonly at: number },
  kind: OccurrenceRow["kind"],
  now: number,
): OccurrenceRow {
  return {
    series_id: row.id,
    slot: slot.key,
    workspace_id: row.workspace_id,
    number: slot.number,
    at: slot.at,
    kind,
    status: "scheduled",
    reason: null,
    call_id: null,
    created_at: now,
  };
}

function leftOut(
  series: OpenSeries,
  step: Exclude<SeriesStep, { kind: "make" }>,
  now: number,
): OccurrenceRow {
  const status = step.reason === "missed" ? "missed" : "skipped";
  if (step.kind === "leave") return { ...rowOf(series, step.slot, "rule", now), status, reason: step.reason };
  const { first, before } = step;
  const slot = { ...first, key: `${first.key}/${before?.key ?? ""}` };
  return { ...rowOf(series, slot, "rule", now), status, reason: step.reason };
}

/** How many ids the planned slots need. */
export function idsFor(planned: readonly PlannedSlot[]): { call: number; ledger: number } {
  return { call: planned.filter((one) => one.draft !== null).length, ledger: planned.length };
}

/** Gives the calls their ids, once, before the transaction that may run several times. */
export function numberCalls(lease: Lease, planned: readonly PlannedSlot[]): void {
  for (const { draft } of planned) if (draft !== null) draft.call.id = lease.next("call");
}

/**
 * Writes slots with their calls, due rows and history; an occurrence that is left out gets a line of its own. A slot that was
 * used up before stays as it is. Returns the slots as they stand now.
 */
export function* writeSlots(
  context: Context,
  entries: Entries,
  wanted: readonly PlannedSlot[],
): Tx<PlannedSlot[]> {
  const { statements } = context.store;
  const standing = yield* asTheyStand(context, wanted);
  const planned = standing.flatMap((one) => (one.wasUsed ? [] : one));
  const drafts = planned.flatMap(({ draft }) => draft ?? []);
  for (const draft of drafts) {
    draft.call.ledger_head = 0;
    const entry = scheduledEntry(draft);
    entries.add(draft.call, { ...entry, data: { ...entry.data, ...seriesOf(context, draft) } });
  }
  yield* insertDrafts(
    context,
    drafts,
    drafts.map((draft) => documentRow(context, draft)),
  );
  yield* statements.occurrences.insert(
    planned.map(({ occurrence, draft }) => ({ ...occurrence, call_id: draft?.call.id ?? null })),
  );
  for (const { occurrence, draft } of planned) {
    if (draft !== null) continue;
    entries.addWide(occurrence.workspace_id, {
      at: occurrence.created_at,
      type: occurrence.status === "missed" ? "series.occurrence_missed" : "series.occurrence_skipped",
      reason: occurrence.reason,
      data: {
        series_id: context.secrets.publicId("series", occurrence.series_id),
        slot: occurrence.slot,
        number: occurrence.number,
        at: occurrence.at,
      },
    });
  }
  return standing;
}

/** A series' row whose latest slots are those that were written. */
export function withSlots(
  row: SeriesRow,
  wanted: readonly PlannedSlot[],
  standing: readonly PlannedSlot[],
): SeriesRow {
  const [asked, latest] = [wanted.at(-1), standing.at(-1)];
  if (asked === undefined || latest === undefined) return row;
  const slot = row.slot === asked.occurrence.slot ? latest.occurrence.slot : row.slot;
  return { ...row, slot, call_id: latest.draft?.call.id ?? latest.occurrence.call_id };
}

/**
 * A slot is known by its wall time. After a change of the rule it may be one that was used up already, as when its call was
 * dialed early: then it is not made again. Or the series moved to another zone, and the wall time comes once more: then the
 * instant is added to the slot's key.
 */
function* asTheyStand(
  context: Context,
  wanted: readonly PlannedSlot[],
): Tx<(PlannedSlot & { readonly wasUsed: boolean })[]> {
  const again = wanted.map(({ occurrence, draft }) => ({
    occurrence: { ...occurrence, slot: keyWithInstant(occurrence) },
    draft,
  }));
  const { occurrences } = context.store.statements;
  const keys = [...wanted, ...again].map(({ occurrence: { series_id, slot } }) => ({ series_id, slot }));
  const found = new Map((yield* occurrences.of(keys)).map((row) => [`${row.series_id} ${row.slot}`, row]));
  const there = ({ occurrence }: PlannedSlot): OccurrenceRow | undefined =>
    found.get(`${occurrence.series_id} ${occurrence.slot}`);
  return wanted.map((one, index) => {
    const other = again[index] ?? one;
    const used = [there(one), there(other)].find((row) => row?.at === one.occurrence.at);
    if (used !== undefined) return { occurrence: used, draft: null, wasUsed: true };
    return { ...(there(one) === undefined ? one : other), wasUsed: false };
  });
}

/** "2027-03-14T10:00@2027-03-14T15:00:00.000Z"; what tells the second of two equal times stays at the end. */
function keyWithInstant({ slot, at }: OccurrenceRow): string {
  return slot.replace(/(#2)?$/, `@${formatUtc(at)}$1`);
}

function seriesOf(context: Context, { call, document }: Draft) {
  return {
    series_id: context.secrets.publicId("series", call.series_id ?? 0),
    slot: document.occurrence?.slot ?? "",
  };
}

/** The earliest instant at which one of the planned calls is due; null when there is none. */
export function soonestOf(planned: readonly PlannedSlot[]): number | null {
  let soonest: number | null = null;
  for (const { draft } of planned) {
    if (draft !== null) soonest = Math.min(soonest ?? draft.call.due_at, draft.call.due_at);
  }
  return soonest;
}
