import { segmentAt } from "../zone.ts";
import { earliest, findIn, isBeforeLast, stretchOf } from "./find.ts";
import type { Stretch } from "./find.ts";
import { countExtra, countRegular, nextLocal } from "./pattern.ts";
import type { Recurrence } from "./recurrence.ts";
import { indexFrom } from "./rule.ts";

/**
 * How many slots have `at <= until` (UTC ms), an instant not past the end of the rule. Each stretch of constant offset is
 * counted by days; only the hour after a gap is walked, because moved times and real ones may meet there.
 */
export function countSlots(recurrence: Recurrence, until: number): number {
  const { rule, zone } = recurrence;
  const end = until + 1;
  let count = 0;
  for (let i = segmentAt(zone, earliest(rule)); i < zone.untils.length; i += 1) {
    const stretch = stretchOf(recurrence, i);
    if (stretch.from >= end) break;
    count += countIn(recurrence, stretch, Math.min(end, stretch.to));
  }
  return count - countTakenOut(recurrence, end);
}

/** The slots of one stretch before `end`. Dates taken out by instant are counted. */
function countIn(recurrence: Recurrence, stretch: Stretch, end: number): number {
  const { rule, gap } = recurrence;
  const { offset } = stretch;
  const gapMs = gap === "skip" ? 0 : stretch.from + offset - stretch.gapFrom;
  const isAfterGap = gapMs > 0;
  const walked = isAfterGap ? Math.min(stretch.from + gapMs, end) : stretch.from;
  let count = isAfterGap ? walk(recurrence, stretch, walked) : 0;
  const from = Math.max(stretch.openFrom, walked + offset);
  const to = Math.min(stretch.openTo, end + offset);
  count += countRegular(rule, from, Math.min(to, rule.lastAt + 1 + offset)) + countExtra(rule, from, to);
  for (let i = indexFrom(rule.extraAts, walked); i < rule.extraAts.length; i += 1) {
    const at = rule.extraAts[i] ?? Infinity;
    if (at >= end) break;
    const local = at + offset;
    const isRegular = local >= from && local < to && nextLocal(rule, local, local + 1) === local;
    if (!isRegular || !isBeforeLast({ ...rule, extraAts: [] }, { localMs: local, at })) count += 1;
  }
  return count;
}

/** The slots of a stretch before `to`, one by one. */
function walk(recurrence: Recurrence, whole: Stretch, to: number): number {
  const stretch = { ...whole, to, openTo: Math.min(whole.openTo, to + whole.offset) };
  let count = 0;
  let found = findIn(recurrence, stretch, stretch.from);
  while (found !== undefined && found.at < to) {
    if (isBeforeLast(recurrence.rule, found)) count += 1;
    found = findIn(recurrence, stretch, found.at + 1);
  }
  return count;
}

function countTakenOut(recurrence: Recurrence, end: number): number {
  const { rule, zone } = recurrence;
  let count = 0;
  for (const at of rule.excludedAts) {
    if (at >= end) break;
    const found = findIn(recurrence, stretchOf(recurrence, segmentAt(zone, at)), at);
    if (found?.at === at && isBeforeLast(rule, found)) count += 1;
  }
  return count;
}
