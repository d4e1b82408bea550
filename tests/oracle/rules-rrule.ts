import { isoWeek, plainDay, weekNumber } from "./brute.ts";
import type { PlainDay, Spec } from "./brute.ts";
import { anyDay, at } from "./place.ts";
import type { OracleRule, Place } from "./place.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const CODES = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/** Rules of RFC 5545 within the day. */
export function dailyRrules(place: Place): OracleRule[] {
  const { midMs, hour, of } = place;
  const around = [hour, (hour + 1) % 24, (hour + 23) % 24];
  const rrule = (name: string, text: string, startLocalMs: number, spec: Spec): OracleRule => ({
    name,
    input: { rrule: text },
    startLocalMs,
    spec,
  });
  /** Minutes since the start by the wall clock. */
  const since = (startMs: number) => (minute: number, day: PlainDay) =>
    day.index * 1440 + minute - startMs / MINUTE;
  const stepped = (
    name: string,
    text: string,
    step: number,
    back: number,
    everyHour: boolean,
    also: (minute: number) => boolean = anyDay,
  ): OracleRule => {
    const startMs = midMs - back * MINUTE;
    const count = since(startMs);
    return rrule(name, text, startMs, {
      day: anyDay,
      minute: (minute, day) => count(minute, day) % step === 0 && also(minute),
      everyHour,
    });
  };
  const hours = (list: readonly number[]) => (minute: number) => list.includes(Math.floor(minute / 60));
  return [
    rrule("DAILY", "FREQ=DAILY", midMs - 2 * DAY, { day: anyDay, minute: at(of) }),
    rrule("hours around, halves", `FREQ=DAILY;BYHOUR=${around.join(",")};BYMINUTE=0,30`, midMs - DAY, {
      day: anyDay,
      minute: (m) => hours(around)(m) && m % 30 === 0,
    }),
    rrule(
      "all hours",
      `FREQ=DAILY;BYHOUR=${Array.from({ length: 24 }, (_, i) => i).join(",")};BYMINUTE=10,40`,
      midMs - DAY,
      { day: anyDay, minute: (m) => m % 30 === 10, everyHour: true },
    ),
    stepped("HOURLY", "FREQ=HOURLY", 60, 1440, true),
    stepped("HOURLY, two", "FREQ=HOURLY;INTERVAL=2", 120, 1440, false),
    stepped("HOURLY, three, astride", "FREQ=HOURLY;INTERVAL=3", 180, 1380, false),
    stepped("HOURLY, five", "FREQ=HOURLY;INTERVAL=5", 300, 1500, false),
    stepped(
      "HOURLY, of some hours",
      `FREQ=HOURLY;BYHOUR=${around.join(",")}`,
      60,
      1440,
      false,
      hours(around),
    ),
    rrule("HOURLY, thirds", "FREQ=HOURLY;BYMINUTE=0,20,40", midMs - DAY, {
      day: anyDay,
      minute: (m) => m % 20 === 0,
      everyHour: true,
    }),
    rrule("HOURLY, last third", "FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=-1", midMs - DAY, {
      day: anyDay,
      minute: (m) => m % 60 === 40,
    }),
    stepped("MINUTELY, 15", "FREQ=MINUTELY;INTERVAL=15", 15, 1440, true),
    stepped("MINUTELY, 7", "FREQ=MINUTELY;INTERVAL=7", 7, 1001, true),
    stepped("MINUTELY, 45", "FREQ=MINUTELY;INTERVAL=45", 45, 1440, true),
    stepped("MINUTELY, 90", "FREQ=MINUTELY;INTERVAL=90", 90, 1440, false),
    stepped(
      "MINUTELY, 10, of one hour",
      `FREQ=MINUTELY;INTERVAL=10;BYHOUR=${hour}`,
      10,
      1440,
      false,
      hours([hour]),
    ),
  ];
}

