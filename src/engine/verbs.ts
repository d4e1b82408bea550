import { cancel } from "./cancel.ts";
import type { Context } from "./context.ts";
import { dialing, resumeDialing, stopDialing } from "./dialing.ts";
import type { Engine } from "./engine.ts";
import { listCallEvents, listEvents, newestCursor } from "./events.ts";
import { explain } from "./explain.ts";
import { createHours, listHours, removeHours, updateHours } from "./hours.ts";
import { authenticate, createKey, hasKeys, listKeys, revokeKey } from "./keys.ts";
import {
  checkLine,
  createLine,
  getLine,
  listLines,
  pauseLine,
  removeLine,
  resumeLine,
  updateLine,
} from "./lines.ts";
import { getAttempt, listAttempts, listCalls } from "./list.ts";
import { pause, resume } from "./pause.ts";
import type { Receive } from "./receive.ts";
import { repeatCall } from "./repeat.ts";
import { callNow, reschedule } from "./reschedule.ts";
import {
  createRetryPolicy,
  listRetryPolicies,
  removeRetryPolicy,
  updateRetryPolicy,
} from "./retry-policies.ts";
import { type ScheduleGroup, preview, schedule, scheduleMany } from "./schedule.ts";
import { getSettings, updateSettings } from "./settings.ts";
import { settle } from "./settle.ts";
import { createSuppression, listSuppressions, removeSuppression } from "./suppressions.ts";
import type { SeriesVerbs } from "./series-api.ts";
import { endSeries, pauseSeries, resumeSeries, updateSeries } from "./series-change.ts";
import { createSeries, previewSeries } from "./series-create.ts";
import { backfillSeries, runSeriesNow } from "./series-run.ts";
import { getSeries, listOccurrences, listSeries } from "./series-view.ts";
import { readCall } from "./view.ts";

type CallVerbs = Pick<
  Engine,
  | "schedule"
  | "scheduleMany"
  | "preview"
  | "getCall"
  | "listCalls"
  | "listAttempts"
  | "getAttempt"
  | "listCallEvents"
  | "explain"
  | "repeatCall"
  | "cancel"
  | "reschedule"
  | "pause"
  | "resume"
  | "callNow"
  | "settle"
  | "listEvents"
  | "newestCursor"
>;

export function callVerbs(context: Context, group: ScheduleGroup, receive: Receive): CallVerbs {
  return {
    schedule: (actor, request, idempotency) => schedule(context, group, actor, request, idempotency),
    scheduleMany: (actor, requests, idempotency) => scheduleMany(context, actor, requests, idempotency),
    preview: (actor, request) => preview(context, actor, request),
    getCall: (actor, callId) => readCall(context, actor, callId),
    listCalls: (actor, filter, page) => listCalls(context, actor, filter, page),
    listAttempts: (actor, callId) => listAttempts(context, actor, callId),
    getAttempt: (actor, attemptId) => getAttempt(context, actor, attemptId),
    listCallEvents: (actor, callId) => listCallEvents(context, actor, callId),
    explain: (actor, callId) => explain(context, actor, callId),
    repeatCall: (actor, callId, changes) => repeatCall(context, group, actor, callId, changes),
    cancel: (actor, callId, ifVersion) => cancel(context, actor, callId, ifVersion),
    reschedule: async (actor, callId, request, ifVersion) =>
      reschedule(context, actor, callId, request, ifVersion),
    pause: (actor, callId, ifVersion) => pause(context, actor, callId, ifVersion),
    resume: (actor, callId, ifVersion) => resume(context, actor, callId, ifVersion),
    callNow: (actor, callId, ifVersion) => callNow(context, actor, callId, ifVersion),
    settle: (actor, callId, answer) => settle(context, receive, actor, callId, answer),
    newestCursor: (actor) => newestCursor(context, actor),
    listEvents: (actor, after, limit, types) => listEvents(context, actor, after, limit, types),
  };
}

