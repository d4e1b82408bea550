import { civilFromDays, dayOfMs, formatDay } from "../civil.ts";
import { formatWall } from "../zone.ts";
import { describeDays, joinWords } from "./day-words.ts";
import type { Moment } from "./input.ts";
import type { Rule } from "./rule.ts";
import { describeTimes } from "./time-words.ts";

/** Every so many hours or minutes. */
export type Step = { readonly unit: "hour" | "minute"; readonly interval: number };

/** What a description needs beyond the pattern. */
export type Wording = {
  readonly step: Step | undefined;
  readonly until: Moment | undefined;
  readonly count: number | undefined;
};

/** A rule in words: "weekdays at 10:00, Asia/Kolkata"; what it takes from its start is said as well. */
export function describeRule(rule: Rule, startLocalMs: number, zoneName: string): string {
  const { pattern, wording } = rule;
  const days = describeDays(pattern.days, pattern.setPositions);
  const times = describeTimes(pattern.times, wording.step, startLocalMs);
  // "every day every 15 minutes" says the same twice.
  const when = days === "every day" && times.startsWith("every ") ? times : `${days} ${times}`;
  const parts = [when, zoneName];
  if (wording.until !== undefined) parts.push(`until ${untilWords(wording.until)}`);
  if (wording.count !== undefined) parts.push(wording.count === 1 ? "once" : `${wording.count} times`);
  const [out, added] = [
    rule.excludedDays.length + rule.excludedLocals.length + rule.excludedAts.length,
    rule.extraLocals.length + rule.extraAts.length,
  ];
  const dates = [
    ...(out > 0 ? [`without ${out} ${out === 1 ? "date" : "dates"}`] : []),
    ...(added > 0 ? [`with ${added} more`] : []),
  ];
  return [...parts, ...(dates.length > 0 ? [joinWords(dates)] : [])].join(", ");
}

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

function untilWords(moment: Moment): string {
  if (moment.kind === "day") return dayWords(moment.day);
  const localMs = moment.kind === "local" ? moment.localMs : moment.at;
  const clock = formatWall(localMs).slice(11, 16);
  return `${dayWords(dayOfMs(localMs))} ${clock}${moment.kind === "instant" ? " UTC" : ""}`;
}

function dayWords(days: number): string {
  const { year, month, day } = civilFromDays(days);
  return year > 9999 || year < 1000 ? formatDay(days) : `${day} ${MONTHS[month - 1]} ${year}`;
}
