import { Refusal } from "../domain/refusal.ts";
import { type Advance, advance, placeAfter } from "../domain/series.ts";
import type { CallRow, SeriesRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { dedupeOf } from "./dispatch.ts";
import type { Actor } from "./engine.ts";
import { Entries, type Working, move } from "./ledger.ts";
import { atPlace, placeOf } from "./recur.ts";
import { replanCall } from "./reschedule.ts";
import { runSure } from "./run-sure.ts";
import type { SeriesInput, SeriesView } from "./series-api.ts";
import { contentOf, firstSteps, tryOut } from "./series-create.ts";
import { type OpenSeries, openSeries, recurrenceOf } from "./series-document.ts";
import { readSeries } from "./series-input.ts";
import { getSeries, ownSeries } from "./series-view.ts";
import {
  type PlannedSlot,
  idsFor,
  numberCalls,
  planSteps,
  soonestOf,
  withSlots,
  writeSlots,
} from "./series-write.ts";
import { formatWall } from "../domain/zone.ts";

/** What a change does with the call of the series' latest slot, while that call waits. */
type WaitingCall = "keep" | "pause" | "resume" | keyof typeof takenBack;

/** Why a waiting call is taken back. */
const takenBack = {
  replace: "series_changed",
  end: "series_ended",
  pass: "series_paused",
} as const;

type Change = {
  readonly type: string;
  readonly reason: string | null;
  readonly row: SeriesRow;
  readonly planned: readonly PlannedSlot[];
  readonly waiting: WaitingCall;
};

/**
 * Changes what is given of a series. In one transaction its waiting call is taken back and the one of the new rule or
 * content is made; what is being dialed, and what ended, stays as it is.
 */
export async function updateSeries(
  context: Context,
  actor: Actor,
  seriesId: string,
  patch: Partial<SeriesInput>,
  ifVersion?: number,
): Promise<SeriesView> {
  return changeSeries(context, actor, seriesId, ifVersion, async (before, now) => {
    if (before.row.status === "ended") throw hasEnded();
    const read = readSeries(context, { ...inputOf(before), ...patch });
    const row = { ...before.row, ...contentOf(context, actor, read, before.row.id) };
    const after: OpenSeries = {
      row,
      e164: read.e164,
      document: read.document,
      recurrence: recurrenceOf(context, read.document, read.timezone),
    };
    const change = { type: "series.changed", reason: null };
    await tryOut(context, after);
    const isNewRule =
      patch.rule !== undefined ||
      patch.start_at !== undefined ||
      patch.timezone !== undefined ||
      patch.on_gap !== undefined ||
      patch.on_repeat !== undefined;
    if (row.status === "paused") return { ...change, ...whilePaused(after, isNewRule, now) };
    const next = isNewRule ? firstSteps(after, now) : again(before.row, now);
    if (next === null) return { ...change, row, planned: [], waiting: "keep" };
    const planned = await planSteps(context, after, next.steps, now);
    return { ...change, row: atPlace(row, next, planned, now), planned, waiting: "replace" };
  });
}

/**
 * What is changed while a series is paused holds for every slot that comes: the waiting call is taken back, and from now on
 * the slots are those of the new rule.
 */
function whilePaused(
  { row, recurrence }: OpenSeries,
  isNewRule: boolean,
  now: number,
): Pick<Change, "row" | "planned" | "waiting"> {
  const isAhead = row.slot_at !== null && row.slot_at > now;
  if (!isAhead && !isNewRule) return { row, planned: [], waiting: "keep" };
  const place = placeAfter(recurrence, now);
  return {
    row: {
      ...row,
      slot: place.key,
      slot_local: place.localMs,
      slot_at: place.at,
      slot_number: place.number,
    },
    planned: [],
    waiting: isAhead ? "replace" : "pass",
  };
}

/** No occurrence is made until it is resumed; its waiting call waits with it. Pausing twice is no fault. */
export async function pauseSeries(
  context: Context,
  actor: Actor,
  seriesId: string,
  ifVersion?: number,
): Promise<SeriesView> {
  return changeSeries(context, actor, seriesId, ifVersion, ({ row }, now) => {
    if (row.status === "ended") throw hasEnded();
    if (row.status === "paused") return null;
    return {
      type: "series.paused",
      reason: "paused_by_request",
      row: {
        ...row,
        status: "paused",
        status_reason: "paused_by_request",
        paused_at: now,
        wake_at: null,
      },
      planned: [],
      waiting: "pause",
    };
  });
}

/** Goes on with the next slot; with `catchUp` the latest one that passed meanwhile is made now. */
export async function resumeSeries(
  context: Context,
  actor: Actor,
  seriesId: string,
  catchUp: boolean,
  ifVersion?: number,
): Promise<SeriesView> {
  return changeSeries(context, actor, seriesId, ifVersion, async (series, now) => {
    const { row } = series;
    if (row.status === "ended") throw hasEnded();
    if (row.status === "active") return null;
    const active: SeriesRow = { ...row, status: "active", status_reason: null, paused_at: null };
    const change = { type: "series.resumed", reason: null };
    if (row.slot_at !== null && row.slot_at > now)
      return { ...change, row: { ...active, wake_at: row.slot_at }, planned: [], waiting: "resume" };
    const next = advance({
      recurrence: series.recurrence,
      last: placeOf(row),
      after: now,
      now,
      policy: series.document.misfire,
      passed: catchUp ? "catch_up" : "paused",
      covers: () => false,
    });
    const planned = await planSteps(context, series, next.steps, now);
    const goneOn =
      planned.length === 0 ? { ...active, wake_at: next.wakeAt } : atPlace(active, next, planned, now);
    const wasLatest = planned.every(({ occurrence }) => occurrence.at > now);
    return {
      ...change,
      row: next.wakeAt === null ? { ...goneOn, status: "ended", status_reason: "rule_finished" } : goneOn,
      planned,
      // Nothing passed but the slot whose call was paused: with catching up, that call is the one to be made now.
      waiting: catchUp && wasLatest ? "resume" : "pass",
    };
  });
}

/** Ends a series for ever; its waiting call is canceled. Ending twice is no fault. */
export async function endSeries(
  context: Context,
  actor: Actor,
  seriesId: string,
  ifVersion?: number,
): Promise<SeriesView> {
  return changeSeries(context, actor, seriesId, ifVersion, ({ row }) => {
    // A series whose rule is finished may still have a call that waits; one that was ended, or deleted too, has none.
    if (row.status === "ended" && row.status_reason !== "rule_finished") return null;
    return {
      type: "series.ended",
      reason: "ended_by_request",
      row: { ...row, status: "ended", status_reason: "ended_by_request", wake_at: null, paused_at: null },
      planned: [],
      waiting: "end",
    };
  });
}

/** The next slot once more, for a series whose content alone was changed; null when no slot waits. */
function again(row: SeriesRow, now: number): Advance | null {
  const place = placeOf(row);
  if (place === null || place.at <= now) return null;
  return {
    steps: [{ kind: "make", slot: { ...place, notes: [] }, late: false }],
    last: place,
    wakeAt: place.at,
  };
}

async function changeSeries(
  context: Context,
  actor: Actor,
  seriesId: string,
  ifVersion: number | undefined,
  decide: (series: OpenSeries, now: number) => Change | null | Promise<Change | null>,
): Promise<SeriesView> {
  const now = context.clock.now();
  const seen = await ownSeries(context, actor, seriesId);
  if (ifVersion !== undefined && ifVersion !== seen.version)
    throw new Refusal("precondition_failed", `The series is at version ${seen.version}.`);
  const change = await decide(openSeries(context, seen), now);
  if (change === null) return getSeries(context, actor, seriesId);
  const needs = idsFor(change.planned);
  const lease = await context.ids.reserve({ ...needs, ledger: needs.ledger + 3 });
  numberCalls(lease, change.planned);
  const row = { ...withCall(change, seen), updated_at: now };
  const soonest = await runSure(context, "change a series", function* (isAgain): Tx<number | null> {
    const { statements } = context.store;
    const [there] = yield* statements.series.lock([{ id: seen.id }]);
    if (there !== undefined && isAgain && there.version === seen.version + 1) return now;
    if (there === undefined || there.version !== seen.version)
      throw new Refusal("precondition_failed", "The series was changed at the same time.");
    const entries = new Entries(lease);
    const resumedAt = yield* changeWaiting(context, entries, seen, change.waiting, actor.name, now);
    const standing = yield* writeSlots(context, entries, change.planned);
    entries.addWide(seen.workspace_id, {
      at: now,
      type: change.type,
      reason: change.reason,
      actor: actor.name,
      data: { series_id: seriesId },
    });
    if ((yield* statements.series.change([withSlots(row, change.planned, standing)])) === 0)
      throw new Error("A locked series was changed by another transaction");
    yield* statements.ledger.insert(entries.rows);
    return resumedAt;
  });
  context.ids.release(lease);
  const due = soonestOf(change.planned);
  if (soonest !== null || due !== null)
    context.wake("dispatch", Math.min(soonest ?? Infinity, due ?? Infinity));
  if (row.wake_at !== null) context.wake("recur", row.wake_at);
  context.announce();
  return getSeries(context, actor, seriesId);
}

function withCall({ row, waiting, planned }: Change, seen: SeriesRow): SeriesRow {
  // The calls have their ids by now.
  if (planned.length > 0) return { ...row, call_id: planned.at(-1)?.draft?.call.id ?? null };
  return { ...row, call_id: waiting in takenBack ? null : seen.call_id };
}

/** Does to the waiting call what the change asks for; answers when it is due, if it waits again. */
function* changeWaiting(
  context: Context,
  entries: Entries,
  series: SeriesRow,
  what: WaitingCall,
  actor: string,
  now: number,
): Tx<number | null> {
  if (what === "keep" || series.slot === null) return null;
  const { statements } = context.store;
  const slot = { series_id: series.id, slot: series.slot };
  if (series.call_id === null) {
    // What was left out of the time to come, as for want of calling hours, is planned anew.
    const [left] = what === "replace" ? yield* statements.occurrences.of([slot]) : [];
    if (left !== undefined && left.call_id === null && left.at > now)
      yield* statements.occurrences.remove([slot]);
    return null;
  }
  const [seen] = yield* statements.calls.byIds([{ id: series.call_id }]);
  if (seen === undefined) return null;
  yield* statements.due.remove([{ lane_id: seen.lane_id, due_at: seen.due_at, call_id: seen.id }]);
  const [locked] = yield* statements.calls.lock([{ id: seen.id }]);
  if (locked === undefined) return null;
  const call: Working = { ...locked };
  // A call that was dialed before and waits for its next try belongs to a slot that was used; only an end takes it back.
  const isWaiting =
    (call.attempts === 0 || what === "end") && (call.status === "scheduled" || call.status === "paused");
  if (isWaiting) {
    const [document] = yield* statements.documents.byIds([{ call_id: call.id }]);
    alter(entries, call, what, actor, now, () =>
      replanCall(context, call, document, Math.max(call.requested_at, now)),
    );
    if ((yield* statements.calls.change([call])) === 0)
      throw new Error("A locked call was changed by another transaction");
    yield* statements.dedupe.remove(dedupeOf([call]));
    if (what === "replace") yield* statements.occurrences.remove([slot]);
    else if (call.attempts === 0 && call.status === "canceled") yield* leaveOut(context, slot, call.reason);
  }
  if (call.status !== "scheduled") return null;
  yield* statements.due.insert([{ lane_id: call.lane_id, due_at: call.due_at, call_id: call.id }]);
  return call.due_at;
}

function* leaveOut(context: Context, slot: { series_id: number; slot: string }, reason: string): Tx<void> {
  const { statements } = context.store;
  const [row] = yield* statements.occurrences.of([slot]);
  if (row === undefined) return;
  yield* statements.occurrences.change([{ ...row, status: "skipped", reason }]);
}

function alter(
  entries: Entries,
  call: Working,
  what: Exclude<WaitingCall, "keep">,
  actor: string,
  now: number,
  replan: () => unknown,
): void {
  const note = (type: string, reason: CallRow["reason"], data?: Record<string, unknown>): void => {
    call.reason = reason;
    entries.add(call, { at: now, type, reason, actor, ...(data !== undefined && { data }) });
  };
  if (what === "pause") {
    if (call.status === "paused") return;
    move(call, "pause", now);
    note("call.paused", "series_paused");
  } else if (what === "resume") {
    // Who paused the call itself did not ask for it to be dialed when its series goes on.
    if (call.status === "scheduled" || call.reason !== "series_paused") return;
    move(call, "resume", now);
    replan();
    note("call.resumed", "resumed", { due_at: call.due_at });
  } else {
    move(call, "cancel", now);
    call.ended_at = now;
    note("call.canceled", takenBack[what]);
  }
}

/** A series as it would be asked for again. */
function inputOf({ row, e164, document }: OpenSeries): SeriesInput {
  return {
    ...document.template,
    ...document.policies,
    to: e164,
    timezone: row.timezone,
    start_at: formatWall(document.startLocalMs),
    rule: document.rule,
  };
}

function hasEnded(): Refusal {
  return new Refusal("already_ended", "The series has ended.");
}
