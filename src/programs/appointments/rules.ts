import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../domain/civil.ts";
import type { Quiet } from "../../domain/quiet-hours.ts";
import { type ZoneRules, localToInstant, offsetAt, parseDuration } from "../../domain/zone.ts";

import { afterQuiet, beforeQuiet, isQuiet } from "./quiet.ts";
import type { AppointmentStatus } from "./status.ts";

/** How long before its start an appointment is recalled: in hours that pass, or in days of the calendar (the same local time). */
export type Offset = { readonly kind: string; readonly ms: number; readonly days: number };

/** What decides when a client is told something. */
export type Terms = {
  /** The business's. */
  readonly zone: ZoneRules;
  /** The farthest first. */
  readonly reminders: readonly Offset[];
  readonly quiet: Quiet | null;
};

/** An appointment, as far as it decides that. `toldFrom`: since when it has been as it is. */
export type Booking = {
  readonly status: AppointmentStatus;
  readonly startsAt: number;
  readonly toldFrom: number;
  /** Whether the booking itself is told of. */
  readonly confirms: boolean;
};

/** Something to tell: never before `at`, useless from `expiresAt` on (UTC ms). `kind` is that of the message. */
export type Planned = { readonly kind: string; readonly at: number; readonly expiresAt: number };
/** What is not told, and why. */
export type Dropped = { readonly kind: string; readonly reason: DropReason; readonly at: number };
/**
 * `too_late`: its instant had passed when the appointment was agreed upon. `quiet_hours`: quiet hours leave no time for it.
 * `next_is_near`: they move it to where the next one stands.
 */
export type DropReason = "too_late" | "quiet_hours" | "next_is_near";

export type TellingPlan = { readonly wanted: readonly Planned[]; readonly dropped: readonly Dropped[] };

/**
 * What a client is told of an appointment up to its start. It depends on what was agreed and on nothing that passes, so that
 * working it out again later gives the same.
 *
 * A booking is told of at once, also in quiet hours, since it answers whoever has just booked. Only what is confirmed is
 * recalled. A reminder that would fall into quiet hours comes when they end, if it is of use then, else before they begin;
 * failing that, not at all.
 */
export function planTelling(booking: Booking, terms: Terms): TellingPlan {
  const plan = { wanted: [] as Planned[], dropped: [] as Dropped[] };
  const { status, startsAt, toldFrom, confirms } = booking;
  if (startsAt <= toldFrom || (status !== "pending" && status !== "confirmed")) return plan;
  if (confirms) {
    const kind = status === "pending" ? "requested" : "confirmation";
    plan.wanted.push({ kind, at: toldFrom, expiresAt: startsAt });
  }
  if (status === "confirmed") addReminders(plan, booking, terms);
  return plan;
}

/** The nearest first, since the nearer of two that meet is the more useful. */
function addReminders(
  plan: { readonly wanted: Planned[]; readonly dropped: Dropped[] },
  { startsAt, toldFrom }: Booking,
  terms: Terms,
): void {
  const { zone, reminders, quiet } = terms;
  let next = Infinity;
  for (const [index, offset] of [...reminders.entries()].toReversed()) {
    const { kind } = offset;
    const ideal = before(zone, startsAt, offset);
    const nearer = reminders[index + 1];
    const expiresAt =
      nearer === undefined ? startsAt - lastLead(startsAt - ideal) : before(zone, startsAt, nearer);
    const at = ideal <= toldFrom ? null : awake(quiet, ideal, expiresAt, toldFrom);
    const reason = whyDropped({ isLate: ideal <= toldFrom, at, next });
    if (at === null || reason !== null) {
      plan.dropped.push({ kind, reason: reason ?? "quiet_hours", at: ideal });
      continue;
    }
    plan.wanted.push({ kind, at, expiresAt });
    next = at;
  }
}

function whyDropped(found: {
  readonly isLate: boolean;
  readonly at: number | null;
  readonly next: number;
}): DropReason | null {
  if (found.isLate) return "too_late";
  if (found.at === null) return "quiet_hours";
  return found.at >= found.next ? "next_is_near" : null;
}