type ConfigVerbs = Pick<
  Engine,
  | "createLine"
  | "updateLine"
  | "removeLine"
  | "pauseLine"
  | "resumeLine"
  | "getLine"
  | "listLines"
  | "checkLine"
  | "createHours"
  | "updateHours"
  | "removeHours"
  | "listHours"
  | "createRetryPolicy"
  | "updateRetryPolicy"
  | "removeRetryPolicy"
  | "listRetryPolicies"
  | "createSuppression"
  | "removeSuppression"
  | "listSuppressions"
  | "getSettings"
  | "updateSettings"
  | "createKey"
  | "revokeKey"
  | "listKeys"
  | "authenticate"
  | "hasKeys"
  | "stopDialing"
  | "resumeDialing"
  | "dialing"
>;

export function configVerbs(context: Context): ConfigVerbs {
  return {
    createLine: (actor, input) => createLine(context, actor, input),
    updateLine: (actor, lineId, patch, ifVersion) => updateLine(context, actor, lineId, patch, ifVersion),
    removeLine: (actor, lineId) => removeLine(context, actor, lineId),
    pauseLine: (actor, lineId, reason) => pauseLine(context, actor, lineId, reason),
    resumeLine: (actor, lineId) => resumeLine(context, actor, lineId),
    getLine: (actor, lineId) => getLine(context, actor, lineId),
    listLines: (actor) => listLines(context, actor),
    checkLine: (actor, lineId) => checkLine(context, actor, lineId),
    createHours: (actor, input) => createHours(context, actor, input),
    updateHours: (actor, hoursId, patch, ifVersion) => updateHours(context, actor, hoursId, patch, ifVersion),
    removeHours: (actor, hoursId) => removeHours(context, actor, hoursId),
    listHours: async (actor) => listHours(context, actor),
    createRetryPolicy: (actor, input) => createRetryPolicy(context, actor, input),
    updateRetryPolicy: (actor, policyId, patch, ifVersion) =>
      updateRetryPolicy(context, actor, policyId, patch, ifVersion),
    removeRetryPolicy: (actor, policyId) => removeRetryPolicy(context, actor, policyId),
    listRetryPolicies: async (actor) => listRetryPolicies(context, actor),
    createSuppression: (actor, input) => createSuppression(context, actor, input),
    removeSuppression: (actor, suppressionId) => removeSuppression(context, actor, suppressionId),
    listSuppressions: (actor, page) => listSuppressions(context, actor, page),
    getSettings: async (actor) => getSettings(context, actor),
    updateSettings: (actor, patch) => updateSettings(context, actor, patch),
    createKey: (actor, input) => createKey(context, actor, input),
    revokeKey: (actor, keyId) => revokeKey(context, actor, keyId),
    listKeys: (actor) => listKeys(context, actor),
    authenticate: (secret) => authenticate(context, secret),
    hasKeys: () => hasKeys(context),
    stopDialing: (actor, reason) => stopDialing(context, actor, reason),
    resumeDialing: (actor) => resumeDialing(context, actor),
    dialing: async (actor) => dialing(context, actor),
  };
}

export function seriesVerbs(context: Context): SeriesVerbs {
  return {
    createSeries: (actor, input, idempotency) => createSeries(context, actor, input, idempotency),
    previewSeries: async (actor, input, count, after) => previewSeries(context, actor, input, count, after),
    getSeries: (actor, seriesId) => getSeries(context, actor, seriesId),
    listSeries: (actor, filter, page) => listSeries(context, actor, filter, page),
    updateSeries: (actor, seriesId, patch, ifVersion) =>
      updateSeries(context, actor, seriesId, patch, ifVersion),
    pauseSeries: (actor, seriesId, ifVersion) => pauseSeries(context, actor, seriesId, ifVersion),
    resumeSeries: (actor, seriesId, catchUp, ifVersion) =>
      resumeSeries(context, actor, seriesId, catchUp, ifVersion),
    endSeries: (actor, seriesId, ifVersion) => endSeries(context, actor, seriesId, ifVersion),
    runSeriesNow: (actor, seriesId) => runSeriesNow(context, actor, seriesId),
    backfillSeries: (actor, seriesId, stretch) => backfillSeries(context, actor, seriesId, stretch),
    listOccurrences: (actor, seriesId, page) => listOccurrences(context, actor, seriesId, page),
  };
}
