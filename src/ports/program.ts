import type { ShownStatus } from "../domain/call.ts";
import type { WorkspaceId } from "../domain/ids.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { PhoneMetadata } from "../domain/phone.ts";
import type { ZoneBook } from "../domain/zone.ts";
import type { Clock } from "./clock.ts";
import type { CsvReader } from "./csv.ts";
import type { Door } from "./door.ts";
import type { Job, JobEdit, JobView } from "./job.ts";
import type { Log } from "./log.ts";
import type { MessageChannel } from "./messenger.ts";
import type { Random } from "./random.ts";
import type { Secrets } from "./secrets.ts";
import type { SqlMaker } from "./sql.ts";
import type { Tx } from "./store.ts";

/**
 * A business that decides whom to call or remind, and why: a folder under `programs/` and a line in its `index.ts`. It has
 * tables, pure rules, a door and jobs of its own, and does nothing but through the house it is plugged into.
 */
export interface Program {
  /** Lower case; jobs and doors are known under it. */
  readonly name: string;
  /** What it keeps sealed, so that new encryption keys reach it. */
  readonly sealed?: readonly SealedTable[];
  /** Builds it. Nothing is read or written before `begin`. */
  plug(house: House): Plugged;
}

/** A table with an id, and the columns of it that hold what was sealed for the place `table.column:id`, or null. */
export type SealedTable = { readonly table: string; readonly columns: readonly string[] };

/** What a program gives the house. */
export type Plugged = {
  readonly doors?: readonly Door<never>[];
  /** What runs by the timetable. */
  readonly jobs?: readonly Job[];
  /** What it wants to hear of its calls. */
  readonly calls?: CallListener;
  /** What it wants to hear of its notifications. */
  readonly notifications?: NotificationListener;
  /**
   * One bounded piece of work, run at the start, when `house.wake()` was called and at the instant it returned (UTC ms;
   * `forever` for never).
   */
  duty?(): Promise<number>;
  /** Runs once, before anything else of the program; for what every installation needs. */
  begin?(): Promise<void>;
  /** What else the program knows of a person: a number of whoever has this id, an id of whoever has this number. */
  identify?(
    person: ErasedPerson,
  ): Promise<Partial<Pick<ErasedPerson, "numbers" | "emails" | "recipientIds">>>;
  /** Removes a person from the program's tables, in the transaction that removes them everywhere; see `ErasedPerson`. */
  erase?(tx: ProgramTx, person: ErasedPerson): Tx<Readonly<Record<string, number>>>;
  /** Removes what is older than the workspace keeps, a bounded number of rows; answers how many. */
  prune?(tx: ProgramTx, before: number): Tx<number>;
};

/** On whose behalf something is done. `name` goes into the ledger. */
export type ProgramActor = { readonly workspaceId: WorkspaceId; readonly name: string };

/** What a program works with. */
export type House = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly zones: ZoneBook;
  readonly phoneMetadata: PhoneMetadata;
  readonly secrets: Secrets;
  readonly readCsv: CsvReader;
  /** Settings of the environment, read and checked at the start. */
  readonly settings: ProgramSettings;
  /** The maker of its statements. */
  sql<DB>(): SqlMaker<DB>;
  /** Runs reading statements without promising that they see one instant. */
  read<T>(name: string, verb: () => Tx<T>): Promise<T>;
  /**
   * One transaction, exactly once: after a commit whose answer was lost it is not done again, and what it returned is
   * returned. Throws what `verb` throws (a `Refusal`, to undo everything), and `StoreError`.
   */
  transact<T>(name: string, actor: ProgramActor, needs: Needs, verb: (tx: ProgramTx) => Tx<T>): Promise<T>;
  /** Plans a call, for `tx.schedule`. Throws `Refusal` with the field at fault, as the API would. */
  draftCall(actor: ProgramActor, wish: CallWish): Promise<CallDraft>;
  /** Checks a notification and fills in its template, for `tx.notify`. Throws `Refusal`. */
  draftNotification(actor: ProgramActor, wish: NotificationWish): Promise<NotificationDraft>;
  /**
   * Tries those failed notifications again that nothing else tries again and that may go better now, less than a day old
   * and retried less often than they may be: the `limit` oldest. Answers how many.
   */
  retryFailedNotifications(actor: ProgramActor, limit: number): Promise<number>;
  /** Removes notifications made before an instant, each kind by its own; at most `limit`. Answers how many. */
  pruneNotifications(
    actor: ProgramActor,
    before: { readonly toldBefore: number; readonly failedBefore: number },
    limit: number,
  ): Promise<number>;
  /** Calls as they stand, in the order asked for; null for one that is no longer kept. Ids as `tx.schedule` returned them. */
  calls(actor: ProgramActor, callIds: readonly number[]): Promise<readonly (ProgramCall | null)[]>;
  /** Says what became of a call's latest attempt, as its carrier would. False when it never had one. */
  report(actor: ProgramActor, callId: number, said: Said): Promise<boolean>;
  /** Lines by name: see `LineWish`. Makes it where there is none, else changes what differs. Returns its name. */
  keepLine(actor: ProgramActor, wish: LineWish): Promise<string>;
  /** The workspace's jobs, for showing when a program runs next. */
  timetable(actor: ProgramActor): Promise<readonly JobView[]>;
  /** Every workspace's own actor, for jobs and duties that look after all of them. */
  workspaces(): readonly ProgramActor[];
  /** The actor of the default workspace. */
  defaultActor(): ProgramActor;
  /** The duty of this program has something to do, now or at an instant. */
  wake(at?: number): void;
};

