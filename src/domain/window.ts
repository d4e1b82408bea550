import { DAY_MS, MINUTE_MS, pad2, weekdayOf } from "./civil.ts";
import { segmentAt } from "./zone.ts";
import type { ZoneRules } from "./zone.ts";

/** Minutes of the local day, [from, to). `to` may exceed 1440: the range runs past midnight and belongs to the day it starts. */
export type Range = { readonly from: number; readonly to: number };

/** The ranges of each weekday; seven entries, 0 = Sunday. */
export type Weekly = readonly (readonly Range[])[];

/** Local dates on which nothing is open. */
export type ClosedDates = {
  /** The name of the holiday on a local date (days since 1970-01-01); undefined when the date is an ordinary one. */
  has(localDate: number): string | undefined;
};

/** Opening hours without a zone. `name` is shown in explanations. */
export type Hours = { readonly name: string; readonly weekly: Weekly; readonly closed: ClosedDates };

/** Opening hours that hold in one zone. */
export type Rule = { readonly hours: Hours; readonly zone: ZoneRules };

export type MoveReason = "before_hours" | "between_hours" | "after_hours" | "closed_weekday" | "holiday";

/** One step forward in time and its cause. `from` and `to` are UTC ms; `detail` is the holiday's name. */
export type Move = {
  readonly reason: MoveReason;
  readonly rule: string;
  readonly zone: string;
  readonly from: number;
  readonly to: number;
  readonly detail?: string;
};

/**
 * `open`: from `at` until `closesAt` (exclusive, UTC ms) every rule is open. `closesAt` is Infinity when there is no rule,
 * or when nothing closes within 400 days. `never`: nothing within 400 days. At most 16 moves are listed, the first ones.
 */
export type Opening =
  | {
      readonly kind: "open";
      readonly at: number;
      readonly closesAt: number;
      readonly moves: readonly Move[];
    }
  | {
      readonly kind: "never";
      readonly reason: "no_common_hours" | "never_open";
      readonly moves: readonly Move[];
    };

/** How far `findOpening` looks. */
export const SEARCH_MS = 400 * DAY_MS;
/** How many moves an answer lists. */
export const MOVES_MAX = 16;

/** No holidays. */
export const NO_CLOSED_DATES: ClosedDates = { has: () => undefined };

/**
 * The first instant at or after `from` (UTC ms) at which every rule is open, and until when all of them stay open.
 *
 * A rule is open at an instant when the local date there is not closed and the local time lies in a range. So hours are
 * hours of the wall clock: a range that a clock change cuts, skips or repeats is shorter, gone or open twice. The rest of a
 * range that began yesterday is open even if yesterday was a holiday, and closed if today is one.
 * Never throws; an instant that is not finite is `never`.
 */
export function findOpening(rules: readonly Rule[], from: number): Opening {
  const limit = from + SEARCH_MS;
  let moves = NO_MOVES;
  let at = from;
  // Each turn either ends or moves `at` to a later start of a range, so that the search ends at the limit.
  for (let satisfied = 0, i = 0; satisfied < rules.length; i = (i + 1) % rules.length) {
    const rule = rules[i];
    if (rule === undefined) break;
    const next = seek(rule, at, true, limit);
    if (next === at) {
      satisfied += 1;
      continue;
    }
    if (moves.length < MOVES_MAX) moves = addMoves(moves, rule, at, Math.min(next, limit));
    if (!(next < limit)) return { kind: "never", reason: whyNever(rules, from, limit), moves };
    at = next;
    satisfied = 1;
  }
  if (!Number.isFinite(from)) return { kind: "never", reason: "never_open", moves };
  let closesAt = Infinity;
  for (const rule of rules) {
    const closes = seek(rule, at, false, Math.min(closesAt, at + SEARCH_MS));
    if (closes < closesAt) closesAt = closes;
  }
  return { kind: "open", at, closesAt, moves };
}

/** Whether one rule is open at an instant (UTC ms). */
export function isOpen(rule: Rule, at: number): boolean {
  return Number.isFinite(at) && seek(rule, at, true, at + 1) === at;
}

const NO_MOVES: readonly Move[] = [];

