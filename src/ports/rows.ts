import type { AttemptStatus } from "../domain/attempt.ts";
import type { CallStatus } from "../domain/call.ts";
import type { Outcome } from "../domain/outcome.ts";

/** Rows as they stand in the store: column names as in migrations, instants in UTC ms, ids as integers. */
export type WorkspaceRow = {
  id: number;
  name: string;
  stopped_at: number | null;
  stopped_reason: string | null;
  plan_version: number;
  created_at: number;
};

export type SettingRow = { workspace_id: number; name: string; value: string; updated_at: number };
export type IdBlockRow = { name: string; next_id: number };
export type NodeRow = {
  id: number;
  name: string;
  started_at: number;
  seen_at: number;
  stopped_at: number | null;
};

export type HoursRow = {
  id: number;
  workspace_id: number;
  name: string;
  timezone: string | null;
  weekly: string;
  closed_dates: string;
  holidays: string | null;
  version: number;
  created_at: number;
  updated_at: number;
};

export type RetryPolicyRow = {
  id: number;
  workspace_id: number;
  name: string;
  spec: string;
  version: number;
  created_at: number;
  updated_at: number;
};

export type LineRow = {
  id: number;
  workspace_id: number;
  name: string;
  carrier: string;
  status: "active" | "paused" | "removed";
  status_reason: string | null;
  settings: string;
  caller_id: string | null;
  slots_max: number;
  calls_per_second: number;
  burst: number;
  daily_max: number;
  ring_timeout_ms: number;
  max_duration_ms: number;
  timezone: string;
  hours_id: number | null;
  retry_policy_id: number | null;
  version: number;
  created_at: number;
  updated_at: number;
};

export type LineCountersRow = {
  line_id: number;
  slots_used: number;
  next_free_at: number;
  backoff_until: number;
  day: number;
  day_used: number;
};

export type LaneRow = {
  id: number;
  workspace_id: number;
  line_id: number;
  campaign_id: number;
  priority: number;
};

export type CallRow = {
  id: number;
  workspace_id: number;
  lane_id: number;
  status: CallStatus;
  number_hash: string;
  requested_at: number;
  due_at: number;
  closes_at: number;
  expires_at: number;
  expires_after_ms: number | null;
  plan_version: number;
  attempts: number;
  attempt_id: number | null;
  ledger_head: number;
  reason: string;
  purpose: string | null;
  dedupe_key: string | null;
  series_id: number | null;
  outcome: Outcome | null;
  disposition: string | null;
  dispatched_at: number | null;
  ended_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
};

export type SeriesRow = {
  id: number;
  workspace_id: number;
  status: "active" | "paused" | "ended";
  status_reason: string | null;
  owner: string | null;
  agent: string | null;
  number_hash: string;
  phone: string;
  document: string;
  timezone: string;
  overlap: "skip" | "buffer_one" | "allow";
  overlap_max: number;
  slot: string | null;
  slot_local: number | null;
  slot_at: number | null;
  slot_number: number;
  call_id: number | null;
  wake_at: number | null;
  paused_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
};

export type OccurrenceRow = {
  series_id: number;
  slot: string;
  workspace_id: number;
  number: number;
  at: number;
  kind: "rule" | "run_now" | "backfill";
  status: "scheduled" | "skipped" | "missed";
  reason: string | null;
  call_id: number | null;
  created_at: number;
};

export type CallDocumentRow = {
  call_id: number;
  workspace_id: number;
  phone: string;
  external_id: string | null;
  owner: string | null;
  agent: string | null;
  document: string;
};

export type AgentRow = {
  id: number;
  workspace_id: number;
  /** What calls name it by. */
  agent_id: string;
  name: string;
  metadata: string;
  version: number;
  created_at: number;
  updated_at: number;
};

export type DueRow = { lane_id: number; due_at: number; call_id: number };

