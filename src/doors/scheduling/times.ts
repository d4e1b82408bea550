import { DAY_MS, parseDay } from "../../domain/civil.ts";
import { type ZoneBook, type ZoneRules, localToInstant, parseWhen } from "../../domain/zone.ts";

import { refuse } from "./refusals.ts";

/** An instant (UTC ms) as clients write it, or why it is none. Without an offset it is local time in `zone`. */
export function readTime(text: string, zone: ZoneRules): { readonly at: number } | { readonly why: string } {
  const when = parseWhen(text);
  if (when.kind === "invalid") return { why: when.why };
  if (when.kind === "instant") return { at: when.at };
  return { at: localToInstant(zone, when.localMs)?.at ?? when.localMs };
}

/** As `readTime`, and a date alone is taken, too: its first instant, or with `end` its last. */
export function readDate(
  text: string,
  zone: ZoneRules,
  edge: "start" | "end",
): { readonly at: number } | { readonly why: string } {
  const day = parseDay(text);
  if (day === undefined) return readTime(text, zone);
  const localMs = (day + (edge === "end" ? 1 : 0)) * DAY_MS;
  const at = localToInstant(zone, localMs)?.at ?? localMs;
  return { at: edge === "end" ? at - 1 : at };
}

/** Throws `INVALID_TIMEZONE`. */
export function zoneNamed(zones: ZoneBook, name: string, field: string): ZoneRules {
  const zone = zones.zone(name);
  if (zone !== undefined) return zone;
  const detail = `"${name.slice(0, 64)}" is no IANA time zone`;
  throw refuse("INVALID_TIMEZONE", `Invalid timezone: ${detail}.`, [
    { pointer: `/${field.replaceAll(".", "/")}`, code: "timezone_unknown", detail },
  ]);
}
