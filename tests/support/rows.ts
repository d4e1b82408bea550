import type * as r from "../../src/ports/rows.ts";

const at = 1_796_137_200_000;

/** Rows with believable values; a test changes what it is about. */
export function callRow(id: number, over: Partial<r.CallRow> = {}): r.CallRow {
  return {
    id,
    workspace_id: 1,
    lane_id: 1,
    status: "scheduled",
    number_hash: `hash-${id % 7}`,
    requested_at: at,
    due_at: at,
    closes_at: at + 3_600_000,
    expires_at: at + 3_600_000,
    expires_after_ms: 3_600_000,
    plan_version: 1,
    attempts: 0,
    attempt_id: null,
    ledger_head: 0,
    reason: "requested",
    purpose: null,
    dedupe_key: null,
    series_id: null,
    outcome: null,
    disposition: null,
    dispatched_at: null,
    ended_at: null,
    version: 1,
    created_at: at,
    updated_at: at,
    ...over,
  };
}

export function documentRow(call_id: number, over: Partial<r.CallDocumentRow> = {}): r.CallDocumentRow {
  return {
    call_id,
    workspace_id: 1,
    phone: "+12125550100",
    external_id: null,
    owner: null,
    agent: null,
    document: "{}",
    ...over,
  };
}

export function attemptRow(id: number, over: Partial<r.AttemptRow> = {}): r.AttemptRow {
  return {
    id,
    workspace_id: 1,
    call_id: id,
    line_id: 1,
    node_id: 1,
    number: 1,
    status: "claimed",
    slot_held: 1,
    due_at: at,
    closes_at: at + 3_600_000,
    claimed_at: at,
    deadline_at: at + 2000,
    placing_at: null,
    accepted_at: null,
    ringing_at: null,
    answered_at: null,
    ended_at: null,
    duration_ms: null,
    outcome: null,
    disposition: null,
    carrier_ref: null,
    detail: null,
    waited_for: null,
    max_duration_ms: 600_000,
    check_at: at + 32_000,
    checks: 0,
    counted: 1,
    reports: 0,
    previous_id: null,
    ...over,
  };
}

export function ledgerRow(id: number, over: Partial<r.LedgerRow> = {}): r.LedgerRow {
  return {
    id,
    workspace_id: 1,
    call_id: 1,
    attempt_id: null,
    at: rowsAt,
    type: "call.scheduled",
    reason: null,
    actor: null,
    data: null,
    previous_id: null,
    ...over,
  };
}

export function lineRow(id: number, over: Partial<r.LineRow> = {}): r.LineRow {
  return {
    id,
    workspace_id: 1,
    name: `line ${id}`,
    carrier: "sandbox",
    status: "active",
    status_reason: null,
    settings: "{}",
    caller_id: null,
    slots_max: 10,
    calls_per_second: 2.5,
    burst: 1,
    daily_max: 0,
    ring_timeout_ms: 60_000,
    max_duration_ms: 600_000,
    timezone: "UTC",
    hours_id: null,
    retry_policy_id: null,
    version: 1,
    created_at: at,
    updated_at: at,
    ...over,
  };
}

export function countersRow(line_id: number, over: Partial<r.LineCountersRow> = {}): r.LineCountersRow {
  return { line_id, slots_used: 0, next_free_at: 0, backoff_until: 0, day: 0, day_used: 0, ...over };
}

export function hoursRow(id: number, over: Partial<r.HoursRow> = {}): r.HoursRow {
  return {
    id,
    workspace_id: 1,
    name: `hours ${id}`,
    timezone: null,
    weekly: "{}",
    closed_dates: "[]",
    holidays: null,
    version: 1,
    created_at: at,
    updated_at: at,
    ...over,
  };
}

export function policyRow(id: number, over: Partial<r.RetryPolicyRow> = {}): r.RetryPolicyRow {
  return {
    id,
    workspace_id: 1,
    name: `policy ${id}`,
    spec: "{}",
    version: 1,
    created_at: at,
    updated_at: at,
    ...over,
  };
}

export function workspaceRow(id: number, over: Partial<r.WorkspaceRow> = {}): r.WorkspaceRow {
  return {
    id,
    name: `workspace ${id}`,
    stopped_at: null,
    stopped_reason: null,
    plan_version: 1,
    created_at: at,
    ...over,
  };
}

export function suppressionRow(id: number, over: Partial<r.SuppressionRow> = {}): r.SuppressionRow {
  return {
    id,
    workspace_id: 1,
    number_hash: "hash",
    scope: "",
    kind: "suppressed",
    phone: "+12125550100",
    reason: "requested",
    until_at: null,
    created_at: at,
    ...over,
  };
}

export function idempotencyRow(id: number, over: Partial<r.IdempotencyRow> = {}): r.IdempotencyRow {
  return {
    id,
    workspace_id: 1,
    key_hash: `key-${id}`,
    fingerprint: "body",
    status: 201,
    resource: `call:${id}`,
    created_at: at,
    ...over,
  };
}

export function keyRow(id: number, over: Partial<r.ApiKeyRow> = {}): r.ApiKeyRow {
  return {
    id,
    workspace_id: 1,
    name: `key ${id}`,
    secret_hash: `secret-${id}`,
    hint: "car_…abcd",
    scopes: "[]",
    expires_at: null,
    revoked_at: null,
    last_used_at: null,
    created_at: at,
    ...over,
  };
}

/** The instant around which all these rows lie. */
export const rowsAt = at;

export function seriesRow(id: number, over: Partial<r.SeriesRow> = {}): r.SeriesRow {
  return {
    id,
    workspace_id: 1,
    status: "active",
    status_reason: null,
    owner: null,
    agent: null,
    number_hash: `hash-${id % 7}`,
    phone: "+12125550100",
    document: "{}",
    timezone: "America/New_York",
    overlap: "allow",
    overlap_max: 0,
    slot: "2026-12-02T10:00",
    slot_local: at,
    slot_at: at,
    slot_number: 1,
    call_id: null,
    wake_at: at,
    paused_at: null,
    version: 1,
    created_at: at,
    updated_at: at,
    ...over,
  };
}

export function occurrenceRow(
  series_id: number,
  slot: string,
  over: Partial<r.OccurrenceRow> = {},
): r.OccurrenceRow {
  return {
    series_id,
    slot,
    workspace_id: 1,
    number: 1,
    at: rowsAt,
    kind: "rule",
    status: "scheduled",
    reason: null,
    call_id: null,
    created_at: at,
    ...over,
  };
}