export type AttemptRow = {
  id: number;
  workspace_id: number;
  call_id: number;
  line_id: number;
  node_id: number;
  number: number;
  status: AttemptStatus;
  slot_held: number;
  due_at: number;
  closes_at: number;
  claimed_at: number;
  deadline_at: number;
  placing_at: number | null;
  accepted_at: number | null;
  ringing_at: number | null;
  answered_at: number | null;
  ended_at: number | null;
  duration_ms: number | null;
  outcome: Outcome | null;
  disposition: string | null;
  carrier_ref: string | null;
  detail: string | null;
  waited_for: string | null;
  max_duration_ms: number;
  check_at: number | null;
  checks: number;
  counted: number;
  reports: number;
  previous_id: number | null;
};

export type ReportRow = {
  attempt_id: number;
  report_key: string;
  workspace_id: number;
  received_at: number;
  body: string;
};

export type LedgerRow = {
  id: number;
  workspace_id: number;
  call_id: number;
  attempt_id: number | null;
  at: number;
  type: string;
  reason: string | null;
  actor: string | null;
  data: string | null;
  previous_id: number | null;
};

export type SuppressionRow = {
  id: number;
  workspace_id: number;
  number_hash: string;
  scope: string;
  kind: "suppressed" | "quarantined";
  phone: string;
  reason: string;
  until_at: number | null;
  created_at: number;
};

export type PersonRow = { workspace_id: number; number_hash: string; dials: string; updated_at: number };

export type IdempotencyRow = {
  id: number;
  workspace_id: number;
  key_hash: string;
  fingerprint: string;
  status: number;
  resource: string;
  created_at: number;
};

export type DedupeRow = { workspace_id: number; dedupe_key: string; call_id: number };

export type ApiKeyRow = {
  id: number;
  workspace_id: number;
  name: string;
  secret_hash: string;
  hint: string;
  scopes: string;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
  created_at: number;
};

export type OutboxRow = {
  id: number;
  workspace_id: number;
  kind: "hang_up";
  attempt_id: number;
  due_at: number;
  tries: number;
  created_at: number;
};

/** Which ledger entry the messages to subscribers were last made from. */
export type EventCursorRow = { name: string; commit_id: number; id: number };

/** A webhook endpoint or a notification handler. `event_types` is a JSON array; target and secrets are sealed. */
export type SubscriberRow = {
  id: number;
  workspace_id: number;
  kind: "endpoint" | "handler";
  name: string;
  channel: string;
  target: string;
  payload: "thin" | "full";
  event_types: string;
  secret: string | null;
  old_secret: string | null;
  old_secret_until: number | null;
  status: "enabled" | "disabled";
  status_reason: string | null;
  since_commit_id: number;
  since_id: number;
  failing_since: number | null;
  delivered_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
};

/** One message to one subscriber. `step` is how far its retry ladder has been climbed, `tries` how often it was sent. */
export type DeliveryRow = {
  id: number;
  workspace_id: number;
  subscriber_id: number;
  message_id: string;
  event_type: string;
  call_id: number | null;
  body: string;
  status: "pending" | "delivered" | "failed";
  due_at: number | null;
  step: number;
  tries: number;
  tried_at: number | null;
  ended_at: number | null;
  answer_status: number | null;
  answer_body: string | null;
  detail: string | null;
  duration_ms: number | null;
  created_at: number;
};

export type DeliveryDueRow = { subscriber_id: number; due_at: number; delivery_id: number };

/** A transaction of a program that was committed, and which of its runs, from 0. */
export type ProgramMarkRow = {
  readonly id: number;
  readonly run: number;
  readonly created_at: number;
};

/** A person to be forgotten: `person` is sealed, and null once it is done; `counts` is JSON, by what was blanked. */
export type ErasureRow = {
  readonly id: number;
  readonly workspace_id: number;
  readonly status: "running" | "waiting" | "done";
  readonly person: string | null;
  readonly counts: string;
  readonly actor: string;
  readonly created_at: number;
  readonly ended_at: number | null;
};
