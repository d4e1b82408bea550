import type { NumberCap } from "../domain/pacing.ts";
import type { Reason } from "../domain/call.ts";
import type { RetryPolicy } from "../domain/retry.ts";
import type { CarrierCheck } from "../ports/carrier.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";

export type LineInput = {
  readonly name: string;
  readonly carrier: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly caller_id?: string | null;
  readonly slots_max?: number;
  readonly calls_per_second?: number;
  readonly burst?: number;
  readonly daily_max?: number;
  readonly ring_timeout_seconds?: number;
  readonly max_duration_seconds?: number;
  readonly timezone?: string;
  readonly hours?: string | null;
  readonly retry_policy?: string | null;
  /** Only doors write it: false where the operator's own settings name the backend, which decides itself whom to ring. */
  readonly guarded?: false;
};
export type LineView = {
  readonly id: string;
  readonly name: string;
  readonly carrier: string;
  readonly real: boolean;
  readonly status: "active" | "paused";
  readonly statusReason: string | null;
  /** Secrets show as "•••". */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly callerId: string | null;
  readonly slotsMax: number;
  readonly slotsUsed: number;
  readonly callsPerSecond: number;
  readonly burst: number;
  readonly dailyMax: number;
  readonly dayUsed: number;
  readonly ringTimeoutMs: number;
  readonly maxDurationMs: number;
  readonly timezone: string;
  readonly hours: string | null;
  readonly retryPolicy: string | null;
  readonly waitingFor: Reason | null;
  readonly isDefault: boolean;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type HoursInput = {
  readonly name: string;
  /** Null or absent: the recipient's zone. */
  readonly timezone?: string | null;
  /** {"mon": ["09:00-12:00", "13:00-20:00"], …} */
  readonly weekly: Readonly<Record<string, readonly string[]>>;
  /** Local dates "2026-12-25". */
  readonly closed_dates?: readonly string[];
  /** {"country": "US", "region": "NY"}: public holidays are closed. */
  readonly holidays?: { readonly country: string; readonly region?: string } | null;
};
export type HoursView = {
  readonly id: string;
  readonly name: string;
  readonly timezone: string | null;
  readonly weekly: Readonly<Record<string, readonly string[]>>;
  readonly closedDates: readonly string[];
  readonly holidays: { readonly country: string; readonly region?: string } | null;
  readonly description: string;
  readonly isDefault: boolean;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type RetryPolicyInput = { readonly name: string } & Partial<RetryPolicySpec>;
/** The API's form of a retry policy; delays as durations ("5m"). */
export type RetryPolicySpec = {
  readonly rules: Readonly<
    Record<
      string,
      {
        readonly retries: number;
        readonly first_delay?: string;
        readonly factor?: number;
        readonly max_delay?: string;
      }
    >
  >;
  readonly attempts_max: number;
  readonly jitter: number;
  readonly other_daypart: boolean;
  readonly quarantine: string;
};
export type RetryPolicyView = {
  readonly id: string;
  readonly name: string;
  readonly policy: RetryPolicy;
  readonly isDefault: boolean;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type SuppressionInput = {
  readonly to: string;
  readonly reason?: string;
  /** Only calls of this purpose; absent: all. */ readonly purpose?: string;
  readonly until?: string;
};
export type SuppressionView = {
  readonly id: string;
  readonly to: string;
  readonly kind: "suppressed" | "quarantined";
  readonly reason: string;
  readonly purpose: string | null;
  readonly untilAt: number | null;
  readonly createdAt: number;
};

export type KeyInput = {
  readonly name: string;
  readonly scopes?: readonly string[];
  readonly expires_in?: string;
  readonly workspace?: string;
};
export type KeyView = {
  readonly id: string;
  readonly name: string;
  readonly workspace: string;
  readonly hint: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
  readonly createdAt: number;
};
export type Principal = {
  readonly actor: Actor;
  readonly scopes: readonly string[];
  readonly keyId: string | null;
};

export type WorkspaceSettings = {
  /** Name or id of the calling hours for calls that name none; null: none. */
  readonly default_hours: string | null;
  readonly default_retry_policy: string | null;
  readonly default_line: string | null;
  readonly default_expires_after: string;
  readonly number_caps: readonly NumberCap[];
};

/** What a workspace is set up with: lines, calling hours, retry policies, lists, settings and keys. */
export interface ConfigVerbs {
  createLine(actor: Actor, input: LineInput): Promise<LineView>;
  updateLine(actor: Actor, lineId: string, patch: Partial<LineInput>, ifVersion?: number): Promise<LineView>;
  removeLine(actor: Actor, lineId: string): Promise<void>;
  pauseLine(actor: Actor, lineId: string, reason: string): Promise<LineView>;
  resumeLine(actor: Actor, lineId: string): Promise<LineView>;
  /** `lineId` may be a name everywhere. */
  getLine(actor: Actor, lineId: string): Promise<LineView>;
  listLines(actor: Actor): Promise<readonly LineView[]>;
  checkLine(actor: Actor, lineId: string): Promise<CarrierCheck>;

  createHours(actor: Actor, input: HoursInput): Promise<HoursView>;
  updateHours(
    actor: Actor,
    hoursId: string,
    patch: Partial<HoursInput>,
    ifVersion?: number,
  ): Promise<HoursView>;
  removeHours(actor: Actor, hoursId: string): Promise<void>;
  listHours(actor: Actor): Promise<readonly HoursView[]>;
  createRetryPolicy(actor: Actor, input: RetryPolicyInput): Promise<RetryPolicyView>;
  updateRetryPolicy(
    actor: Actor,
    policyId: string,
    patch: Partial<RetryPolicyInput>,
    ifVersion?: number,
  ): Promise<RetryPolicyView>;
  removeRetryPolicy(actor: Actor, policyId: string): Promise<void>;
  listRetryPolicies(actor: Actor): Promise<readonly RetryPolicyView[]>;
  createSuppression(actor: Actor, input: SuppressionInput): Promise<SuppressionView>;
  removeSuppression(actor: Actor, suppressionId: string): Promise<void>;
  listSuppressions(actor: Actor, page: PageRequest): Promise<Page<SuppressionView>>;
  getSettings(actor: Actor): Promise<WorkspaceSettings>;
  updateSettings(actor: Actor, patch: Partial<WorkspaceSettings>): Promise<WorkspaceSettings>;

  /** The whole key is in `secret`, shown this once. */
  createKey(actor: Actor, input: KeyInput): Promise<{ readonly key: KeyView; readonly secret: string }>;
  revokeKey(actor: Actor, keyId: string): Promise<KeyView>;
  listKeys(actor: Actor): Promise<readonly KeyView[]>;
  /** Null when the key is unknown, expired or revoked. */
  authenticate(secret: string): Promise<Principal | null>;
  /** True once any key that is neither revoked nor expired exists: then nothing is open any more. */
  hasKeys(): Promise<boolean>;
  /** The actor of the default workspace, for a server that is open on loopback. */
  defaultActor(): Actor;
}
