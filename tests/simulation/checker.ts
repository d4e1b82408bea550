import type { Facts } from "./facts.ts";

/** A promise that was broken: what happened, when (true UTC ms) and to which call. */
export type Violation = { readonly what: string; readonly at?: number; readonly callId?: number };

/** Looks for broken promises in a finished history. */
export type Checker = {
  /** As in the list of invariants: I1 … I24. */
  readonly name: string;
  readonly promise: string;
  check(facts: Facts): Iterable<Violation>;
};