/** The instant nearest to the ideal one at which people may be told; null when none is of use. */
function awake(quiet: Quiet | null, ideal: number, expiresAt: number, toldFrom: number): number | null {
  if (quiet === null || !isQuiet(quiet, ideal)) return ideal;
  const later = afterQuiet(quiet, ideal);
  if (later < expiresAt) return later;
  const earlier = beforeQuiet(quiet, ideal);
  return earlier > toldFrom && !isQuiet(quiet, earlier) ? earlier : null;
}

/** How long before the start the last reminder is still of use: half an hour, or a quarter of a short offset. */
function lastLead(offsetMs: number): number {
  return Math.min(30 * MINUTE_MS, Math.floor(offsetMs / 4));
}

/** The instant that lies so long before another; by days of the calendar, the same local time. */
export function before(zone: ZoneRules, at: number, { ms, days }: Offset): number {
  const local = at + offsetAt(zone, at) - days * DAY_MS;
  const day = days === 0 ? at : (localToInstant(zone, local)?.at ?? at);
  return day - ms;
}

export const REMINDERS_MAX = 5;
const SHORTEST_MS = 5 * MINUTE_MS;
const LONGEST_DAYS = 30;

/** "24h", "90m", "1d": how long before. Null for what is none, is under five minutes or over thirty days. */
export function readOffset(text: string): Offset | null {
  const match = /^(?:(\d{1,2})d)?(.*)$/.exec(text);
  const days = Number(match?.[1] ?? "0");
  const rest = match?.[2] ?? "";
  const ms = rest === "" ? 0 : parseDuration(rest);
  if (ms === undefined || (days === 0 && ms < SHORTEST_MS)) return null;
  if (days * DAY_MS + ms > LONGEST_DAYS * DAY_MS) return null;
  return { kind: text, ms, days };
}

/** Offsets of a business, the farthest first; two that come to the same count once. */
export function orderOffsets(offsets: readonly Offset[]): readonly Offset[] {
  const farness = ({ ms, days }: Offset): number => days * 24 * HOUR_MS + ms;
  const sorted = offsets.toSorted((a, b) => farness(b) - farness(a));
  return sorted.filter((one, index) => index === 0 || farness(one) !== farness(sorted[index - 1] ?? one));
}

/** The event under which a message is told. */
export function eventOf(kind: string): string {
  return events[kind] ?? "appointment_reminder";
}

const events: Readonly<Record<string, string>> = {
  requested: "appointment_requested",
  confirmation: "appointment_confirmation",
  "24h": "appointment_reminder_24h",
  "2h": "appointment_reminder_2h",
  missed: "appointment_missed",
  review_request: "review_request",
  review_reminder: "review_reminder",
};
export const messageEvents: readonly string[] = [...Object.values(events), "appointment_reminder"];

/** What is told after the appointment, and the status that it wants. */
export const afterwards: Readonly<Record<string, AppointmentStatus>> = {
  missed: "no_show",
  review_request: "completed",
  review_reminder: "completed",
};

/** True for what answers a booking; quiet hours do not hold it back. */
export function isAnswer(kind: string): boolean {
  return kind === "requested" || kind === "confirmation";
}

/** True for what recalls an appointment before it begins. */
export function isReminder(kind: string): boolean {
  return !isAnswer(kind) && afterwards[kind] === undefined;
}

/** Something that is told after the appointment: now, or when quiet hours end, and of no use after a while. */
export function planAfterwards(kind: string, now: number, quiet: Quiet | null): Planned {
  const at = afterQuiet(quiet, now);
  return { kind, at, expiresAt: at + usefulMs };
}
const usefulMs = 24 * HOUR_MS;

/** Whether a status leaves a message that was planned as it is. */
export function isStillRight(kind: string, status: AppointmentStatus): boolean {
  return afterwards[kind] === status;
}
