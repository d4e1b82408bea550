import { amendCall } from "./amend.ts";
import type { Context } from "./context.ts";
import { deleteCall } from "./delete-call.ts";
import {
  callTotals,
  getCalls,
  hideSeries,
  listCallLogs,
  listSchedules,
  seriesStanding,
} from "./schedules.ts";
import { turnIntoSeries } from "./turn-into-series.ts";
import type { ScheduleVerbs } from "./schedules-api.ts";

/** The verbs of lists over calls and series. */
export function scheduleVerbs(context: Context): ScheduleVerbs {
  return {
    listSchedules: (actor, filter, page) => listSchedules(context, actor, filter, page),
    seriesStanding: (actor, seriesId) => seriesStanding(context, actor, seriesId),
    listCallLogs: (actor, filter, page) => listCallLogs(context, actor, filter, page),
    callTotals: (actor, filter) => callTotals(context, actor, filter),
    getCalls: (actor, callIds) => getCalls(context, actor, callIds),
    amendCall: (actor, callId, patch, ifVersion) => amendCall(context, actor, callId, patch, ifVersion),
    turnIntoSeries: (actor, callId, input) => turnIntoSeries(context, actor, callId, input),
    deleteCall: (actor, callId) => deleteCall(context, actor, callId),
    hideSeries: (actor, seriesId) => hideSeries(context, actor, seriesId),
  };
}
