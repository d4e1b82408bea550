import type { RuleInput } from "../../domain/recurrence/recurrence.ts";
import { refuseField } from "../../domain/refusal.ts";
import type { SeriesView } from "../../engine/series-api.ts";

/** How a schedule repeats, as the schedule module writes it. */
export type RepeatConfig = Readonly<Record<string, unknown>> & { readonly enabled: boolean };

const frequencies = ["daily", "weekly", "monthly"] as const;

/**
 * Reads `repeat_config`: null when it is absent or not enabled. Only its form is checked here; what a rule comes to is the
 * engine's to judge. An `rrule` or a `cron` says everything itself, so `frequency` and `interval` are not looked at then.
 */
export function readRepeat(
  value: unknown,
): { readonly config: RepeatConfig; readonly rule: RuleInput } | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "object" || Array.isArray(value)) throw refuse("", "repeat_config must be an object");
  const given = value as Readonly<Record<string, unknown>>;
  const { enabled } = given;
  if (enabled === undefined) throw refuse("/enabled", "repeat_config.enabled is required");
  if (typeof enabled !== "boolean") throw refuse("/enabled", "repeat_config.enabled must be true or false");
  return enabled ? { config: { ...given, enabled }, rule: ruleOf(given) } : null;
}

function ruleOf(given: Readonly<Record<string, unknown>>): RuleInput {
  const { frequency, interval, rrule, cron } = given;
  const end = endOf(given);
  if (isThere(rrule) && isThere(cron)) throw refuse("/cron", "Send rrule or cron, not both");
  if (isThere(rrule))
    return {
      rrule: textOf("rrule", rrule),
      ...datesOf("exdates", given["exdates"]),
      ...datesOf("rdates", given["rdates"]),
      ...end,
    };
  if (isThere(cron)) return { cron: textOf("cron", cron), ...end };
  if (!isThere(frequency)) throw refuse("/frequency", "repeat_config.frequency is required");
  const found = frequencies.find((one) => typeof frequency === "string" && one === frequency.toLowerCase());
  if (found === undefined)
    throw refuse(
      "/frequency",
      "repeat_config.frequency must be daily, weekly or monthly; or send rrule or cron",
    );
  const weekdays = given["weekdays"] ?? given["days_of_week"];
  return {
    frequency: found,
    ...(isThere(interval) && { interval: wholeOf("interval", interval) }),
    ...(isThere(weekdays) && { weekdays: weekdaysOf(weekdays) }),
    ...end,
  };
}

function endOf(given: Readonly<Record<string, unknown>>): { until?: string; max_occurrences?: number } {
  const { end_date: endDate, max_occurrences: most } = given;
  if (isThere(endDate) && typeof endDate !== "string")
    throw refuseField("time_invalid", "/repeat_config/end_date", "repeat_config.end_date must be a text");
  return {
    ...(isThere(endDate) && { until: endDate }),
    ...(isThere(most) && { max_occurrences: wholeOf("max_occurrences", most) }),
  };
}

/** What a series repeats, in the words it was made with, or in the schedule module's own. */
export function repeatOf(series: SeriesView): RepeatConfig {
  const kept = series.template.source;
  const own = kept?.door === "schedule" ? kept.data["repeat_config"] : undefined;
  if (typeof own === "object" && own !== null) return own as RepeatConfig;
  const { until, ...rule } = series.rule;
  return { enabled: true, ...rule, ...(until !== undefined && { end_date: until }) };
}

function isThere(value: unknown): value is {} {
  return value !== undefined && value !== null;
}

function textOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw refuse(`/${name}`, `repeat_config.${name} must be a text`);
}

function wholeOf(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value;
  throw refuse(`/${name}`, `repeat_config.${name} must be a whole number from 1 on`);
}

function datesOf(name: string, value: unknown): Record<string, readonly string[]> {
  if (!isThere(value)) return {};
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return { [name]: value };
  throw refuse(`/${name}`, `repeat_config.${name} must be a list of texts`);
}

function weekdaysOf(value: unknown): readonly (string | number)[] {
  if (Array.isArray(value) && value.every((one) => typeof one === "string" || typeof one === "number"))
    return value;
  throw refuse("/weekdays", "repeat_config.weekdays must be a list of weekdays");
}

function refuse(pointer: string, detail: string) {
  return refuseField("invalid_body", `/repeat_config${pointer}`, `${detail}.`);
}
