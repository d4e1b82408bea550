import { NO_CLOSED_DATES, type Rule, type Weekly, findOpening } from "./window.ts";
import type { ZoneRules } from "./zone.ts";

/** Local hours of every day in which nobody is told anything: minutes of the day; `from` later than `to` runs over midnight. */
export type Quiet = { readonly zone: ZoneRules; readonly from: number; readonly to: number };

/** "HH:MM" as minutes of the day; undefined for anything else. */
export function parseClock(text: string): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
}

/**
 * The first instant at or after `at` (UTC ms) that is quiet for nobody: `at` itself when nothing is quiet then; null when
 * quiet hours leave no time at all. They are hours of the wall clock, so a clock change makes them shorter or longer.
 */
export function quietUntil(quiet: readonly Quiet[], at: number): number | null {
  if (quiet.length === 0) return at;
  const opening = findOpening(quiet.map(loudRule), at);
  return opening.kind === "open" ? opening.at : null;
}

function loudRule({ zone, from, to }: Quiet): Rule {
  return { zone, hours: { name: "quiet hours", weekly: loudWeek(from, to), closed: NO_CLOSED_DATES } };
}

// What is loud depends on nothing but the two minutes: this is a memo, not state.
const weeks = new Map<number, Weekly>();
const weeksMax = 1000;

/** Every day from the end of the quiet hours to their next beginning. */
function loudWeek(from: number, to: number): Weekly {
  const key = from * 1440 + to;
  const known = weeks.get(key);
  if (known !== undefined) return known;
  const day = [{ from: to, to: from > to ? from : from + 1440 }];
  const week: Weekly = [day, day, day, day, day, day, day];
  if (weeks.size >= weeksMax) weeks.clear();
  weeks.set(key, week);
  return week;
}