/** The first instant in [at, limit) at which the rule is open (or, with `open` false, shut); Infinity when there is none. */
function seek(rule: Rule, at: number, open: boolean, limit: number): number {
  const { zone, hours } = rule;
  const plan = planOf(hours.weekly);
  if (!open && hours.closed === NO_CLOSED_DATES && plan.every(isWholeDay)) return Infinity;
  let segment = segmentAt(zone, at);
  let t = at;
  while (t < limit) {
    const offset = zone.offsetsMs[segment] ?? 0;
    const segmentEnd = zone.untils[segment] ?? Infinity;
    const day = Math.floor((t + offset) / DAY_MS);
    const dayStart = day * DAY_MS - offset;
    const found = dayStart + seekInDay(plan, hours.closed, day, t - dayStart, open);
    const dayEnd = dayStart + DAY_MS;
    if (found < dayEnd && found < segmentEnd) return found < limit ? found : Infinity;
    if (segmentEnd <= dayEnd) {
      t = segmentEnd;
      segment += 1;
    } else t = dayEnd;
  }
  return Infinity;
}

/** The first millisecond of a local day, at or after `ms`, that is open (or shut); the day's length when there is none. */
function seekInDay(plan: Plan, closed: ClosedDates, day: number, ms: number, open: boolean): number {
  const edges = plan[weekdayOf(day)];
  if (edges === undefined || edges.length === 0) return open ? DAY_MS : ms;
  for (let i = 0; i < edges.length; i += 2) {
    const from = edges[i] ?? 0;
    const to = edges[i + 1] ?? 0;
    if (ms >= to) continue;
    if (!open && ms < from) return ms;
    if (closed.has(day) !== undefined) return open ? DAY_MS : ms;
    return open ? Math.max(from, ms) : to;
  }
  return open ? DAY_MS : ms;
}

function isWholeDay(edges: Int32Array): boolean {
  return edges[0] === 0 && edges[1] === DAY_MS;
}

/** For each weekday the merged edges (from, to, from, to …) in ms of the local day, with what runs over from the days before. */
type Plan = readonly Int32Array[];

// A plan depends on nothing but the hours, which never change: this is a memo, not state.
const plans = new WeakMap<Weekly, Plan>();

function planOf(weekly: Weekly): Plan {
  const known = plans.get(weekly);
  if (known !== undefined) return known;
  const days: Range[][] = [[], [], [], [], [], [], []];
  weekly.forEach((ranges, weekday) => {
    for (const range of ranges) {
      for (let k = 0; k < 7 && k * 1440 < range.to; k += 1) {
        const from = Math.max(range.from - k * 1440, 0);
        const to = Math.min(range.to - k * 1440, 1440);
        if (from < to) days[(weekday + k) % 7]?.push({ from, to });
      }
    }
  });
  const plan = days.map((ranges) =>
    Int32Array.from(mergeRanges(ranges).flatMap(({ from, to }) => [from * MINUTE_MS, to * MINUTE_MS])),
  );
  plans.set(weekly, plan);
  return plan;
}

/** Sorts ranges and joins those that overlap or touch. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/** Splits a wait where its cause becomes a holiday or a closed weekday, so that "why not Monday" has an answer. */
function addMoves(moves: readonly Move[], rule: Rule, from: number, to: number): readonly Move[] {
  const added = [...moves];
  const { zone, hours } = rule;
  let cause = causeAt(rule, from);
  let start = from;
  let t = from;
  while (added.length < MOVES_MAX) {
    const segment = segmentAt(zone, t);
    const offset = zone.offsetsMs[segment] ?? 0;
    const dayEnd = (Math.floor((t + offset) / DAY_MS) + 1) * DAY_MS - offset;
    t = Math.min(dayEnd, zone.untils[segment] ?? Infinity);
    const ends = !(t < to);
    const next = ends ? cause : causeAt(rule, t);
    const isNew = next.reason === "holiday" || next.reason === "closed_weekday";
    if (!ends && (!isNew || (next.reason === cause.reason && next.detail === cause.detail))) continue;
    added.push({ ...cause, rule: hours.name, zone: zone.name, from: start, to: ends ? to : t });
    if (ends) break;
    cause = next;
    start = t;
  }
  return added;
}

/** Why a rule is shut at an instant at which it is shut. */
function causeAt(rule: Rule, at: number): { reason: MoveReason; detail?: string } {
  const { zone, hours } = rule;
  const local = at + (zone.offsetsMs[segmentAt(zone, at)] ?? 0);
  const day = Math.floor(local / DAY_MS);
  const holiday = hours.closed.has(day);
  const edges = planOf(hours.weekly)[weekdayOf(day)];
  if (edges === undefined || edges.length === 0) return { reason: "closed_weekday" };
  if (holiday !== undefined) return { reason: "holiday", detail: holiday };
  const ms = local - day * DAY_MS;
  if (ms < (edges[0] ?? 0)) return { reason: "before_hours" };
  return { reason: ms >= (edges.at(-1) ?? 0) ? "after_hours" : "between_hours" };
}

