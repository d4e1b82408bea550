import { DAY_MS } from "../../domain/civil.ts";
import { Refusal, type RefusalCode } from "../../domain/refusal.ts";
import { type ZoneBook, localToInstant, parseWhen } from "../../domain/zone.ts";
import type { CallLogFilter, ListedFilter, OffsetPage } from "../../engine/schedules-api.ts";
import type { Caller } from "../../ports/door.ts";

import { whoseOf } from "./caller.ts";
import { scheduleStatuses, statesOf } from "./status.ts";

export type Query = Readonly<Record<string, unknown>>;

const limitDefault = 100;
const limitMax = 1000;
const offsetMax = 10_000_000;

/** `limit` and `offset`. A limit above the maximum is lowered, and the answer says to what. */
export function pageOf(query: Query): OffsetPage {
  return {
    limit: Math.min(wholeOf(query, "limit", 1) ?? limitDefault, limitMax),
    offset: Math.min(wholeOf(query, "offset", 0) ?? 0, offsetMax),
  };
}

/**
 * Whose schedules are listed, and which. Without a token a request may name the user (`created_by`) and the agent; what
 * nobody owns is then listed too, as everywhere.
 */
export function filterOf(query: Query, caller: Caller): ListedFilter {
  const status = textOf(query, "status");
  const states = status === undefined ? undefined : statesOf(status);
  if (status !== undefined && states === undefined)
    throw refuse("invalid_parameter", "status", `status must be one of ${scheduleStatuses.join(", ")}`);
  const [owner, agent] = [textOf(query, "created_by"), textOf(query, "agent_instance_id")];
  return {
    ...(owner !== undefined && { owner, orUnowned: true }),
    ...(agent !== undefined && { agent }),
    ...(states !== undefined && { status: states }),
    // A token stands over whatever the query says.
    ...whoseOf(caller),
    ...(caller.owner !== undefined && { orUnowned: false }),
  };
}

/** A list's filter, narrowed to a user profile and to a stretch of time; both ends belong to it. */
export function logFilterOf(
  query: Query,
  caller: Caller,
  ports: { readonly zones: ZoneBook; readonly defaultZone: string },
): CallLogFilter {
  const externalId = textOf(query, "user_profile_id");
  const from = momentOf(query, "start_date", ports);
  const to = momentOf(query, "end_date", ports);
  return {
    ...filterOf(query, caller),
    ...(externalId !== undefined && { externalId }),
    ...(from !== undefined && { from: from.at }),
    ...(to !== undefined && { to: to.end }),
  };
}

/** A time, or a whole day; without an offset in the door's zone. `end` is the first instant after it (UTC ms). */
function momentOf(
  query: Query,
  name: string,
  { zones, defaultZone }: { readonly zones: ZoneBook; readonly defaultZone: string },
): { at: number; end: number } | undefined {
  const text = textOf(query, name)?.replace(/ (\d\d:?\d\d)$/, "+$1");
  if (text === undefined) return undefined;
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const when = parseWhen(isDay ? `${text}T00:00` : text);
  if (when.kind === "invalid") throw refuse("time_invalid", name, `${name} cannot be read: ${when.why}`);
  if (when.kind === "instant") return { at: when.at, end: when.at + 1 };
  const zone = zones.zone(when.zone ?? defaultZone);
  if (zone === undefined) throw refuse("timezone_unknown", name, `${name} names no IANA time zone`);
  const instant = (localMs: number) => localToInstant(zone, localMs)?.at ?? 0;
  const at = instant(when.localMs);
  return { at, end: isDay ? instant(when.localMs + DAY_MS) : at + 1 };
}

function wholeOf(query: Query, name: string, least: number): number | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
  throw refuse("invalid_parameter", name, `${name} must be a whole number from ${least} on`);
}

/** The text of a parameter; an empty one counts as absent. */
export function textOf(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string") return value;
  throw refuse("invalid_parameter", name, `${name} must be given once`);
}

function refuse(code: RefusalCode, name: string, detail: string): Refusal {
  return new Refusal(code, `${detail}.`, { faults: [{ pointer: `/query/${name}`, code, detail }] });
}
