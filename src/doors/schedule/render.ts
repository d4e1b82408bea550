import { type ZoneBook, formatUtc, localToInstant, parseWhen } from "../../domain/zone.ts";
import type { CallAndAttempt, CallLog } from "../../engine/schedules-api.ts";

import { textNames } from "./compose.ts";
import { repeatOf } from "./repeat.ts";
import { type ScheduleItem, statusOfItem } from "./schedule-item.ts";
import { viewOfStatus } from "./status.ts";

type Metadata = Readonly<Record<string, unknown>>;
export type RenderPorts = { readonly zones: ZoneBook; readonly defaultZone: string };

/** One document of the module's `call_schedules`. */
export function renderSchedule(item: ScheduleItem, ports: RenderPorts) {
  return item.kind === "call" ? ofCall(item, ports) : ofSeries(item, ports);
}

function ofCall({ call, attempt }: CallAndAttempt, { defaultZone }: RenderPorts) {
  return {
    _id: call.id,
    id: call.id,
    created_by: call.owner,
    user_profile_id: call.externalId,
    agent_instance_id: call.agent,
    phone: call.to,
    scheduled_time: formatUtc(call.requestedAt),
    timezone: call.timezoneSource === "number" ? defaultZone : (call.timezone ?? defaultZone),
    status: viewOfStatus(call.status),
    ...textsOf(call.metadata, call.purpose),
    repeat_config: null,
    retry_config: retryOf(call.retryPolicy),
    call_id: call.id,
    next_execution: nextOf({ kind: "call", call, attempt }),
    duration: secondsOf(attempt?.durationMs ?? null),
    reason: call.waitingFor ?? call.reason,
    outcome: call.outcome,
    metadata: restOf(call.metadata),
    created_at: formatUtc(call.createdAt),
    last_updated: formatUtc(call.updatedAt),
  };
}

function ofSeries(item: Extract<ScheduleItem, { kind: "series" }>, { zones }: RenderPorts) {
  const { series, dialed } = item;
  const { template } = series;
  return {
    _id: series.id,
    id: series.id,
    created_by: series.owner,
    user_profile_id: template.external_id ?? null,
    agent_instance_id: series.agent,
    phone: series.to,
    scheduled_time: formatUtc(startOf(series.startLocal, series.timezone, zones)),
    timezone: series.timezone,
    status: statusOfItem(item),
    ...textsOf(template.metadata ?? {}, template.purpose ?? null),
    repeat_config: repeatOf(series),
    retry_config: retryOf(template.retry_policy ?? null),
    call_id: dialed?.call.id ?? series.nextCallId,
    next_execution: nextOf(item),
    duration: secondsOf(dialed?.attempt?.durationMs ?? null),
    reason: series.statusReason,
    outcome: dialed?.call.outcome ?? null,
    metadata: restOf(template.metadata ?? {}),
    created_at: formatUtc(series.createdAt),
    last_updated: formatUtc(series.updatedAt),
  };
}

/** One document of the module's `active_schedules`. */
export function renderActive(item: ScheduleItem) {
  const id = item.kind === "call" ? item.call.id : item.series.id;
  const { createdAt, updatedAt } = item.kind === "call" ? item.call : item.series;
  return {
    id,
    schedule_id: id,
    job_id: item.kind === "call" ? id : (item.series.nextCallId ?? item.dialed?.call.id ?? id),
    next_execution: nextOf(item),
    status: statusOfItem(item),
    created_at: formatUtc(createdAt),
    last_updated: formatUtc(updatedAt),
  };
}

/** When it is due next; null when nothing comes by itself. */
export function nextOf(item: ScheduleItem): string | null {
  if (item.kind === "series") return item.series.nextAt === null ? null : formatUtc(item.series.nextAt);
  return item.call.status === "scheduled" || item.call.status === "queued"
    ? formatUtc(item.call.dueAt)
    : null;
}

