import type { ClosedDates } from "../domain/window.ts";
import type { ZoneBook } from "../domain/zone.ts";
import type { PhoneMetadata } from "../domain/phone.ts";
import type { Carrier, CarrierKind, OutsideFetch } from "../ports/carrier.ts";
import type { Channel } from "../ports/channel.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { MessageChannel, Messenger } from "../ports/messenger.ts";
import type { Meter } from "../ports/meter.ts";
import type { CsvReader } from "../ports/csv.ts";
import type { Program, ProgramSettings } from "../ports/program.ts";
import type { Random } from "../ports/random.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { Store } from "../ports/store.ts";
import type { Book } from "./book.ts";
import type { ClockAnchor } from "./clock-watch.ts";
import type { Ids } from "./ids.ts";
import type { Programs, Works } from "./programs.ts";

/** The sockets that an engine is plugged into. */
export type EnginePorts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly meter: Meter;
  readonly secrets: Secrets;
  readonly zones: ZoneBook;
  readonly fetch: OutsideFetch;
  readonly carrierKinds: Readonly<Record<string, () => Promise<CarrierKind>>>;
  /** Ways to tell somebody what happens, by name; absent: none. */
  readonly channels?: Readonly<Record<string, Channel>>;
  /** By what people are told something; absent: by nothing. */
  readonly messengers?: Readonly<Record<MessageChannel, Messenger>>;
  readonly phoneMetadata: PhoneMetadata;
  readonly holidays: (country: string, region: string | undefined) => Promise<ClosedDates>;
  /** The sandbox network's own file, or null to keep it in memory. */
  readonly journalPath: string | null;
  /** Where carriers may call back, without a slash at the end; null when nothing outside can reach us. */
  readonly publicUrl: () => string | null;
  /** Moves the clock of a sandbox-only server; null where the clock cannot be moved. */
  readonly testClock: TestClock | null;
  readonly tuning?: Partial<Tuning>;
  /** What decides whom to call; absent: nothing does. */
  readonly programs?: ProgramPorts;
  /** What this process works on; absent: everything. */
  readonly works?: Works;
};

/** The programs, and what only they need. */
export type ProgramPorts = {
  readonly all: readonly Program[];
  readonly settings: ProgramSettings;
  readonly readCsv: CsvReader;
};

export type TestClock = {
  readonly offsetMs: number;
  restore(offsetMs: number): void;
  advanceTo(target: number, quiet: () => Promise<void>): Promise<void>;
};

/** Bounds of the engine's work; each keeps one piece of it short. Milliseconds unless the name says otherwise. */
export type Tuning = {
  /** Calls in one claim at most; adapted below that so that a claim takes about `claimMs`. */
  readonly claimMax: number;
  readonly claimMs: number;
  /** Create requests under way at once, at most. */
  readonly placingMax: number;
  /** Creates or settlements in one transaction, at most. */
  readonly groupMax: number;
  /** A claimed attempt whose request has not left by then goes back to wait. */
  readonly dialWithinMs: number;
  /** An owner that has not been seen for so long is dead, where several nodes share a store. */
  readonly leaseMs: number;
  /** Added to a carrier's own limits before it is asked, and again before it is given up. */
  readonly graceMs: number;
  /** History older than this is removed. */
  readonly keepCallsMs: number;
  readonly keepIdempotencyMs: number;
  /** Messages to subscribers under way at once, in all and to one of them, at most. */
  readonly sendingMax: number;
  readonly sendingEachMax: number;
  /** A subscriber that took nothing for so long, while it was owed something, is disabled. */
  readonly disableAfterMs: number;
  readonly keepDeliveriesMs: number;
  /** Messages to people under way at once by each channel, at most. */
  readonly tellingMax: number;
  /** Runs of programs' jobs at once in this process, at most. */
  readonly jobsMax: number;
  readonly keepJobRunsMs: number;
};

export const defaultTuning: Tuning = {
  claimMax: 1000,
  claimMs: 5,
  placingMax: 4000,
  groupMax: 1000,
  dialWithinMs: 2000,
  leaseMs: 30_000,
  graceMs: 30_000,
  keepCallsMs: 400 * 86_400_000,
  keepIdempotencyMs: 7 * 86_400_000,
  sendingMax: 512,
  sendingEachMax: 16,
  disableAfterMs: 5 * 86_400_000,
  keepDeliveriesMs: 30 * 86_400_000,
  tellingMax: 64,
  jobsMax: 4,
  keepJobRunsMs: 90 * 86_400_000,
};

/** What every verb works with. */
export type Context = Omit<EnginePorts, "tuning" | "programs" | "works"> & {
  readonly tuning: Tuning;
  readonly works: Works;
  /** Filled before the engine starts. */
  readonly programs: Programs;
  readonly ids: Ids;
  readonly book: Book;
  readonly nodeId: number;
  readonly carriers: ReadonlyMap<string, ConnectedCarrier>;
  /** Tells the loop that a duty has new work, at once or from an instant on. */
  readonly wake: (duty: DutyName, at?: number) => void;
  /** Tells listeners that the ledger grew. */
  readonly announce: () => void;
  /** Set by stop(): no new dial from then on. */
  readonly state: EngineState;
};

export type EngineState = {
  draining: boolean;
  /** When somebody last asked for a call, on the steady clock (ms). */
  askedAt: number;
  /** A test clock is being moved. */
  isMoved: boolean;
  /** When a test clock was moved last, by that clock (UTC ms). */
  movedAt: number;
  /** After a jump of the clock nothing is dialed until then. */
  fencedUntil: number;
  readonly anchor: ClockAnchor;
  /** Lines that take no calls, with the reason and when to look again. */
  readonly blocked: Map<number, { readonly reason: string; readonly until: number }>;
  /** What each line last made calls wait for. */
  readonly lastBlock: Map<number, string>;
  /** Attempts whose create request is under way in this process. */
  readonly placing: Set<number>;
};

/**
 * Whether somebody waits for answers to creates while the store works in the same thread: then every batch is kept short,
 * and else as large as serves the calls.
 */
export function isAsked(context: Context): boolean {
  return context.store.singleOwner && context.clock.mono() - context.state.askedAt < askedForMs;
}
const askedForMs = 1000;

export type ConnectedCarrier = { readonly kind: CarrierKind; readonly carrier: Carrier };

export const dutyNames = [
  "dispatch",
  "recur",
  "expire",
  "reconcile",
  "deliver",
  "replan",
  "fan-out",
  "deliver-events",
  "operations",
  "tell",
  "tell",
  "jobs",
  "programs",
  "erase",
  "heartbeat",
  "prune",
] as const;
export type DutyName = (typeof dutyNames)[number];
