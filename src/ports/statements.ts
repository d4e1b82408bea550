import type * as r from "./rows.ts";
import type { AgentStatements } from "./agent-statements.ts";
import type { ScheduleStatements } from "./schedule-statements.ts";
import type { ErasureStatements } from "./erasure-statements.ts";
import type { LiveStatements } from "./live-statements.ts";
import type { NotificationStatements } from "./notification-statements.ts";
import type { ProgramStatements } from "./program-statements.ts";
import type { Tx } from "./store.ts";
import type { TimetableStatements } from "./timetable-statements.ts";
import type { WebhookStatements } from "./webhook-statements.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };

/** Where a page begins and what it filters on; null means no filter. Ids descend. */
export type CallListArgs = Of & {
  readonly before_id: number;
  readonly limit: number;
  readonly status: string | null;
  readonly not_due_after: number;
  readonly outcome: string | null;
  readonly line_id: number | null;
  readonly purpose: string | null;
  readonly number_hash: string | null;
  readonly due_after: number;
  readonly due_before: number;
  readonly created_after: number;
  readonly created_before: number;
};

export type Claimable = Pick<
  r.LineRow,
  | "id"
  | "workspace_id"
  | "status"
  | "slots_max"
  | "calls_per_second"
  | "burst"
  | "daily_max"
  | "ring_timeout_ms"
  | "max_duration_ms"
  | "timezone"
> &
  Omit<r.LineCountersRow, "line_id"> & { stopped_at: number | null; plan_version: number };

/** The call columns that a verb may change; matched by id and the version that was read. */
export type CallChange = Pick<
  r.CallRow,
  | "id"
  | "version"
  | "lane_id"
  | "status"
  | "requested_at"
  | "due_at"
  | "closes_at"
  | "expires_at"
  | "expires_after_ms"
  | "plan_version"
  | "attempts"
  | "attempt_id"
  | "ledger_head"
  | "reason"
  | "outcome"
  | "disposition"
  | "dispatched_at"
  | "ended_at"
  | "updated_at"
>;

/** What placing needs to know of an attempt. */
export type FencedAttempt = Pick<
  r.AttemptRow,
  "id" | "call_id" | "line_id" | "number" | "closes_at" | "claimed_at" | "deadline_at" | "max_duration_ms"
>;

export type AttemptChange = Pick<
  r.AttemptRow,
  | "id"
  | "status"
  | "slot_held"
  | "accepted_at"
  | "ringing_at"
  | "answered_at"
  | "ended_at"
  | "duration_ms"
  | "outcome"
  | "disposition"
  | "carrier_ref"
  | "detail"
  | "check_at"
  | "checks"
  | "counted"
  | "reports"
>;

/** Null means no filter; with `or_unowned` 1 an owner's list holds what nobody owns, too. Ids descend. */
export type SeriesListArgs = Of & {
  readonly before_id: number;
  readonly limit: number;
  readonly status: string | null;
  readonly owner: string | null;
  readonly or_unowned: number;
  readonly agent: string | null;
  readonly number_hash: string | null;
};

/** A series whose document is sealed anew, or whose number is. */
type SealedSeries = Pick<r.SeriesRow, "id" | "phone" | "document">;

/** Those that stand on pages of their own. */
type OtherStatements = AgentStatements &
  LiveStatements &
  NotificationStatements &
  ErasureStatements &
  ProgramStatements &
  TimetableStatements &
  WebhookStatements;

