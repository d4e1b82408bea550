import { HOUR_MS } from "../civil.ts";
import { segmentAt } from "../zone.ts";
import type { ZoneRules } from "../zone.ts";
import { isOfPattern, nextLocal } from "./pattern.ts";
import type { Recurrence } from "./recurrence.ts";
import { holds, indexFrom } from "./rule.ts";
import type { Rule } from "./rule.ts";

/** A slot before it is named. `localMs` is the wall time the rule gives. */
export type Found = {
  readonly localMs: number;
  readonly at: number;
  /** Whether it is the second of two equal wall times. */
  readonly isSecond: boolean;
  /** Whether its wall time does not exist. */
  readonly isMoved: boolean;
};

/**
 * One stretch of constant offset (UTC ms east), [from, to). `gapFrom` is the first wall time left out at its beginning,
 * equal to `from + offset` when none is; wall times of [openFrom, openTo) count here, by the treatment of overlaps.
 */
export type Stretch = {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly gapFrom: number;
  /** Wall times below this one are second of two. */
  readonly twiceTo: number;
  readonly openFrom: number;
  readonly openTo: number;
};

// No offset ever exceeded 16 hours.
const OFFSET_MAX = 16 * HOUR_MS;

/** The first slot with `at > after`; undefined when there is none. */
export function findSlot(recurrence: Recurrence, after: number): Found | undefined {
  const { rule, zone } = recurrence;
  let from = Math.max(after + 1, earliest(rule));
  let index = segmentAt(zone, from);
  while (index < zone.untils.length) {
    const stretch = stretchOf(recurrence, index);
    const found = findIn(recurrence, stretch, from);
    if (found === undefined) {
      index = nextIndex(rule, zone, stretch, index);
      from = stretch.to;
      continue;
    }
    if (found.at > rule.untilAt) return undefined;
    if (isBeforeLast(rule, found) && !holds(rule.excludedAts, found.at)) return found;
    from = found.at + 1;
  }
  return undefined;
}

/** The slot of one stretch with the least `at >= from`; whether dates are taken out by instant is not looked at. */
export function findIn(recurrence: Recurrence, stretch: Stretch, from: number): Found | undefined {
  const { rule, gap } = recurrence;
  const { offset } = stretch;
  const least = Math.max(from, stretch.from);
  const local = nextLocal(rule, Math.max(least + offset, stretch.openFrom), stretch.openTo);
  let found: Found | undefined;
  if (local < Infinity) found = regularAt(stretch, local);
  const before = rule.extraAts[indexFrom(rule.extraAts, least)] ?? Infinity;
  if (before < stretch.to && before < (found?.at ?? Infinity)) found = regularAt(stretch, before + offset);
  if (gap === "skip" || stretch.gapFrom === stretch.from + offset) return found;
  const moved = findMoved(recurrence, stretch, least);
  return moved !== undefined && moved.at < (found?.at ?? Infinity) ? moved : found;
}

/** The offset's stretch with an index, and which wall times count in it. */
export function stretchOf({ rule, zone, overlap }: Recurrence, index: number): Stretch {
  const from = index === 0 ? -Infinity : (zone.untils[index - 1] ?? -Infinity);
  const to = zone.untils[index] ?? Infinity;
  const offset = zone.offsetsMs[index] ?? 0;
  const before = index === 0 ? offset : (zone.offsetsMs[index - 1] ?? offset);
  const next = zone.offsetsMs[index + 1] ?? offset;
  const isBoth = overlap === "both" || rule.runsHourly;
  return {
    from,
    to,
    offset,
    gapFrom: from + Math.min(before, offset),
    twiceTo: from + Math.max(before, offset),
    openFrom: from + (!isBoth && overlap === "first" ? Math.max(before, offset) : offset),
    openTo: to + (!isBoth && overlap === "second" ? Math.min(next, offset) : offset),
  };
}

/** The first time of the gap before a stretch, as it is moved; a time that really exists at that instant goes first. */
function findMoved({ rule, gap }: Recurrence, stretch: Stretch, least: number): Found | undefined {
  const { from, offset, gapFrom } = stretch;
  const gapTo = from + offset;
  if (gap === "next_valid") {
    if (least > from) return undefined;
    const local = nextLocal(rule, gapFrom, gapTo);
    return local < Infinity ? { localMs: local, at: from, isSecond: false, isMoved: true } : undefined;
  }
  const local = nextLocal(rule, gapFrom + (least - from), gapTo);
  if (local === Infinity) return undefined;
  return { localMs: local, at: from + (local - gapFrom), isSecond: false, isMoved: true };
}

function regularAt(stretch: Stretch, localMs: number): Found {
  const isSecond = localMs < stretch.twiceTo && stretch.twiceTo > stretch.from + stretch.offset;
  return { localMs, at: localMs - stretch.offset, isSecond, isMoved: false };
}

/** Whether a slot is not past the UNTIL of its pattern; dates added are not bound by it. */
export function isBeforeLast(rule: Rule, { localMs, at }: Pick<Found, "localMs" | "at">): boolean {
  return at <= rule.lastAt || holds(rule.extraAts, at) || !isOfPattern(rule.pattern, localMs);
}

/** The next stretch that can hold a slot; those in between are not looked at. Past the last one when there is none. */
function nextIndex(rule: Rule, zone: ZoneRules, stretch: Stretch, index: number): number {
  const next = zone.offsetsMs[index + 1] ?? stretch.offset;
  const local = nextLocal(rule, stretch.to + Math.min(stretch.offset, next));
  const extra = rule.extraAts[indexFrom(rule.extraAts, stretch.to)] ?? Infinity;
  const at = Math.min(local - OFFSET_MAX, extra);
  return at === Infinity ? zone.untils.length : Math.max(index + 1, segmentAt(zone, at));
}

/** No slot lies before this instant. */
export function earliest(rule: Rule): number {
  return rule.startLocalMs - OFFSET_MAX;
}
