import { HOUR_MS } from "../../domain/civil.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { ProgramTx } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import type { Actor, Parts } from "./parts.ts";
import { clockOf, dailyRule } from "./rules.ts";
import type { SettingsRow } from "./tables.ts";

/** The job that makes the calls of the day. */
export const DAILY_RUN = "call-expiring-policies-daily";

export type Settings = Omit<SettingsRow, "workspace_id">;
export type SettingsEdit = Partial<Omit<Settings, "updated_at">>;

/** What holds in a workspace that has changed nothing. */
export const defaultSettings: Settings = {
  enabled: 1,
  daily_minute: 600,
  days_before_expiry: 30,
  max_calls_per_day: 50,
  max_concurrent_calls: 5,
  retry_failed_after_hours: 24,
  max_retries_per_customer: 3,
  skip_if_called_within_days: 7,
  updated_at: 0,
};

export async function readSettings({ house, sql }: Parts, actor: Actor): Promise<Settings> {
  const key = { workspace_id: actor.workspaceId };
  const [row] = await house.read("read the settings", () => sql.settings.get([key]));
  return row ?? defaultSettings;
}

/** The settings, held until the end of the transaction. */
export function* lockSettings({ sql }: Parts, tx: ProgramTx): Tx<SettingsRow> {
  const key = { workspace_id: tx.actor.workspaceId };
  yield* sql.settings.insert([{ ...defaultSettings, ...key, updated_at: tx.now }]);
  const [row] = yield* sql.settings.lock([key]);
  if (row === undefined) throw new Error("The settings vanished while they were held");
  return row;
}

/** 1. Store the settings, and the rule of the daily run with them; 2. let the line keep the new limits. */
export async function changeSettings(parts: Parts, actor: Actor, edit: SettingsEdit): Promise<Settings> {
  const { house, sql } = parts;
  const changed = await house.transact("change the settings", actor, {}, function* (tx): Tx<SettingsRow> {
    const row = { ...(yield* lockSettings(parts, tx)), ...edit, updated_at: tx.now };
    yield* sql.settings.update([row]);
    yield* tx.editJob(DAILY_RUN, { rule: dailyRule(row.daily_minute), enabled: row.enabled === 1 });
    return row;
  });
  await keepLine(parts, actor, changed);
  return changed;
}

/** The line of the renewals, with the limits of the settings: made where there is none. Returns its name. */
export function keepLine({ house }: Parts, actor: Actor, settings: Settings): Promise<string> {
  return house.keepLine(actor, {
    name: "renewals",
    slotsMax: settings.max_concurrent_calls,
    dailyMax: settings.max_calls_per_day,
    timezone: house.settings.renewals.timezone,
    retryPolicy: {
      name: "renewals",
      retries: settings.max_retries_per_customer,
      delayMs: settings.retry_failed_after_hours * HOUR_MS,
    },
  });
}

export function renderSettings(settings: Settings) {
  return {
    enabled: settings.enabled === 1,
    daily_call_time: clockOf(settings.daily_minute),
    days_before_expiry: settings.days_before_expiry,
    max_calls_per_day: settings.max_calls_per_day,
    max_concurrent_calls: settings.max_concurrent_calls,
    retry_failed_after_hours: settings.retry_failed_after_hours,
    max_retries_per_customer: settings.max_retries_per_customer,
    skip_if_called_within_days: settings.skip_if_called_within_days,
    updated_at: settings.updated_at === 0 ? null : formatUtc(settings.updated_at),
  };
}
