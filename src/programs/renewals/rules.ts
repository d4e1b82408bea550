import { civilFromDays, dayOfMs, daysFromCivil, daysInMonth, pad2 } from "../../domain/civil.ts";
import { type ZoneRules, offsetAt } from "../../domain/zone.ts";

import type { RestDays } from "./tables.ts";

/** `busy_day` of a customer for whom no call waits or runs: later than every day. */
export const NEVER_BUSY = 99_999_999;

/** The local day (counted from 1970-01-01) of an instant. */
export function dayIn(zone: ZoneRules, at: number): number {
  return dayOfMs(at + offsetAt(zone, at));
}

/**
 * Whether a customer may be called today: not called within the last `skipDays` days, and no call of today or earlier waits,
 * runs or was completed. `skipDays` 0 leaves out who was called today.
 */
export function isRested(days: RestDays, today: number, skipDays: number): boolean {
  return days.called_day < today - skipDays && days.busy_day > today && days.done_day < today;
}

/**
 * The day on which a renewed policy ends: so many calendar months after its end, or after today where it has ended already.
 * A day that the month does not have becomes the month's last.
 */
export function extendedEnd(endDay: number, today: number, months: number): number {
  return addMonths(Math.max(endDay, today), months);
}

export function addMonths(day: number, months: number): number {
  const { year, month, day: dayOfMonth } = civilFromDays(day);
  const index = year * 12 + (month - 1) + months;
  const [toYear, toMonth] = [Math.floor(index / 12), (index % 12) + 1];
  return daysFromCivil(toYear, toMonth, Math.min(dayOfMonth, daysInMonth(toYear, toMonth)));
}

/** The rule of the daily run, as cron. */
export function dailyRule(minute: number): string {
  return `${minute % 60} ${Math.floor(minute / 60)} * * *`;
}

/** "10:00". */
export function clockOf(minute: number): string {
  return `${pad2(Math.floor(minute / 60))}:${pad2(minute % 60)}`;
}

/** Minutes since midnight of "10:00"; undefined when it is none. */
export function minuteOf(text: string): number | undefined {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
}
