import type { Reason, ShownStatus } from "../domain/call.ts";
import type { AttemptStatus } from "../domain/attempt.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { RefusalCode } from "../domain/refusal.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { Report } from "../domain/report.ts";
import type { WorkspaceId } from "../domain/ids.ts";
import type { NotificationVerbs } from "./notifications-api.ts";
import type { NotifyVerbs } from "./notify.ts";
import type { Door } from "../ports/door.ts";
import type { AgentVerbs } from "./agents-api.ts";
import type { ConfigVerbs } from "./config-api.ts";
import type { CallSource, CallWindow, RefusedRetries } from "./document.ts";
import type { ErasureVerbs } from "./erasures-api.ts";
import type { LiveVerbs } from "./live-api.ts";
import type { QueueVerbs } from "./queues-api.ts";
import type { Repetition } from "./repeat.ts";
import type { ScheduleVerbs } from "./schedules-api.ts";
import type { SeriesVerbs } from "./series-api.ts";
import type { TimetableVerbs } from "./timetable-api.ts";
import type { SpokenAttempt } from "./spoken.ts";

/** On whose behalf a verb runs. Every read and write is confined to the workspace. `name` goes into the ledger. */
export type Actor = { readonly workspaceId: WorkspaceId; readonly name: string };

/** All that a caller may say about a new call. Absent means default. Instants as text are read by `domain/zone.parseWhen`. */
export type CallRequest = {
  readonly to: string;
  /** RFC 3339, a local time with `timezone`, or RFC 9557; neither `at` nor `in` means at once. */
  readonly at?: string;
  /** 90s, 5m, 2h, 3d. */
  readonly in?: string;
  readonly timezone?: string;
  readonly disambiguation?: "compatible" | "earlier" | "later" | "reject";
  /** Name or public id. */
  readonly line?: string;
  readonly hours?: string;
  readonly retry_policy?: string;
  readonly purpose?: string;
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly external_id?: string;
  readonly dedupe_key?: string;
  readonly on_duplicate?: "refuse" | "return";
  /** 9 first … 0 last; default 5. */
  readonly priority?: number;
  readonly expires_at?: string;
  readonly expires_after?: string;
  readonly sandbox?: { readonly script: readonly string[] };
  /** Whose call it is, and which agent speaks, in the caller's own ids; lists can be narrowed by them. */
  readonly owner?: string;
  readonly agent?: string;
  /** Calling hours of this call alone, beside those that apply anyway. */
  readonly window?: {
    readonly timezone?: string | null;
    readonly weekly: Readonly<Record<string, readonly string[]>>;
  };
  /** What the line's carrier shall do with this call, such as the words it says; checked by the carrier. Never shown. */
  readonly carrier?: Readonly<Record<string, unknown>>;
  /** Only doors write it: what a door keeps with the call for its own view. */
  readonly source?: CallSource;
  /** Only doors write them: what a reader of its history should know, beside what planning found. */
  readonly notes?: readonly string[];
  /** Only doors write it: how a create request that the carrier refused is tried again, in place of the retry policy. */
  readonly refused_retries?: RefusedRetries;
};

/** `fingerprint` is a hash of the request as sent; `key` as sent by the caller. */
export type Idempotency = { readonly key: string; readonly fingerprint: string };

export type CallView = {
  readonly id: string;
  readonly status: ShownStatus;
  /** Why it stands as it does: while waiting, what it waits for. */
  readonly reason: Reason;
  readonly waitingFor: Reason | null;
  readonly to: string;
  readonly name: string | null;
  /** The recipient's zone, and where it came from. Null when no rule needed one. */
  readonly timezone: string | null;
  readonly timezoneSource: "given" | "at" | "number" | null;
  readonly requestedAt: number;
  readonly dueAt: number;
  /** The window closes then; null when no window applies. */
  readonly closesAt: number | null;
  readonly expiresAt: number | null;
  /** When something will happen next by itself; null once the call has ended or waits for a person. */
  readonly nextActionAt: number | null;
  readonly line: { readonly id: string; readonly name: string };
  readonly purpose: string | null;
  readonly priority: number;
  readonly hours: string | null;
  readonly retryPolicy: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly externalId: string | null;
  readonly dedupeKey: string | null;
  readonly attempts: number;
  readonly attemptId: string | null;
  readonly outcome: Outcome | null;
  readonly disposition: string | null;
  readonly dispatchedAt: number | null;
  readonly endedAt: number | null;
  readonly sandboxScript: readonly string[] | null;
  readonly owner: string | null;
  readonly agent: string | null;
  readonly window: CallWindow | null;
  readonly source: CallSource | null;
  /** The series that it is an occurrence of: slot and number as in `OccurrenceView`. */
  readonly series: { readonly id: string; readonly slot: string; readonly number: number } | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
  /** Only in the answer to a create, reschedule or dry run. */
  readonly warnings: readonly string[];
  readonly moves: readonly MoveView[];
};

