import type { DayPattern } from "./days.ts";
import type { Times } from "./times.ts";
import type { Wording } from "./words.ts";

/** How far ahead the next time of a rule is looked for: every combination of weekday and date comes round within 40 years. */
export const HORIZON_YEARS = 40;
/** A series ends at the latest this long after its start. */
export const LIFE_YEARS = 100;
/** Longest text of an RRULE line or a cron expression. */
export const RULE_TEXT_MAX = 1000;
/** Longest text of an RRULE with its DTSTART, EXDATE and RDATE lines. */
export const RULE_LINES_MAX = 40_000;
/** Most dates taken out of a rule, and most added to it. */
export const DATES_MAX = 1000;
export const INTERVAL_MAX = 1000;
/** Largest COUNT and max_occurrences. */
export const OCCURRENCES_MAX = 100_000;

/**
 * What a rule repeats: times of the wall clock (ms as if UTC), before any zone. `setPositions` picks from all times of a
 * week, month or year (BYSETPOS); empty for none.
 */
export type Pattern = {
  readonly days: DayPattern;
  readonly times: Times;
  readonly setPositions: readonly number[];
  /** No time of the pattern lies before this one. */
  readonly startLocalMs: number;
  /** The last time that can be in the pattern, from UNTIL or COUNT; Infinity for none. */
  readonly lastLocalMs: number;
};

/** A rule that was read and found sound. Its insides are the business of this folder alone. Made by `parseRule`. */
export type Rule = {
  readonly pattern: Pattern;
  /** The start the rule was read with. */
  readonly startLocalMs: number;
  /** Whether every hour of a day has a time: then an hour that comes twice is run through twice. */
  readonly runsHourly: boolean;
  /** RRULE's UNTIL as an instant (UTC ms): the pattern ends with it, the dates added do not. Infinity for none. */
  readonly lastAt: number;
  /** The caller's `until`, inclusive, for everything: as wall time and as an instant. Infinity for none. */
  readonly untilLocalMs: number;
  readonly untilAt: number;
  readonly occurrencesMax: number;
  /** Times taken out; each is a time of the pattern. Sorted. */
  readonly excludedLocals: readonly number[];
  /** Whole days taken out, as days since 1970-01-01. Sorted. */
  readonly excludedDays: readonly number[];
  /** Instants taken out. Sorted. */
  readonly excludedAts: readonly number[];
  /** Times added; none is in the pattern. Sorted. */
  readonly extraLocals: readonly number[];
  /** Instants added. Sorted. */
  readonly extraAts: readonly number[];
  readonly wording: Wording;
};

/** Index of the first of the sorted numbers that is at least `least`; the length when there is none. */
export function indexFrom(sorted: ArrayLike<number>, least: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether the sorted numbers hold a value. */
export function holds(sorted: ArrayLike<number>, value: number): boolean {
  return sorted.length > 0 && sorted[indexFrom(sorted, value)] === value;
}

/** The remainder that is never negative. */
export function modulo(value: number, divisor: number): number {
  const rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}
