import type { Tx } from "./store.ts";

/** Null means no filter; with `or_unowned` 1 an owner's list holds what nobody owns, too. */
type Whose = {
  readonly workspace_id: number;
  readonly owner: string | null;
  readonly or_unowned: number;
  readonly agent: string | null;
};

/** `shown`: the wanted statuses with a comma before, between and behind, such as ",failed,expired,"; null for all. */
type Shown = { readonly shown: string | null; readonly now: number };

/** Calls that stand for themselves, and series with all that they yield. */
export type ScheduleFilterArgs = Whose & Shown;

/** Calls by what became of them; `external_id` as in calls, the instants bound when it was (UTC ms, `to_at` excluded). */
export type CallLogFilterArgs = Whose &
  Shown & { readonly external_id: string | null; readonly from_at: number; readonly to_at: number };

/** `upto`: limit and offset together. */
type Stretch = { readonly limit: number; readonly offset: number; readonly upto: number };

/** Calls with ids above `from_id` up to `to_id`: many are counted slice by slice, so that nobody waits for long. */
type Slice = { readonly from_id: number; readonly to_id: number };

/** One of a list: a call's or a series' id. */
export type ScheduleRow = { readonly kind: "call" | "series"; readonly id: number };

/** One thing that was dialed or should have been: a call, or a slot of a series that never became one. */
export type CallLogRow = { readonly kind: "call" | "slot"; readonly id: number; readonly slot: string };

export type CallTotalsRow = { readonly shown: string; readonly count: number; readonly duration_ms: number };

/** Lists over calls and series together, newest first, and what they add up to. */
export type ScheduleStatements = {
  page(args: ScheduleFilterArgs & Stretch): Tx<ScheduleRow[]>;
  countCalls(args: ScheduleFilterArgs & Slice): Tx<{ count: number }[]>;
  countSeries(args: ScheduleFilterArgs): Tx<{ count: number }[]>;
  newestCall(args: { readonly workspace_id: number }): Tx<{ id: number | null }[]>;
  /** How a series stands by its calls, and the latest of them that was dialed. */
  ofSeries(args: {
    readonly id: number;
    readonly now: number;
  }): Tx<{ shown: string; dialed_id: number | null }[]>;
  logs(args: CallLogFilterArgs & Omit<Stretch, "upto">): Tx<CallLogRow[]>;
  countLogs(args: CallLogFilterArgs & Slice): Tx<{ count: number }[]>;
  /** Slots that passed without a call. */
  countSlots(args: CallLogFilterArgs): Tx<{ count: number }[]>;
  /** Calls by how they are shown, with the milliseconds that their last attempts lasted. */
  totals(args: CallLogFilterArgs & Slice): Tx<CallTotalsRow[]>;
  /** Takes an ended series out of these lists. */
  hideSeries(args: { readonly id: number; readonly reason: string; readonly now: number }): Tx<never[]>;
};
