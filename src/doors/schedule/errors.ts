import type { FastifyReply, FastifyRequest } from "fastify";

import type { Refusal, RefusalCode } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";

/** What each code of the schedule module says. */
export const errorCodes = {
  SCHEDULE_001: "The phone number is not in E.164 form.",
  SCHEDULE_002: "A time cannot be read, is in the past, or cannot be kept.",
  SCHEDULE_003: "A field is missing or not valid.",
  SCHEDULE_004: "There is no such schedule, or no such path.",
  SCHEDULE_005: "The schedule's state does not allow it.",
  SCHEDULE_006: "The database cannot be used.",
  SCHEDULE_007: "The scheduler cannot do it now.",
  SCHEDULE_008: "The time zone is not known.",
  SCHEDULE_009: "The caller is not known, or may not do it.",
} as const;
export type ErrorCode = keyof typeof errorCodes;

export type ErrorJson = {
  readonly status: "error";
  readonly message: string;
  readonly error_code: ErrorCode;
  readonly details: { readonly field?: string; readonly issue?: string };
  readonly timestamp: string;
};

/** Codes and statuses by refusal; what is not listed is a fault of the request: 400, SCHEDULE_003. */
const codes: Readonly<Partial<Record<RefusalCode, readonly [ErrorCode, number]>>> = {
  phone_invalid: ["SCHEDULE_001", 400],
  time_in_past: ["SCHEDULE_002", 400],
  time_invalid: ["SCHEDULE_002", 400],
  time_too_far: ["SCHEDULE_002", 400],
  local_time_skipped: ["SCHEDULE_002", 400],
  local_time_repeated: ["SCHEDULE_002", 400],
  expires_too_early: ["SCHEDULE_002", 400],
  never_open: ["SCHEDULE_002", 400],
  rule_invalid: ["SCHEDULE_002", 400],
  not_found: ["SCHEDULE_004", 404],
  unknown_path: ["SCHEDULE_004", 404],
  method_not_allowed: ["SCHEDULE_005", 405],
  already_dialing: ["SCHEDULE_005", 400],
  already_ended: ["SCHEDULE_005", 400],
  wrong_state: ["SCHEDULE_005", 400],
  precondition_failed: ["SCHEDULE_005", 400],
  idempotency_in_progress: ["SCHEDULE_005", 409],
  store_unavailable: ["SCHEDULE_006", 500],
  store_full: ["SCHEDULE_006", 500],
  internal: ["SCHEDULE_007", 500],
  line_needed: ["SCHEDULE_007", 500],
  // The door names no line itself, so this is a setting of the workspace that went wrong.
  line_unknown: ["SCHEDULE_007", 500],
  shutting_down: ["SCHEDULE_007", 503],
  rate_limited: ["SCHEDULE_007", 429],
  timezone_unknown: ["SCHEDULE_008", 400],
  timezone_required: ["SCHEDULE_008", 400],
  zone_needed: ["SCHEDULE_008", 400],
  unauthenticated: ["SCHEDULE_009", 401],
  forbidden: ["SCHEDULE_009", 403],
  origin_forbidden: ["SCHEDULE_009", 403],
  body_too_large: ["SCHEDULE_003", 413],
  unsupported_media_type: ["SCHEDULE_003", 415],
};

/** The core's words for fields, where the schedule module has others. */
const fields: Readonly<Record<string, string>> = {
  to: "phone",
  at: "scheduled_time",
  start_at: "scheduled_time",
  rule: "repeat_config",
  until: "end_date",
  retry_policy: "retry_config",
  owner: "created_by",
  agent: "agent_instance_id",
  external_id: "user_profile_id",
};

/** A refusal as the schedule module words it. `now` is UTC ms. */
export function renderError(refusal: Refusal, now: number): ErrorJson {
  const [fault] = refusal.faults;
  const code = codeOf(refusal)[0];
  const issue = code === "SCHEDULE_001" ? "Invalid phone number format" : (fault?.detail ?? refusal.message);
  const field = fault === undefined ? undefined : fieldOf(fault.pointer);
  return {
    status: "error",
    message: code === "SCHEDULE_001" ? `Invalid phone number: ${refusal.message}` : refusal.message,
    error_code: code,
    details: field === undefined || field === "" ? {} : { field, issue },
    timestamp: formatUtc(now),
  };
}

/** The HTTP status of a refusal at this door. */
export function statusOfRefusal(refusal: Refusal): number {
  return codeOf(refusal)[1];
}

export function sendError(
  refusal: Refusal,
  _request: FastifyRequest,
  reply: FastifyReply,
  now: number,
): FastifyReply {
  return reply
    .code(statusOfRefusal(refusal))
    .type("application/json; charset=utf-8")
    .send(JSON.stringify(renderError(refusal, now)));
}

function codeOf(refusal: Refusal): readonly [ErrorCode, number] {
  return codes[refusal.code] ?? (refusal.status >= 500 ? ["SCHEDULE_007", 500] : ["SCHEDULE_003", 400]);
}

/** "/rule/until" → "repeat_config.end_date". */
function fieldOf(pointer: string): string {
  const [first = "", ...rest] = pointer.split("/").slice(1);
  if (first === "query" || first === "path" || first === "headers") return rest.join(".");
  return [first, ...rest].map((step) => fields[step] ?? step).join(".");
}