/** The most ids that a transaction may use; it is refused when it wants more. */
export type Needs = {
  /** Rows of the program's own tables. */
  readonly rows?: number;
  readonly calls?: number;
  readonly notifications?: number;
  /** Entries of the ledger, beside those that scheduling, canceling and notifying write themselves. */
  readonly notes?: number;
  /** Calls or notifications that may be canceled. */
  readonly cancels?: number;
};

/** The running transaction. What it does is done with the program's own rows, or not at all. */
export type ProgramTx = {
  readonly actor: ProgramActor;
  /** The instant of the transaction (UTC ms). */
  readonly now: number;
  /** A new id for a row of the program. */
  nextId(): number;
  /** Stores a call that was drafted; returns its id. */
  schedule(draft: CallDraft): Tx<number>;
  /** Cancels a call that is not being dialed; one that is gets no further attempt. */
  cancelCall(callId: number, reason: "canceled_by_request" | "canceled_by_program"): Tx<Canceled>;
  /** Stores a notification; null when one with the same `dedupeKey` is there already: it is told once. */
  notify(draft: NotificationDraft): Tx<number | null>;
  /** Cancels a notification that has not been sent; one that is being sent, or has failed, is not tried again. */
  cancelNotification(notificationId: number, reason: string): Tx<Canceled>;
  /** Edits a job of the timetable, with the config that drives it. */
  editJob(name: string, edit: JobEdit): Tx<void>;
  /** An entry in the ledger, written with the transaction: what happened and why, without personal data. */
  note(entry: Note): void;
};

/** `too_late`: it is being dialed or sent, or has ended. `unknown`: there is none. */
export type Canceled = "canceled" | "too_late" | "unknown";

export type Note = {
  /** Such as `policy.renewed`. */
  readonly type: string;
  readonly reason?: string;
  /** A call that it belongs to. */
  readonly callId?: number;
  readonly data?: Readonly<Record<string, unknown>>;
};

/** A call that a program wants. Absent means default; see the API's fields of the same names. */
export type CallWish = {
  readonly to: string;
  readonly name?: string;
  /** UTC ms; absent: now. */
  readonly at?: number;
  readonly timezone?: string;
  readonly line?: string;
  readonly hours?: string;
  readonly retryPolicy?: string;
  /** By this the program hears of it again; see `CallListener`. */
  readonly purpose: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly externalId?: string;
  readonly dedupeKey?: string;
  /** 9 first … 0 last. */
  readonly priority?: number;
  /** UTC ms: the call expires then, and so does whatever try of it is still planned. */
  readonly expiresAt?: number;
  /** How long it is of use after each instant that it is planned for, such as 12h; instead of `expiresAt`. */
  readonly expiresAfter?: string;
  /** Calling hours of this call alone, beside those that apply anyway. */
  readonly window?: {
    readonly timezone?: string;
    readonly weekly: Readonly<Record<string, readonly string[]>>;
  };
  /** On a sandbox line: how its attempts go. */
  readonly sandboxScript?: readonly string[];
};

declare const draftBrand: unique symbol;
/** A call that was planned and not stored; good for one transaction. */
export type CallDraft = {
  readonly [draftBrand]: "call";
  /** When it will be placed at the earliest (UTC ms), inside every window that applies. */
  readonly dueAt: number;
  readonly warnings: readonly string[];
};

/** A call of a program, as it stands. Instants are UTC ms. */
export type ProgramCall = {
  readonly id: number;
  readonly publicId: string;
  readonly status: ShownStatus;
  readonly reason: string;
  readonly outcome: Outcome | null;
  readonly disposition: string | null;
  readonly to: string;
  readonly name: string | null;
  readonly purpose: string | null;
  readonly attempts: number;
  readonly dueAt: number;
  /** When a carrier took its latest attempt. */
  readonly dispatchedAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly durationMs: number | null;
  /** When it will be tried next by itself. */
  readonly nextActionAt: number | null;
  readonly line: string;
  readonly detail: string | null;
  readonly carrierRef: string | null;
};

export type CallListener = {
  /** Only calls of these purposes are told of. Anybody may schedule such a call: look whether it is one of yours. */
  readonly purposes: readonly string[];
  /**
   * A call changed by what its carrier, or somebody, reported: inside the transaction that stores it. Called again for each
   * later report that changes the call, so it must come to the same whatever the order and number of reports.
   */
  changed(tx: ListenerTx, call: ChangedCall): Tx<void>;
};

