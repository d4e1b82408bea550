import { MINUTE_MS } from "../civil.ts";
import { formatWall, localToInstant, offsetAt } from "../zone.ts";
import type { ZoneRules } from "../zone.ts";
import { countSlots } from "./count.ts";
import { findSlot } from "./find.ts";
import type { Found } from "./find.ts";
import { notesOf } from "./notes.ts";
import type { Rule } from "./rule.ts";

export { parseRule } from "./parse.ts";
export type { RuleInput, RuleParse } from "./parse.ts";
export { describeRule } from "./words.ts";
export type { Rule } from "./rule.ts";

/**
 * A rule in a zone. `startLocalMs` is the wall time (ms as if UTC) the rule was read with.
 * `gap`: what becomes of a time that the clocks leave out: moved forward by the length of the gap (02:30 → 03:30, the
 * reading of RFC 5545 3.3.5), moved to its end (`next_valid`, 03:00), or left out (`skip`).
 * `overlap`: which of two equal times counts. A rule with a time in every hour runs through both hours whatever it says.
 */
export type Recurrence = {
  readonly rule: Rule;
  readonly zone: ZoneRules;
  readonly startLocalMs: number;
  readonly gap: "forward" | "next_valid" | "skip";
  readonly overlap: "first" | "second" | "both";
};

/** One time a series is due. Its identity is its local time plus fold, which outlasts changes of the zone's rules. */
export type Slot = {
  /** "2027-03-14T10:00"; with "#2" for the second of two equal times; with seconds where there are any. */
  readonly key: string;
  /** The wall time the rule gives (ms as if UTC), also where it does not exist and `at` was moved. */
  readonly localMs: number;
  /** UTC ms. */
  readonly at: number;
  /** 1 for the first slot of the series. Times taken out and times left out are not counted. */
  readonly number: number;
  /** What is special about it, in words: moved, first of two, the clocks change that day, last day of the month. */
  readonly notes: readonly string[];
};

/** What `nextSlot` needs of the slot before. */
export type PreviousSlot = Pick<Slot, "key" | "localMs" | "at" | "number">;

/**
 * The first slot (number 1), or the one after `previous`; null when the rule has ended. Always `next.at > previous.at`, and
 * never the same key again, also when the zone's rules were changed between the two calls.
 */
export function nextSlot(recurrence: Recurrence, previous: PreviousSlot | null): Slot | null {
  assertStart(recurrence);
  if (previous === null) return toSlot(recurrence, findSlot(recurrence, -Infinity), 1);
  if (previous.number >= recurrence.rule.occurrencesMax) return null;
  const found = findSlot(recurrence, Math.max(previous.at, presentInstant(recurrence, previous)));
  return toSlot(recurrence, found, previous.number + 1);
}

/**
 * The first slot with `at > after` (UTC ms), null when there is none. Takes microseconds for each year since the start: days
 * are counted, slots are not walked.
 */
export function firstSlotAfter(recurrence: Recurrence, after: number): Slot | null {
  assertStart(recurrence);
  const found = findSlot(recurrence, after);
  if (found === undefined) return null;
  const number = countSlots(recurrence, found.at - 1) + 1;
  return number > recurrence.rule.occurrencesMax ? null : toSlot(recurrence, found, number);
}

/** The identity of a slot: "2027-11-07T01:30", and "#2" for the second of two. */
export function slotKey(localMs: number, isSecond: boolean): string {
  const text = formatWall(localMs);
  return `${localMs % MINUTE_MS === 0 ? text.slice(0, 16) : text}${isSecond ? "#2" : ""}`;
}

function toSlot(recurrence: Recurrence, found: Found | undefined, number: number): Slot | null {
  if (found === undefined) return null;
  const { localMs, at } = found;
  return { key: slotKey(localMs, found.isSecond), localMs, at, number, notes: notesOf(recurrence, found) };
}

/** Where the slot before lies by the rules the zone has now; they may be newer than the slot. */
function presentInstant(recurrence: Recurrence, { key, localMs, at }: PreviousSlot): number {
  const { zone, gap } = recurrence;
  if (at + offsetAt(zone, at) === localMs) return at;
  const overlap = key.endsWith("#2") ? "second" : "first";
  return localToInstant(zone, localMs, { gap: gap === "next_valid" ? gap : "forward", overlap })?.at ?? at;
}

/** A rule takes its days and times from its start, so it cannot be used with another. */
function assertStart({ rule, startLocalMs }: Recurrence): void {
  if (rule.startLocalMs !== startLocalMs) throw new Error("the rule was read with another start");
}
