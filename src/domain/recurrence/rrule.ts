import { DAY_MS, HOUR_MS, MINUTE_MS, civilFromDays, dayOfMs, weekdayOf } from "../civil.ts";
import { offsetAt } from "../zone.ts";
import type { ZoneRules } from "../zone.ts";
import { ALL_MONTHS, ALL_WEEKDAYS, EVERY_DAY, unitNumber } from "./days.ts";
import type { DayPattern, Ordinal } from "./days.ts";
import { Unsound, assertKnown, quote, readMoment } from "./input.ts";
import type { Draft, Moment } from "./input.ts";
import { readLines } from "./rrule-lines.ts";
import { DATES_MAX, HORIZON_YEARS, INTERVAL_MAX, LIFE_YEARS, OCCURRENCES_MAX, modulo } from "./rule.ts";
import { sameTimes, steppedTimes } from "./times.ts";
import type { Times } from "./times.ts";

type Frequency = "YEARLY" | "MONTHLY" | "WEEKLY" | "DAILY" | "HOURLY" | "MINUTELY";
type Weekdays = { readonly mask: number; readonly ordinals: readonly Ordinal[] };

/** The BY parts; an empty list where one is absent. Sorted, without doubles. */
type Parts = {
  readonly frequency: Frequency;
  readonly interval: number;
  readonly weekStart: number;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly monthDays: readonly number[];
  readonly yearDays: readonly number[];
  readonly weekNumbers: readonly number[];
  readonly months: readonly number[];
  readonly setPositions: readonly number[];
  readonly weekdays: Weekdays | undefined;
};

const UNITS = {
  YEARLY: "year",
  MONTHLY: "month",
  WEEKLY: "week",
  DAILY: "day",
  HOURLY: "day",
  MINUTELY: "day",
} as const;
const INTERVALS_MAX = {
  YEARLY: HORIZON_YEARS,
  MONTHLY: HORIZON_YEARS * 12,
  WEEKLY: INTERVAL_MAX,
  DAILY: INTERVAL_MAX,
  HOURLY: INTERVAL_MAX,
  MINUTELY: INTERVAL_MAX,
} as const;
const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
const SET_POSITIONS_MAX = 50;

/**
 * Reads `{rrule, exdates, rdates}` after RFC 5545 3.3.10. Without DTSTART the start takes its place; with it, intervals and
 * COUNT begin at DTSTART, and slots at the later of the two. A DTSTART that does not fit its rule is not a slot.
 * Beyond the RFC, BYWEEKNO and BYYEARDAY may narrow every frequency, as in python-dateutil.
 */
export function readRrule(
  given: Readonly<Record<string, unknown>>,
  startLocalMs: number,
  zone: ZoneRules,
): Draft {
  assertKnown(given, ["rrule", "exdates", "rdates", "until", "max_occurrences"]);
  if (typeof given["rrule"] !== "string") fault('send a text such as "FREQ=WEEKLY;BYDAY=MO"');
  const lines = readLines(given["rrule"], zone);
  const parts = readParts(lines.parts);
  const anchorLocalMs = lines.start === undefined ? startLocalMs : anchorOf(lines.start, startLocalMs, zone);
  const count = readCount(lines.parts);
  const until = lines.parts.get("UNTIL");
  if (count !== undefined && until !== undefined) fault("a rule has COUNT or UNTIL, not both");
  return {
    days: daysOf(parts, dayOfMs(anchorLocalMs)),
    times: timesOf(parts, anchorLocalMs),
    // Within a day all times are the same on every day, so positions choose among them once and for all.
    setPositions: isWithinDay(parts.frequency) ? [] : parts.setPositions,
    runsHourly: runsHourly(parts),
    step: stepOf(parts),
    anchorLocalMs,
    count,
    last: until === undefined ? undefined : readMoment(until, "/rrule", zone),
    excluded: [...lines.excluded, ...readDates(given["exdates"], "/exdates", zone)],
    extra: [...lines.extra, ...readDates(given["rdates"], "/rdates", zone)],
  };
}

function fault(detail: string): never {
  throw new Unsound("/rrule", detail);
}

function readParts(texts: ReadonlyMap<string, string>): Parts {
  const frequency = readFrequency(texts.get("FREQ"));
  const list = (name: string, least: number, most: number) => readNumbers(texts, name, least, most);
  if (list("BYSECOND", 0, 59).some((second) => second !== 0)) {
    fault("BYSECOND: calls are planned by the minute; only BYSECOND=0 is possible");
  }
  const weekStart = texts.has("WKST") ? WEEKDAYS.indexOf(texts.get("WKST") ?? "") : 1;
  if (weekStart < 0) fault("WKST is one of SU, MO, TU, WE, TH, FR, SA");
  const parts: Parts = {
    frequency,
    interval: readNumber(texts, "INTERVAL", INTERVALS_MAX[frequency]) ?? 1,
    weekStart,
    minutes: list("BYMINUTE", 0, 59),
    hours: list("BYHOUR", 0, 23),
    monthDays: list("BYMONTHDAY", -31, 31),
    yearDays: list("BYYEARDAY", -366, 366),
    weekNumbers: list("BYWEEKNO", -53, 53),
    months: list("BYMONTH", 1, 12),
    setPositions: list("BYSETPOS", -366, 366),
    weekdays: readWeekdays(texts.get("BYDAY")),
  };
  assertFit(parts, texts);
  return parts;
}

