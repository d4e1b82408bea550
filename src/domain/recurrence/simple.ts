import { DAY_MS, civilFromDays, dayOfMs, weekdayOf } from "../civil.ts";
import { ALL_WEEKDAYS, EVERY_DAY, unitNumber } from "./days.ts";
import type { DayPattern } from "./days.ts";
import { Unsound, assertKnown, quote, readInteger } from "./input.ts";
import type { Draft } from "./input.ts";
import { HORIZON_YEARS, INTERVAL_MAX } from "./rule.ts";

const KNOWN = ["frequency", "interval", "weekdays", "until", "max_occurrences", "on_missing_day"];
const UNITS = { daily: "day", weekly: "week", monthly: "month" } as const;
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** Reads `{frequency, interval, weekdays, on_missing_day}`. Weeks begin on Monday; the start names the time and the day. */
export function readSimple(given: Readonly<Record<string, unknown>>, startLocalMs: number): Draft {
  assertKnown(given, KNOWN);
  const { frequency } = given;
  if (frequency !== "daily" && frequency !== "weekly" && frequency !== "monthly") {
    throw new Unsound("/frequency", "send daily, weekly or monthly; an rrule or cron says everything else");
  }
  const most = frequency === "monthly" ? HORIZON_YEARS * 12 : INTERVAL_MAX;
  const interval = readInteger(given["interval"], "/interval", 1, most) ?? 1;
  const day = dayOfMs(startLocalMs);
  const unit = UNITS[frequency];
  const weekdays = readWeekdays(given["weekdays"], frequency);
  const base: DayPattern = {
    ...EVERY_DAY,
    unit,
    interval,
    anchor: unitNumber(unit, day, EVERY_DAY.weekStart),
  };
  return {
    days: {
      ...base,
      ...daysOf(frequency, weekdays, day, readMissingDay(given["on_missing_day"], frequency)),
    },
    times: { kind: "same", list: [startLocalMs - day * DAY_MS] },
    setPositions: [],
    runsHourly: false,
    step: undefined,
    anchorLocalMs: startLocalMs,
    count: undefined,
    last: undefined,
    excluded: [],
    extra: [],
  };
}

/** A weekday's number (0 = Sunday) from "mon", "Monday", "MO" or a number; undefined when it is none. */
export function weekdayNumber(value: unknown): number | undefined {
  if (typeof value === "number")
    return Number.isInteger(value) && value >= 0 && value <= 7 ? value % 7 : undefined;
  if (typeof value !== "string" || value.length > 9) return undefined;
  const text = value.toLowerCase();
  if (/^[0-7]$/.test(text)) return Number(text) % 7;
  const index = WEEKDAYS.findIndex((name) => [name, name.slice(0, 3), name.slice(0, 2)].includes(text));
  return index < 0 ? undefined : index;
}

function daysOf(
  frequency: "daily" | "weekly" | "monthly",
  weekdays: number,
  startDay: number,
  onMissingDay: "last_day" | "skip",
): Partial<DayPattern> {
  if (frequency === "daily") return { weekdays: weekdays === 0 ? ALL_WEEKDAYS : weekdays };
  if (frequency === "weekly") return { weekdays: weekdays === 0 ? 1 << weekdayOf(startDay) : weekdays };
  const { day } = civilFromDays(startDay);
  return onMissingDay === "skip" ? { monthDays: 1 << day } : { clampedDay: day };
}

function readWeekdays(value: unknown, frequency: string): number {
  if (value === undefined) return 0;
  if (frequency === "monthly") {
    throw new Unsound(
      "/weekdays",
      "weekdays go with daily or weekly; for the second Tuesday of a month send an rrule",
    );
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > 14) {
    throw new Unsound("/weekdays", 'send a list of weekdays such as ["mon", "thu"]');
  }
  return value.reduce<number>((mask, one: unknown, i) => {
    const weekday = weekdayNumber(one);
    if (weekday !== undefined) return mask | (1 << weekday);
    throw new Unsound(
      `/weekdays/${i}`,
      `${quote(String(one))} is no weekday: send mon to sun, or 0 (Sunday) to 6`,
    );
  }, 0);
}

function readMissingDay(value: unknown, frequency: string): "last_day" | "skip" {
  if (value === undefined) return "last_day";
  if (frequency !== "monthly") throw new Unsound("/on_missing_day", "on_missing_day goes with monthly");
  if (value === "last_day" || value === "skip") return value;
  throw new Unsound("/on_missing_day", "send last_day or skip");
}
