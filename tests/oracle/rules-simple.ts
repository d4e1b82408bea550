import { plainDay, weekNumber } from "./brute.ts";
import type { PlainDay, Spec } from "./brute.ts";
import { anyDay, at } from "./place.ts";
import type { OracleRule, Place } from "./place.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Daily, weekly and monthly, as JSON says them. */
export function simpleRules(place: Place): OracleRule[] {
  const { mid, midMs, low, length } = place;
  const days = (count: number, timeMs = midMs) => timeMs - count * DAY;
  const daily = (name: string, timeMs: number): OracleRule => {
    const of = Math.floor((((timeMs % DAY) + DAY) % DAY) / MINUTE);
    return {
      name,
      input: { frequency: "daily" },
      startLocalMs: days(2, timeMs),
      spec: { day: anyDay, minute: at(of) },
    };
  };
  const every = (name: string, input: object, back: number, day: Spec["day"]): OracleRule => ({
    name,
    input,
    startLocalMs: days(back),
    spec: { day, minute: at(place.of) },
  });
  const start = (back: number) => plainDay(days(back));
  const isOn = (list: readonly number[]) => (day: PlainDay) => list.includes(day.weekday);
  const monday = (day: PlainDay) => weekNumber(day, 1);
  const months = (day: PlainDay) => day.year * 12 + day.month;
  const last31 = new Date(midMs);
  // The last 31st before the change: in January, March, May, July, August, October or December.
  while (last31.getUTCDate() !== 31) last31.setTime(last31.getTime() - DAY);
  return [
    daily("daily in the midst", midMs),
    daily("daily at the first minute", low),
    daily("daily at the last minute", low + (length - 1) * MINUTE),
    daily("daily just after", low + length * MINUTE),
    daily("daily just before", low - MINUTE),
    daily("daily as far after", low + length * MINUTE + (midMs - low)),
    daily("daily at ten", Math.floor(midMs / DAY) * DAY + 600 * MINUTE),
    daily("daily at midnight", Math.floor(midMs / DAY) * DAY),
    daily("daily before midnight", Math.floor(midMs / DAY) * DAY + 1439 * MINUTE),
    every(
      "weekdays",
      { frequency: "daily", weekdays: ["mon", "tue", "wed", "thu", "fri"] },
      4,
      isOn([1, 2, 3, 4, 5]),
    ),
    every("weekends", { frequency: "daily", weekdays: [0, 6] }, 4, isOn([0, 6])),
    every(
      "second days",
      { frequency: "daily", interval: 2 },
      4,
      (day) => (day.index - start(4).index) % 2 === 0,
    ),
    every(
      "third days",
      { frequency: "daily", interval: 3 },
      3,
      (day) => (day.index - start(3).index) % 3 === 0,
    ),
    every(
      "second days on weekdays",
      { frequency: "daily", interval: 2, weekdays: ["sun", "tue", "thu"] },
      6,
      (day) => (day.index - start(6).index) % 2 === 0 && [0, 2, 4].includes(day.weekday),
    ),
    every("weekly", { frequency: "weekly" }, 14, isOn([mid.weekday])),
    every(
      "weekly, named",
      { frequency: "weekly", weekdays: ["Monday", NAMES[mid.weekday]] },
      9,
      isOn([1, mid.weekday]),
    ),
    every(
      "second weeks",
      { frequency: "weekly", interval: 2 },
      28,
      (day) => day.weekday === mid.weekday && (monday(day) - monday(start(28))) % 2 === 0,
    ),
    every(
      "third weeks",
      { frequency: "weekly", interval: 3, weekdays: [NAMES[mid.weekday], "fri"] },
      19,
      (day) => [mid.weekday, 5].includes(day.weekday) && (monday(day) - monday(start(19))) % 3 === 0,
    ),
    every(
      "second weeks, many days",
      { frequency: "weekly", interval: 2, weekdays: [0, 1, 3, 6] },
      17,
      (day) => [0, 1, 3, 6].includes(day.weekday) && (monday(day) - monday(start(17))) % 2 === 0,
    ),
    every("monthly", { frequency: "monthly" }, 0, (day) => day.date === Math.min(mid.date, day.daysInMonth)),
    {
      name: "monthly on the 31st or the last day",
      input: { frequency: "monthly" },
      startLocalMs: Math.floor(last31.getTime() / MINUTE) * MINUTE,
      spec: { day: (day) => day.date === day.daysInMonth, minute: at(place.of) },
    },
    {
      name: "second months, the 31st or none",
      input: { frequency: "monthly", interval: 2, on_missing_day: "skip" },
      startLocalMs: last31.getTime(),
      spec: {
        day: (day) => day.date === 31 && (months(day) - months(plainDay(last31.getTime()))) % 2 === 0,
        minute: at(place.of),
      },
    },
  ];
}
