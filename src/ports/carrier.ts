import type { Outcome } from "../domain/outcome.ts";
import type { Report } from "../domain/report.ts";

import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Random } from "./random.ts";

export type { Report } from "../domain/report.ts";

/** What one attempt asks of a carrier. Everything needed for exactly one create request. */
export type Order = {
  /** Made before the request, unique for ever, unguessable: the carrier's own key for this attempt, and the callback token. */
  readonly attemptKey: string;
  /** Public ids, for the carrier's records and templates. */
  readonly callId: string;
  readonly attemptId: string;
  /** 1 for the call's first dial. */
  readonly attemptNumber: number;
  /** E.164. */
  readonly to: string;
  /** E.164 caller id of the line, if it has one. */
  readonly from: string | null;
  readonly purpose: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Sandbox only: what each attempt shall do, in order; the last one repeats. */
  readonly script: readonly string[] | null;
  /** What the call itself hands to its carrier, already checked by `checkInstructions`; may hold secrets. */
  readonly instructions: Readonly<Record<string, unknown>> | null;
  /** The line's carrier settings, already checked by `CarrierKind.parseSettings` and with secrets opened. */
  readonly settings: unknown;
  readonly ringTimeoutMs: number;
  readonly maxDurationMs: number;
  /** The request must not leave at or after this instant (UTC ms): window, lease and pacing end here. */
  readonly deadlineAt: number;
  /** Where the carrier may report (absolute URL that carries the attempt key), or null when no public URL is known. */
  readonly callbackUrl: string | null;
};

/** How a create request went. */
export type PlaceAnswer =
  /** The carrier took it. `reports` holds what it already said, terminal or not; may be empty. */
  | { readonly kind: "accepted"; readonly carrierRef: string; readonly reports: readonly Report[] }
  /** Certain: nothing happened. `retryAfterMs` when the carrier asked to be left alone (429): not an attempt then. */
  | {
      readonly kind: "refused";
      readonly outcome: Outcome;
      readonly detail: string;
      readonly retryAfterMs?: number;
      /** The fault is ours (account, permission, instructions): never held against the number. */
      readonly isOurs?: boolean;
    }
  /** Everything else after the first byte: time-out, reset, unreadable answer. Never asked again. */
  | { readonly kind: "unknown"; readonly detail: string };

export type LookupAnswer =
  | { readonly kind: "found"; readonly carrierRef: string; readonly reports: readonly Report[] }
  /** The carrier is sure that it never took this attempt (and never will). */
  | { readonly kind: "absent" }
  /** It cannot be asked (now, or at all). */
  | { readonly kind: "unavailable"; readonly detail: string };

export type CarrierCheck = {
  readonly ok: boolean;
  readonly detail: string;
  readonly cure?: string;
  /** What works and could be better, a sentence each. */
  readonly warnings?: readonly string[];
};

/** What a check may know of a line beside its settings. */
export type LineFacts = {
  /** E.164 caller id of the line, if it has one. */
  readonly from: string | null;
  /** 0: without limit. */
  readonly callsPerSecond: number;
  /** Where this server is reached from outside, without a slash at the end; null when it is not known. */
  readonly publicUrl: string | null;
};

/** What was made ready before the create request, for `place`; or why there will be none. */
export type PrepareAnswer =
  | { readonly kind: "ready"; readonly words: unknown }
  | Extract<PlaceAnswer, { readonly kind: "refused" }>;

/** A connected carrier. It never throws for what the network does; a throw is a programmer's error and counts as unknown. */
export interface Carrier {
  /**
   * Makes ready what the create request needs and what rings nobody, such as words that somebody else writes. It comes
   * before the attempt counts as under way, so it may be asked for again after a crash. At most `CarrierKind.prepareMs`.
   */
  prepare?(order: Order): Promise<PrepareAnswer>;
  /**
   * Sends exactly one create request, or none (refused). Never retries, never follows a redirect. `prepared` is what
   * `prepare` made ready.
   */
  place(order: Order, prepared?: unknown): Promise<PlaceAnswer>;
  /** Asks what became of an attempt. `carrierRef` is null when no answer ever told it. */
  lookup(order: LookupOrder): Promise<LookupAnswer>;
  /**
   * Ends a call that is ringing or in progress, or takes back one that it still queues. One that `order` does not know to
   * be answered is ended only while nobody has answered, where the carrier can tell. Safe to repeat. False when it cannot.
   */
  hangUp(order: LookupOrder): Promise<boolean>;
  /** For `doctor`: are credentials and routes in order? Places no call. */
  check(settings: unknown, line: LineFacts): Promise<CarrierCheck>;
  /** Releases sockets and files. */
  close(): Promise<void>;
}

