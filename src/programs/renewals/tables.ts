import type { RenewalStatus } from "./status.ts";

/** Rows of the tables in `migrations/0010_renewals.sql`. Days are counted from 1970-01-01, in the zone of the program. */
export type Tables = {
  renewal_settings: SettingsRow;
  renewal_customers: CustomerRow;
  renewal_policies: PolicyRow;
  renewal_customer_policies: HoldingRow;
  renewal_calls: RenewalCallRow;
  renewal_extensions: ExtensionRow;
};

export type SettingsRow = {
  workspace_id: number;
  enabled: number;
  /** Minutes since midnight. */
  daily_minute: number;
  days_before_expiry: number;
  max_calls_per_day: number;
  max_concurrent_calls: number;
  retry_failed_after_hours: number;
  max_retries_per_customer: number;
  skip_if_called_within_days: number;
  updated_at: number;
};

/** What keeps a customer from being called today; copied to each policy that the customer holds. */
export type RestDays = { called_day: number; busy_day: number; done_day: number };

export type CustomerRow = RestDays & {
  id: number;
  workspace_id: number;
  customer_code: string | null;
  phone_hash: string;
  email_hash: string | null;
  /** Sealed. */
  phone: string;
  /** `CustomerDetails` as JSON, sealed. */
  details: string;
  calls: number;
  called_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
};

export type CustomerDetails = {
  readonly name: string;
  readonly email: string | null;
  readonly age: number | null;
  readonly city: string | null;
  readonly address: string | null;
};

export type PolicyRow = {
  id: number;
  workspace_id: number;
  policy_number: string;
  policy_name: string;
  policy_type: string | null;
  description: string | null;
  base_premium: number | null;
  base_sum_assured: number | null;
  duration_months: number;
  version: number;
  created_at: number;
  updated_at: number;
};

export const holdingStatuses = ["active", "pending", "expired", "cancelled"] as const;
export type HoldingStatus = (typeof holdingStatuses)[number];

/** A policy that a customer holds. */
export type HoldingRow = RestDays & {
  id: number;
  workspace_id: number;
  customer_id: number;
  policy_id: number;
  status: HoldingStatus;
  start_day: number;
  end_day: number;
  premium_amount: number | null;
  sum_assured: number | null;
  version: number;
  created_at: number;
  updated_at: number;
};

/** Who asked for a call: the daily run, `trigger-now`, a batch, somebody for a day, or somebody at once. */
export type CallSource = "daily" | "trigger" | "batch" | "scheduled" | "initiated";

export type RenewalCallRow = {
  id: number;
  workspace_id: number;
  call_id: number;
  customer_id: number;
  customer_policy_id: number | null;
  source: CallSource;
  task_id: string | null;
  reason: string;
  priority: number;
  scheduled_day: number;
  scheduled_minute: number | null;
  /** Sealed. */
  notes: string | null;
  status: RenewalStatus;
  /** 1 while it is pending or queued. */
  live: number;
  retry_count: number;
  outcome: string | null;
  disposition: string | null;
  called_at: number | null;
  ended_at: number | null;
  /** `CallSummary` as JSON, sealed. */
  summary: string | null;
  renewal_agreed: number | null;
  upgrade_agreed: number | null;
  upgrade_to_policy_id: number | null;
  check_at: number;
  created_at: number;
  updated_at: number;
};

/** What the agent that talked has written down. */
export type CallSummary = {
  readonly outcome: string | null;
  readonly notes: string | null;
  readonly summary: string | null;
  readonly transcript: string | null;
};

export type ExtensionRow = {
  call_id: number;
  kind: "renewal" | "upgrade";
  workspace_id: number;
  customer_policy_id: number;
  from_end_day: number;
  to_end_day: number;
  from_policy_id: number;
  to_policy_id: number;
  created_at: number;
};

/** Where sealed columns stand; see `Secrets.seal`. */
export const places = {
  phone: (id: number) => `renewal_customers.phone:${id}`,
  details: (id: number) => `renewal_customers.details:${id}`,
  notes: (id: number) => `renewal_calls.notes:${id}`,
  summary: (id: number) => `renewal_calls.summary:${id}`,
};
