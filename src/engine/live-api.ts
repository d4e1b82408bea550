import type { NumberType } from "../domain/destination.ts";
import type { Micros, Price, Spending } from "../domain/spend.ts";
import type { Actor } from "./engine.ts";

/** Whom the workspace's real lines may ring. */
export type LiveView = {
  readonly workspace: string;
  /** `canary`: nothing but the allow-list is rung. */
  readonly mode: "canary" | "open";
  readonly openedAt: number | null;
  readonly openedBy: string | null;
  readonly numbers: number;
  readonly numberTypes: readonly NumberType[];
  /** Numbers of one block of a thousand that may be called in an hour; 0: without limit. */
  readonly blockHourMax: number;
  readonly countries: readonly LiveCountryView[];
  readonly lines: readonly LiveLineView[];
  /** Sentences on what is still missing, for people. */
  readonly warnings: readonly string[];
};

export type LiveLineView = {
  readonly id: string;
  readonly name: string;
  readonly carrier: string;
  /** False when the operator's own settings name its backend, which decides itself whom to ring. */
  readonly guarded: boolean;
  /** The country of its caller id, which needs no approval. */
  readonly homeCountry: string | null;
  readonly budget: BudgetView | null;
};

/** `home`: the country of a line's caller id, on which nobody has decided anything else. */
export type LiveCountryView = {
  readonly country: string;
  readonly status: "allowed" | "refused" | "waiting" | "home";
  readonly changedAt: number | null;
  readonly changedBy: string | null;
};

export type LiveNumberView = {
  readonly id: string;
  readonly to: string;
  readonly note: string | null;
  readonly createdBy: string;
  readonly createdAt: number;
};

/** Maximums of 0 are none. */
export type BudgetView = {
  readonly line: string;
  readonly currency: string;
  readonly perMinute: Micros;
  readonly prices: readonly Price[];
  readonly callMax: Micros;
  readonly hourMax: Micros;
  readonly dayMax: Micros;
  readonly hour: Spending;
  readonly day: Spending;
};

/** Amounts as decimal text ("0.0145"); null for a maximum: none. What is absent stays as it is. */
export type BudgetInput = {
  readonly currency?: string;
  readonly price_per_minute?: string;
  readonly prices?: readonly { readonly prefix: string; readonly per_minute: string }[];
  readonly per_call_max?: string | null;
  readonly per_hour_max?: string | null;
  readonly per_day_max?: string | null;
};

export type LivePatch = {
  readonly number_types?: readonly NumberType[];
  readonly block_hour_max?: number;
};

/** Who may be rung, and what it may cost. Each change is an entry in the ledger with its actor. */
export interface LiveVerbs {
  live(actor: Actor): Promise<LiveView>;
  /** Allows every number that the rules allow. `confirm` must be the workspace's name. */
  openLive(actor: Actor, confirm: string): Promise<LiveView>;
  /** Back to the allow-list: no request that has not left yet leaves for another number. */
  closeLive(actor: Actor): Promise<LiveView>;
  updateLive(actor: Actor, patch: LivePatch): Promise<LiveView>;
  listLiveNumbers(actor: Actor): Promise<readonly LiveNumberView[]>;
  allowNumber(
    actor: Actor,
    input: { readonly to: string; readonly note?: string },
  ): Promise<{ readonly number: LiveNumberView; readonly isNew: boolean }>;
  /** By the entry's id or by the number itself. */
  disallowNumber(actor: Actor, idOrNumber: string): Promise<void>;
  decideCountry(actor: Actor, country: string, status: "allowed" | "refused"): Promise<LiveCountryView>;
  forgetCountry(actor: Actor, country: string): Promise<void>;
  getBudget(actor: Actor, lineId: string): Promise<BudgetView>;
  setBudget(actor: Actor, lineId: string, input: BudgetInput): Promise<BudgetView>;
}
