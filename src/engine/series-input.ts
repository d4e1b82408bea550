import { parseRule } from "../domain/recurrence/recurrence.ts";
import { parsePhone, phoneFault } from "../domain/phone.ts";
import { refuseField } from "../domain/refusal.ts";
import { formatDuration } from "../domain/duration.ts";
import { offsetAt, parseDuration, parseWhen } from "../domain/zone.ts";
import type { Context } from "./context.ts";
import type { SeriesInput, SeriesPolicies } from "./series-api.ts";
import type { SeriesDocument } from "./series-document.ts";
import { zoneNamed } from "./when.ts";

/** A series as it was asked for, read and checked, but for what only the planning of a call can tell. */
export type ReadSeries = {
  readonly e164: string;
  readonly timezone: string;
  readonly document: SeriesDocument;
};

const graceMax = 30 * 86_400_000;
const jitterMax = 86_400_000;
const defaultGraceMs = 3_600_000;

/** Throws `Refusal` with the field that is at fault. `to` may be absent in a preview. */
export function readSeries(
  context: Pick<Context, "zones">,
  input: Omit<SeriesInput, "to"> & { readonly to?: string },
): ReadSeries {
  const { to, start_at, timezone, rule, ...rest } = input;
  const e164 = to === undefined ? "" : readPhone(to);
  const zone = zoneNamed(context, timezone, "/timezone");
  const when = parseWhen(start_at);
  if (when.kind === "invalid")
    throw refuseField("time_invalid", "/start_at", `"${start_at.slice(0, 64)}" cannot be read: ${when.why}.`);
  const startLocalMs = when.kind === "local" ? when.localMs : when.at + offsetAt(zone, when.at);
  const parsed = parseRule(rule, { localMs: startLocalMs }, zone);
  if (!parsed.ok) throw refuseField("rule_invalid", `/rule${parsed.pointer}`, parsed.detail);
  const { policies, template } = split(rest);
  const misfire = {
    misfire: policies.misfire,
    graceMs: durationWithin(policies.misfire_grace, "/misfire_grace", graceMax),
    misfiresMax: policies.misfire_max,
  };
  const jitterMs = durationWithin(policies.jitter, "/jitter", jitterMax);
  return { e164, timezone, document: { rule, startLocalMs, template, policies, misfire, jitterMs } };
}

function readPhone(to: string): string {
  const phone = parsePhone(to);
  if (!phone.ok) throw refuseField("phone_invalid", "/to", phoneFault(phone));
  return phone.e164;
}

function split(rest: Omit<SeriesInput, "to" | "start_at" | "timezone" | "rule">): {
  policies: Required<SeriesPolicies>;
  template: SeriesDocument["template"];
} {
  const {
    on_gap = "forward",
    on_repeat = "first",
    misfire = "run_once",
    misfire_grace = formatDuration(defaultGraceMs),
    misfire_max = 10,
    overlap = "allow",
    overlap_max = 0,
    jitter = "0s",
    ...template
  } = rest;
  const policies = {
    on_gap,
    on_repeat,
    misfire,
    misfire_grace,
    misfire_max,
    overlap,
    overlap_max,
    jitter,
  };
  return { policies, template };
}

function durationWithin(text: string, pointer: string, max: number): number {
  const ms = parseDuration(text);
  if (ms === undefined)
    throw refuseField("time_invalid", pointer, `"${text.slice(0, 40)}" is no duration such as 5m.`);
  if (ms > max) throw refuseField("time_invalid", pointer, `At most ${formatDuration(max)} is possible.`);
  return ms;
}
