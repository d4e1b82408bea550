import { DAY_MS, dayOfMs } from "../civil.ts";
import { nextDay, periodOf } from "./days.ts";
import { HORIZON_YEARS, holds, indexFrom } from "./rule.ts";
import type { Pattern, Rule } from "./rule.ts";
import { timesOn } from "./times.ts";

const HORIZON_DAYS = HORIZON_YEARS * 366;

/**
 * The first wall time of a rule in [from, end) (ms as if UTC), with its dates taken out and added; Infinity for none. Nothing
 * is looked at from `end` on, which spares the long way to the next time of a rare rule.
 */
export function nextLocal(rule: Rule, from: number, end = Infinity): number {
  let least = from;
  for (;;) {
    const regular = nextOfPattern(rule.pattern, least, end);
    const extra = rule.extraLocals[indexFrom(rule.extraLocals, least)] ?? Infinity;
    const found = Math.min(regular, extra);
    if (found >= end || found > rule.untilLocalMs) return Infinity;
    if (extra < regular) return found;
    const day = dayOfMs(found);
    if (holds(rule.excludedDays, day)) least = (day + 1) * DAY_MS;
    else if (holds(rule.excludedLocals, found)) least = found + 1;
    else return found;
  }
}

/** How many wall times of a rule's pattern lie in [from, to), without those taken out. */
export function countRegular(rule: Rule, from: number, to: number): number {
  const end = Math.min(to, rule.untilLocalMs + 1);
  if (from >= end) return 0;
  let count = countOfPattern(rule.pattern, from, end) - countBetween(rule.excludedLocals, from, end);
  const days = rule.excludedDays;
  for (let i = indexFrom(days, dayOfMs(from)); i < days.length; i += 1) {
    const midnight = (days[i] ?? 0) * DAY_MS;
    if (midnight >= end) break;
    count -= countOfPattern(rule.pattern, Math.max(from, midnight), Math.min(end, midnight + DAY_MS));
  }
  return count;
}

/** How many wall times added to a rule lie in [from, to). */
export function countExtra(rule: Rule, from: number, to: number): number {
  return countBetween(rule.extraLocals, from, Math.max(from, Math.min(to, rule.untilLocalMs + 1)));
}

/** The first time of a pattern in [from, end); Infinity when there is none, or none within the horizon. */
export function nextOfPattern(pattern: Pattern, from: number, end = Infinity): number {
  const least = Math.max(from, pattern.startLocalMs);
  const last = Math.min(pattern.lastLocalMs, end - 1);
  if (least > last) return Infinity;
  const limit = Math.min(dayOfMs(least) + HORIZON_DAYS, dayOfMs(last));
  const found =
    pattern.setPositions.length === 0 ? nextPlain(pattern, least, limit) : nextOfSet(pattern, least, limit);
  return found <= last ? found : Infinity;
}

/** Whether a wall time is one of the pattern's. */
export function isOfPattern(pattern: Pattern, localMs: number): boolean {
  const day = dayOfMs(localMs);
  if (localMs < pattern.startLocalMs || localMs > pattern.lastLocalMs) return false;
  if (nextDay(pattern.days, day, day) !== day) return false;
  if (!holds(timesOn(pattern.times, day), localMs - day * DAY_MS)) return false;
  return pattern.setPositions.length === 0 || holds(setOf(pattern, periodOf(pattern.days, day)), localMs);
}

/** The time with a number (1 = the first); Infinity when the pattern ends before. Whole days or periods are counted at once. */
export function nthOfPattern(pattern: Pattern, nth: number): number {
  const { days, startLocalMs, lastLocalMs } = pattern;
  const isPlain = pattern.setPositions.length === 0;
  const last = dayOfMs(lastLocalMs);
  let left = nth;
  let day = nextDay(days, dayOfMs(startLocalMs), last);
  while (day <= last) {
    const period = isPlain ? { first: day, last: day } : periodOf(days, day);
    const midnight = isPlain ? day * DAY_MS : 0;
    const times = isPlain ? timesOn(pattern.times, day) : setOf(pattern, period);
    const passed = indexFrom(times, startLocalMs - midnight);
    if (times.length - passed >= left) return midnight + (times[passed + left - 1] ?? Infinity);
    left -= times.length - passed;
    day = nextDay(days, period.last + 1, last);
  }
  return Infinity;
}

/** How many times of a pattern lie in [from, to). */
export function countOfPattern(pattern: Pattern, from: number, to: number): number {
  const least = Math.max(from, pattern.startLocalMs);
  const end = Math.min(to, pattern.lastLocalMs + 1);
  if (least >= end) return 0;
  return pattern.setPositions.length === 0 ? countPlain(pattern, least, end) : countSets(pattern, least, end);
}

function nextPlain({ days, times }: Pattern, from: number, limit: number): number {
  const first = dayOfMs(from);
  let day = nextDay(days, first, limit);
  while (day <= limit) {
    const list = timesOn(times, day);
    const time = day === first ? list[indexFrom(list, from - first * DAY_MS)] : list[0];
    if (time !== undefined) return day * DAY_MS + time;
    day = nextDay(days, day + 1, limit);
  }
  return Infinity;
}

function countPlain({ days, times }: Pattern, from: number, to: number): number {
  const first = dayOfMs(from);
  const last = dayOfMs(to - 1);
  let count = 0;
  for (let day = nextDay(days, first, last); day <= last; day = nextDay(days, day + 1, last)) {
    const list = timesOn(times, day);
    if (day !== first && day !== last) count += list.length;
    else count += countBetween(list, from - day * DAY_MS, to - day * DAY_MS);
  }
  return count;
}

function nextOfSet(pattern: Pattern, from: number, limit: number): number {
  let day = nextDay(pattern.days, dayOfMs(from), limit);
  while (day <= limit) {
    const period = periodOf(pattern.days, day);
    const set = setOf(pattern, period);
    const found = set[indexFrom(set, from)];
    if (found !== undefined) return found;
    day = nextDay(pattern.days, period.last + 1, limit);
  }
  return Infinity;
}

function countSets(pattern: Pattern, from: number, to: number): number {
  const last = dayOfMs(to - 1);
  let count = 0;
  let day = nextDay(pattern.days, dayOfMs(from), last);
  while (day <= last) {
    const period = periodOf(pattern.days, day);
    count += countBetween(setOf(pattern, period), from, to);
    day = nextDay(pattern.days, period.last + 1, last);
  }
  return count;
}

/** The chosen times of one period, sorted. The times are never listed: a position is a day and a time of that day. */
function setOf(pattern: Pattern, period: { first: number; last: number }): readonly number[] {
  const days: number[] = [];
  for (let day = period.first; ; day += 1) {
    day = nextDay(pattern.days, day, period.last);
    if (day > period.last) break;
    days.push(day);
  }
  const times = timesOn(pattern.times, period.first);
  const size = days.length * times.length;
  const indices = pattern.setPositions.map((position) => (position > 0 ? position - 1 : size + position));
  const found = [...new Set(indices)].filter((index) => index >= 0 && index < size).sort((a, b) => a - b);
  return found.map(
    (index) => (days[Math.floor(index / times.length)] ?? 0) * DAY_MS + (times[index % times.length] ?? 0),
  );
}

function countBetween(sorted: readonly number[], from: number, to: number): number {
  return indexFrom(sorted, to) - indexFrom(sorted, from);
}
