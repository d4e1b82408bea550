import { dayOfMs, formatDay, weekdayOf } from "../../domain/civil.ts";
import { type ZoneRules, formatUtc, formatWall, offsetAt } from "../../domain/zone.ts";
import type { SeriesInput } from "../../engine/series-api.ts";

import type { BusinessHours } from "./business-hours.ts";
import type { Recurring } from "./kept.ts";
import { readTime } from "./times.ts";

type Rule = SeriesInput["rule"];

/**
 * The rule of a recurring call: wall times of `zone`, counted from its first one. `hours` are the business hours that it
 * respects, if any.
 *
 * A daily call leaves out the days on which nothing is open: each of them would be moved to the next opening, and somebody
 * would be called three times on a Monday. Only the first call is moved from such a day, as a single one would be; the
 * call of the day to which it is moved is then left out.
 */
export function ruleOf(
  recurring: Recurring,
  zone: ZoneRules,
  at: number,
  hours: BusinessHours | null,
  defaultZone: ZoneRules,
): Rule {
  const { frequency, interval, endDate, maxOccurrences } = recurring;
  const bounds = {
    ...(endDate !== undefined && { until: untilOf(endDate, defaultZone) }),
    ...(maxOccurrences !== undefined && { max_occurrences: maxOccurrences }),
  };
  const days = openDays(recurring, zone, hours);
  if (days === null) return { frequency: frequency as "daily" | "weekly" | "monthly", interval, ...bounds };
  const localMs = at + offsetAt(zone, at);
  const day = dayOfMs(localMs);
  if (days.includes(weekdayOf(day))) return { frequency: "daily", interval, weekdays: days, ...bounds };
  return {
    rrule: `FREQ=DAILY;INTERVAL=${interval};BYDAY=${days.map((one) => names[one]).join(",")}`,
    rdates: [formatWall(localMs)],
    exdates: [formatDay(nextOpenDay(day, days))],
    ...bounds,
  };
}

const names = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"] as const;

/** The weekdays that a daily call keeps to; null where the hours do not tell them by the days of its own zone. */
function openDays(
  { frequency, interval }: Recurring,
  zone: ZoneRules,
  hours: BusinessHours | null,
): readonly number[] | null {
  if (frequency !== "daily" || interval % 7 === 0 || hours === null) return null;
  const isOvernight = hours.end < hours.start;
  if (isOvernight || hours.timezone !== zone.name || hours.daysOfWeek.length === 7) return null;
  return [...new Set(hours.daysOfWeek)].toSorted((a, b) => a - b);
}

function nextOpenDay(day: number, days: readonly number[]): number {
  let next = day + 1;
  while (!days.includes(weekdayOf(next))) next += 1;
  return next;
}

/** A date alone is a whole day of the series' own zone; everything else is an instant. */
function untilOf(endDate: string, zone: ZoneRules): string {
  const read = readTime(endDate, zone);
  return "at" in read ? formatUtc(read.at) : endDate;
}
