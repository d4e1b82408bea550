import type { AttemptStatus } from "../domain/attempt.ts";
import type { ShownStatus } from "../domain/call.ts";

/** What the API answers, as far as the commands read it. Instants are RFC 3339 texts; more members may come. */
export type Call = {
  readonly id: string;
  readonly status: ShownStatus;
  readonly reason: string;
  readonly waiting_for: string | null;
  readonly to: string;
  readonly name: string | null;
  readonly timezone: string | null;
  readonly requested_at: string;
  readonly due_at: string;
  readonly due_at_local?: string | null;
  readonly closes_at: string | null;
  readonly expires_at: string | null;
  readonly next_action_at: string | null;
  readonly line: { readonly id: string; readonly name: string };
  readonly purpose: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly external_id: string | null;
  readonly attempts: number;
  readonly outcome: string | null;
  readonly disposition: string | null;
  readonly ended_at: string | null;
  readonly created_at: string;
  readonly warnings?: readonly string[];
  readonly moves?: readonly Move[];
};

export type Move = {
  readonly reason: string;
  readonly rule: string;
  readonly timezone: string;
  readonly from: string;
  readonly to: string;
  readonly detail?: string | null;
};

export type Attempt = {
  readonly id: string;
  readonly number: number;
  readonly status: AttemptStatus;
  readonly due_at: string;
  readonly claimed_at: string;
  readonly accepted_at: string | null;
  readonly ringing_at: string | null;
  readonly answered_at: string | null;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  readonly outcome: string | null;
  readonly disposition: string | null;
  readonly detail: string | null;
  readonly waited_for: string | null;
  readonly start_delay_ms: number;
};

export type LedgerEvent = {
  readonly id: string;
  readonly cursor: string;
  readonly type: string;
  readonly at: string;
  readonly call_id: string | null;
  readonly attempt_id: string | null;
  readonly reason: string | null;
  readonly actor: string | null;
  readonly data: Readonly<Record<string, unknown>>;
};

export type Line = {
  readonly id: string;
  readonly name: string;
  readonly carrier: string;
  readonly real: boolean;
  readonly status: string;
  readonly status_reason: string | null;
  readonly slots_max: number;
  readonly slots_used: number;
  readonly calls_per_second: number;
  readonly daily_max: number;
  readonly day_used: number;
  readonly caller_id: string | null;
  readonly hours: string | null;
  readonly retry_policy: string | null;
  readonly waiting_for: string | null;
  readonly is_default: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
};

export type Stats = {
  readonly calls: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly attempts: number;
  readonly in_flight: number;
  readonly due_now: number;
  readonly oldest_due_at: string | null;
  readonly start_delay_ms: {
    readonly count: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
};

export type List<T> = { readonly data: readonly T[] };

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "expired", "canceled", "skipped"]);

/** True when nothing more will happen to the call. */
export function isOver(call: Call): boolean {
  return ENDED.has(call.status);
}
