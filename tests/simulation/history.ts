import type { ChargeRow, LineSpendingRow } from "../../src/ports/live-rows.ts";
import type {
  AttemptRow,
  CallRow,
  DueRow,
  IdempotencyRow,
  LedgerRow,
  LineCountersRow,
  OutboxRow,
  ReportRow,
} from "../../src/ports/rows.ts";
import type { PlaceAnswer } from "../../src/ports/carrier.ts";
import type { CallView } from "../../src/engine/engine.ts";
import type { MessageChannel, Told } from "../../src/ports/messenger.ts";
import type { NotificationRow } from "../../src/ports/notification-rows.ts";
import type { AppointmentRow, MessageRow } from "../../src/programs/appointments/rows.ts";
import type { AppointmentVerb } from "../../src/programs/appointments/status.ts";
import type { SeriesDocument } from "../../src/engine/series-document.ts";
import type { Witness } from "../../src/carriers/sandbox/network.ts";
import type { ZoneBook } from "../../src/domain/zone.ts";
import type { RunPlan } from "./plan.ts";

/** What a caller heard. `lost`: the process died or the store's answer is unknown, so both may be true. */
export type Heard = "pending" | "yes" | "no" | "lost";

/** A wish to create one call; tried again with the same key until it is heard. `external` is unique to the wish. */
export type Create = {
  readonly external: string;
  readonly key: string | null;
  readonly to: string;
  readonly dedupeKey: string | null;
  readonly onDuplicate: "refuse" | "return";
  readonly hours: string | null;
  readonly timezone: string | null;
  heard: Heard;
  /** Every call id that an answer named. */
  readonly callIds: string[];
  refusal: string | null;
  sentAt: number;
  ackedAt: number | null;
  /** The answer named the call of another wish (`on_duplicate: return`). */
  isOther: boolean;
  /** The same key was sent with another body; that must change nothing. */
  readonly isMismatch: boolean;
};

export type EditKind = "cancel" | "pause" | "resume" | "reschedule" | "call_now";
export type Edit = {
  readonly kind: EditKind;
  readonly callId: string;
  readonly sentAt: number;
  heard: Heard;
  heardAt: number | null;
  refusal: string | null;
  attemptId: string | null;
};

/** Something that holds from about `sentAt` (earliest) or `heardAt` (certainly) on. */
export type Change<T> = { readonly value: T; readonly sentAt: number; heardAt: number | null; heard: Heard };

export type LimitsInForce = {
  readonly slots: number;
  readonly perSecond: number;
  readonly burst: number;
  readonly daily: number;
};
export type HoursInForce = {
  readonly timezone: string | null;
  readonly weekly: Readonly<Record<string, readonly string[]>>;
  readonly closed: readonly string[];
};
export type Cap = { readonly max: number; readonly windowMs: number };

/** A request that reached the network. `at` in true time, `wall` by the machine's clock. */
export type Request = {
  readonly attemptKey: string;
  readonly attemptId: string;
  readonly callId: string;
  readonly to: string;
  readonly at: number;
  readonly wall: number;
  readonly incarnation: number;
  readonly underWay: number;
  answer: PlaceAnswer["kind"] | "pending";
};

export type Life = {
  readonly number: number;
  readonly at: number;
  readonly event: "start" | "ready" | "crash" | "stop_sent" | "stopped";
};

/** The wall clock moved by `ms` against the steady one while an incarnation ran. */
export type Step = {
  readonly at: number;
  readonly ms: number;
  readonly incarnation: number;
  /** It does not merely take an earlier step back, which the program need not have noticed. */
  readonly isWrong: boolean;
};

/** A call with a dedupe key was made or ended, or the key was given back: in the order of the commits. */
export type KeyStep = {
  readonly what: "born" | "ended" | "free";
  readonly dedupe_key: string;
  readonly call_id: number;
};

/** A change of the money of a line's hour or day: what stood there before and after, and the maximum of that moment (0: none). */
export type MoneyStep = {
  readonly line_id: number;
  readonly span: string;
  readonly number: number;
  readonly reserved_before: number;
  readonly reserved: number;
  readonly spent: number;
  readonly overspent: number;
  readonly max: number;
};

/** What a transaction made of a series or of one of its slots: the row as JSON, in the order of the commits. */
export type SeriesStep = {
  readonly store_use: number;
  readonly what: "born" | "changed" | "slot_made" | "slot_changed" | "slot_taken_back";
  readonly series_id: number;
  readonly body: string;
};

