import { parsePhone, phoneFault } from "../../domain/phone.ts";
import type { RuleInput } from "../../domain/recurrence/recurrence.ts";
import { Refusal, refuseField } from "../../domain/refusal.ts";
import { type ZoneBook, formatUtc, formatWall, localToInstant, parseWhen } from "../../domain/zone.ts";

import { type RepeatConfig, readRepeat } from "./repeat.ts";

/** When a schedule is due: an instant (UTC ms), its text for a series, and the zone that the request named. */
export type AskedTime = { readonly at: number; readonly start: string; readonly timezone: string | null };

/** The fields of a request that were there, read. Null takes away what was there. */
export type ScheduleFields = {
  readonly phone?: string;
  readonly time?: AskedTime;
  readonly timezone?: string;
  readonly repeat?: { readonly config: RepeatConfig; readonly rule: RuleInput } | null;
  readonly retryPolicy?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly createdBy?: string | null;
  readonly agentInstanceId?: string | null;
  readonly userProfileId?: string | null;
  readonly description?: string | null;
  readonly callType?: string | null;
  readonly notes?: string | null;
};

export type NewSchedule = ScheduleFields & { readonly phone: string; readonly time: AskedTime };

export type ReadPorts = {
  readonly zones: ZoneBook;
  /** UTC ms. */
  readonly now: number;
  /** The zone of times that name none. */
  readonly defaultZone: string;
};

/** A time that is this much past when its request arrives was meant to be now. */
const slackMs = 1000;

/** What the fields of free text may hold, in characters. */
const textsMax = { description: 2000, call_type: 64, notes: 10_000 } as const;
const idMax = 200;
const metadataMax = 16_384;

/** Reads the body of a create request. Throws `Refusal` with the field; unknown fields are ignored. */
export function readNew(body: unknown, ports: ReadPorts): NewSchedule {
  const given = objectOf(body);
  const missing = ["phone", "scheduled_time"].filter((name) => !isThere(given[name]));
  if (missing.length > 0) {
    throw new Refusal("invalid_body", `Missing required fields: ${missing.join(", ")}.`, {
      faults: missing.map((name) => ({
        pointer: `/${name}`,
        code: "invalid_body",
        detail: `${name} is required`,
      })),
    });
  }
  const { phone, time, ...rest } = readFields(given, ports);
  if (phone === undefined || time === undefined) throw new Error("a required field was read as absent");
  return { phone, time, ...rest };
}

/** Reads the body of an update: any of the fields, at least one. */
export function readChange(body: unknown, ports: ReadPorts): ScheduleFields {
  const given = objectOf(body);
  for (const name of ["phone", "scheduled_time", "timezone"]) {
    if (given[name] === null)
      throw refuseField("invalid_body", `/${name}`, `${name} can be changed, not taken away.`);
  }
  const { createdBy: _owner, ...fields } = readFields(given, ports);
  if (Object.keys(fields).length === 0)
    throw new Refusal("invalid_body", "The request names no field of a schedule: nothing to update.");
  return fields;
}

function readFields(given: Readonly<Record<string, unknown>>, ports: ReadPorts): ScheduleFields {
  const phone = isThere(given["phone"]) ? readPhone(given["phone"]) : undefined;
  const timezone = isThere(given["timezone"]) ? readZone(given["timezone"], ports.zones) : undefined;
  const time = isThere(given["scheduled_time"])
    ? readTime(given["scheduled_time"], timezone ?? null, ports)
    : undefined;
  const named = timezone ?? time?.timezone ?? undefined;
  return {
    ...(phone !== undefined && { phone }),
    ...(time !== undefined && { time }),
    ...(named !== undefined && { timezone: named }),
    ...("repeat_config" in given && { repeat: readRepeat(given["repeat_config"]) }),
    ...readRetry(given),
    ...readMetadata(given["metadata"]),
    ...idOf("createdBy", "created_by", given),
    ...idOf("agentInstanceId", "agent_instance_id", given),
    ...idOf("userProfileId", "user_profile_id", given),
    ...textOf("description", "description", given),
    ...textOf("callType", "call_type", given),
    ...textOf("notes", "notes", given),
  };
}

function objectOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === "object" && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>;
  throw refuseField("invalid_body", "/body", "The body must be a JSON object.");
}

function isThere(value: unknown): value is {} {
  return value !== undefined && value !== null;
}

function readPhone(value: unknown): string {
  const parsed = parsePhone(value);
  if (parsed.ok) return parsed.e164;
  throw refuseField("phone_invalid", "/phone", phoneFault(parsed));
}