/** What a listener may do beside its own statements: it cannot plan, so it leaves that to the program's duty. */
export type ListenerTx = Pick<ProgramTx, "now" | "note"> & {
  readonly workspaceId: WorkspaceId;
  /** One new id at most for each call told of. */
  nextId(): number;
};

export type ChangedCall = {
  readonly id: number;
  readonly workspaceId: WorkspaceId;
  readonly purpose: string;
  /** After the change. A retry that was planned shows as `scheduled`. */
  readonly status:
    | "scheduled"
    | "dialing"
    | "completed"
    | "failed"
    | "expired"
    | "canceled"
    | "skipped"
    | "paused"
    | "needs_review";
  readonly reason: string;
  readonly outcome: Outcome | null;
  readonly disposition: string | null;
  readonly attempts: number;
  readonly dueAt: number;
  readonly endedAt: number | null;
};

/** What somebody beside the carrier says about a call: the agent that talked, for the most part. */
export type Said = {
  /** A repeated message has the same key and changes nothing. */
  readonly key: string;
  readonly at: number;
  readonly outcome: Outcome;
  readonly disposition?: string;
  readonly durationMs?: number;
  readonly detail?: string;
};

/** A line that a program keeps for its calls, so that its limits are rows like every other. */
export type LineWish = {
  readonly name: string;
  /** Calls at once, and in a day of the line's zone. */
  readonly slotsMax: number;
  readonly dailyMax: number;
  readonly timezone: string;
  readonly retryPolicy?: RetryWish;
};

/** Tries again after outcomes that may go better later. */
export type RetryWish = {
  readonly name: string;
  readonly retries: number;
  /** Between two tries (ms). */
  readonly delayMs: number;
};

/** Something to tell a person, at an instant. */
export type NotificationWish = {
  readonly channel: MessageChannel;
  /** What happened, such as `appointment_reminder_24h`. */
  readonly event: string;
  /**
   * Whom: an id under which devices and addresses are registered, or an address of the channel itself (a device token, an
   * e-mail address, an E.164 number), or both; then the address wins.
   */
  readonly to: { readonly recipientId?: string; readonly address?: string };
  readonly subject?: string;
  readonly body?: string;
  /** A stored template's name, instead of subject and body. */
  readonly template?: string;
  readonly variables?: Readonly<Record<string, string | number>>;
  readonly data?: Readonly<Record<string, string>>;
  /** UTC ms; absent: now. Never sent earlier. */
  readonly at?: number;
  /** Beyond this it is useless, and expires visibly (UTC ms). Absent: a day after `at`. */
  readonly expiresAt?: number;
  /** In these local hours nothing is sent: it waits for their end, or expires. */
  readonly quiet?: QuietHours;
  /** Which worker sends it. Default `notifications`. */
  readonly queue?: QueueName;
  /** Told once: a second one with the same key is not stored. */
  readonly dedupeKey?: string;
  /** Tries again after a failure that is certain, at most. Default 3. */
  readonly retriesMax?: number;
};

/** Local times "HH:MM"; `from` later than `to` runs over midnight. */
export type QuietHours = { readonly timezone: string; readonly from: string; readonly to: string };

export type NotificationDraft = {
  readonly [draftBrand]: "notification";
  readonly dueAt: number;
};

export type NotificationListener = {
  /** Only notifications of these events are told of. */
  readonly events: readonly string[];
  /** A notification was sent, delivered or given up: inside the transaction that stores it. */
  changed(tx: ListenerTx, notification: ChangedNotification): Tx<void>;
};

export type ChangedNotification = {
  readonly id: number;
  readonly workspaceId: WorkspaceId;
  readonly event: string;
  readonly status: NotificationStatus;
};

/** `failed` while tries are left shows its next one in `next_try_at`; `canceled` and `expired` were never sent. */
export const notificationStatuses = [
  "pending",
  "sent",
  "delivered",
  "failed",
  "bounced",
  "canceled",
  "expired",
] as const;
export type NotificationStatus = (typeof notificationStatuses)[number];

/** Queues of work beside the calls, the most urgent first. */
export const queueNames = ["appointments", "notifications", "reviews", "maintenance"] as const;
export type QueueName = (typeof queueNames)[number];

/** Whoever asked to be forgotten, by all that is known of them. */
export type ErasedPerson = {
  readonly workspaceId: WorkspaceId;
  /** E.164. */
  readonly numbers: readonly string[];
  readonly numberHashes: readonly string[];
  /** Lower case. */
  readonly emails: readonly string[];
  /** Ids that the person has at the programs or as a recipient, such as a device owner's. */
  readonly recipientIds: readonly string[];
};

/** What the operator has set for programs. Zones are IANA names that were checked. */
export type ProgramSettings = {
  readonly renewals: {
    /** The zone of its daily run and of its dates. */
    readonly timezone: string;
  };
  /** The zone of the timetable, where a job has no other one. */
  readonly timezone: string;
};
