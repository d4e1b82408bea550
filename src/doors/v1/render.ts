import { forever } from "../../domain/ids.ts";
import { formatDuration } from "../../domain/duration.ts";
import { type ZoneBook, type ZoneRules, formatLocal, formatUtc } from "../../domain/zone.ts";
import type {
  HoursView,
  KeyView,
  LineView,
  RetryPolicyView,
  SuppressionView,
} from "../../engine/config-api.ts";
import type { AttemptView, CallView, EventView, MoveView } from "../../engine/engine.ts";

import type { AttemptJson, CallJson, EventJson } from "./call-schemas.ts";
import type { HoursJson, KeyJson, LineJson, RetryPolicyJson, SuppressionJson } from "./schemas.ts";

/** Every due time thrice: UTC, local with its offset, and the zone (null while no rule needed one). */
export function renderCall(view: CallView, zones: ZoneBook): CallJson {
  const zone = view.timezone === null ? undefined : zones.zone(view.timezone);
  return {
    id: view.id,
    status: view.status,
    reason: view.reason,
    waiting_for: view.waitingFor,
    to: view.to,
    name: view.name,
    due_at: formatUtc(view.dueAt),
    due_at_local: local(zone, view.dueAt),
    timezone: view.timezone,
    timezone_source: view.timezoneSource,
    requested_at: formatUtc(view.requestedAt),
    requested_at_local: local(zone, view.requestedAt),
    closes_at: instant(view.closesAt),
    closes_at_local: local(zone, view.closesAt),
    expires_at: instant(view.expiresAt),
    expires_at_local: local(zone, view.expiresAt),
    next_action_at: instant(view.nextActionAt),
    line: view.line,
    purpose: view.purpose,
    priority: view.priority,
    hours: view.hours,
    retry_policy: view.retryPolicy,
    metadata: view.metadata,
    external_id: view.externalId,
    owner: view.owner,
    agent: view.agent,
    dedupe_key: view.dedupeKey,
    attempts: view.attempts,
    attempt_id: view.attemptId,
    outcome: view.outcome,
    disposition: view.disposition,
    dispatched_at: instant(view.dispatchedAt),
    completed_at: view.status === "completed" ? instant(view.endedAt) : null,
    ended_at: instant(view.endedAt),
    sandbox: view.sandboxScript === null ? null : { script: view.sandboxScript },
    series: view.series,
    created_at: formatUtc(view.createdAt),
    updated_at: formatUtc(view.updatedAt),
    version: view.version,
    warnings: view.warnings as string[],
    moves: view.moves.map((move) => renderMove(move, zones)),
  };
}

function renderMove(move: MoveView, zones: ZoneBook): CallJson["moves"][number] {
  const zone = zones.zone(move.timezone);
  return {
    reason: move.reason,
    rule: move.rule,
    timezone: move.timezone,
    from: formatUtc(move.from),
    from_local: local(zone, move.from),
    to: formatUtc(move.to),
    to_local: local(zone, move.to),
    detail: move.detail ?? null,
  };
}

export function renderAttempt(view: AttemptView): AttemptJson {
  return {
    id: view.id,
    call_id: view.callId,
    number: view.number,
    status: view.status,
    line_id: view.lineId,
    due_at: formatUtc(view.dueAt),
    claimed_at: formatUtc(view.claimedAt),
    placing_at: instant(view.placingAt),
    accepted_at: instant(view.acceptedAt),
    ringing_at: instant(view.ringingAt),
    answered_at: instant(view.answeredAt),
    ended_at: instant(view.endedAt),
    duration_ms: view.durationMs,
    outcome: view.outcome,
    disposition: view.disposition,
    carrier_ref: view.carrierRef,
    detail: view.detail,
    waited_for: view.waitedFor,
    start_delay_ms: view.startDelayMs,
    check_at: instant(view.checkAt),
  };
}

export function renderEvent(view: EventView): EventJson {
  return {
    id: view.id,
    cursor: view.cursor,
    type: view.type,
    at: formatUtc(view.at),
    call_id: view.callId,
    attempt_id: view.attemptId,
    reason: view.reason,
    actor: view.actor,
    data: renderData(view.data),
  };
}

/** The ledger keeps instants as numbers; outside they are texts, like everywhere. */
function renderData(data: EventView["data"]): EventView["data"] {
  const entries = Object.entries(data).map(
    ([name, value]) =>
      [name, name.endsWith("_at") && typeof value === "number" ? instant(value) : value] as const,
  );
  return Object.fromEntries(entries);
}

export function renderLine(view: LineView): LineJson {
  return {
    id: view.id,
    name: view.name,
    carrier: view.carrier,
    real: view.real,
    status: view.status,
    status_reason: view.statusReason,
    settings: view.settings,
    caller_id: view.callerId,
    slots_max: view.slotsMax,
    slots_used: view.slotsUsed,
    calls_per_second: view.callsPerSecond,
    burst: view.burst,
    daily_max: view.dailyMax,
    day_used: view.dayUsed,
    ring_timeout_seconds: view.ringTimeoutMs / 1000,
    max_duration_seconds: view.maxDurationMs / 1000,
    timezone: view.timezone,
    hours: view.hours,
    retry_policy: view.retryPolicy,
    waiting_for: view.waitingFor,
    ...kept(view),
  };
}

export function renderHours(view: HoursView): HoursJson {
  return {
    id: view.id,
    name: view.name,
    timezone: view.timezone,
    weekly: view.weekly,
    closed_dates: [...view.closedDates],
    holidays: view.holidays,
    description: view.description,
    ...kept(view),
  };
}

export function renderRetryPolicy(view: RetryPolicyView): RetryPolicyJson {
  const { policy } = view;
  const rules = Object.entries(policy.rules).map(([name, rule]) => [
    name,
    {
      retries: rule.retries,
      first_delay: formatDuration(rule.firstDelayMs),
      factor: rule.factor,
      max_delay: formatDuration(rule.maxDelayMs),
    },
  ]);
  return {
    id: view.id,
    name: view.name,
    rules: Object.fromEntries(rules) as Record<string, unknown>,
    attempts_max: policy.attemptsMax,
    jitter: policy.jitter,
    other_daypart: policy.otherDaypart,
    quarantine: formatDuration(policy.quarantineMs),
    ...kept(view),
  };
}

export function renderSuppression(view: SuppressionView): SuppressionJson {
  return {
    id: view.id,
    to: view.to,
    kind: view.kind,
    reason: view.reason,
    purpose: view.purpose,
    until: instant(view.untilAt),
    created_at: formatUtc(view.createdAt),
  };
}

export function renderKey(view: KeyView): KeyJson {
  return {
    id: view.id,
    name: view.name,
    workspace: view.workspace,
    hint: view.hint,
    scopes: [...view.scopes],
    expires_at: instant(view.expiresAt),
    last_used_at: instant(view.lastUsedAt),
    revoked_at: instant(view.revokedAt),
    created_at: formatUtc(view.createdAt),
  };
}

/** UTC, or null for what is absent or never. */
export function instant(at: number | null): string | null {
  return at === null || at >= forever ? null : formatUtc(at);
}

function local(zone: ZoneRules | undefined, at: number | null): string | null {
  return zone === undefined || at === null || at >= forever ? null : formatLocal(zone, at);
}

function kept(view: {
  readonly isDefault: boolean;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}) {
  return {
    is_default: view.isDefault,
    version: view.version,
    created_at: formatUtc(view.createdAt),
    updated_at: formatUtc(view.updatedAt),
  };
}