function readZone(value: unknown, zones: ZoneBook): string {
  if (typeof value === "string" && zones.zone(value) !== undefined) return value;
  throw refuseField("timezone_unknown", "/timezone", `${clip(value)} is no IANA time zone.`);
}

/** A time without an offset is local in the zone that the request names, else in the door's own. */
function readTime(value: unknown, given: string | null, { zones, now, defaultZone }: ReadPorts): AskedTime {
  const refuse = (why: string) => refuseField("time_invalid", "/scheduled_time", why);
  if (typeof value !== "string") throw refuse("scheduled_time must be a text such as 2027-01-15T10:00:00Z.");
  const when = parseWhen(value);
  if (when.kind === "invalid") throw refuse(`${clip(value)} cannot be read: ${when.why}.`);
  const timezone = given ?? (when.zone === undefined ? null : readZone(when.zone, zones));
  const at = when.kind === "instant" ? when.at : instantOf(when.localMs, timezone ?? defaultZone, zones);
  if (at < now - slackMs)
    throw refuseField(
      "time_in_past",
      "/scheduled_time",
      `scheduled_time must be in the future: ${formatUtc(at)} has passed, it is ${formatUtc(now)}.`,
    );
  const start = when.kind === "instant" ? formatUtc(at) : formatWall(when.localMs);
  return { at: Math.max(at, now), start, timezone };
}

function instantOf(localMs: number, name: string, zones: ZoneBook): number {
  const zone = zones.zone(name);
  const found = zone === undefined ? undefined : localToInstant(zone, localMs);
  if (found === undefined) throw refuseField("timezone_unknown", "/timezone", `${clip(name)} is not known.`);
  return found.at;
}

/**
 * Without a word on it nothing is tried again. `true` asks for the workspace's retry policy (null here), `policy` names one
 * of `/v1/retry-policies`.
 */
function readRetry(given: Readonly<Record<string, unknown>>): { retryPolicy?: string | null } {
  const name = "retry_config" in given ? "retry_config" : "retry";
  if (!(name in given)) return {};
  const value = given[name];
  if (value === null || value === false) return { retryPolicy: "none" };
  if (value === true) return { retryPolicy: null };
  if (typeof value !== "object" || Array.isArray(value))
    throw refuseField("invalid_body", `/${name}`, `${name} must be an object, true or false.`);
  const { enabled = true, policy } = value as { enabled?: unknown; policy?: unknown };
  if (typeof enabled !== "boolean")
    throw refuseField("invalid_body", `/${name}/enabled`, `${name}.enabled must be true or false.`);
  if (!enabled) return { retryPolicy: "none" };
  if (!isThere(policy)) return { retryPolicy: null };
  if (typeof policy === "string" && policy !== "" && policy.length <= idMax) return { retryPolicy: policy };
  throw refuseField("invalid_body", `/${name}/policy`, `${name}.policy must be the name of a retry policy.`);
}

function readMetadata(value: unknown): { metadata?: Readonly<Record<string, unknown>> } {
  if (value === undefined) return {};
  if (value === null) return { metadata: {} };
  if (typeof value !== "object" || Array.isArray(value))
    throw refuseField("invalid_body", "/metadata", "metadata must be an object.");
  if (JSON.stringify(value).length > metadataMax)
    throw refuseField("invalid_body", "/metadata", `metadata holds at most ${metadataMax} characters.`);
  return { metadata: value as Record<string, unknown> };
}

type TextKey = "description" | "callType" | "notes";
type IdKey = "createdBy" | "agentInstanceId" | "userProfileId";

function textOf(
  key: TextKey,
  name: keyof typeof textsMax,
  given: Readonly<Record<string, unknown>>,
): Partial<Record<TextKey, string | null>> {
  const value = given[name];
  if (value === undefined) return {};
  const max = textsMax[name];
  if (value === null) return { [key]: null };
  if (typeof value === "string" && value.length <= max) return { [key]: value };
  throw refuseField("invalid_body", `/${name}`, `${name} must be a text of at most ${max} characters.`);
}

function idOf(
  key: IdKey,
  name: string,
  given: Readonly<Record<string, unknown>>,
): Partial<Record<IdKey, string | null>> {
  const value = given[name];
  if (value === undefined) return {};
  if (value === null || value === "") return { [key]: null };
  if (typeof value === "string" && value.length <= idMax) return { [key]: value };
  throw refuseField("invalid_body", `/${name}`, `${name} must be a text of at most ${idMax} characters.`);
}

function clip(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= 64 ? `"${text}"` : `"${text.slice(0, 64)}…"`;
}
