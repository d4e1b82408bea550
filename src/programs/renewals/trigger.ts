import type { Job, JobResult } from "../../ports/job.ts";

import type { Actor, Parts } from "./parts.ts";
import { type Selected, selectAndCall } from "./select.ts";
import { DAILY_RUN, defaultSettings, readSettings } from "./settings.ts";
import { dailyRule } from "./rules.ts";
import type { CallSource } from "./tables.ts";

export const REASON = "expiring_policy";

/** The daily run: everybody whose policy ends soon, as far as the day's calls go. */
export function dailyJob(parts: Parts): Job {
  return {
    name: DAILY_RUN,
    title: "Calls customers whose policies are about to end",
    queue: "notifications",
    rule: dailyRule(defaultSettings.daily_minute),
    timezone: parts.zone.name,
    enabled: true,
    drivenBy: "PUT /api/scheduler/config sets when it runs, and whether it does",
    run: async ({ actor, runId, isStopping }): Promise<JobResult> => {
      const settings = await readSettings(parts, actor);
      const selected = await selectAndCall(parts, actor, {
        days: settings.days_before_expiry,
        callsMax: settings.max_calls_per_day,
        source: "daily",
        taskId: parts.house.secrets.publicId("job_run", runId),
        reason: REASON,
        isStopping,
      });
      return resultOf(parts, selected);
    },
  };
}

export type Triggered = { readonly taskId: string; readonly selected: Selected };

/** Selects and calls at once, also while the daily run is switched off. */
export async function trigger(
  parts: Parts,
  actor: Actor,
  asked: { readonly days: number; readonly callsMax: number; readonly source: CallSource },
): Promise<Triggered> {
  const taskId = newTaskId(parts);
  const selected = await selectAndCall(parts, actor, { ...asked, taskId, reason: REASON });
  return { taskId, selected };
}

/** Of a run with more, the others are only counted in its history; their calls name the run. */
const RESULTS_KEPT = 50;

/** What a run came to, in the words of the service. */
export function resultOf({ house }: Parts, { queued, skipped, isDayFull, results }: Selected): JobResult {
  const nobody = queued === 0 && skipped === 0;
  return {
    success: true,
    total: queued + skipped,
    called: queued,
    skipped,
    ...(nobody && { message: isDayFull ? "The day has no calls left" : "No customers to call" }),
    ...(isDayFull && { day_is_full: true }),
    results: results.slice(0, RESULTS_KEPT).map(({ customerId, status, error }) => ({
      customer_id: house.secrets.publicId("customer", customerId),
      status,
      ...(error !== undefined && { error }),
    })),
  };
}

/** An id that names one trigger in the rows that it made. */
function newTaskId({ house }: Parts): string {
  const number = house.random.bytes(6).reduce((sum, byte) => sum * 256 + byte, 0);
  return house.secrets.publicId("operation", number + 1);
}
