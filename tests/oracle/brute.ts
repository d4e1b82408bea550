// The oracle of recurrence: every minute of the wall clock is looked at, one after another. It is slow and plain on purpose,
// and shares nothing with src/domain/recurrence.
import type { ZoneRules } from "../../src/domain/zone.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** A date as plain numbers, from JavaScript's own calendar. */
export type PlainDay = {
  /** Days since 1970-01-01. */
  readonly index: number;
  readonly year: number;
  readonly month: number;
  readonly date: number;
  /** 0 = Sunday. */
  readonly weekday: number;
  readonly dayOfYear: number;
  readonly daysInMonth: number;
};

/** What a rule says of the wall clock: which days, and which minutes (0-1439) of such a day. */
export type Spec = {
  readonly day: (day: PlainDay) => boolean;
  readonly minute: (minute: number, day: PlainDay) => boolean;
  /** Whether both hours of an overlap are run through whatever the policy. */
  readonly everyHour?: boolean;
  /** What is added to and taken from the slots found, in the order of time. */
  readonly edit?: (slots: readonly Slot[], resolve: (localMs: number) => Slot[]) => readonly Slot[];
};

export type Slot = { readonly at: number; readonly key: string; readonly localMs: number };

export type Policy = {
  readonly gap: "forward" | "next_valid" | "skip";
  readonly overlap: "first" | "second" | "both";
};

/** Every slot of a rule at the given wall minutes (see `minutesOf`), in the order of their instants. */
export function bruteSlots(
  spec: Spec,
  zone: ZoneRules,
  minutes: readonly number[],
  policy: Policy,
): readonly Slot[] {
  const stretches = stretchesOf(zone, minutes[0] ?? 0, minutes.at(-1) ?? 0);
  const real: Slot[] = [];
  const moved: Slot[] = [];
  const take = (localMs: number) => {
    const found = resolve(stretches, localMs, spec.everyHour === true ? "both" : policy.overlap);
    real.push(...found.real);
    if (policy.gap === "forward") moved.push(...found.forward);
    if (policy.gap === "next_valid") moved.push(...found.valid);
  };
  for (const localMs of minutes) take(localMs);
  const slots = merge(real, moved);
  if (spec.edit === undefined) return slots;
  const one = (localMs: number): Slot[] => {
    const found = resolve(stretches, localMs, policy.overlap);
    if (found.real.length > 0) return found.real;
    return policy.gap === "forward" ? found.forward : policy.gap === "next_valid" ? found.valid : [];
  };
  const edited = [...spec.edit(slots, one)];
  return edited.sort((a, b) => a.at - b.at);
}

/** Every wall minute of [startLocalMs, endLocalMs) that a rule names, in order. */
export function minutesOf(spec: Spec, startLocalMs: number, endLocalMs: number): number[] {
  const found: number[] = [];
  for (let midnight = Math.floor(startLocalMs / DAY) * DAY; midnight < endLocalMs; midnight += DAY) {
    const day = plainDay(midnight);
    if (!spec.day(day)) continue;
    for (let minute = 0; minute < 1440; minute += 1) {
      const localMs = midnight + minute * MINUTE;
      if (localMs >= startLocalMs && localMs < endLocalMs && spec.minute(minute, day)) found.push(localMs);
    }
  }
  return found;
}

type Stretch = {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly before: number;
};

/** The stretches of constant offset that can touch the wall times looked at. */
function stretchesOf(zone: ZoneRules, startLocalMs: number, endLocalMs: number): Stretch[] {
  const stretches: Stretch[] = [];
  zone.untils.forEach((to, i) => {
    const from = i === 0 ? -Infinity : (zone.untils[i - 1] ?? 0);
    const offset = zone.offsetsMs[i] ?? 0;
    const before = i === 0 ? offset : (zone.offsetsMs[i - 1] ?? 0);
    if (to > startLocalMs - 2 * DAY && from < endLocalMs + 2 * DAY)
      stretches.push({ from, to, offset, before });
  });
  return stretches;
}

/** The instants at which clocks show a wall time; where none does, where it is moved to. */
function resolve(
  stretches: readonly Stretch[],
  localMs: number,
  overlap: Policy["overlap"],
): { real: Slot[]; forward: Slot[]; valid: Slot[] } {
  const shown: number[] = [];
  for (const { from, to, offset } of stretches) {
    const at = localMs - offset;
    if (at >= from && at < to) shown.push(at);
  }
  const name = new Date(localMs).toISOString().slice(0, 16);
  const slots = shown.map((at, i) => ({ at, localMs, key: i === 0 ? name : `${name}#2` }));
  if (slots.length === 0) {
    const gap = stretches.find((one) => localMs >= one.from + one.before && localMs < one.from + one.offset);
    if (gap === undefined) throw new Error(`${name} is nowhere`);
    const forward = [{ at: localMs - gap.before, localMs, key: name }];
    return { real: [], forward, valid: [{ at: gap.from, localMs, key: name }] };
  }
  const wanted = overlap === "both" ? slots : overlap === "first" ? slots.slice(0, 1) : slots.slice(-1);
  return { real: wanted, forward: [], valid: [] };
}

/** Real times first; a moved one that meets another slot is dropped, the earlier wall time staying. */
function merge(real: readonly Slot[], moved: readonly Slot[]): Slot[] {
  const byInstant = new Map<number, Slot>();
  for (const slot of [...real, ...moved]) if (!byInstant.has(slot.at)) byInstant.set(slot.at, slot);
  return [...byInstant.values()].sort((a, b) => a.at - b.at);
}

export function plainDay(localMs: number): PlainDay {
  const date = new Date(localMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
  return {
    index: Math.floor(localMs / DAY),
    year,
    month,
    date: date.getUTCDate(),
    weekday: date.getUTCDay(),
    dayOfYear: Math.round((Date.UTC(year, month - 1, date.getUTCDate()) - Date.UTC(year, 0, 1)) / DAY) + 1,
    daysInMonth: new Date(Date.UTC(year, month, 0)).getUTCDate(),
  };
}

/** The number of the ISO week. */
export function isoWeek(day: PlainDay): number {
  const thursday = new Date((day.index - ((day.weekday + 6) % 7) + 3) * DAY);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.floor((thursday.getTime() - first) / DAY / 7) + 1;
}

/** The number of the week that begins on a weekday, counted from some week long ago. */
export function weekNumber(day: PlainDay, weekStart: number): number {
  return (day.index - ((day.weekday - weekStart + 7) % 7) + 7_000 - weekStart) / 7;
}
