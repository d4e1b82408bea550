import type { RefusalCode } from "../../domain/refusal.ts";

/** What planning a call may refuse with. */
export const plans = [
  "phone_invalid",
  "time_in_past",
  "time_invalid",
  "time_too_far",
  "timezone_required",
  "timezone_unknown",
  "local_time_skipped",
  "local_time_repeated",
  "zone_needed",
  "never_open",
  "expires_too_early",
  "line_unknown",
  "line_needed",
  "not_live",
  "destination_refused",
  "too_costly",
  "hours_unknown",
  "retry_policy_unknown",
  "script_invalid",
  "dedupe_conflict",
] as const satisfies readonly RefusalCode[];
/** What an Idempotency-Key may be refused with. */
export const keyed = [
  "idempotency_in_progress",
  "idempotency_mismatch",
  "idempotency_key_invalid",
] as const satisfies readonly RefusalCode[];
/** What If-Match may be refused with. */
export const stale = ["precondition_failed"] as const satisfies readonly RefusalCode[];
/** What changing a call may be refused with. */
export const changes = [
  "already_dialing",
  "already_ended",
  "wrong_state",
  "precondition_failed",
] as const satisfies readonly RefusalCode[];