/** Every statement there is, by noun. Each is part of whatever transaction yields it. "lock" means until its end. */
export type Statements = OtherStatements & {
  readonly ids: {
    /** Takes a block; the answer's next_id is the first id after it. */
    take(args: { name: string; count: number }): Tx<{ next_id: number }[]>;
  };
  readonly workspaces: {
    all(args: object): Tx<r.WorkspaceRow[]>;
    lock(args: ById): Tx<r.WorkspaceRow[]>;
    insert(rows: readonly r.WorkspaceRow[]): Tx<never[]>;
    setStopped(args: ById & { stopped_at: number | null; stopped_reason: string | null }): Tx<never[]>;
    /** Plans made under an older version are made again before anything is dialed. */
    bumpPlan(args: ById): Tx<never[]>;
  };
  readonly settings: {
    all(args: object): Tx<r.SettingRow[]>;
    get(args: Of & { name: string }): Tx<r.SettingRow[]>;
    put(rows: readonly r.SettingRow[]): Tx<never[]>;
  };
  readonly nodes: {
    insert(rows: readonly r.NodeRow[]): Tx<never[]>;
    seen(args: ById & { seen_at: number }): Tx<never[]>;
    stopped(args: ById & { stopped_at: number }): Tx<never[]>;
    all(args: object): Tx<r.NodeRow[]>;
    forget(args: { before: number }): Tx<never[]>;
  };
  readonly hours: {
    all(args: object): Tx<r.HoursRow[]>;
    insert(rows: readonly r.HoursRow[]): Tx<{ id: number }[]>;
    update(rows: readonly r.HoursRow[]): Tx<{ id: number }[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
  };
  readonly retryPolicies: {
    all(args: object): Tx<r.RetryPolicyRow[]>;
    insert(rows: readonly r.RetryPolicyRow[]): Tx<{ id: number }[]>;
    update(rows: readonly r.RetryPolicyRow[]): Tx<{ id: number }[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
  };
  readonly lines: {
    all(args: object): Tx<r.LineRow[]>;
    insert(rows: readonly r.LineRow[]): Tx<{ id: number }[]>;
    update(rows: readonly r.LineRow[]): Tx<{ id: number }[]>;
    setStatus(args: ById & { status: string; status_reason: string | null; updated_at: number }): Tx<never[]>;
    insertCounters(rows: readonly r.LineCountersRow[]): Tx<never[]>;
    /** Line, counters and workspace of one claim; locks the counters. */
    lockForClaim(args: ById): Tx<Claimable[]>;
    /** Whether dialing is still wanted: status of lines and their workspaces. */
    flags(rows: readonly ById[]): Tx<{ id: number; status: string; workspace_id: number }[]>;
    claimed(rows: readonly Omit<r.LineCountersRow, "backoff_until">[]): Tx<never[]>;
    release(args: { line_id: number; count: number }): Tx<never[]>;
    backOff(args: { line_id: number; until: number }): Tx<never[]>;
    counters(args: object): Tx<r.LineCountersRow[]>;
  };
  readonly lanes: {
    all(args: object): Tx<r.LaneRow[]>;
    insert(rows: readonly r.LaneRow[]): Tx<never[]>;
  };
  readonly due: {
    insert(rows: readonly r.DueRow[]): Tx<never[]>;
    remove(rows: readonly r.DueRow[]): Tx<never[]>;
    /** Takes out the first `limit` calls of a lane that are due at `now`. */
    take(args: { lane_id: number; now: number; limit: number }): Tx<{ call_id: number; due_at: number }[]>;
    /** The first due instant of each given lane that has any. */
    heads(rows: readonly { lane_id: number }[]): Tx<{ lane_id: number; due_at: number }[]>;
    /** A lane's due calls from a position on, with what expiry needs to know. */
    waiting(args: {
      lane_id: number;
      after_due_at: number;
      after_call_id: number;
      now: number;
      limit: number;
    }): Tx<{ call_id: number; due_at: number; expires_at: number }[]>;
    /** A lane's calls that were planned under another version. */
    stale(args: {
      lane_id: number;
      after_due_at: number;
      after_call_id: number;
      plan_version: number;
      limit: number;
    }): Tx<{ call_id: number; due_at: number; plan_version: number }[]>;
    countDue(args: { lane_id: number; now: number; limit: number }): Tx<{ count: number }[]>;
  };
  readonly calls: {
    insert(rows: readonly r.CallRow[]): Tx<never[]>;
    byIds(rows: readonly ById[]): Tx<r.CallRow[]>;
    lock(rows: readonly ById[]): Tx<r.CallRow[]>;
    /** Changes the rows that still have the version that was read; answers how many. The version goes up by one. */
    change(rows: readonly CallChange[]): Tx<number>;
    /** Gives calls another number; beside `change`, in the transaction that holds the lock. */
    renumber(rows: readonly { id: number; number_hash: string }[]): Tx<never[]>;
    list(args: CallListArgs): Tx<r.CallRow[]>;
    countByStatus(
      args: Of & { since: number },
    ): Tx<{ status: r.CallRow["status"]; outcome: r.CallRow["outcome"]; count: number }[]>;
    /** Ended calls created before an instant, oldest first. */
    ended(args: {
      before: number;
      after_id: number;
      limit: number;
    }): Tx<{ id: number; attempt_id: number | null }[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
    /** The latest calls of a series below an id, newest first: their states tell whether one is under way. */
    ofSeries(args: {
      series_id: number;
      before_id: number;
      limit: number;
    }): Tx<Pick<r.CallRow, "id" | "status" | "attempts" | "due_at">[]>;
    updatedOf(args: Of & { after: number }): Tx<{ count: number }[]>;
  };
  readonly series: {
    insert(rows: readonly r.SeriesRow[]): Tx<never[]>;
    byIds(rows: readonly ById[]): Tx<r.SeriesRow[]>;
    lock(rows: readonly ById[]): Tx<r.SeriesRow[]>;
    /** Changes the rows that still have the version that was read; answers how many. The version goes up by one. */
    change(rows: readonly r.SeriesRow[]): Tx<number>;
    list(args: SeriesListArgs): Tx<r.SeriesRow[]>;
    /** The series that want to be looked at by `now`, the longest waiting first. */
    toWake(args: { now: number; limit: number }): Tx<r.SeriesRow[]>;
    nextWake(args: object): Tx<{ wake_at: number | null }[]>;
    /** What the claim needs to know of the series of its calls. */
    overlaps(rows: readonly ById[]): Tx<Pick<r.SeriesRow, "id" | "overlap" | "overlap_max">[]>;
    after(args: ById & { limit: number }): Tx<r.SeriesRow[]>;
    reseal(rows: readonly SealedSeries[]): Tx<never[]>;
    /** Looks at ended series and removes those that ended before an instant; returns their ids. */
    removeEnded(args: { before: number; limit: number }): Tx<ById[]>;
  };
  readonly schedules: ScheduleStatements;
  readonly occurrences: {
    /** A slot that is there already is a fault. */
    insert(rows: readonly r.OccurrenceRow[]): Tx<never[]>;
    of(rows: readonly { series_id: number; slot: string }[]): Tx<r.OccurrenceRow[]>;
    /** Writes over what a slot came to. */
    change(rows: readonly r.OccurrenceRow[]): Tx<never[]>;
    remove(rows: readonly { series_id: number; slot: string }[]): Tx<never[]>;
    /** A series' slots from an instant and slot downwards. */
    list(args: {
      series_id: number;
      before_at: number;
      before_slot: string;
      limit: number;
    }): Tx<r.OccurrenceRow[]>;
    removeOf(rows: readonly { series_id: number }[]): Tx<never[]>;
    /** Removes old slots of series that still run, a bounded number at a time. */
    removeBefore(args: { before: number; limit: number }): Tx<{ series_id: number; slot: string }[]>;
  };
  readonly documents: {
    insert(rows: readonly r.CallDocumentRow[]): Tx<never[]>;
    byIds(rows: readonly { call_id: number }[]): Tx<r.CallDocumentRow[]>;
    byExternalId(args: Of & { external_id: string; limit: number }): Tx<{ call_id: number }[]>;
    /** An owner's calls below an id, newest first. */
    byOwner(args: Of & { owner: string; before_id: number; limit: number }): Tx<{ call_id: number }[]>;
    /** An owner's, and those that nobody owns. */
    byOwnerOrNone(args: Of & { owner: string; before_id: number; limit: number }): Tx<{ call_id: number }[]>;
    update(rows: readonly r.CallDocumentRow[]): Tx<never[]>;
    after(args: { call_id: number; limit: number }): Tx<r.CallDocumentRow[]>;
    remove(rows: readonly { call_id: number }[]): Tx<never[]>;
  };
  readonly attempts: {
    insert(rows: readonly r.AttemptRow[]): Tx<never[]>;
    byIds(rows: readonly ById[]): Tx<r.AttemptRow[]>;
    lock(rows: readonly ById[]): Tx<r.AttemptRow[]>;
    /** claimed → placing for those that this node still owns; returns what placing needs. */
    fence(rows: readonly { id: number; node_id: number; placing_at: number }[]): Tx<FencedAttempt[]>;
    change(rows: readonly AttemptChange[]): Tx<never[]>;
    /** Open attempts whose check instant has come. */
    toCheck(args: { now: number; limit: number }): Tx<r.AttemptRow[]>;
    nextCheck(args: object): Tx<{ check_at: number | null }[]>;
    setCheck(rows: readonly { id: number; check_at: number; checks: number }[]): Tx<never[]>;
    /** Every attempt that has not ended, lowest id first. */
    open(args: { after_id: number; limit: number }): Tx<r.AttemptRow[]>;
    /** Attempts within a range of ids that are this call of their carrier's; two at most. */
    withRef(args: { from_id: number; to_id: number; carrier_ref: string }): Tx<ById[]>;
    countOpen(args: object): Tx<{ line_id: number; count: number }[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
  };
  readonly reports: {
    /** For attempts that have none yet: a repeated key is a fault. */
    insertFirst(rows: readonly r.ReportRow[]): Tx<never[]>;
    /** Returns the ones that were new. */
    insert(rows: readonly r.ReportRow[]): Tx<{ attempt_id: number; report_key: string }[]>;
    ofAttempts(rows: readonly { attempt_id: number }[]): Tx<r.ReportRow[]>;
    remove(rows: readonly { attempt_id: number }[]): Tx<never[]>;
  };
  readonly ledger: {
    insert(rows: readonly r.LedgerRow[]): Tx<never[]>;
    byIds(rows: readonly ById[]): Tx<r.LedgerRow[]>;
    /** The workspace's events after a position in commit order. */
    after(
      args: Of & { commit_id: number; id: number; limit: number },
    ): Tx<(r.LedgerRow & { commit_id: number })[]>;
    last(args: Of): Tx<{ commit_id: number; id: number }[]>;
    /** The events of every workspace after a position in commit order. */
    afterAny(args: {
      commit_id: number;
      id: number;
      limit: number;
    }): Tx<(r.LedgerRow & { commit_id: number })[]>;
    newest(args: object): Tx<{ commit_id: number; id: number }[]>;
    /** Looks at the oldest `limit` rows and removes those from before an instant; returns their ids. */
    removeBefore(args: { before: number; limit: number }): Tx<ById[]>;
  };
  readonly suppressions: {
    of(rows: readonly { workspace_id: number; number_hash: string }[]): Tx<r.SuppressionRow[]>;
    insert(rows: readonly r.SuppressionRow[]): Tx<{ id: number }[]>;
    byId(args: Of & ById): Tx<r.SuppressionRow[]>;
    list(args: Of & { before_id: number; limit: number }): Tx<r.SuppressionRow[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
    setPhone(rows: readonly { id: number; phone: string }[]): Tx<never[]>;
    removeExpired(args: { now: number }): Tx<never[]>;
    any(args: object): Tx<ById[]>;
  };
  readonly people: {
    of(rows: readonly { workspace_id: number; number_hash: string }[]): Tx<r.PersonRow[]>;
    put(rows: readonly r.PersonRow[]): Tx<never[]>;
    forget(args: { before: number }): Tx<never[]>;
  };
  readonly idempotency: {
    /** Returns the keys that were new. */
    insert(rows: readonly r.IdempotencyRow[]): Tx<{ workspace_id: number; key_hash: string }[]>;
    of(rows: readonly { workspace_id: number; key_hash: string }[]): Tx<r.IdempotencyRow[]>;
    remove(rows: readonly { workspace_id: number; key_hash: string }[]): Tx<never[]>;
    /** Looks at the oldest `limit` rows and removes those from before an instant; returns their ids. */
    removeBefore(args: { before: number; limit: number }): Tx<ById[]>;
  };
  readonly dedupe: {
    insert(rows: readonly r.DedupeRow[]): Tx<{ workspace_id: number; dedupe_key: string }[]>;
    of(rows: readonly { workspace_id: number; dedupe_key: string }[]): Tx<r.DedupeRow[]>;
    /** Frees keys of the calls that hold them; what another call holds meanwhile is left alone. */
    remove(rows: readonly r.DedupeRow[]): Tx<never[]>;
  };
  readonly keys: {
    insert(rows: readonly r.ApiKeyRow[]): Tx<never[]>;
    bySecret(args: { secret_hash: string }): Tx<r.ApiKeyRow[]>;
    all(args: object): Tx<r.ApiKeyRow[]>;
    revoke(args: ById & { revoked_at: number }): Tx<never[]>;
    used(rows: readonly { id: number; last_used_at: number }[]): Tx<never[]>;
  };
  readonly outbox: {
    insert(rows: readonly r.OutboxRow[]): Tx<never[]>;
    due(args: { now: number; limit: number }): Tx<r.OutboxRow[]>;
    next(args: object): Tx<{ due_at: number | null }[]>;
    postpone(rows: readonly { id: number; due_at: number; tries: number }[]): Tx<never[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
  };
};
