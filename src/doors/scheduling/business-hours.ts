import { MINUTE_MS, dayOfMs, pad2, weekdayOf } from "../../domain/civil.ts";
import { type ZoneRules, offsetAt } from "../../domain/zone.ts";
import type { CallRequest } from "../../engine/engine.ts";

/** Opening hours as the service writes them: "HH:MM" on the given days, 0 = Sunday. `end` before `start` runs past midnight. */
export type BusinessHours = {
  readonly start: string;
  readonly end: string;
  readonly timezone: string;
  readonly daysOfWeek: readonly number[];
};

export const workdays: readonly number[] = [1, 2, 3, 4, 5];
const names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** The hours as a window. The service moves only what is after `end`, so the window closes when that minute is over. */
export function windowOf({ start, end, timezone, daysOfWeek }: BusinessHours): Window {
  const range = `${start}-${minuteAfter(end)}`;
  return {
    timezone,
    weekly: Object.fromEntries([...new Set(daysOfWeek)].map((day) => [names[day] ?? "", [range]])),
  };
}
type Window = NonNullable<CallRequest["window"]>;

/** Whether an instant (UTC ms) lies outside the hours, whose zone is given. */
export function isOutside(hours: Omit<BusinessHours, "timezone">, zone: ZoneRules, at: number): boolean {
  const localMs = at + offsetAt(zone, at);
  const day = dayOfMs(localMs);
  const minute = Math.floor(localMs / MINUTE_MS) - day * 1440;
  const [from, to] = [minuteOf(hours.start), minuteOf(hours.end)];
  const isOpenOn = (weekday: number): boolean => hours.daysOfWeek.includes(weekday);
  if (from <= to) return !(isOpenOn(weekdayOf(day)) && minute >= from && minute <= to);
  const isEvening = isOpenOn(weekdayOf(day)) && minute >= from;
  return !(isEvening || (isOpenOn(weekdayOf(day - 1)) && minute <= to));
}

function minuteOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}

function minuteAfter(clock: string): string {
  const minute = minuteOf(clock) + 1;
  return `${pad2(Math.floor(minute / 60))}:${pad2(minute % 60)}`;
}
