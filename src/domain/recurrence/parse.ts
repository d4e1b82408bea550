import { DAY_MS, HOUR_MS, dayOfMs } from "../civil.ts";
import { offsetAt } from "../zone.ts";
import type { ZoneRules } from "../zone.ts";
import { readCron } from "./cron.ts";
import { findSlot } from "./find.ts";
import { START_DAYS, Unsound, endOfMoment, readInteger, readMoment } from "./input.ts";
import type { Draft, Moment } from "./input.ts";
import { isOfPattern, nextOfPattern, nthOfPattern } from "./pattern.ts";
import { readRrule } from "./rrule.ts";
import { HORIZON_YEARS, LIFE_YEARS, OCCURRENCES_MAX, holds } from "./rule.ts";
import type { Pattern, Rule } from "./rule.ts";
import { readSimple } from "./simple.ts";

/** A rule as callers send it. Numbers in `weekdays` count from 0 = Sunday; 7 is Sunday too. */
export type RuleInput =
  | {
      readonly frequency: "daily" | "weekly" | "monthly";
      readonly interval?: number;
      readonly weekdays?: readonly (string | number)[];
      readonly until?: string;
      readonly max_occurrences?: number;
      readonly on_missing_day?: "last_day" | "skip";
    }
  | {
      readonly rrule: string;
      readonly exdates?: readonly string[];
      readonly rdates?: readonly string[];
      readonly until?: string;
      readonly max_occurrences?: number;
    }
  | { readonly cron: string; readonly until?: string; readonly max_occurrences?: number };

/** The rule, or what is wrong with it: a JSON pointer into the input and a sentence. */
export type RuleParse =
  | { readonly ok: true; readonly rule: Rule }
  | { readonly ok: false; readonly pointer: string; readonly detail: string };

/**
 * Reads a rule: simple, RRULE (RFC 5545) or cron. `start.localMs` is the wall time (ms as if UTC) the series starts at; the
 * rule takes from it what it does not say itself. Refuses what is malformed, too big, or never comes round. Never throws.
 */
export function parseRule(input: unknown, start: { localMs: number }, zone: ZoneRules): RuleParse {
  try {
    return { ok: true, rule: read(input, start.localMs, zone) };
  } catch (error) {
    // A fault of the caller's rule; anything else is a defect of ours and goes on.
    if (error instanceof Unsound) return { ok: false, pointer: error.pointer, detail: error.message };
    throw error;
  }
}

function read(input: unknown, startLocalMs: number, zone: ZoneRules): Rule {
  const day = dayOfMs(startLocalMs);
  if (!(day >= START_DAYS.least && day < START_DAYS.most)) {
    throw new Unsound("", "the start of a series lies in the years 1900 to 2999");
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new Unsound("", "a rule is an object with frequency, rrule or cron");
  }
  const given = input as Readonly<Record<string, unknown>>;
  const kinds = ["frequency", "rrule", "cron"].filter((kind) => given[kind] !== undefined);
  if (kinds.length !== 1) throw new Unsound("", "a rule has one of frequency, rrule and cron");
  const draft = readKind(kinds[0] ?? "", given, startLocalMs, zone);
  const rule = build(draft, given, startLocalMs, zone);
  assertComesRound(rule, zone, `/${kinds[0] ?? ""}`, given["until"] !== undefined);
  return rule;
}

function readKind(
  kind: string,
  given: Readonly<Record<string, unknown>>,
  startLocalMs: number,
  zone: ZoneRules,
): Draft {
  if (kind === "frequency") return readSimple(given, startLocalMs);
  return kind === "rrule" ? readRrule(given, startLocalMs, zone) : readCron(given, startLocalMs);
}

