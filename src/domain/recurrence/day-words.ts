import { ALL_MONTHS, ALL_WEEKDAYS } from "./days.ts";
import type { DayPattern } from "./days.ts";

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July"].concat([
  "August",
  "September",
  "October",
  "November",
  "December",
]);
const NTH = ["", "first", "second", "third", "fourth", "fifth"];
const MONDAY_TO_FRIDAY = 0b0111110;
const WEEKEND = 0b1000001;

/** The days of a rule in words: "weekdays", "every 2 weeks on Monday and Thursday", "on the last day of every month". */
export function describeDays(pattern: DayPattern, setPositions: readonly number[]): string {
  if (setPositions.length > 0) return setWords(pattern, setPositions);
  const dates = dateWords(pattern);
  if (dates === undefined) return plainWords(pattern);
  const among = amongWords(pattern);
  const end = among === "" ? "" : `, when it is ${among},`;
  if (pattern.isEither)
    return `on ${dates} ${ofWords(pattern)} or on any ${weekdayWords(pattern.weekdays, "or")}`;
  if (pattern.interval === 1) return `on ${dates} ${ofWords(pattern)}${end}`;
  if (pattern.unit === "day" || pattern.unit === "week") {
    return `${everyUnit(pattern)}, when it is ${dates.replaceAll(" and ", " or ")} ${ofWords(pattern)}${end || ","}`;
  }
  const of = pattern.unit === "month" && pattern.months === ALL_MONTHS ? "" : ` ${ofWords(pattern)}`;
  return `${everyUnit(pattern)} on ${dates}${of}${end}`;
}