function readFrequency(text: string | undefined): Frequency {
  if (text === undefined) fault("a rule needs FREQ, such as FREQ=WEEKLY");
  if (text === "SECONDLY") fault("FREQ=SECONDLY: calls are planned by the minute; use MINUTELY or more");
  if (Object.hasOwn(UNITS, text)) return text as Frequency;
  return fault(`FREQ=${quote(text)} is not known: send YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY or MINUTELY`);
}

function assertFit(
  { frequency, monthDays, weekNumbers, setPositions, weekdays }: Parts,
  texts: ReadonlyMap<string, string>,
): void {
  const isOrdinal = (weekdays?.ordinals.length ?? 0) > 0;
  if (isOrdinal && frequency !== "MONTHLY" && frequency !== "YEARLY") {
    fault(`BYDAY with a number (such as 2TU) goes with MONTHLY or YEARLY, not ${frequency}`);
  }
  if (isOrdinal && weekNumbers.length > 0) fault("BYDAY with a number does not go with BYWEEKNO");
  if (monthDays.length > 0 && frequency === "WEEKLY") fault("BYMONTHDAY does not go with WEEKLY");
  if (setPositions.length > SET_POSITIONS_MAX) fault(`BYSETPOS has at most ${SET_POSITIONS_MAX} numbers`);
  const hasOther = [...texts.keys()].some((name) => name.startsWith("BY") && name !== "BYSETPOS");
  if (setPositions.length > 0 && !hasOther) fault("BYSETPOS chooses from another BY part, and there is none");
}