export type MoveView = {
  readonly reason: string;
  readonly rule: string;
  readonly timezone: string;
  readonly from: number;
  readonly to: number;
  readonly detail?: string;
};

export type Scheduled = { readonly call: CallView; readonly replayed: boolean; readonly status: number };
export type BulkItem =
  | { readonly ok: true; readonly scheduled: Scheduled }
  | { readonly ok: false; readonly refusal: Refusal };

export type AttemptView = {
  readonly id: string;
  readonly callId: string;
  readonly number: number;
  readonly status: AttemptStatus;
  readonly lineId: string;
  readonly dueAt: number;
  readonly claimedAt: number;
  readonly placingAt: number | null;
  readonly acceptedAt: number | null;
  readonly ringingAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly durationMs: number | null;
  readonly outcome: Outcome | null;
  readonly disposition: string | null;
  readonly carrierRef: string | null;
  readonly detail: string | null;
  /** What the call had waited for when it was claimed late. */
  readonly waitedFor: string | null;
  /** claimedAt − dueAt. */
  readonly startDelayMs: number;
  /** When the carrier will be asked next, if it does not report before. */
  readonly checkAt: number | null;
};

/** One line of the ledger. `cursor` is what `Last-Event-ID` and `after` take. */
export type EventView = {
  readonly id: string;
  readonly cursor: string;
  readonly type: string;
  readonly at: number;
  readonly callId: string | null;
  readonly attemptId: string | null;
  readonly reason: string | null;
  readonly actor: string | null;
  readonly data: Readonly<Record<string, unknown>>;
};

export type Explanation = {
  readonly call: CallView;
  /** One sentence: why it stands as it does, with local time and zone. */
  readonly summary: string;
  readonly steps: readonly {
    readonly at: number;
    readonly sentence: string;
    readonly type: string;
    readonly reason: string | null;
  }[];
  readonly attempts: readonly AttemptView[];
};

export type CallFilter = {
  readonly status?: readonly ShownStatus[];
  readonly outcome?: readonly Outcome[];
  readonly line?: string;
  readonly purpose?: string;
  readonly to?: string;
  readonly externalId?: string;
  /** Calls of this owner, and with `orUnowned` those that have none. */
  readonly owner?: string;
  readonly orUnowned?: boolean;
  readonly agent?: string;
  readonly dueAfter?: number;
  readonly dueBefore?: number;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
};
export type PageRequest = { readonly limit: number; readonly cursor?: string };
export type Page<T> = { readonly data: readonly T[]; readonly nextCursor: string | null };

