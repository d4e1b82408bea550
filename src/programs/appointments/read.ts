import { addressFault } from "../../domain/message-address.ts";
import { parsePhone, phoneFault } from "../../domain/phone.ts";
import { parseClock } from "../../domain/quiet-hours.ts";
import { type RefusalCode, refuseField } from "../../domain/refusal.ts";
import { type ZoneRules, localToInstant, parseDuration, parseWhen } from "../../domain/zone.ts";

import type { Context } from "./context.ts";
import { REMINDERS_MAX, readOffset } from "./rules.ts";

/** Quiet hours as columns. */
export type QuietColumns = { readonly quiet_from: string | null; readonly quiet_to: string | null };

export function readZone({ house }: Context, name: string, pointer: string): ZoneRules {
  const zone = house.zones.zone(name);
  if (zone === undefined)
    throw refuseField("timezone_unknown", pointer, `"${name.slice(0, 64)}" is no IANA time zone.`);
  return zone;
}

export function readQuiet(
  quiet: { readonly from: string; readonly to: string } | null,
  pointer: string,
): QuietColumns {
  if (quiet === null) return { quiet_from: null, quiet_to: null };
  for (const side of ["from", "to"] as const) {
    if (parseClock(quiet[side]) === undefined)
      throw refuseField("invalid_body", `${pointer}/${side}`, "Write a local time, such as 21:00.");
  }
  if (quiet.from === quiet.to)
    throw refuseField(
      "invalid_body",
      `${pointer}/to`,
      "They would leave no time, or none; send null for none.",
    );
  return { quiet_from: quiet.from, quiet_to: quiet.to };
}

/** The offsets as they are stored; an empty list reminds nobody. */
export function readReminders(texts: readonly string[], pointer: string): string {
  if (texts.length > REMINDERS_MAX)
    throw refuseField("invalid_body", pointer, `At most ${REMINDERS_MAX} reminders.`);
  for (const [index, text] of texts.entries()) {
    if (readOffset(text) === null)
      throw refuseField(
        "invalid_body",
        `${pointer}/${index}`,
        `"${text.slice(0, 32)}" is no time before an appointment such as 24h, 2h, 90m or 1d, from 5m to 30d.`,
      );
  }
  return JSON.stringify(texts);
}

export function readPhone(text: string, pointer: string): string {
  const phone = parsePhone(text);
  if (!phone.ok) throw refuseField(phone.code, pointer, phoneFault(phone));
  return phone.e164;
}

export function readEmail(text: string, pointer: string): string {
  const fault = addressFault("email", text);
  if (fault !== null) throw refuseField("invalid_body", pointer, fault);
  return text;
}

/** An instant, or a local time of the business. A local time that a clock change skips is refused, since nobody can come then. */
export function readTime(text: string, zone: ZoneRules, pointer: string): number {
  const refuse = (code: RefusalCode, detail: string) => refuseField(code, pointer, detail);
  const when = parseWhen(text);
  const shown = text.slice(0, 64);
  if (when.kind === "invalid") throw refuse("time_invalid", `"${shown}" cannot be read: ${when.why}.`);
  if (when.kind === "instant") return when.at;
  if (when.zone !== undefined && when.zone !== zone.name)
    throw refuse("time_invalid", `"${shown}" names another zone than the business's, ${zone.name}.`);
  const found = localToInstant(zone, when.localMs, { gap: "reject" });
  if (found === undefined)
    throw refuse(
      "local_time_skipped",
      `${shown} does not exist in ${zone.name}: the clocks go forward then.`,
    );
  return found.at;
}

const longestMs = 86_400_000;

export function readLength(text: string, pointer: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < 60_000 || ms > longestMs)
    throw refuseField(
      "invalid_body",
      pointer,
      `"${text.slice(0, 32)}" is no duration such as 45m or 1h30m, from 1m to 24h.`,
    );
  return ms;
}

/** A decimal with at most two decimals, such as "45.00". */
export function readPrice(text: string, pointer: string): string {
  if (!/^\d{1,9}(?:\.\d{1,2})?$/.test(text))
    throw refuseField(
      "amount_invalid",
      pointer,
      'Send a decimal as text with at most two decimals, such as "45.00".',
    );
  return text;
}