/** Sorted and without doubles. Zero is refused where numbers count from the end too. */
function readNumbers(
  texts: ReadonlyMap<string, string>,
  name: string,
  least: number,
  most: number,
): readonly number[] {
  const text = texts.get(name);
  if (text === undefined) return [];
  const numbers = text.split(",").map((one) => {
    const value = /^[+-]?\d{1,4}$/.test(one) ? Number(one) : Number.NaN;
    if (value >= least && value <= most && (value !== 0 || least === 0)) return value;
    const range = least < 0 ? `1 to ${most}, or -1 to ${least} from the end` : `${least} to ${most}`;
    return fault(`${name}: ${quote(one)} is not one of ${range}`);
  });
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function readNumber(texts: ReadonlyMap<string, string>, name: string, most: number): number | undefined {
  const text = texts.get(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= most ? value : fault(`${name} is a whole number from 1 to ${most} here`);
}

function readCount(texts: ReadonlyMap<string, string>): number | undefined {
  return readNumber(texts, "COUNT", OCCURRENCES_MAX);
}

function readWeekdays(text: string | undefined): Weekdays | undefined {
  if (text === undefined) return undefined;
  let mask = 0;
  const ordinals: Ordinal[] = [];
  for (const one of text.split(",")) {
    const match = /^([+-]?\d{1,2})?(SU|MO|TU|WE|TH|FR|SA)$/.exec(one);
    const nth = Number(match?.[1] ?? "0");
    const weekday = WEEKDAYS.indexOf(match?.[2] ?? "");
    if (weekday < 0 || Math.abs(nth) > 53 || (nth === 0 && match?.[1] !== undefined)) {
      fault(`BYDAY: ${quote(one)} is no weekday such as MO, 2TU or -1FR`);
    }
    if (nth === 0) mask |= 1 << weekday;
    else if (!ordinals.some((other) => other.weekday === weekday && other.nth === nth))
      ordinals.push({ weekday, nth });
  }
  return { mask, ordinals };
}

function readDates(value: unknown, pointer: string, zone: ZoneRules): readonly Moment[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > DATES_MAX) {
    throw new Unsound(pointer, `send a list of at most ${DATES_MAX} dates or times`);
  }
  return value.map((one, i) => readMoment(one, `${pointer}/${i}`, zone));
}

/** Wall time of DTSTART; a day takes its time from the start. */
function anchorOf(start: Moment, startLocalMs: number, zone: ZoneRules): number {
  const anchor = wallTimeOf(start, startLocalMs, zone);
  if (Math.abs(anchor - startLocalMs) <= LIFE_YEARS * 365 * DAY_MS) return anchor;
  return fault(`DTSTART is more than ${LIFE_YEARS} years from the start of the series`);
}

function wallTimeOf(start: Moment, startLocalMs: number, zone: ZoneRules): number {
  if (start.kind === "local") return start.localMs;
  if (start.kind === "instant") return start.at + offsetAt(zone, start.at);
  return start.day * DAY_MS + modulo(startLocalMs, DAY_MS);
}

/** The days, with what the rule does not say taken from the anchor's day (RFC 5545 3.3.10). */
function daysOf(parts: Parts, anchorDay: number): DayPattern {
  const { frequency, interval, weekStart, weekdays } = parts;
  const unit = UNITS[frequency];
  const isWithin = frequency === "HOURLY" || frequency === "MINUTELY";
  const base: DayPattern = {
    ...EVERY_DAY,
    unit,
    interval: isWithin ? 1 : interval,
    anchor: unitNumber(unit, anchorDay, weekStart),
    weekStart,
    months: parts.months.length === 0 ? ALL_MONTHS : maskOf(parts.months),
    monthDays: maskOf(parts.monthDays.filter((date) => date > 0)),
    lastMonthDays: maskOf(parts.monthDays.filter((date) => date < 0).map((date) => -date)),
    weekdays: weekdays === undefined ? ALL_WEEKDAYS : weekdays.mask,
    ordinals: weekdays?.ordinals ?? [],
    ordinalsOf: frequency === "YEARLY" && parts.months.length === 0 ? "year" : "month",
    yearDays: parts.yearDays.length === 0 ? undefined : new Set(parts.yearDays),
    weekNumbers: parts.weekNumbers.length === 0 ? undefined : new Set(parts.weekNumbers),
  };
  if (weekdays !== undefined || parts.monthDays.length > 0 || parts.yearDays.length > 0) return base;
  const { month, day } = civilFromDays(anchorDay);
  const onWeekday = { ...base, weekdays: 1 << weekdayOf(anchorDay) };
  if (frequency === "WEEKLY") return onWeekday;
  if (frequency === "MONTHLY")
    return parts.weekNumbers.length > 0 ? onWeekday : { ...base, monthDays: 1 << day };
  if (frequency !== "YEARLY") return base;
  if (parts.weekNumbers.length > 0) return onWeekday;
  return { ...base, monthDays: 1 << day, months: parts.months.length === 0 ? 1 << month : base.months };
}

function timesOf({ frequency, interval, hours, minutes, setPositions }: Parts, anchorLocalMs: number): Times {
  const hour = Math.floor(modulo(anchorLocalMs, DAY_MS) / HOUR_MS);
  const minute = Math.floor(modulo(anchorLocalMs, HOUR_MS) / MINUTE_MS);
  const everyHour = hours.length === 0 ? range(0, 23) : hours;
  if (frequency === "MINUTELY") {
    const isChosen = setPositions.length === 0 || setPositions.includes(1) || setPositions.includes(-1);
    const list = minutes.length === 0 ? range(0, 59) : minutes;
    return steppedTimes("minute", interval, anchorLocalMs, everyHour, isChosen ? list : []);
  }
  const list = minutes.length === 0 ? [minute] : minutes;
  if (frequency === "HOURLY") {
    return steppedTimes("hour", interval, anchorLocalMs, everyHour, choose(list, setPositions));
  }
  const all = sameTimes(hours.length === 0 ? [hour] : hours, list, modulo(anchorLocalMs, MINUTE_MS));
  if (frequency !== "DAILY" || all.kind !== "same") return all;
  return { kind: "same", list: choose(all.list, setPositions) };
}

function isWithinDay(frequency: Frequency): boolean {
  return frequency === "DAILY" || frequency === "HOURLY" || frequency === "MINUTELY";
}

/** Whether no hour of a day is without a time. */
function runsHourly({ frequency, interval, hours, minutes, setPositions }: Parts): boolean {
  if (setPositions.length > 0) return false;
  const isAnyHour = hours.length === 0 || hours.length === 24;
  if (frequency === "HOURLY") return isAnyHour && interval === 1;
  if (frequency === "MINUTELY")
    return isAnyHour && (interval === 1 || (interval <= 60 && minutes.length === 0));
  return hours.length === 24;
}

function stepOf({ frequency, interval }: Parts): Draft["step"] {
  if (frequency === "HOURLY") return { unit: "hour", interval };
  return frequency === "MINUTELY" ? { unit: "minute", interval } : undefined;
}

function choose(list: readonly number[], positions: readonly number[]): readonly number[] {
  if (positions.length === 0) return list;
  return list.filter((_, i) => positions.includes(i + 1) || positions.includes(i - list.length));
}

function maskOf(numbers: readonly number[]): number {
  return numbers.reduce((mask, number) => mask | (1 << number), 0);
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
