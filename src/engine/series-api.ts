import type { RuleInput } from "../domain/recurrence/recurrence.ts";
import type { Actor, CallRequest, CallView, Idempotency, Page, PageRequest } from "./engine.ts";

/** What every occurrence of a series shares: a call without its time. */
export type SeriesTemplate = Omit<
  CallRequest,
  "at" | "in" | "disambiguation" | "dedupe_key" | "on_duplicate" | "expires_at"
>;

/** How a series turns its rule into calls. Durations as text: 90s, 5m, 2h, 3d. */
export type SeriesPolicies = {
  /** A local time that a clock change skips: moved forward by the gap (default), to its end, or left out. */
  readonly on_gap?: "forward" | "next_valid" | "skip";
  /** A local time that a clock change repeats: its first instant (default), its second, or both. */
  readonly on_repeat?: "first" | "second" | "both";
  /**
   * Slots whose instant passed while nothing could be done: `skip` leaves them out; `run_once` (default) makes the latest
   * of them if it is within the grace; `run_all` makes each that is within the grace, up to `misfire_max`.
   */
  readonly misfire?: "skip" | "run_once" | "run_all";
  /** Default 1h; also how long an occurrence stays useful, unless `expires_after` says otherwise. */
  readonly misfire_grace?: string;
  /** Default 10. */
  readonly misfire_max?: number;
  /** An occurrence that is due while an earlier one has not ended: it is left out (`skip`), waits for it
   * (`buffer_one`; a further one is left out), or runs beside it (`allow`, default, up to `overlap_max`). */
  readonly overlap?: "skip" | "buffer_one" | "allow";
  /** With `allow`: how many may be under way at once; 0 (default) is without limit. */
  readonly overlap_max?: number;
  /** Each occurrence is due up to this much later than its slot, by a throw that is made once. Default none. */
  readonly jitter?: string;
};

/** All that a caller may say about a new series. Instants as text, read like a call's `at`. */
export type SeriesInput = SeriesTemplate &
  SeriesPolicies & {
    /** Where counting starts: the rule is anchored to this wall time. RFC 3339, or local with `timezone`. */
    readonly start_at: string;
    /** The zone whose wall clock the rule follows. */
    readonly timezone: string;
    readonly rule: RuleInput;
  };

export type SeriesStatus = "active" | "paused" | "ended";

export type SeriesView = {
  readonly id: string;
  readonly status: SeriesStatus;
  /** Why it ended or is paused: `rule_finished`, `ended_by_request`, `paused_by_request`, `undecodable`; else null. */
  readonly statusReason: string | null;
  /** The rule in words. */
  readonly description: string;
  readonly rule: RuleInput;
  /** The anchor's wall time, without offset. */
  readonly startLocal: string;
  readonly timezone: string;
  /** The instant of the occurrence that comes next, and its call; null when none comes. */
  readonly nextAt: number | null;
  readonly nextCallId: string | null;
  /** How many slots of the rule were used up, skipped ones among them. */
  readonly slots: number;
  readonly to: string;
  readonly template: SeriesTemplate;
  readonly policies: Required<SeriesPolicies>;
  readonly owner: string | null;
  readonly agent: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
};

export type OccurrenceStatus = "scheduled" | "skipped" | "missed";

/** One slot of a series. `callId` is null for slots that never became a call. */
export type OccurrenceView = {
  readonly slot: string;
  readonly number: number;
  readonly at: number;
  readonly kind: "rule" | "run_now" | "backfill";
  readonly status: OccurrenceStatus;
  /** Why there is no call, or why it was taken back. */
  readonly reason: string | null;
  readonly callId: string | null;
};

export type SlotPreview = {
  /** UTC ms: the slot itself, and where calling hours would move its call. */
  readonly at: number;
  readonly dueAt: number;
  readonly slot: string;
  readonly number: number;
  /** Clock changes, missing days, moves by calling hours, in sentences. */
  readonly notes: readonly string[];
};

export type SeriesPreview = {
  readonly description: string;
  readonly timezone: string;
  readonly data: readonly SlotPreview[];
};

export type SeriesFilter = {
  readonly status?: readonly SeriesStatus[];
  /** Series of this owner, and with `orUnowned` those that have none. */
  readonly owner?: string;
  readonly orUnowned?: boolean;
  readonly agent?: string;
  readonly to?: string;
};

export type ScheduledSeries = {
  readonly series: SeriesView;
  /** The call of the first occurrence; null when the rule yields none. */
  readonly call: CallView | null;
  readonly replayed: boolean;
  readonly status: number;
};

/** The verbs of series. Each throws `Refusal` when it cannot do what was asked; foreign ids are not found. */
export interface SeriesVerbs {
  createSeries(actor: Actor, input: SeriesInput, idempotency?: Idempotency): Promise<ScheduledSeries>;
  /** The next occurrences of a rule, at most 1,000; `after` (UTC ms) starts later. Stores nothing. */
  previewSeries(
    actor: Actor,
    input: Omit<SeriesInput, "to"> & { readonly to?: string },
    count: number,
    after?: number,
  ): Promise<SeriesPreview>;
  getSeries(actor: Actor, seriesId: string): Promise<SeriesView>;
  listSeries(actor: Actor, filter: SeriesFilter, page: PageRequest): Promise<Page<SeriesView>>;
  /** Changes what is given; future slots are replaced in the same transaction. What is being dialed goes on. */
  updateSeries(
    actor: Actor,
    seriesId: string,
    patch: Partial<SeriesInput>,
    ifVersion?: number,
  ): Promise<SeriesView>;
  pauseSeries(actor: Actor, seriesId: string, ifVersion?: number): Promise<SeriesView>;
  /** With `catchUp` the latest slot that passed meanwhile is made now; else the series goes on with its next one. */
  resumeSeries(actor: Actor, seriesId: string, catchUp: boolean, ifVersion?: number): Promise<SeriesView>;
  /** Ends it for ever; its waiting call is canceled. Ending twice is no fault. */
  endSeries(actor: Actor, seriesId: string, ifVersion?: number): Promise<SeriesView>;
  /** An occurrence beside the rule, due now, with a slot of its own. */
  runSeriesNow(actor: Actor, seriesId: string): Promise<CallView>;
  /** Makes the slots of a stretch of time that never became a call, at most 100; `dryRun` only shows them. */
  backfillSeries(
    actor: Actor,
    seriesId: string,
    stretch: { readonly from: number; readonly to: number; readonly dryRun: boolean },
  ): Promise<{ readonly data: readonly SlotPreview[]; readonly created: number }>;
  /** What became of its slots, newest first. */
  listOccurrences(actor: Actor, seriesId: string, page: PageRequest): Promise<Page<OccurrenceView>>;
}
