import { DAY_MS, MINUTE_MS, dayOfMs, pad2 } from "../../domain/civil.ts";
import { type Quiet, parseClock, quietUntil } from "../../domain/quiet-hours.ts";
import { type ZoneRules, localToInstant, offsetAt } from "../../domain/zone.ts";

/** Reads local times "HH:MM"; null when one is none, or both are the same. */
export function quietOf(zone: ZoneRules, fromText: string, toText: string): Quiet | null {
  const [from, to] = [parseClock(fromText), parseClock(toText)];
  return from === undefined || to === undefined || from === to ? null : { zone, from, to };
}

export function isQuiet(quiet: Quiet, at: number): boolean {
  return quietUntil([quiet], at) !== at;
}

/** The first instant at or after `at` that is not quiet. */
export function afterQuiet(quiet: Quiet | null, at: number): number {
  return quiet === null ? at : (quietUntil([quiet], at) ?? Infinity);
}

/** A while before the quiet hours that hold `at`, so that there is time to tell it before they begin. */
export function beforeQuiet({ zone, from }: Quiet, at: number): number {
  const day = dayOfMs(at + offsetAt(zone, at));
  const begins = [day, day - 1]
    .map((one) => localToInstant(zone, one * DAY_MS + from * MINUTE_MS)?.at)
    .find((begin) => begin !== undefined && begin <= at);
  return begins === undefined ? -Infinity : begins - headStartMs;
}
const headStartMs = 30 * MINUTE_MS;

/** As the house takes them. */
export function quietHours({ zone, from, to }: Quiet) {
  return { timezone: zone.name, from: clock(from), to: clock(to) };
}

/** The rest of the day, as calling hours of every weekday. */
export function openWindow({ zone, from, to }: Quiet) {
  const range = [`${clock(to)}-${clock(from)}`];
  return { timezone: zone.name, weekly: Object.fromEntries(weekdays.map((day) => [day, range])) };
}
const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

function clock(minutes: number): string {
  return `${pad2(Math.floor(minutes / 60))}:${pad2(minutes % 60)}`;
}

/** Quiet hours of a row, as the API shows them. */
export function quietText(row: {
  readonly quiet_from: string | null;
  readonly quiet_to: string | null;
}): { from: string; to: string } | null {
  const { quiet_from: from, quiet_to: to } = row;
  return from === null || to === null ? null : { from, to };
}
