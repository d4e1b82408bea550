import type { CallStatus } from "./call.ts";

/** Every type of entry that the ledger holds; each is published under its own name. */
export const ledgerEventTypes = [
  "agent.created",
  "agent.removed",
  "agent.updated",
  "appointment.answered",
  "appointment.booked",
  "appointment.canceled",
  "appointment.completed",
  "appointment.confirmed",
  "appointment.missed",
  "appointment.moved",
  "appointment.rescheduled",
  "appointment.started",
  "call.amended",
  "call.answered",
  "call.canceled",
  "call.completed",
  "call.corrected",
  "call.deleted",
  "call.dialing",
  "call.dispatched",
  "call.expired",
  "call.failed",
  "call.moved",
  "call.needs_review",
  "call.paused",
  "call.released",
  "call.rescheduled",
  "call.resumed",
  "call.retry_planned",
  "call.ringing",
  "call.scheduled",
  "call.skipped",
  "call.unconfirmed",
  "device.registered",
  "device.removed",
  "dialing.resumed",
  "dialing.stopped",
  "engine.was_down",
  "hours.created",
  "hours.updated",
  "job.changed",
  "job.failed",
  "job.missed",
  "job.run_asked",
  "key.created",
  "key.revoked",
  "line.budget_changed",
  "line.created",
  "line.paused",
  "line.removed",
  "line.resumed",
  "line.spend_cap_reached",
  "line.updated",
  "live.block_cap_reached",
  "live.closed",
  "live.country_allowed",
  "live.country_forgotten",
  "live.country_refused",
  "live.country_waiting",
  "live.number_allowed",
  "live.number_disallowed",
  "live.opened",
  "live.updated",
  "notification.bounced",
  "notification.canceled",
  "notification.delivered",
  "notification.expired",
  "notification.failed",
  "notification.moved",
  "notification.retried",
  "notification.retry_planned",
  "notification.sent",
  "notification_handler.created",
  "notification_handler.disabled",
  "notification_handler.enabled",
  "notification_handler.removed",
  "notification_handler.updated",
  "notification_template.created",
  "notification_template.removed",
  "notification_template.updated",
  "operation.canceled",
  "operation.completed",
  "operation.started",
  "person.erased",
  "person.erasure_asked",
  "policy.renewed",
  "policy.upgraded",
  "recipient.removed",
  "recipient.updated",
  "series.backfilled",
  "series.changed",
  "series.created",
  "series.deleted",
  "series.ended",
  "series.occurrence_missed",
  "series.occurrence_skipped",
  "series.paused",
  "series.resumed",
  "series.run_now",
  "settings.updated",
  "suppression.created",
  "suppression.removed",
  "webhook_endpoint.created",
  "webhook_endpoint.disabled",
  "webhook_endpoint.enabled",
  "webhook_endpoint.removed",
  "webhook_endpoint.secret_rotated",
  "webhook_endpoint.updated",
] as const;

/** What subscribers are told beside the entries of the ledger themselves; each follows from an entry. */
export const derivedEventTypes = [
  "attempt.ended",
  "call.queued",
  "call.settled",
  "contact.opted_out",
  "disposition.recorded",
  "limit.reached",
  "schedule.ended",
  "schedule.occurrence_created",
  "webhook_endpoint.test",
  "notification_handler.test",
] as const;

/** An entry of the ledger, as far as it decides what is published. */
export type EntryFacts = {
  readonly type: string;
  readonly reason: string | null;
  readonly attemptId: number | null;
  readonly data: Readonly<Record<string, unknown>>;
};

/** What a call's entries so far come to. */
export type CallStory = {
  /** How many events were published of it. */
  readonly sequence: number;
  readonly status: CallStatus | null;
  readonly outcome: string | null;
  readonly disposition: string | null;
  /** The attempt of which it is not known whether it was placed. */
  readonly unconfirmed: number | null;
};

export const untold: CallStory = {
  sequence: 0,
  status: null,
  outcome: null,
  disposition: null,
  unconfirmed: null,
};

/** `isEntry`: it is the entry itself, not something that follows from it. */
export type Published = { readonly type: string; readonly sequence: number; readonly isEntry: boolean };

/**
 * What is published of a call's next entry, in order, the entry itself last. The sequence counts every event of the call
 * from 1 on without a gap; it depends on nothing but the call's entries and their order.
 */
