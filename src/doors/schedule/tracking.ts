import type { FastifyReply } from "fastify";

import type { ShownStatus } from "../../domain/call.ts";
import type { Engine } from "../../engine/engine.ts";
import type { CallLog, CallTotals } from "../../engine/schedules-api.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { callerOf } from "./caller.ts";
import { logFilterOf, pageOf } from "./query.ts";
import { renderLog } from "./render.ts";
import { type ScheduleItem, readSeries } from "./schedule-item.ts";
import type { Request } from "./schedules.ts";
import { type ScheduleStatus, viewOfStatus } from "./status.ts";

/** The handlers of `/schedule/tracking`: what was dialed or should have been, and what it adds up to. */
export function trackingHandlers({ engine, zones, settings }: DoorPorts<Engine>) {
  const ports = { zones, defaultZone: settings.schedule.timezone };
  return {
    logs: async (request: Request) => {
      const page = pageOf(request.query);
      const caller = callerOf(request);
      const found = await engine.listCallLogs(caller.actor, logFilterOf(request.query, caller, ports), page);
      const series = new Map<string, ScheduleItem>();
      for (const id of new Set(found.data.flatMap(seriesIdOf)))
        series.set(id, await readSeries(engine, caller.actor, id));
      const logs = found.data.map((log) =>
        renderLog(log, log.kind === "slot" ? (series.get(log.seriesId) ?? null) : null),
      );
      return { status: "success", logs, total: found.total, ...page };
    },

    stats: async (request: Request, reply: FastifyReply) => {
      const caller = callerOf(request);
      const totals = await engine.callTotals(caller.actor, logFilterOf(request.query, caller, ports));
      return reply.type("application/json; charset=utf-8").send(printStats(statsOf(totals)));
    },
  };
}

function seriesIdOf(log: CallLog): string[] {
  return log.kind === "slot" ? [log.seriesId] : [];
}

/**
 * What was cancelled counts nowhere, so that completed, failed and pending calls make up the total. The rate is of all of
 * them, also of those that are still to come.
 */
export function statsOf({ calls, completedMs }: CallTotals) {
  const of = (...wanted: readonly ScheduleStatus[]) =>
    Object.entries(calls)
      .filter(([status]) => wanted.includes(viewOfStatus(status as ShownStatus)))
      .reduce((sum, [, count]) => sum + count, 0);
  const completed = of("completed");
  const failed = of("failed");
  const pending = of("scheduled", "pending", "running", "paused");
  const total = completed + failed + pending;
  return {
    total_calls: total,
    completed_calls: completed,
    failed_calls: failed,
    pending_calls: pending,
    success_rate: total === 0 ? 0 : Math.round((completed / total) * 10_000) / 100,
    average_duration: completed === 0 ? 0 : Math.round(completedMs / completed / 1000),
    total_duration: Math.round(completedMs / 1000),
  };
}

/** The rate is a number with a fraction also where it is whole (80.0): typed clients tell the two apart. */
function printStats(stats: ReturnType<typeof statsOf>): string {
  return JSON.stringify(stats).replace(/"success_rate":(\d+)(?=,)/, '"success_rate":$1.0');
}