export type Stats = {
  readonly calls: Readonly<Record<ShownStatus, number>>;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  readonly attempts: number;
  readonly inFlight: number;
  readonly dueNow: number;
  readonly oldestDueAt: number | null;
  /** Since the start of this process, milliseconds. */
  readonly startDelay: {
    readonly count: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
};

/** What happened to calls that fell due while no process ran. */
export type DowntimeReport = {
  readonly from: number;
  readonly to: number;
  readonly missed: number;
  readonly dialedLate: number;
  readonly expired: number;
  readonly waiting: number;
  readonly unconfirmed: number;
};

export type Health = {
  readonly store: { readonly kind: string; readonly ok: boolean; readonly detail: string };
  readonly tzdb: { readonly version: string; readonly source: string };
  readonly clockOffsetMs: number;
  readonly oldestDueAt: number | null;
  readonly inFlight: number;
  readonly dialing: "running" | "stopped" | "draining";
  readonly downtime: DowntimeReport | null;
  readonly problems: readonly string[];
};

/** The verbs that doors, the CLI's in-process commands and programs use. Each throws `Refusal` when it cannot do what was asked. */
export interface Engine
  extends
    AgentVerbs,
    ConfigVerbs,
    NotificationVerbs,
    NotifyVerbs,
    QueueVerbs,
    ScheduleVerbs,
    SeriesVerbs,
    LiveVerbs,
    ErasureVerbs,
    TimetableVerbs {
  schedule(actor: Actor, request: CallRequest, idempotency?: Idempotency): Promise<Scheduled>;
  scheduleMany(
    actor: Actor,
    requests: readonly CallRequest[],
    idempotency?: Idempotency,
  ): Promise<{ readonly items: readonly BulkItem[]; readonly replayed: boolean }>;
  /** Plans as `schedule` would and stores nothing. */
  preview(actor: Actor, request: CallRequest): Promise<CallView>;
  getCall(actor: Actor, callId: string): Promise<CallView>;
  listCalls(actor: Actor, filter: CallFilter, page: PageRequest): Promise<Page<CallView>>;
  listAttempts(actor: Actor, callId: string): Promise<readonly AttemptView[]>;
  getAttempt(actor: Actor, attemptId: string): Promise<AttemptView>;
  listCallEvents(actor: Actor, callId: string): Promise<readonly EventView[]>;
  explain(actor: Actor, callId: string): Promise<Explanation>;
  cancel(actor: Actor, callId: string, ifVersion?: number): Promise<CallView>;
  /** Schedules a call like another one, which may have ended; `changes` says what is different. */
  repeatCall(actor: Actor, callId: string, changes: Repetition): Promise<Scheduled>;
  /** `at`/`in`/`timezone`/`disambiguation`/`expires_*` as in `CallRequest`; neither at nor in is refused. */
  reschedule(
    actor: Actor,
    callId: string,
    request: Pick<CallRequest, "at" | "in" | "timezone" | "disambiguation" | "expires_at" | "expires_after">,
    ifVersion?: number,
  ): Promise<CallView>;
  pause(actor: Actor, callId: string, ifVersion?: number): Promise<CallView>;
  resume(actor: Actor, callId: string, ifVersion?: number): Promise<CallView>;
  callNow(actor: Actor, callId: string, ifVersion?: number): Promise<CallView>;
  /** Resolves by hand what became of an unknown attempt. */
  settle(
    actor: Actor,
    callId: string,
    answer: { readonly placed: boolean; readonly outcome?: Outcome; readonly disposition?: string },
  ): Promise<CallView>;

  /** The workspace's events after a cursor, oldest first. */
  listEvents(
    actor: Actor,
    after: string | null,
    limit: number,
    types?: readonly string[],
  ): Promise<{ readonly data: readonly EventView[]; readonly cursor: string }>;
  /** The cursor behind the workspace's newest event, for a stream that begins now. */
  newestCursor(actor: Actor): Promise<string>;
  /** Calls `wake` whenever new events may be there; returns how to stop. */
  onEvents(wake: () => void): () => void;

  stopDialing(actor: Actor, reason: string): Promise<void>;
  resumeDialing(actor: Actor): Promise<void>;
  dialing(
    actor: Actor,
  ): Promise<{ readonly stopped: boolean; readonly reason: string | null; readonly since: number | null }>;

  /** Verified reports of a carrier about an attempt; stored before this resolves. */
  receive(attemptKey: string, reports: readonly Report[]): Promise<"stored" | "unknown_attempt">;
  /** Which line and settings an attempt key belongs to, for verifying a callback; null when the key is not ours. */
  attemptForCallback(
    attemptKey: string,
  ): Promise<{ readonly carrier: string; readonly settings: unknown } | null>;
  /** The attempt for which a carrier asks what to do; null when the key is not ours. */
  spokenAttempt(attemptKey: string): Promise<SpokenAttempt | null>;
  /** The settings of every line at a carrier, secrets opened, for verifying a callback that names no attempt. */
  settingsAt(carrier: string): readonly unknown[];

  /** Moves the clock of a sandbox-only server forward, doing on the way what falls due. Resolves when all is quiet again. */
  advanceClock(actor: Actor, ms: number): Promise<{ readonly now: number; readonly offsetMs: number }>;
  stats(actor: Actor): Promise<Stats>;
  health(): Promise<Health>;

  /** The doors of the programs, for the server. */
  programDoors(): readonly Door<never>[];

  start(): Promise<void>;
  /** No new dial from now on; everything else goes on until `stop`. */
  drain(): void;
  /** No new dial from now on; resolves once requests under way are recorded, at most `withinMs` later. */
  stop(withinMs: number): Promise<void>;
  /** Resolves when nothing is under way and nothing is due that could be done now. */
  idle(): Promise<void>;
  now(): number;
}

export type { Refusal, RefusalCode };
