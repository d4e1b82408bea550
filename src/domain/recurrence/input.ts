import { DAY_MS, daysFromCivil, isCivilDate, parseDay } from "../civil.ts";
import { parseWhen } from "../zone.ts";
import type { ZoneRules } from "../zone.ts";
import type { DayPattern } from "./days.ts";
import type { Times } from "./times.ts";
import type { Step } from "./words.ts";

/** A date or time as callers write it: a whole day, a wall time (ms as if UTC) or an instant (UTC ms). */
export type Moment =
  | { readonly kind: "day"; readonly day: number }
  | { readonly kind: "local"; readonly localMs: number }
  | { readonly kind: "instant"; readonly at: number };

/** A rule as one of the readers of this folder found it, before its bounds and dates are put together. */
export type Draft = {
  readonly days: DayPattern;
  readonly times: Times;
  readonly setPositions: readonly number[];
  readonly runsHourly: boolean;
  readonly step: Step | undefined;
  /** What the pattern counts from: the start, or an RRULE's DTSTART. */
  readonly anchorLocalMs: number;
  readonly count: number | undefined;
  readonly last: Moment | undefined;
  readonly excluded: readonly Moment[];
  readonly extra: readonly Moment[];
};

/** What is wrong with a rule, and where; caught by `parseRule`. */
export class Unsound extends Error {
  readonly pointer: string;

  constructor(pointer: string, detail: string) {
    super(detail);
    this.name = "Unsound";
    this.pointer = pointer;
  }
}

/** Complains about the first property that is not among those known. */
export function assertKnown(input: object, known: readonly string[]): void {
  const unknown = Object.keys(input).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new Unsound(`/${escape(unknown)}`, `there is no ${quote(unknown)} here; known: ${known.join(", ")}`);
}

/** A whole number within bounds; undefined when the value is. */
export function readInteger(
  value: unknown,
  pointer: string,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Unsound(pointer, `send a whole number from ${least} to ${most}`);
}

/** Reads "2027-12-31", "2027-12-31T18:00", either with Z or an offset, and the short forms "20271231", "20271231T180000Z". */
export function readMoment(value: unknown, pointer: string, zone: ZoneRules): Moment {
  if (typeof value !== "string" || value.length > 64) {
    throw new Unsound(pointer, "send a date such as 2027-12-31, or a time such as 2027-12-31T18:00");
  }
  const text = toExtended(value);
  const day = readDay(text);
  if (day !== undefined) return { kind: "day", day };
  const when = parseWhen(text);
  if (when.kind === "invalid") throw new Unsound(pointer, `${quote(value)}: ${when.why}`);
  if (when.kind === "instant") return { kind: "instant", at: when.at };
  if (when.zone !== undefined && when.zone !== zone.name) {
    throw new Unsound(pointer, `${quote(value)} names another zone than ${zone.name}`);
  }
  return { kind: "local", localMs: when.localMs };
}

/** A caller's text as it may be shown in an error: quoted and cut. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** The last wall time (ms as if UTC, inclusive) of a moment that ends something. */
export function endOfMoment(moment: Moment): number {
  if (moment.kind === "day") return (moment.day + 1) * DAY_MS - 1;
  return moment.kind === "local" ? moment.localMs : Infinity;
}

function readDay(text: string): number | undefined {
  return text.startsWith("0000") ? undefined : parseDay(text);
}

/** Turns the short form of ISO 8601 that RFC 5545 uses into the long one; other texts stay. */
function toExtended(text: string): string {
  const match = /^(\d{4})(\d\d)(\d\d)(?:[Tt](\d\d)(\d\d)(\d\d)?([Zz]?))?$/.exec(text);
  if (match === null) return text;
  const [, year = "", month = "", day = "", hour, minute = "", second = "00", utc = ""] = match;
  const date = `${year}-${month}-${day}`;
  if (!isCivilDate(Number(year), Number(month), Number(day))) return date;
  return hour === undefined ? date : `${date}T${hour}:${minute}:${second}${utc}`;
}

/** JSON pointer escaping (RFC 6901). */
function escape(key: string): string {
  return key.slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Days since 1970-01-01 of the first day of year 1900 and of 3000: starts outside are mistakes. */
export const START_DAYS = { least: daysFromCivil(1900, 1, 1), most: daysFromCivil(3000, 1, 1) };