/** One document of the module's `call_logs`. `series`: of a slot that passed without a call. */
export function renderLog(log: CallLog, series: ScheduleItem | null) {
  return log.kind === "call" ? ofDialed(log) : ofMissed(log, series);
}

function ofDialed({ call, attempt }: CallAndAttempt) {
  const id = `log_${call.id.replace(/^[a-z]+_/, "")}`;
  const start = attempt?.answeredAt ?? attempt?.placingAt ?? null;
  const status = viewOfStatus(call.status);
  const { call_type, notes } = textsOf(call.metadata, call.purpose);
  return {
    _id: id,
    id,
    created_by: call.owner,
    user_profile_id: call.externalId,
    agent_instance_id: call.agent,
    call_id: call.id,
    status,
    call_type,
    phone: call.to,
    timestamp: formatUtc(attempt?.claimedAt ?? call.dueAt),
    start_time: timeOf(start),
    end_time: timeOf(attempt?.endedAt ?? null),
    duration: secondsOf(attempt?.durationMs ?? null),
    notes: notes ?? sentenceOf(call),
    metadata: {
      ...restOf(call.metadata),
      schedule_id: call.series?.id ?? call.id,
      attempt_id: call.attemptId,
      attempts: call.attempts,
      outcome: call.outcome,
      disposition: call.disposition,
      reason: call.reason,
      carrier_ref: attempt?.carrierRef ?? null,
    },
  };
}

function ofMissed(log: Extract<CallLog, { kind: "slot" }>, item: ScheduleItem | null) {
  const id = `log_${log.seriesId.replace(/^[a-z]+_/, "")}_${log.slot}`;
  const series = item?.kind === "series" ? item.series : null;
  const { call_type } = textsOf(series?.template.metadata ?? {}, null);
  return {
    _id: id,
    id,
    created_by: series?.owner ?? null,
    user_profile_id: series?.template.external_id ?? null,
    agent_instance_id: series?.agent ?? null,
    call_id: null,
    status: viewOfStatus("expired"),
    call_type,
    phone: series?.to ?? null,
    timestamp: formatUtc(log.at),
    start_time: null,
    end_time: null,
    duration: null,
    notes: missed,
    metadata: { schedule_id: log.seriesId, slot: log.slot, attempts: 0, reason: "missed" },
  };
}

const missed = "Missed: its time had passed by more than the misfire grace before it could be dialed.";

function sentenceOf({ status, outcome, reason }: CallAndAttempt["call"]): string | null {
  if (status === "completed") return "Call completed successfully";
  if (status === "expired") return missed;
  if (status === "failed") return `Call failed: ${outcome ?? reason}`;
  if (status === "needs_review") return "It is not known whether the call was placed.";
  return null;
}

/** The module's texts; a call of another door has a purpose where this one has a description. */
function textsOf(metadata: Metadata, purpose: string | null) {
  const text = (name: (typeof textNames)[number]) => {
    const value = metadata[name];
    return typeof value === "string" ? value : null;
  };
  return {
    call_type: text("call_type") ?? "outbound",
    description: text("description") ?? purpose,
    notes: text("notes"),
  };
}

function restOf(metadata: Metadata): Metadata {
  const names: readonly string[] = textNames;
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !names.includes(name)));
}

function retryOf(policy: string | null) {
  if (policy === "none") return { enabled: false };
  return policy === null ? { enabled: true } : { enabled: true, policy };
}

function startOf(startLocal: string, timezone: string, zones: ZoneBook): number {
  const zone = zones.zone(timezone);
  const when = parseWhen(startLocal);
  const found = zone === undefined || when.kind !== "local" ? undefined : localToInstant(zone, when.localMs);
  if (found === undefined) throw new Error("A series has a start that cannot be read");
  return found.at;
}

function timeOf(at: number | null): string | null {
  return at === null ? null : formatUtc(at);
}

/** Whole seconds, as the module counts them. */
function secondsOf(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms / 1000);
}
