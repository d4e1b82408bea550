import { reasons } from "../../domain/call.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { AgentView } from "../../engine/agents-api.ts";
import type { CallView } from "../../engine/engine.ts";
import type { SeriesView } from "../../engine/series-api.ts";

import { type Kept, type Recurring, keptOf } from "./kept.ts";
import { type Status, statusOf } from "./status.ts";

/** What stands elsewhere than in the call. */
export type Beside = {
  readonly agents: ReadonlyMap<string, AgentView>;
  readonly defaultTimezone: string;
  /** When it was first to be made, if it was tried since (UTC ms). */
  readonly firstDueAt: number | null;
  readonly series: SeriesView | null;
  /** The call of the occurrence before it. */
  readonly parentCallId: string | null;
};

/** A scheduled call as clients of the service know it. */
export function renderCall(call: CallView, beside: Beside) {
  const kept = keptOf(call);
  const status = statusOf(call);
  const recurring = recurringOf(call, kept, beside.series);
  return {
    _id: call.id,
    phoneNumber: call.to,
    agentId: agentOf(call, beside.agents),
    userId: call.owner,
    scheduledFor: formatUtc(beside.firstDueAt ?? call.dueAt),
    timezone: kept?.timezone ?? call.timezone ?? beside.defaultTimezone,
    status,
    respectBusinessHours: kept?.respectBusinessHours ?? call.window !== null,
    businessHours: kept?.businessHours ?? null,
    recurring,
    isPending: status === "pending",
    isRecurring: recurring !== null,
    canCancel: status === "pending",
    metadata: metadataOf(call, beside.parentCallId),
    callLogId: call.dispatchedAt === null ? null : call.attemptId,
    processedAt: instantOf(processedAt(call, status)),
    failedAt: status === "failed" ? instantOf(call.endedAt ?? call.updatedAt) : null,
    failureReason: status === "failed" ? failureOf(call) : null,
    nextRun: instantOf(nextRunOf(call, beside.series)),
    createdAt: formatUtc(call.createdAt),
    updatedAt: formatUtc(call.updatedAt),
  };
}

export function instantOf(at: number | null): string | null {
  return at === null ? null : formatUtc(at);
}

function agentOf({ agent }: CallView, agents: Beside["agents"]) {
  return agent === null ? null : { _id: agent, name: agents.get(agent)?.name ?? agent };
}

/** What was sent stays; what the service itself wrote into it stands beside. */
function metadataOf(call: CallView, parentScheduledCallId: string | null) {
  return {
    ...call.metadata,
    jobId: call.id,
    ...(call.series !== null && { occurrenceNumber: call.series.number }),
    ...(parentScheduledCallId !== null && { parentScheduledCallId }),
  };
}

/** A series of another door has a rule that may say more than the service has words for. */
function recurringOf(
  call: CallView,
  kept: Kept | null,
  series: SeriesView | null,
): (Recurring & { readonly currentOccurrence: number; readonly description?: string }) | null {
  if (call.series === null) return null;
  const currentOccurrence = call.series.number;
  if (kept !== null && kept.recurring !== null) return { ...kept.recurring, currentOccurrence };
  const rule = series?.rule;
  const simple = rule !== undefined && "frequency" in rule ? rule : null;
  return {
    frequency: simple?.frequency ?? "custom",
    interval: simple?.interval ?? 1,
    ...(rule?.until !== undefined && { endDate: rule.until }),
    ...(rule?.max_occurrences !== undefined && { maxOccurrences: rule.max_occurrences }),
    currentOccurrence,
    ...(series !== null && { description: series.description }),
  };
}

function processedAt(call: CallView, status: Status): number | null {
  if (call.dispatchedAt !== null) return call.dispatchedAt;
  if (status === "processing") return call.updatedAt;
  return call.attempts > 0 ? call.endedAt : null;
}

/** "no_answer: Every planned attempt was made." */
export function failureOf(call: CallView): string {
  return [call.outcome ?? call.reason, reasons[call.reason]].join(": ");
}

/** When the series goes on after this call. */
function nextRunOf(call: CallView, series: SeriesView | null): number | null {
  if (series === null || series.nextAt === null || series.nextCallId === call.id) return null;
  return series.nextAt;
}
