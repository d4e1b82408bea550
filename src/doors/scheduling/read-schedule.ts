import type { Fault } from "../../domain/refusal.ts";
import { type ZoneRules, formatLocal, formatUtc } from "../../domain/zone.ts";
import type { CallRequest } from "../../engine/engine.ts";
import type { SeriesInput } from "../../engine/series-api.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { type BusinessHours, isOutside, windowOf, workdays } from "./business-hours.ts";
import { type Kept, type Recurring, door } from "./kept.ts";
import { ruleOf } from "./recurring.ts";
import { faultOf, refuse, refuseFields } from "./refusals.ts";
import type { ScheduleBody } from "./schemas.ts";
import { readDate, readTime, zoneNamed } from "./times.ts";

type Ports = Pick<DoorPorts<unknown>, "clock" | "zones" | "settings">;

/** What a body asks of the core: one call, or a series of them. */
export type Asked =
  | { readonly kind: "call"; readonly request: CallRequest }
  | { readonly kind: "series"; readonly input: SeriesInput };

const priorities = { high: 8, medium: 5, low: 2 } as const;

/**
 * Reads a body whose types were checked; `faults` are those that were found. All faults are told at once; then an unknown
 * zone; then a time that is not ahead. Throws a refusal in the service's words.
 */
export function readSchedule(ports: Ports, body: ScheduleBody | null, faults: readonly Fault[]): Asked {
  const { settings, zones, clock } = ports;
  const own = zoneNamed(zones, settings.scheduling.timezone, "timezone");
  const found = [...faults, ...furtherFaults(body, own)];
  if (body === null || found.length > 0) throw refuseFields(found);
  const given = body.timezone === undefined ? null : zoneNamed(zones, body.timezone, "timezone");
  const hours = hoursOf(body, settings.scheduling, given?.name ?? own.name);
  const hoursZone = zoneNamed(zones, hours.timezone, "businessHours.timezone");
  const at = instantOf(body.scheduledFor, own);
  if (at <= clock.now()) throw notAhead(at);
  const respects = body.respectBusinessHours === true;
  const kept: Kept = {
    timezone: given?.name ?? own.name,
    respectBusinessHours: respects,
    businessHours: respects || body.businessHours !== undefined ? hours : null,
    recurring: body.recurring === undefined ? null : recurringOf(body.recurring),
  };
  const template = {
    to: body.phoneNumber,
    owner: body.userId,
    agent: body.agentId,
    priority: priorities[body.priority ?? "medium"],
    metadata: body.metadata ?? {},
    source: { door, data: kept },
    refused_retries: settings.scheduling.refusedRetries,
    // Only who asks for business hours is moved; the ledger says when a call is made outside them.
    ...(respects ? { window: windowOf(hours) } : { hours: "always", notes: notesOf(hours, hoursZone, at) }),
  };
  if (body.recurring === undefined) {
    const timezone = given === null ? {} : { timezone: given.name };
    return { kind: "call", request: { ...template, at: formatUtc(at), ...timezone } };
  }
  const zone = given ?? own;
  const rule = ruleOf(recurringOf(body.recurring), zone, at, respects ? hours : null, own);
  return { kind: "series", input: { ...template, start_at: formatUtc(at), timezone: zone.name, rule } };
}

/** Reads the new time of a call. Throws `VALIDATION_ERROR` and `INVALID_SCHEDULED_TIME`. */
export function readNewTime(ports: Ports, text: unknown, faults: readonly Fault[]): number {
  const own = zoneNamed(ports.zones, ports.settings.scheduling.timezone, "timezone");
  const found = [...faults, ...timeFaults("scheduledFor", text, own)];
  if (typeof text !== "string" || found.length > 0) throw refuseFields(found);
  const at = instantOf(text, own);
  if (at <= ports.clock.now()) throw notAhead(at);
  return at;
}

/** What types alone do not tell. */
function furtherFaults(body: ScheduleBody | null, own: ZoneRules): Fault[] {
  if (body === null || typeof body !== "object") return [];
  const { businessHours: hours, recurring } = body;
  const faults = timeFaults("scheduledFor", body.scheduledFor, own);
  if (hours?.start !== undefined && hours.start === hours.end)
    faults.push(faultOf("businessHours.end", "businessHours.end must differ from businessHours.start"));
  if (recurring?.endDate === undefined) return faults;
  const end = typeof recurring.endDate === "string" ? readDate(recurring.endDate, own, "end") : null;
  if (end === null) return faults;
  if ("why" in end) return [...faults, faultOf("recurring.endDate", `recurring.endDate: ${end.why}`)];
  const start = typeof body.scheduledFor === "string" ? readTime(body.scheduledFor, own) : null;
  if (start !== null && "at" in start && end.at < start.at)
    faults.push(faultOf("recurring.endDate", "recurring.endDate must not be before scheduledFor"));
  return faults;
}

function timeFaults(field: string, text: unknown, zone: ZoneRules): Fault[] {
  if (typeof text !== "string") return [];
  const read = readTime(text, zone);
  return "why" in read ? [faultOf(field, `${field}: ${read.why}`)] : [];
}

function instantOf(text: string, zone: ZoneRules): number {
  const read = readTime(text, zone);
  if ("why" in read) throw refuseFields([faultOf("scheduledFor", read.why)]);
  return read.at;
}

function notAhead(at: number) {
  const detail = `scheduledFor must be in the future, and ${formatUtc(at)} is not`;
  return refuse("INVALID_SCHEDULED_TIME", "Scheduled time must be in the future.", [
    { pointer: "/scheduledFor", code: "time_in_past", detail },
  ]);
}

function hoursOf(
  { businessHours }: ScheduleBody,
  defaults: DoorPorts<unknown>["settings"]["scheduling"],
  timezone: string,
): BusinessHours {
  return {
    start: businessHours?.start ?? defaults.businessHours.start,
    end: businessHours?.end ?? defaults.businessHours.end,
    timezone: businessHours?.timezone ?? timezone,
    daysOfWeek: businessHours?.daysOfWeek ?? workdays,
  };
}

function notesOf(hours: BusinessHours, zone: ZoneRules, at: number): readonly string[] {
  if (!isOutside(hours, zone, at)) return [];
  const local = formatLocal(zone, at).slice(0, 16).replace("T", " ");
  return [
    `It is outside business hours (${hours.start}-${hours.end}): ${local} in ${zone.name}. It stays, because respectBusinessHours was not asked for.`,
  ];
}

function recurringOf({
  frequency,
  interval,
  endDate,
  maxOccurrences,
}: NonNullable<ScheduleBody["recurring"]>): Recurring {
  return {
    frequency,
    interval: interval ?? 1,
    ...(endDate !== undefined && { endDate }),
    ...(maxOccurrences !== undefined && { maxOccurrences }),
  };
}