/** Rules of RFC 5545 by date. */
export function dateRrules(place: Place): OracleRule[] {
  const { mid, midMs, of } = place;
  const code = CODES[mid.weekday] ?? "";
  const nth = Math.floor((mid.date - 1) / 7) + 1;
  const fromEnd = mid.daysInMonth - mid.date + 1;
  const week = isoWeek(mid);
  const rule = (name: string, text: string, back: number, day: Spec["day"]): OracleRule => ({
    name,
    input: { rrule: text },
    startLocalMs: midMs - back * DAY,
    spec: { day, minute: at(of) },
  });
  const sunday = (day: PlainDay) => weekNumber(day, 0);
  const isWorkday = (day: PlainDay) => day.weekday >= 1 && day.weekday <= 5;
  /** Whether a day is the nth of its month that fits; negative from the end. */
  const isNthOfMonth = (day: PlainDay, place: number, fits: (day: PlainDay) => boolean) => {
    const fitting: number[] = [];
    for (let date = 1; date <= day.daysInMonth; date += 1) {
      if (fits(plainDay((day.index - day.date + date) * DAY))) fitting.push(date);
    }
    return fitting.at(place > 0 ? place - 1 : place) === day.date;
  };
  return [
    rule(
      "WEEKLY",
      `FREQ=WEEKLY;BYDAY=${code},WE`,
      9,
      (day) => day.weekday === mid.weekday || day.weekday === 3,
    ),
    rule(
      "WEEKLY, two, from Sunday",
      `FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO,SA`,
      15,
      (day) =>
        [0, 1, 6].includes(day.weekday) && (sunday(day) - sunday(plainDay(midMs - 15 * DAY))) % 2 === 0,
    ),
    rule(
      "nth weekday",
      `FREQ=MONTHLY;BYDAY=${nth}${code}`,
      40,
      (day) => day.weekday === mid.weekday && Math.floor((day.date - 1) / 7) + 1 === nth,
    ),
    rule(
      "last Sunday",
      "FREQ=MONTHLY;BYDAY=-1SU",
      40,
      (day) => day.weekday === 0 && day.date + 7 > day.daysInMonth,
    ),
    rule(
      "from the month's end",
      `FREQ=MONTHLY;BYMONTHDAY=-${fromEnd}`,
      33,
      (day) => day.daysInMonth - day.date + 1 === fromEnd,
    ),
    rule(
      "date or one more",
      `FREQ=MONTHLY;BYMONTHDAY=${mid.date},31`,
      33,
      (day) => day.date === mid.date || day.date === 31,
    ),
    rule("last workday", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", 40, (day) =>
      isNthOfMonth(day, -1, isWorkday),
    ),
    rule(
      "nth workday",
      "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=2,-3",
      40,
      (day) => isNthOfMonth(day, 2, isWorkday) || isNthOfMonth(day, -3, isWorkday),
    ),
    rule(
      "in the month, a Sunday",
      `FREQ=YEARLY;BYMONTH=${mid.month};BYDAY=${nth}SU,-1SU`,
      9,
      (day) =>
        day.month === mid.month &&
        day.weekday === 0 &&
        (Math.floor((day.date - 1) / 7) + 1 === nth || day.date + 7 > day.daysInMonth),
    ),
    rule(
      "day of the year",
      `FREQ=YEARLY;BYYEARDAY=${mid.dayOfYear},-1`,
      30,
      (day) => day.dayOfYear === mid.dayOfYear || (day.month === 12 && day.date === 31),
    ),
    rule(
      "week of the year",
      `FREQ=YEARLY;BYWEEKNO=${week};BYDAY=SA,SU,MO`,
      9,
      (day) => isoWeek(day) === week && [6, 0, 1].includes(day.weekday),
    ),
    rule("this date every year", "FREQ=YEARLY", 0, (day) => day.month === mid.month && day.date === mid.date),
    rule(
      "weekday and date",
      `FREQ=MONTHLY;BYDAY=${code};BYMONTHDAY=${mid.date}`,
      60,
      (day) => day.weekday === mid.weekday && day.date === mid.date,
    ),
  ];
}
