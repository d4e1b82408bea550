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
  const dates = setPositions.length > 0 ? undefined : dateWords(pattern);
  if (setPositions.length > 0) return setWords(pattern, setPositions);
  if (dates === undefined) return plainWords(pattern);
  if (pattern.unit === "day" || pattern.unit === "week") {
    const often = pattern.interval === 1 ? "" : `${everyUnit(pattern)}, when it is `;
    return `${often}${often === "" ? "on " : ""}${dates} of ${monthWords(pattern.months, "every month")}`;
  }
  const isYearly = pattern.unit === "year";
  const months = monthWords(pattern.months, "every month");
  if (pattern.interval > 1)
    return `${everyUnit(pattern)} on ${dates}${isYearly || pattern.months !== ALL_MONTHS ? ` of ${yearlyOf(pattern, months)}` : ""}`;
  return `on ${dates} of ${isYearly ? yearlyOf(pattern, months) : months}`;
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

/** "the 15th", "the second Tuesday or the last Friday"; undefined when weekdays alone tell the days. */
function dateWords(pattern: DayPattern): string | undefined {
  const restrictions: string[] = [];
  const dates = monthDayWords(pattern);
  const weekday = pattern.weekdays === ALL_WEEKDAYS ? undefined : pattern.weekdays;
  const ordinals = pattern.ordinals.map(({ weekday, nth }) => `the ${nthWord(nth)} ${WEEKDAYS[weekday]}`);
  if (weekday !== undefined && weekday !== 0) ordinals.push(`any ${weekdayWords(weekday, "or")}`);
  if (pattern.isEither) return `${dates ?? "any day"}, or ${ordinals.join(" or ")},`;
  if (pattern.weekNumbers !== undefined) {
    const inWeek = `week ${joinWords([...pattern.weekNumbers].map((week) => (week > 0 ? String(week) : `${-week} from the end`)))}`;
    restrictions.push(
      weekday === undefined ? `every day of ${inWeek}` : `${weekdayWords(weekday, "and")} of ${inWeek}`,
    );
  }
  if (pattern.yearDays !== undefined) {
    restrictions.push(
      `day ${joinWords([...pattern.yearDays].map((day) => (day > 0 ? String(day) : `${-day} from the end`)))}`,
    );
  }
  if (dates !== undefined) restrictions.push(dates);
  if (restrictions.length === 0) return pattern.ordinals.length === 0 ? undefined : joinWords(ordinals);
  if (pattern.weekNumbers === undefined && ordinals.length > 0)
    restrictions.push(`when it is ${joinWords(ordinals, "or").replace(/^any /, "")},`);
  return restrictions.join(" ");
}

function monthDayWords(pattern: DayPattern): string | undefined {
  if (pattern.clampedDay === 31) return "the last day";
  if (pattern.clampedDay > 28) return `the ${numbered(pattern.clampedDay)} (or the last day)`;
  if (pattern.clampedDay > 0) return `the ${numbered(pattern.clampedDay)}`;
  const words = [
    ...bitsOf(pattern.monthDays).map((date) => `the ${numbered(date)}`),
    ...bitsOf(pattern.lastMonthDays).map(
      (date) => `the ${date === 1 ? "last day" : `${numbered(date)} day from the end`}`,
    ),
  ];
  return words.length === 0 ? undefined : joinWords(words);
}

/** What BYSETPOS says: which of the days (and times) that fit. */
function setWords(pattern: DayPattern, positions: readonly number[]): string {
  const which = joinWords(
    positions.toSorted((a, b) => Number(a < 0) - Number(b < 0) || a - b).map((one) => `the ${nthWord(one)}`),
  );
  const bare = { ...pattern, unit: "month" as const, interval: 1, months: ALL_MONTHS };
  const among = dateWords(bare);
  const set = among === undefined ? weekdaySet(pattern.weekdays) : `of ${among.replace(/,$/, "")}`;
  const months = monthWords(pattern.months, "");
  const inMonths = months === "" ? "" : ` in ${months}`;
  return `on ${which} ${set} of ${everyUnit(pattern)}${inMonths}`;
}

function weekdaySet(mask: number): string {
  if (mask === ALL_WEEKDAYS) return "day";
  if (mask === MONDAY_TO_FRIDAY) return "weekday";
  return mask === WEEKEND ? "weekend day" : weekdayWords(mask, "or");
}

function yearlyOf(pattern: DayPattern, months: string): string {
  if (pattern.months !== ALL_MONTHS) return pattern.interval === 1 ? `${months} every year` : months;
  if (
    pattern.ordinalsOf === "year" &&
    (pattern.ordinals.length > 0 || pattern.yearDays !== undefined || pattern.weekNumbers !== undefined)
  ) {
    return pattern.interval === 1 ? "every year" : "the year";
  }
  return months;
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