function build(
  draft: Draft,
  given: Readonly<Record<string, unknown>>,
  startLocalMs: number,
  zone: ZoneRules,
): Rule {
  const until = given["until"] === undefined ? undefined : readMoment(given["until"], "/until", zone);
  const maximum = readInteger(given["max_occurrences"], "/max_occurrences", 1, OCCURRENCES_MAX);
  const { days, times, setPositions, count, last, anchorLocalMs } = draft;
  const endLocalMs = startLocalMs + LIFE_YEARS * 366 * DAY_MS;
  const whole: Pattern = {
    days,
    times,
    setPositions,
    startLocalMs: anchorLocalMs,
    lastLocalMs: Math.min(endLocalMs, last === undefined ? Infinity : lastLocalOf(last, zone)),
  };
  const hasDates = draft.excluded.length + draft.extra.length > 0;
  // COUNT counts the times of the pattern from DTSTART on, with those taken out and without those added (RFC 5545 3.8.5.1).
  // Where these are the slots themselves it is left to their number.
  const isPlainCount = count === undefined || (!hasDates && anchorLocalMs >= startLocalMs);
  const pattern: Pattern = {
    ...whole,
    startLocalMs: Math.max(anchorLocalMs, startLocalMs),
    lastLocalMs: isPlainCount ? whole.lastLocalMs : Math.min(whole.lastLocalMs, nthOfPattern(whole, count)),
  };
  return {
    pattern,
    startLocalMs,
    runsHourly: draft.runsHourly,
    lastAt: last?.kind === "instant" ? last.at : Infinity,
    untilLocalMs: Math.min(endLocalMs, until === undefined ? Infinity : endOfMoment(until)),
    untilAt: until?.kind === "instant" ? until.at : Infinity,
    occurrencesMax: Math.min(maximum ?? Infinity, isPlainCount ? (count ?? Infinity) : Infinity),
    ...datesOf(draft, pattern, startLocalMs),
    wording: {
      step: draft.step,
      until: earlierOf(until, last, zone),
      count: maximum === undefined || count === undefined ? (maximum ?? count) : Math.min(maximum, count),
    },
  };
}

/** Puts the dates taken out and added into order; those that change nothing are left out. */
function datesOf(
  { excluded, extra, anchorLocalMs }: Draft,
  pattern: Pattern,
  startLocalMs: number,
): Pick<Rule, "excludedLocals" | "excludedDays" | "excludedAts" | "extraLocals" | "extraAts"> {
  const clock = anchorLocalMs - dayOfMs(anchorLocalMs) * DAY_MS;
  const excludedDays = sorted(excluded.flatMap((one) => (one.kind === "day" ? [one.day] : [])));
  const named = sorted(excluded.flatMap((one) => (one.kind === "local" ? [one.localMs] : [])));
  const isOut = (localMs: number) => holds(excludedDays, dayOfMs(localMs));
  const added = extra.flatMap((one) => {
    if (one.kind === "instant") return [];
    return [one.kind === "local" ? one.localMs : one.day * DAY_MS + clock];
  });
  const excludedAts = sorted(excluded.flatMap((one) => (one.kind === "instant" ? [one.at] : [])));
  return {
    excludedDays,
    excludedAts,
    excludedLocals: named.filter((localMs) => !isOut(localMs) && isOfPattern(pattern, localMs)),
    extraLocals: sorted(added).filter(
      (localMs) =>
        localMs >= startLocalMs &&
        !isOut(localMs) &&
        !holds(named, localMs) &&
        !isOfPattern(pattern, localMs),
    ),
    extraAts: sorted(extra.flatMap((one) => (one.kind === "instant" ? [one.at] : []))),
  };
}

/** The last wall time that may count; with an instant, a little more than its own, because clocks are turned back. */
function lastLocalOf(last: Moment, zone: ZoneRules): number {
  return last.kind === "instant" ? last.at + offsetAt(zone, last.at) + 3 * HOUR_MS : endOfMoment(last);
}

/** The one of two ends that comes first; a description names only that one. */
function earlierOf(one: Moment | undefined, other: Moment | undefined, zone: ZoneRules): Moment | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const wall = (end: Moment) => (end.kind === "instant" ? end.at + offsetAt(zone, end.at) : endOfMoment(end));
  return wall(one) <= wall(other) ? one : other;
}

function assertComesRound(rule: Rule, zone: ZoneRules, pointer: string, hasUntil: boolean): void {
  const { startLocalMs } = rule;
  if (findSlot({ rule, zone, startLocalMs, gap: "forward", overlap: "first" }, -Infinity) !== undefined)
    return;
  const endless = { ...rule.pattern, lastLocalMs: Infinity };
  if (nextOfPattern(endless, startLocalMs) === Infinity) {
    throw new Unsound(
      pointer,
      `the rule never comes round: no date within ${HORIZON_YEARS} years fits it (as with 30 February)`,
    );
  }
  throw new Unsound(hasUntil ? "/until" : pointer, "the rule ends before its first time");
}

function sorted(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
