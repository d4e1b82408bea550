import { DAY_MS, HOUR_MS, MINUTE_MS, civilFromDays, dayOfMs, daysInMonth, formatDay } from "../civil.ts";
import { formatWall, offsetAt, segmentAt } from "../zone.ts";
import type { ZoneRules } from "../zone.ts";
import type { Found } from "./find.ts";
import type { Recurrence } from "./recurrence.ts";

/** What is special about a slot, in words; mostly nothing. */
export function notesOf({ rule, zone, gap }: Recurrence, found: Found): readonly string[] {
  const notes: string[] = [];
  const index = segmentAt(zone, found.at);
  const offset = zone.offsetsMs[index] ?? 0;
  const began = index === 0 ? -Infinity : (zone.untils[index - 1] ?? -Infinity);
  const ends = zone.untils[index] ?? Infinity;
  // The clocks change on this day only when a stretch begins or ends near, which is asked first because it is rare.
  if (found.at - began < 2 * DAY_MS || ends - found.at < 2 * DAY_MS) {
    const { localMs } = found;
    if (found.isMoved) notes.push(movedNote(found, offset, gap));
    else if (found.isSecond) notes.push(`the second of two ${clockOf(localMs)}`);
    else if (isFirstOfTwo(zone, index, localMs)) notes.push(`the first of two ${clockOf(localMs)}`);
    const day = dayOfMs(found.at + offset);
    for (const change of [began, ends]) {
      if (isOnDay(zone, change, day)) notes.push(changeNote(zone, change));
    }
  }
  if (isShortened(rule.pattern.days.clampedDay, found.localMs)) notes.push("the last day of the month");
  return notes;
}

function movedNote({ localMs, at }: Found, offset: number, gap: Recurrence["gap"]): string {
  const missing = `${clockOf(localMs)} does not exist on ${formatDay(dayOfMs(localMs))}`;
  if (gap === "next_valid") return `moved to ${clockOf(at + offset)}: ${missing}`;
  return `moved forward ${span(at + offset - localMs)}: ${missing}`;
}

function isFirstOfTwo(zone: ZoneRules, index: number, localMs: number): boolean {
  const next = zone.offsetsMs[index + 1];
  return next !== undefined && localMs >= (zone.untils[index] ?? Infinity) + next;
}

/** Whether a change happens on a local day, seen from either side of it. */
function isOnDay(zone: ZoneRules, change: number, day: number): boolean {
  if (!Number.isFinite(change)) return false;
  return (
    dayOfMs(change + offsetAt(zone, change)) === day ||
    dayOfMs(change - 1 + offsetAt(zone, change - 1)) === day
  );
}

function changeNote(zone: ZoneRules, change: number): string {
  const [before, after] = [offsetAt(zone, change - 1), offsetAt(zone, change)];
  const way = after > before ? "forward" : "back";
  return `the clocks go ${way} ${span(Math.abs(after - before))} at ${clockOf(change + before)}`;
}

function isShortened(clampedDay: number, localMs: number): boolean {
  if (clampedDay <= 28) return false;
  const { year, month } = civilFromDays(dayOfMs(localMs));
  return clampedDay > daysInMonth(year, month);
}

function clockOf(localMs: number): string {
  const text = formatWall(localMs).slice(11);
  return localMs % MINUTE_MS === 0 ? text.slice(0, 5) : text;
}

function span(ms: number): string {
  if (ms === HOUR_MS) return "an hour";
  if (ms % HOUR_MS === 0) return `${ms / HOUR_MS} hours`;
  return ms % MINUTE_MS === 0 ? `${ms / MINUTE_MS} minutes` : `${ms / 1000} seconds`;
}
