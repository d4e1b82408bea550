import { civilFromDays, daysFromCivil, daysInMonth, isLeapYear, weekdayOf } from "../civil.ts";
import type { CivilDate } from "../civil.ts";
import { modulo } from "./rule.ts";

/** Which day of a month or year a weekday is: the second Tuesday (2), the last (-1). Weekday 0 = Sunday. */
export type Ordinal = { readonly weekday: number; readonly nth: number };

/**
 * The days of a rule. Masks hold bit n for the month, day or weekday n; 0 means "any" for days of the month.
 * A day counts when its year, month, week or day is a whole number of intervals from the anchor's and all parts agree.
 */
export type DayPattern = {
  readonly unit: "year" | "month" | "week" | "day";
  readonly interval: number;
  /** Number of the anchor's year, month (year * 12 + month - 1), week or day. */
  readonly anchor: number;
  /** First day of the week, 0 = Sunday. */
  readonly weekStart: number;
  readonly months: number;
  readonly monthDays: number;
  /** Days counted from the end of the month: bit 1 is the last day. */
  readonly lastMonthDays: number;
  /** The day of the month, or the month's last day where the month is shorter; 0 for none. */
  readonly clampedDay: number;
  readonly weekdays: number;
  readonly ordinals: readonly Ordinal[];
  readonly ordinalsOf: "month" | "year";
  /** 1-366, or -366 - -1 from the end of the year; undefined for any. */
  readonly yearDays: ReadonlySet<number> | undefined;
  /** 1-53, or -53 - -1 from the last; weeks as in ISO 8601 but from `weekStart`; undefined for any. */
  readonly weekNumbers: ReadonlySet<number> | undefined;
  /** cron: with both days of the month and weekdays given, either will do. */
  readonly isEither: boolean;
};

export const ALL_MONTHS = 0x1ffe;
export const ALL_WEEKDAYS = 0x7f;

/** Every day, from which other patterns are made. */
export const EVERY_DAY: DayPattern = {
  unit: "day",
  interval: 1,
  anchor: 0,
  weekStart: 1,
  months: ALL_MONTHS,
  monthDays: 0,
  lastMonthDays: 0,
  clampedDay: 0,
  weekdays: ALL_WEEKDAYS,
  ordinals: [],
  ordinalsOf: "month",
  yearDays: undefined,
  weekNumbers: undefined,
  isEither: false,
};

/** The first day of the pattern from `from` on; Infinity when none is found up to `limit`. Days since 1970-01-01. */
export function nextDay(pattern: DayPattern, from: number, limit: number): number {
  const { unit, interval, anchor, weekStart } = pattern;
  const isWeekly = isByWeekdayAlone(pattern);
  let day = from;
  while (day <= limit) {
    if (interval > 1 && unit === "day") {
      day += modulo(anchor - day, interval);
    } else if (interval > 1 && unit === "week") {
      const week = weekOf(day, weekStart);
      const ahead = modulo(anchor - week, interval);
      if (ahead > 0) day = firstDayOfWeek(week + ahead, weekStart);
    }
    if (isWeekly) {
      if ((pattern.weekdays >> weekdayOf(day)) & 1) return day <= limit ? day : Infinity;
      day += 1;
      continue;
    }
    const civil = civilFromDays(day);
    const skipped = nextMonthOf(pattern, civil.year, civil.month);
    if (skipped !== undefined) {
      day = skipped;
      continue;
    }
    const month = monthOf(day, civil);
    // With an interval of days or weeks the next day must be measured again.
    const isFree = interval === 1 || unit === "month" || unit === "year";
    const end = Math.min(isFree ? month.length : civil.day, limit - month.start + 1);
    for (let date = civil.day; date <= end; date += 1) {
      if (matchesDate(pattern, month, date)) return month.start + date - 1;
    }
    day = month.start + end;
  }
  return Infinity;
}

/** The first day and the last of the week, month or year that a day lies in. */
export function periodOf(pattern: DayPattern, day: number): { first: number; last: number } {
  if (pattern.unit === "day") return { first: day, last: day };
  if (pattern.unit === "week") {
    const first = firstDayOfWeek(weekOf(day, pattern.weekStart), pattern.weekStart);
    return { first, last: first + 6 };
  }
  const { year, month } = civilFromDays(day);
  if (pattern.unit === "year") return { first: daysFromCivil(year, 1, 1), last: daysFromCivil(year, 12, 31) };
  const first = daysFromCivil(year, month, 1);
  return { first, last: first + daysInMonth(year, month) - 1 };
}

/** The number of the year, month, week or day that a day lies in, for `anchor`. */
export function unitNumber(unit: DayPattern["unit"], day: number, weekStart: number): number {
  if (unit === "day") return day;
  if (unit === "week") return weekOf(day, weekStart);
  const { year, month } = civilFromDays(day);
  return unit === "year" ? year : year * 12 + month - 1;
}