export type LookupOrder = {
  readonly attemptKey: string;
  readonly carrierRef: string | null;
  readonly to: string;
  /** E.164 caller id of the line, if it has one. */
  readonly from: string | null;
  /** When the request left, or just before (UTC ms). */
  readonly placedAt: number;
  /** At or after this instant the request did not leave any more (UTC ms). */
  readonly deadlineAt: number;
  /** Somebody is known to be on the line. */
  readonly isAnswered: boolean;
  /** Is this call of the carrier's known to be another attempt's? For carriers whose lists do not show our key. */
  readonly isOthers: (carrierRef: string) => Promise<boolean>;
  readonly settings: unknown;
};

export type SettingsCheck =
  | { readonly ok: true; readonly settings: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly pointer: string; readonly detail: string };

/** A way of verifying and reading a callback of the outside world. Null: not genuine. */
export type Callback = {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
  readonly contentType: string;
  /** The path and query as requested. */
  readonly url: string;
  /** Where this server is reached from outside, without a slash at the end; null when it is not known. */
  readonly publicUrl: string | null;
};
export type CallbackReading =
  | { readonly kind: "reports"; readonly reports: readonly Report[] }
  | { readonly kind: "forged"; readonly detail: string }
  | { readonly kind: "unreadable"; readonly detail: string };

/** An attempt for which a carrier asks, while its call runs, what to do. */
export type Spoken = Pick<
  Order,
  "attemptKey" | "callId" | "attemptId" | "attemptNumber" | "to" | "from" | "purpose" | "metadata"
> & {
  readonly instructions: Readonly<Record<string, unknown>> | null;
  /** False once the attempt has ended for us: then nothing more is to be said. */
  readonly isOpen: boolean;
};
export type ScriptReading =
  | {
      readonly kind: "script";
      readonly contentType: string;
      readonly body: string;
      /** What the question itself tells about the attempt. */
      readonly reports: readonly Report[];
    }
  | Exclude<CallbackReading, { readonly kind: "reports" }>;

/** One kind of carrier: a registry entry in `carriers/index.ts`. */
export interface CarrierKind {
  readonly name: string;
  /** Real carriers can ring people; only the sandbox cannot. */
  readonly real: boolean;
  /** Which settings are secrets, by top-level name: sealed at rest, never shown. */
  readonly secrets: readonly string[];
  /** What a new line of this kind starts with, where its maker does not say. */
  readonly lineDefaults?: { readonly calls_per_second?: number; readonly caller_id?: string };
  /** True when what it accepted may ring much later: then what has not rung is taken back when its window closes. */
  readonly queues?: boolean;
  /** True when it takes no call that hands it nothing: then its lines are never meant where a call names none. */
  readonly needsInstructions?: boolean;
  /** How long it may work before its create request leaves, such as having the words of the call written; 0 if absent (ms). */
  readonly prepareMs?: number;
  /** How often it has to be asked about an attempt that goes on, because it does not report everything by itself; rarely if absent (ms). */
  readonly followMs?: number;
  parseSettings(input: Readonly<Record<string, unknown>>): SettingsCheck;
  connect(ports: CarrierPorts): Carrier;
  /** Checks what a call hands to this carrier, `{}` when it hands over nothing; a kind without it takes nothing. */
  checkInstructions?(
    instructions: Readonly<Record<string, unknown>>,
    settings: unknown,
  ): { readonly ok: true } | { readonly ok: false; readonly pointer: string; readonly detail: string };
  /** True when the word may stand in a call's script. Only a carrier that plays the network has it. */
  checkScriptWord?(word: string): boolean;
  /**
   * Which attempt a callback is about that came to the one address for all calls, by its own word, which nobody has verified
   * yet. Null: it names none. Only a carrier has it that cannot be told an address for each attempt.
   */
  attemptKeyOf?(callback: Callback): string | null;
  /** Verifies and reads a callback for an attempt of this carrier. `now` in UTC ms. */
  readCallback?(callback: Callback, settings: unknown, now: number): CallbackReading;
  /** Verifies and answers what a carrier asks at `{callbackUrl}/twiml` while a call runs. `now` in UTC ms. */
  readScript?(callback: Callback, settings: unknown, spoken: Spoken, now: number): ScriptReading;
}

/** What a carrier may use. `deliver` is how an in-process carrier (the sandbox) reports on its own. */
export type CarrierPorts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly fetch: OutsideFetch;
  readonly deliver: (attemptKey: string, report: Report) => void;
  /** Where an in-process carrier may keep its own file; null keeps it in memory. */
  readonly journalPath: string | null;
};

/** One HTTP exchange without retries, redirects or a reused socket. */
export type OutsideFetch = (request: OutsideRequest) => Promise<OutsideAnswer>;
export type OutsideRequest = {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Not sent at or after this instant (UTC ms). */
  readonly deadlineAt?: number;
  /** May this request reach loopback and private addresses? */
  readonly allowPrivate: boolean;
};
export type OutsideAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** Certain that no byte of the request left: DNS, refused connection, TLS, forbidden address, deadline. */
  | { readonly kind: "not_sent"; readonly detail: string }
  | { readonly kind: "unknown"; readonly detail: string };