/** "a", "a and b", "a, b and c". */
export function joinWords(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** Days told by weekday alone. */
function plainWords(pattern: DayPattern): string {
  const { unit, interval, weekdays, months } = pattern;
  const inMonths = months === ALL_MONTHS ? "" : ` in ${monthWords(months, "")}`;
  if (interval > 1) {
    if (weekdays === ALL_WEEKDAYS) return `${everyUnit(pattern)}${inMonths}`;
    const on =
      unit === "day"
        ? `, when it is ${weekdayWords(weekdays, "or")},`
        : ` on ${weekdayWords(weekdays, "and")}`;
    return `${everyUnit(pattern)}${on}${inMonths}`;
  }
  if (weekdays === ALL_WEEKDAYS) return `every day${inMonths}`;
  if (weekdays === MONDAY_TO_FRIDAY) return `weekdays${inMonths}`;
  return `every ${weekdayWords(weekdays, "and")}${inMonths}`;
}

/** "the 15th", "the second Tuesday and the last Friday"; undefined when weekdays alone tell the days. */
function dateWords(pattern: DayPattern): string | undefined {
  const words: string[] = [];
  if (pattern.weekNumbers !== undefined) {
    const weeks = joinWords(fromEither([...pattern.weekNumbers]));
    const days = pattern.weekdays === ALL_WEEKDAYS ? "every day" : weekdayWords(pattern.weekdays, "and");
    words.push(`${days} of ${pattern.weekNumbers.size === 1 ? "week" : "weeks"} ${weeks}`);
  }
  if (pattern.yearDays !== undefined) {
    words.push(
      `${pattern.yearDays.size === 1 ? "day" : "days"} ${joinWords(fromEither([...pattern.yearDays]))}`,
    );
  }
  const dates = monthDayWords(pattern);
  if (dates !== undefined) words.push(dates);
  if (words.length > 0) return words.join(", on ");
  if (pattern.ordinals.length === 0) return undefined;
  return joinWords([
    ...ordinalWords(pattern),
    ...(pattern.weekdays === 0 ? [] : [weekdayWords(pattern.weekdays, "and")]),
  ]);
}

/** The weekdays that narrow dates: "Friday", "the first Monday or Sunday"; "" for none. */
function amongWords(pattern: DayPattern): string {
  const isTold = pattern.weekNumbers !== undefined;
  const hasDates = monthDayWords(pattern) !== undefined || pattern.yearDays !== undefined;
  if (isTold || !hasDates || pattern.weekdays === ALL_WEEKDAYS) return "";
  const weekdays = pattern.weekdays === 0 ? [] : [weekdayWords(pattern.weekdays, "or")];
  return joinWords([...ordinalWords(pattern), ...weekdays], "or");
}

function ordinalWords(pattern: DayPattern): readonly string[] {
  return pattern.ordinals.map(({ weekday, nth }) => `the ${nthWord(nth)} ${WEEKDAYS[weekday]}`);
}

/** Numbers from the beginning, then those from the end. */
function fromEither(numbers: readonly number[]): readonly string[] {
  const sorted = numbers.toSorted((a, b) => Number(a < 0) - Number(b < 0) || Math.abs(a) - Math.abs(b));
  return sorted.map((one) => (one > 0 ? String(one) : one === -1 ? "the last" : `the ${nthWord(one)}`));
}

function monthDayWords(pattern: DayPattern): string | undefined {
  if (pattern.clampedDay === 31) return "the last day";
  if (pattern.clampedDay > 28) return `the ${numbered(pattern.clampedDay)} (or the last day)`;
  if (pattern.clampedDay > 0) return `the ${numbered(pattern.clampedDay)}`;
  const dates = bitsOf(pattern.monthDays);
  const [first = 0, last = 0] = [dates[0], dates.at(-1)];
  const isRange = dates.length > 2 && last - first === dates.length - 1;
  const words = [
    ...(isRange ? [`the ${numbered(first)} to the ${numbered(last)}`] : datesInWords(dates)),
    ...bitsOf(pattern.lastMonthDays).map((date) => `the ${nthWord(-date)} day`),
  ];
  return words.length === 0 ? undefined : joinWords(words);
}

function datesInWords(dates: readonly number[]): readonly string[] {
  if (dates.length <= 4) return dates.map((date) => `the ${numbered(date)}`);
  return dates.map((date, i) => (i === 0 ? `days ${date}` : String(date)));
}

/** What BYSETPOS says: which of the days (and times) that fit. */
function setWords(pattern: DayPattern, positions: readonly number[]): string {
  const order = positions.toSorted((a, b) => Number(a < 0) - Number(b < 0) || a - b);
  const which = joinWords(order.map((one) => `the ${nthWord(one)}`));
  const dates = dateWords(pattern);
  const among = amongWords(pattern);
  const set =
    dates === undefined
      ? weekdaySet(pattern.weekdays)
      : `of ${dates}${among === "" ? "" : ` that is ${among}`}`;
  const months = monthWords(pattern.months, "");
  if (months !== "" && pattern.unit === "year" && pattern.interval === 1)
    return `on ${which} ${set} of ${months} every year`;
  return `on ${which} ${set} of ${everyUnit(pattern)}${months === "" ? "" : ` in ${months}`}`;
}

function weekdaySet(mask: number): string {
  if (mask === ALL_WEEKDAYS) return "day";
  if (mask === MONDAY_TO_FRIDAY) return "weekday";
  return mask === WEEKEND ? "weekend day" : weekdayWords(mask, "or");
}

/** "of every month", "of March every year", "of the year". */
function ofWords(pattern: DayPattern): string {
  const isYearly = pattern.unit === "year";
  const every = isYearly && pattern.interval === 1 ? " every year" : "";
  if (pattern.months !== ALL_MONTHS) return `of ${monthWords(pattern.months, "")}${every}`;
  const isOfYear =
    pattern.yearDays !== undefined ||
    pattern.weekNumbers !== undefined ||
    (pattern.ordinalsOf === "year" && pattern.ordinals.length > 0);
  if (!isOfYear) return "of every month";
  return isYearly && pattern.interval > 1 ? "of the year" : "of every year";
}

function everyUnit({ unit, interval }: DayPattern): string {
  return interval === 1 ? `every ${unit}` : `every ${interval} ${unit}s`;
}

function weekdayWords(mask: number, last: string): string {
  if (mask === MONDAY_TO_FRIDAY && last === "and") return "weekdays";
  // The week is told from Monday on.
  const order = [1, 2, 3, 4, 5, 6, 0].filter((weekday) => (mask >> weekday) & 1);
  return joinWords(
    order.map((weekday) => WEEKDAYS[weekday] ?? ""),
    last,
  );
}

function monthWords(mask: number, all: string): string {
  return mask === ALL_MONTHS ? all : joinWords(bitsOf(mask).map((month) => MONTHS[month - 1] ?? ""));
}

function nthWord(nth: number): string {
  if (nth === -1) return "last";
  if (nth < 0) return `${NTH[-nth] ?? numbered(-nth)} to last`;
  return NTH[nth] ?? numbered(nth);
}

function numbered(number: number): string {
  const rest = number % 100;
  const ending = rest > 10 && rest < 14 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}

function bitsOf(mask: number): readonly number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (mask >>> bit) & 1);
}