function whyNever(rules: readonly Rule[], from: number, limit: number): "no_common_hours" | "never_open" {
  const everyOpens = rules.every((rule) => seek(rule, from, true, limit) < limit);
  return everyOpens ? "no_common_hours" : "never_open";
}

/** What `parseWeekly` gives: the week, or the place (such as "mon[1]") and the sentence of the first mistake. */
export type WeeklyParse =
  | { readonly ok: true; readonly weekly: Weekly }
  | { readonly ok: false; readonly path: string; readonly detail: string };

/** How many ranges a day may have. */
export const RANGES_MAX = 24;

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/**
 * Reads `{"mon": ["09:00-12:00", "13:00-20:00"], "fri": ["22:00-02:00"]}`. Days that are missing are closed. A range whose end
 * is not after its start runs past midnight; "24:00" may be an end. Overlapping ranges of a day are merged.
 */
export function parseWeekly(spec: Readonly<Record<string, readonly string[]>>): WeeklyParse {
  const weekly: Range[][] = [[], [], [], [], [], [], []];
  for (const [key, texts] of Object.entries(spec)) {
    const weekday = DAYS.findIndex((day) => day === key);
    if (weekday === -1) return mistake(key.slice(0, 20), "days are sun, mon, tue, wed, thu, fri, sat");
    if (!Array.isArray(texts)) return mistake(key, 'a day is a list of ranges, such as ["09:00-17:00"]');
    if (texts.length > RANGES_MAX) return mistake(key, `a day has at most ${RANGES_MAX} ranges`);
    const ranges: Range[] = [];
    for (const [i, text] of texts.entries()) {
      const range = parseRange(text);
      if (typeof range === "string") return mistake(`${key}[${i}]`, range);
      ranges.push(range);
    }
    weekly[weekday] = mergeRanges(ranges);
  }
  return { ok: true, weekly };
}

/** Words for a week of hours: "Mon-Fri 09:00-12:00, 13:00-20:00; Sat 10:00-14:00; Sun closed". */
export function describeHours(weekly: Weekly): string {
  const parts: { first: number; last: number; text: string }[] = [];
  for (const weekday of [1, 2, 3, 4, 5, 6, 0]) {
    const ranges = mergeRanges((weekly[weekday] ?? []).filter(({ from, to }) => from < to));
    const text = ranges.length === 0 ? "closed" : ranges.map(describeRange).join(", ");
    const last = parts.at(-1);
    if (last !== undefined && last.text === text) last.last = weekday;
    else parts.push({ first: weekday, last: weekday, text });
  }
  if (parts.length === 1)
    return parts[0]?.text === "closed" ? "always closed" : `every day ${parts[0]?.text}`;
  return parts
    .map(
      ({ first, last, text }) =>
        `${first === last ? dayName(first) : `${dayName(first)}-${dayName(last)}`} ${text}`,
    )
    .join("; ");
}

/** Closed dates out of a table from local date (days since 1970-01-01) to the holiday's name. */
export function closedDatesOf(names: ReadonlyMap<number, string>): ClosedDates {
  return { has: (localDate) => names.get(localDate) };
}

function parseRange(text: unknown): Range | string {
  const match = typeof text === "string" ? /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text) : null;
  if (match === null) return 'a range is written "09:00-17:00"';
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  if (fromHour > 23 || fromMinute > 59) return "a range starts between 00:00 and 23:59";
  if (toMinute > 59 || toHour > 24 || (toHour === 24 && toMinute > 0)) {
    return "a range ends between 00:00 and 24:00";
  }
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  return { from, to: to <= from ? to + 1440 : to };
}

function mistake(path: string, detail: string): WeeklyParse {
  return { ok: false, path, detail };
}

function describeRange({ from, to }: Range): string {
  if (from === 0 && to === 1440) return "all day";
  const end = to > 1440 ? (to - 1440) % 1440 : to;
  return `${clock(from)}-${clock(end)}`;
}

function clock(minutes: number): string {
  return `${pad2(Math.floor(minutes / 60))}:${pad2(minutes % 60)}`;
}

function dayName(weekday: number): string {
  const name = DAYS[weekday] ?? "";
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