function isByWeekdayAlone(pattern: DayPattern): boolean {
  return (
    pattern.months === ALL_MONTHS &&
    pattern.monthDays === 0 &&
    pattern.lastMonthDays === 0 &&
    pattern.clampedDay === 0 &&
    pattern.ordinals.length === 0 &&
    pattern.yearDays === undefined &&
    pattern.weekNumbers === undefined &&
    (pattern.unit === "day" || pattern.unit === "week" || pattern.interval === 1)
  );
}

/** The first day of the next month worth looking at, when this one is not; undefined when it is. */
function nextMonthOf(pattern: DayPattern, year: number, month: number): number | undefined {
  if (pattern.interval > 1 && pattern.unit === "year") {
    const ahead = modulo(pattern.anchor - year, pattern.interval);
    if (ahead > 0) return daysFromCivil(year + ahead, 1, 1);
  }
  if (pattern.interval > 1 && pattern.unit === "month") {
    const ahead = modulo(pattern.anchor - (year * 12 + month - 1), pattern.interval);
    if (ahead > 0) return firstOfMonth(year * 12 + month - 1 + ahead);
  }
  if ((pattern.months >> month) & 1) return undefined;
  return firstOfMonth(year * 12 + month);
}

function firstOfMonth(number: number): number {
  return daysFromCivil(Math.floor(number / 12), modulo(number, 12) + 1, 1);
}

/** A month while its days are looked at. Starts are days since 1970-01-01. */
type Month = {
  readonly start: number;
  readonly length: number;
  readonly yearStart: number;
  readonly yearLength: number;
};

function monthOf(day: number, { year, month, day: date }: CivilDate): Month {
  return {
    start: day - date + 1,
    length: daysInMonth(year, month),
    yearStart: daysFromCivil(year, 1, 1),
    yearLength: isLeapYear(year) ? 366 : 365,
  };
}

function matchesDate(pattern: DayPattern, month: Month, date: number): boolean {
  const isDate = isMonthDay(pattern, date, month.length);
  const isWeekday = isDayOfWeek(pattern, month, date);
  if (pattern.isEither ? !isDate && !isWeekday : !isDate || !isWeekday) return false;
  if (pattern.yearDays !== undefined) {
    const dayOfYear = month.start + date - month.yearStart;
    const fromEnd = dayOfYear - month.yearLength - 1;
    if (!pattern.yearDays.has(dayOfYear) && !pattern.yearDays.has(fromEnd)) return false;
  }
  return pattern.weekNumbers === undefined || isInWeeks(pattern.weekNumbers, month, date, pattern.weekStart);
}

function isMonthDay(pattern: DayPattern, date: number, length: number): boolean {
  if (pattern.clampedDay > 0) return date === Math.min(pattern.clampedDay, length);
  if (pattern.monthDays === 0 && pattern.lastMonthDays === 0) return true;
  return (
    ((pattern.monthDays >>> date) & 1) === 1 || ((pattern.lastMonthDays >>> (length - date + 1)) & 1) === 1
  );
}

function isDayOfWeek(pattern: DayPattern, month: Month, date: number): boolean {
  const weekday = weekdayOf(month.start + date - 1);
  if ((pattern.weekdays >> weekday) & 1) return true;
  const isOfMonth = pattern.ordinalsOf === "month";
  const place = isOfMonth ? date : month.start + date - month.yearStart;
  const size = isOfMonth ? month.length : month.yearLength;
  return pattern.ordinals.some((ordinal) => {
    if (ordinal.weekday !== weekday) return false;
    const nth = ordinal.nth > 0 ? Math.floor((place - 1) / 7) + 1 : -Math.floor((size - place) / 7) - 1;
    return nth === ordinal.nth;
  });
}

/** Week 1 is the first with at least four days in the year; a day of early January may be in the last week of the year before. */
function isInWeeks(
  numbers: ReadonlySet<number>,
  { start, yearStart, yearLength }: Month,
  date: number,
  weekStart: number,
): boolean {
  const day = start + date - 1;
  let first = firstWeek(yearStart, weekStart);
  let next = firstWeek(yearStart + yearLength, weekStart);
  if (day < first) {
    next = first;
    first = firstWeek(yearStart - (isLeapYear(civilFromDays(yearStart - 1).year) ? 366 : 365), weekStart);
  } else if (day >= next) {
    first = next;
    const { year } = civilFromDays(yearStart + yearLength);
    next = firstWeek(yearStart + yearLength + (isLeapYear(year) ? 366 : 365), weekStart);
  }
  const number = Math.floor((day - first) / 7) + 1;
  return numbers.has(number) || numbers.has(number - (next - first) / 7 - 1);
}

/** The first day of week 1 of the year that begins on a day: the week that holds 4 January. */
function firstWeek(yearStart: number, weekStart: number): number {
  return firstDayOfWeek(weekOf(yearStart + 3, weekStart), weekStart);
}

function weekOf(day: number, weekStart: number): number {
  return Math.floor((day + 4 - weekStart) / 7);
}

function firstDayOfWeek(week: number, weekStart: number): number {
  return week * 7 - 4 + weekStart;
}
