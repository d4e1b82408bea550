import type { ShownStatus } from "../domain/call.ts";
import type { Actor, AttemptView, CallRequest, CallView } from "./engine.ts";
import type { ScheduledSeries, SeriesInput } from "./series-api.ts";

/** What a request may change of a call that waits. What is absent stays. */
export type CallPatch = Partial<
  Pick<
    CallRequest,
    | "to"
    | "at"
    | "timezone"
    | "name"
    | "metadata"
    | "external_id"
    | "agent"
    | "retry_policy"
    | "expires_after"
    | "source"
  >
>;

/** How a series stands by its calls: as they do while one is due or dialed, else by itself. */
export type SeriesStanding = "scheduled" | "queued" | "dialing" | "paused" | "completed" | "canceled";

/** A call and the last attempt at it; null before the first. */
export type CallAndAttempt = { readonly call: CallView; readonly attempt: AttemptView | null };

/** Calls that stand for themselves, and series, in one list. */
export type Listed =
  | ({ readonly kind: "call" } & CallAndAttempt)
  | { readonly kind: "series"; readonly seriesId: string };

export type ListedFilter = {
  /** Of a series: its standing. */
  readonly status?: readonly ShownStatus[];
  /** Of this owner, and with `orUnowned` of nobody. */
  readonly owner?: string;
  readonly orUnowned?: boolean;
  readonly agent?: string;
};

/** `offset` passes that many; a list that grows meanwhile shifts. */
export type OffsetPage = { readonly limit: number; readonly offset: number };

/** Something that was dialed, or that should have been: a call, or a slot of a series that passed without one. */
export type CallLog =
  | ({ readonly kind: "call" } & CallAndAttempt)
  | { readonly kind: "slot"; readonly seriesId: string; readonly slot: string; readonly at: number };

export type CallLogFilter = ListedFilter & {
  readonly externalId?: string;
  /** When it was dialed last, or should have been (UTC ms, `to` excluded); of totals: when it is due. */
  readonly from?: number;
  readonly to?: number;
};

/** Calls by how they are shown; a slot that passed without a call counts as expired. */
export type CallTotals = {
  readonly calls: Readonly<Partial<Record<ShownStatus, number>>>;
  /** What the last attempts of the completed calls lasted, in all (ms). */
  readonly completedMs: number;
};

/** What lists over calls and series need. Each throws `Refusal` when it cannot do what was asked. */
export interface ScheduleVerbs {
  /** Newest first. Calls that a series yielded or took the place of, and what was deleted, are left out. */
  listSchedules(
    actor: Actor,
    filter: ListedFilter,
    page: OffsetPage,
  ): Promise<{ readonly data: readonly Listed[]; readonly total: number }>;
  /** How a series stands by its calls, and the latest of them that was dialed. */
  seriesStanding(
    actor: Actor,
    seriesId: string,
  ): Promise<{ readonly standing: SeriesStanding; readonly dialed: CallAndAttempt | null }>;
  /** Latest first. */
  listCallLogs(
    actor: Actor,
    filter: CallLogFilter,
    page: OffsetPage,
  ): Promise<{ readonly data: readonly CallLog[]; readonly total: number }>;
  /** Reads every call that matches: a number for people, not for polling. */
  callTotals(actor: Actor, filter: CallLogFilter): Promise<CallTotals>;
  /** Several calls at once, in the given order; missing and foreign ones are left out. */
  getCalls(actor: Actor, callIds: readonly string[]): Promise<readonly CallAndAttempt[]>;
  /** Changes a call that waits; where the number, the time or the zone changes, its window is worked out anew. */
  amendCall(actor: Actor, callId: string, patch: CallPatch, ifVersion?: number): Promise<CallView>;
  /** Puts a series in the place of a call that waits, in one transaction; the last entry of the call names it. */
  turnIntoSeries(actor: Actor, callId: string, input: SeriesInput): Promise<ScheduledSeries>;
  /** Cancels a call that waits, and leaves it out of `listSchedules` for ever; one that has ended keeps its status. */
  deleteCall(actor: Actor, callId: string): Promise<CallView>;
  /** Leaves a series that has ended out of `listSchedules` for ever. */
  hideSeries(actor: Actor, seriesId: string): Promise<void>;
}
