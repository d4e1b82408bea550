import { DAY_MS, HOUR_MS, MINUTE_MS } from "../civil.ts";
import { modulo } from "./rule.ts";

/**
 * The times of day of a rule, as milliseconds since midnight by the wall clock, sorted.
 * `same`: the same on every day. `steps`: every so many hours or minutes since an anchor, whatever the day; `lists[r]` holds
 * the times whose number within the day leaves the remainder `r`.
 */
export type Times =
  | { readonly kind: "same"; readonly list: readonly number[] }
  | {
      readonly kind: "steps";
      readonly interval: number;
      readonly perDay: 24 | 1440;
      readonly anchor: number;
      readonly lists: readonly (readonly number[])[];
    };

/** The times on a day (days since 1970-01-01). */
export function timesOn(times: Times, day: number): readonly number[] {
  if (times.kind === "same") return times.list;
  return times.lists[modulo(times.anchor - day * times.perDay, times.interval)] ?? [];
}

/** Every hour with every minute, at a part of the minute (ms). Both lists are sorted. */
export function sameTimes(hours: readonly number[], minutes: readonly number[], restMs: number): Times {
  const list = hours.flatMap((hour) => minutes.map((minute) => hour * HOUR_MS + minute * MINUTE_MS + restMs));
  return { kind: "same", list };
}

/**
 * Every `interval` hours or minutes counted by the wall clock from a start, as far as the hours and minutes allow.
 * Every hour or minute is the same on all days, and is told so.
 */
export function steppedTimes(
  unit: "hour" | "minute",
  interval: number,
  startLocalMs: number,
  hours: readonly number[],
  minutes: readonly number[],
): Times {
  const restMs = modulo(startLocalMs, MINUTE_MS);
  if (interval === 1) return sameTimes(hours, minutes, restMs);
  const perDay = unit === "hour" ? 24 : 1440;
  const lists: number[][] = Array.from({ length: interval }, () => []);
  for (const hour of hours) {
    for (const minute of minutes) {
      const step = unit === "hour" ? hour : hour * 60 + minute;
      lists[step % interval]?.push(hour * HOUR_MS + minute * MINUTE_MS + restMs);
    }
  }
  const anchor = Math.floor(startLocalMs / (DAY_MS / perDay));
  return { kind: "steps", interval, perDay, anchor, lists };
}