export function tellEntry(
  before: CallStory,
  entry: EntryFacts,
): { readonly after: CallStory; readonly events: readonly Published[] } {
  const types = [...derivedFrom(before, entry), entry.type];
  const events = types.map((type, index) => ({
    type,
    sequence: before.sequence + index + 1,
    isEntry: index === types.length - 1,
  }));
  return {
    after: {
      sequence: before.sequence + types.length,
      status: statusAfter(before.status, entry.type),
      outcome: textOf(entry.data["outcome"]) ?? before.outcome,
      disposition: textOf(entry.data["disposition"]) ?? before.disposition,
      unconfirmed: unconfirmedAfter(before, entry),
    },
    events,
  };
}

/** True when a subscriber's list holds the type, its group ("call.*") or everything ("*"). */
export function isWanted(wanted: readonly string[], type: string): boolean {
  const group = groupOf(type);
  return wanted.some((one) => one === type || one === group || one === "*");
}

const known: ReadonlySet<string> = new Set([
  "*",
  ...[...ledgerEventTypes, ...derivedEventTypes].flatMap(named),
]);

function named(type: string): [string, string] {
  return [type, groupOf(type)];
}

function groupOf(type: string): string {
  return `${type.slice(0, type.indexOf("."))}.*`;
}

/** True for `*`, a type, or a group of types such as `call.*`. */
export function isEventFilter(text: string): boolean {
  return known.has(text);
}

/** What follows from an entry that belongs to no call. */
export function derivedFromWide(type: string): readonly string[] {
  if (type === "series.ended") return ["schedule.ended"];
  return isCap(type) ? ["limit.reached"] : [];
}

function isCap(type: string): boolean {
  return type.endsWith("_cap_reached");
}

function derivedFrom(before: CallStory, entry: EntryFacts): string[] {
  const { type, reason, data } = entry;
  const derived: string[] = [];
  if (type === "call.scheduled" && data["series_id"] !== undefined)
    derived.push("schedule.occurrence_created");
  if (type === "call.dialing" && reason !== null) derived.push("call.queued");
  if (limitOf(entry) !== null) derived.push("limit.reached");
  if (isSettling(before, entry)) derived.push("call.settled");
  if (entry.attemptId !== null && textOf(data["outcome"]) !== null) derived.push("attempt.ended");
  const disposition = textOf(data["disposition"]);
  if (disposition !== null) derived.push("disposition.recorded");
  if (disposition === "opt_out") derived.push("contact.opted_out", "suppression.created");
  return derived;
}

const caps: ReadonlySet<unknown> = new Set(["number_cap", "daily_cap"]);

/** The cap that was reached: as the entry names it, or as the reason that held a call up. Waiting for a free slot is everyday, and none. */
export function limitOf(entry: EntryFacts): string | null {
  if (isCap(entry.type)) return entry.type.slice(entry.type.indexOf(".") + 1, -"_reached".length);
  const said =
    entry.type === "call.moved" || entry.type === "call.dialing"
      ? entry.reason
      : entry.type === "call.expired"
        ? entry.data["waited_for"]
        : null;
  return caps.has(said) ? (said as string) : null;
}

function isSettling(before: CallStory, entry: EntryFacts): boolean {
  return (
    before.unconfirmed !== null &&
    entry.attemptId === before.unconfirmed &&
    entry.type !== "call.unconfirmed" &&
    entry.type !== "call.needs_review"
  );
}

function unconfirmedAfter(before: CallStory, entry: EntryFacts): number | null {
  if (entry.type === "call.unconfirmed") return entry.attemptId;
  return isSettling(before, entry) ? null : before.unconfirmed;
}

const statuses: Readonly<Record<string, CallStatus>> = {
  "call.scheduled": "scheduled",
  "call.paused": "paused",
  "call.resumed": "scheduled",
  "call.dialing": "dialing",
  "call.dispatched": "dialing",
  "call.unconfirmed": "dialing",
  "call.ringing": "dialing",
  "call.answered": "dialing",
  "call.released": "scheduled",
  "call.retry_planned": "scheduled",
  "call.completed": "completed",
  "call.failed": "failed",
  "call.expired": "expired",
  "call.canceled": "canceled",
  "call.skipped": "skipped",
  "call.needs_review": "needs_review",
};

function statusAfter(before: CallStatus | null, type: string): CallStatus | null {
  // A paused call that is moved stays paused.
  if (type === "call.rescheduled") return before === "paused" ? "paused" : "scheduled";
  return statuses[type] ?? before;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
