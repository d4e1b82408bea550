import { refuseField } from "../domain/refusal.ts";
import {
  type ZoneRules,
  formatUtc,
  localToInstant,
  offsetAt,
  optionsOf,
  parseDuration,
  parseWhen,
} from "../domain/zone.ts";
import type { CallRequest } from "./engine.ts";
import type { Context } from "./context.ts";

/** An instant that a request asked for, and the zone that came with it. */
export type Asked = {
  readonly at: number;
  readonly timezone: string | null;
  readonly timezoneSource: "given" | "at" | null;
  /** What the reader should know, such as a local time that a clock change had skipped. */
  readonly warnings: readonly string[];
};

type Times = Pick<CallRequest, "at" | "in" | "timezone" | "disambiguation">;

const slackMs = 1000;
const farMs = 5 * 366 * 86_400_000;

/** Reads `at`, `in` and `timezone`. Neither `at` nor `in` means now. Throws `Refusal` with the field. */
export function readWhen(context: Pick<Context, "zones">, request: Times, now: number): Asked {
  const zone = request.timezone === undefined ? null : zoneNamed(context, request.timezone, "/timezone");
  const source = zone === null ? null : "given";
  if (request.in !== undefined) {
    if (request.at !== undefined) throw refuseField("invalid_body", "/in", "Send at or in, not both.");
    const ms = parseDuration(request.in);
    if (ms === undefined)
      throw refuseField(
        "time_invalid",
        "/in",
        `"${clip(request.in)}" is no duration such as 90s, 5m, 2h or 3d.`,
      );
    return { at: now + ms, timezone: zone?.name ?? null, timezoneSource: source, warnings: [] };
  }
  if (request.at === undefined)
    return { at: now, timezone: zone?.name ?? null, timezoneSource: source, warnings: [] };
  const asked = readInstant(context, request.at, zone, request.disambiguation, "/at");
  if (asked.at < now - slackMs) {
    throw refuseField(
      "time_in_past",
      "/at",
      `${formatUtc(asked.at)} is ${ago(now - asked.at)} ago; it is ${formatUtc(now)} now.`,
    );
  }
  if (asked.at > now + farMs)
    throw refuseField("time_too_far", "/at", `${formatUtc(asked.at)} is more than five years ahead.`);
  return {
    at: Math.max(asked.at, now),
    timezone: zone?.name ?? asked.zone?.name ?? null,
    timezoneSource: source ?? (asked.zone === null ? null : "at"),
    warnings: asked.warnings,
  };
}

/** One instant in any of the accepted forms; `zone` is what a local time without its own is read in. */
export function readInstant(
  context: Pick<Context, "zones">,
  text: string,
  zone: ZoneRules | null,
  disambiguation: CallRequest["disambiguation"],
  pointer: string,
): { readonly at: number; readonly zone: ZoneRules | null; readonly warnings: readonly string[] } {
  const when = parseWhen(text);
  if (when.kind === "invalid")
    throw refuseField("time_invalid", pointer, `"${clip(text)}" cannot be read: ${when.why}.`);
  const named = when.zone === undefined ? null : zoneNamed(context, when.zone, pointer);
  if (when.kind === "instant") return { at: when.at, zone: named, warnings: [] };
  const local = named ?? zone;
  if (local === null)
    throw refuseField("timezone_required", pointer, `"${clip(text)}" has no offset, so it needs timezone.`);
  const resolved = localToInstant(local, when.localMs, optionsOf(disambiguation ?? "compatible"));
  if (resolved === undefined) {
    const code =
      localToInstant(local, when.localMs)?.adjusted === "gap" ? "local_time_skipped" : "local_time_repeated";
    throw refuseField(code, pointer, `${clip(text)} in ${local.name}: the clocks change there on that day.`);
  }
  const warnings =
    resolved.adjusted === "gap"
      ? [`${clip(text)} does not exist in ${local.name} (the clocks go forward); it was moved forward.`]
      : resolved.adjusted === "overlap"
        ? [
            `${clip(text)} happens twice in ${local.name} (the clocks go back); the ${disambiguation === "later" ? "second" : "first"} was taken.`,
          ]
        : [];
  return { at: resolved.at, zone: local, warnings };
}

export function zoneNamed(context: Pick<Context, "zones">, name: string, pointer: string): ZoneRules {
  const zone = context.zones.zone(name);
  if (zone === undefined)
    throw refuseField("timezone_unknown", pointer, `"${clip(name)}" is no IANA time zone.`);
  return zone;
}

/** The hour of the day at an instant there, 0-23, for warnings about the night. */
export function localHour(zone: ZoneRules, at: number): number {
  return Math.floor(((((at + offsetAt(zone, at)) % 86_400_000) + 86_400_000) % 86_400_000) / 3_600_000);
}

function clip(text: string): string {
  return text.length <= 64 ? text : `${text.slice(0, 64)}…`;
}

function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} seconds`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