/** Whom an appointment is with: a business of a zone, and when it reminds. */
export type Shop = {
  readonly name: string;
  readonly timezone: string;
  readonly reminders: readonly string[];
  readonly quiet: QuietText | null;
};
export type QuietText = { readonly from: string; readonly to: string };
/** Who comes; nulls: as the business has it. */
export type Guest = {
  readonly name: string;
  readonly timezone: string | null;
  readonly quiet: QuietText | null;
};

/** One thing that was asked of an appointment, and heard: by then it had happened, or certainly had not. */
export type VisitStep = {
  readonly what: "book" | AppointmentVerb;
  /** When it is to begin, once this was done. */
  readonly startsAt: number;
  readonly sentAt: number;
  heardAt: number | null;
  heard: "pending" | "yes" | "no";
  /** Its status then. */
  status: string | null;
};

/** An appointment that somebody wants. The steps follow one another, and no start comes twice. */
export type Visit = {
  /** Its `external_id`. */
  readonly external: string;
  readonly shop: Shop;
  readonly guest: Guest;
  readonly steps: VisitStep[];
};

/** A letter that reached the world. `at` in true time, `wall` by the machine's clock. */
export type Posted = {
  readonly id: string;
  readonly channel: MessageChannel;
  readonly address: string;
  readonly event: string;
  readonly data: Readonly<Record<string, string>>;
  readonly at: number;
  readonly wall: number;
  readonly incarnation: number;
  /** Whether whoever it is for has it, whatever the answer says. */
  readonly isTaken: boolean;
  readonly answer: Told["kind"] | "none";
};

/** The store's rows at the end of a run. */
export type Rows = {
  readonly calls: readonly CallRow[];
  readonly documents: readonly { call_id: number; external_id: string | null }[];
  readonly attempts: readonly AttemptRow[];
  readonly reports: readonly ReportRow[];
  readonly ledger: readonly LedgerRow[];
  readonly due: readonly DueRow[];
  readonly counters: readonly LineCountersRow[];
  readonly outbox: readonly OutboxRow[];
  readonly keys: readonly IdempotencyRow[];
  readonly lines: readonly { id: number; name: string }[];
  readonly lanes: readonly { id: number; line_id: number }[];
  readonly dedupe: readonly { dedupe_key: string; call_id: number }[];
  readonly keySteps: readonly KeyStep[];
  readonly moneySteps: readonly MoneyStep[];
  readonly spending: readonly LineSpendingRow[];
  readonly charges: readonly ChargeRow[];
  readonly seriesSteps: readonly SeriesStep[];
  readonly appointments: readonly AppointmentRow[];
  readonly messages: readonly MessageRow[];
  readonly notifications: readonly NotificationRow[];
};

/** Everything that a checker may look at. All instants are true time unless they say wall. */
export type History = {
  readonly plan: RunPlan;
  readonly zones: ZoneBook;
  readonly creates: Create[];
  readonly edits: Edit[];
  readonly dialing: Change<boolean>[];
  readonly linePauses: (Change<boolean> & { readonly line: string })[];
  readonly suppressions: Change<{ readonly to: string; readonly id: string | null }>[];
  readonly limits: Map<string, Change<LimitsInForce>[]>;
  readonly hours: Map<string, Change<HoursInForce>[]>;
  readonly defaultHours: Change<string | null>[];
  readonly caps: Change<readonly Cap[]>[];
  /** Rules that were acknowledged, as JSON. */
  readonly rulesKept: { readonly seriesId: string; readonly rule: string }[];
  readonly visits: Visit[];
  readonly letters: Posted[];
  readonly requests: Request[];
  readonly lives: Life[];
  readonly steps: Step[];
  /** What the engine itself called an error of its own. */
  readonly complaints: string[];
  readonly samples: { readonly at: number; readonly wall: number; readonly view: CallView }[];
  healedAt: number;
  endedAt: number;
  witness: readonly Witness[];
  rows: Rows;
  callIdOf: (id: number) => string;
  attemptKeyOf: (id: number) => string;
  seriesIdOf: (id: number) => string;
  appointmentIdOf: (id: number) => string;
  /** A series' sealed document, opened. */
  openSeries: (id: number, document: string) => SeriesDocument;
  longestTimerMs: number;
  storeUses: number;
  walBytes: number;
};
