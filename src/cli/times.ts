import { prefixZones } from "../domain/prefix-zones.ts";
import { zonesOfPhone } from "../domain/phone.ts";
import {
  type ZoneBook,
  type ZoneRules,
  formatLocal,
  localToInstant,
  parseDuration,
  parseWhen,
} from "../domain/zone.ts";
import { loadZones } from "../system/zones.ts";
import { usage } from "./failure.ts";

/** Writes instants for people; every time is shown with its zone. */
export type Times = {
  readonly zones: ZoneBook;
  /** The zone of this machine; UTC when it is not known. */
  readonly home: ZoneRules;
  zone(name: string): ZoneRules | undefined;
  /** A time as typed, with the zone for local ones, as UTC ms; null when it cannot be resolved. */
  resolve(text: string, timezone: string | undefined): number | null;
};

/** `home` is the name of this machine's zone. */
export function openTimes(directory: string | null, home: string): Times {
  const zones = loadZones({ directory: directory ?? undefined });
  const utc: ZoneRules = { name: "UTC", untils: Float64Array.of(Infinity), offsetsMs: Int32Array.of(0) };
  const resolve = (text: string, timezone: string | undefined): number | null => {
    const when = parseWhen(text);
    if (when.kind === "invalid") return null;
    if (when.kind === "instant") return when.at;
    const zone = zones.zone(when.zone ?? timezone ?? "");
    return zone === undefined ? null : (localToInstant(zone, when.localMs)?.at ?? null);
  };
  return {
    zones,
    home: zones.zone(home) ?? zones.zone("UTC") ?? utc,
    zone: (name) => zones.zone(name),
    resolve,
  };
}

/** An instant of the API (RFC 3339) as UTC ms; null stays null. */
export function instant(text: string): number;
export function instant(text: string | null | undefined): number | null;
export function instant(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Date.parse(text);
}

/** "14:02:05" of the local day. */
export function clock(at: number, zone: ZoneRules): string {
  return formatLocal(zone, at).slice(11, 19);
}

/** "14:02:05.204" of the local day. */
export function preciseClock(at: number, zone: ZoneRules): string {
  return `${clock(at, zone)}.${String(at % 1000).padStart(3, "0")}`;
}

/** "2026-11-22 14:02:05 Europe/London (UTC+00:00)". */
export function stamp(at: number, zone: ZoneRules): string {
  return `${formatLocal(zone, at).slice(0, 10)} ${clock(at, zone)} ${zoneWords(at, zone)}`;
}

/** "America/New_York (UTC-05:00)"; "UTC" alone. */
export function zoneWords(at: number, zone: ZoneRules): string {
  const offset = formatLocal(zone, at).slice(-6);
  return zone.name === "UTC" || zone.name === "Etc/UTC" ? "UTC" : `${zone.name} (UTC${offset})`;
}

/** The hour of the local day, 0 to 23. */
export function hourOf(at: number, zone: ZoneRules): number {
  return Number(formatLocal(zone, at).slice(11, 13));
}

/** "4 ms", "0.2 s", "18 s", "5 min 20 s", "3 h 10 min", "2 d 4 h". */
export function spanWords(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours === 0) return joinUnits(minutes, "min", seconds % 60, "s");
  if (hours < 48) return joinUnits(hours, "h", minutes % 60, "min");
  return joinUnits(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** The zone in which a call's recipient is: the one it was planned in, else what the number's prefix tells. */
export function recipientZone(times: Times, to: string, timezone: string | null): ZoneRules | undefined {
  const named = timezone === null ? undefined : times.zone(timezone);
  if (named !== undefined) return named;
  const [first] = zonesOfPhone(to, prefixZones());
  return first === undefined ? undefined : times.zone(first);
}

/** A duration as typed: 90s, 5m, 2h, 3d. */
export function durationOption(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw usage(`${name} is ${JSON.stringify(text)}.`, "Write a duration such as 90s, 5m, 2h or 3d.");
  return ms;
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
