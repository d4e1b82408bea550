import type { FastifyReply, FastifyRequest } from "fastify";

import { type Fault, Refusal, type RefusalCode, refusals } from "../../domain/refusal.ts";

export type ErrorCode =
  | "VALIDATION_ERROR"
  | "INVALID_TIMEZONE"
  | "INVALID_SCHEDULED_TIME"
  | "AGENT_NOT_FOUND"
  | "SCHEDULED_CALL_NOT_FOUND"
  | "INVALID_OPERATION"
  | "MISSING_USER_ID"
  | "INTERNAL_ERROR";

/** A refusal in the service's own words; `faults` tell the fields. */
export function refuse(code: ErrorCode, message: string, faults: readonly Fault[] = []): Refusal {
  return new Refusal(cores[code], message, { faults, extra: { error_code: code } });
}

/** A fault of one field: its name as clients write it, with dots. */
export function faultOf(field: string, detail: string): Fault {
  return { pointer: `/${field.replaceAll(".", "/")}`, code: "invalid_body", detail };
}

/** Everything that is wrong with a body, at once. */
export function refuseFields(faults: readonly Fault[]): Refusal {
  return refuse("VALIDATION_ERROR", messages.VALIDATION_ERROR, faults);
}

/** Words any refusal as the service does: `{"success": false, "error": {"code", "message", "details"}}`. */
export function sendRefusal(refusal: Refusal, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const code = codeOf(refusal);
  const details = refusal.faults.map(({ pointer, detail }) => ({
    field: fieldOf(pointer),
    message: detail,
  }));
  const { status = refusal.status } = known[code] ?? {};
  // What failed on our side keeps the status that says whether asking again helps.
  reply.code(refusal.status >= 500 ? refusal.status : status);
  return reply
    .type("application/json; charset=utf-8")
    .send({ success: false, error: { code, message: refusal.message, details } });
}

export const refusalSchema = {
  type: "object",
  required: ["success", "error"],
  properties: {
    success: { type: "boolean", const: false },
    error: {
      type: "object",
      required: ["code", "message", "details"],
      properties: {
        code: { type: "string", example: "VALIDATION_ERROR" },
        message: { type: "string" },
        details: {
          type: "array",
          items: {
            type: "object",
            properties: { field: { type: "string" }, message: { type: "string" } },
          },
        },
      },
    },
  },
};

const messages = { VALIDATION_ERROR: "Invalid request data" } as const;

/** The refusal of the core that is nearest, for logs and for what the server does about all refusals. */
const cores = {
  VALIDATION_ERROR: "invalid_body",
  INVALID_TIMEZONE: "timezone_unknown",
  INVALID_SCHEDULED_TIME: "time_in_past",
  AGENT_NOT_FOUND: "agent_unknown",
  SCHEDULED_CALL_NOT_FOUND: "not_found",
  INVALID_OPERATION: "wrong_state",
  MISSING_USER_ID: "invalid_body",
  INTERNAL_ERROR: "internal",
} as const satisfies Record<ErrorCode, RefusalCode>;

const known: Readonly<Record<string, { readonly status: number }>> = {
  VALIDATION_ERROR: { status: 400 },
  INVALID_TIMEZONE: { status: 400 },
  INVALID_SCHEDULED_TIME: { status: 400 },
  AGENT_NOT_FOUND: { status: 404 },
  SCHEDULED_CALL_NOT_FOUND: { status: 404 },
  INVALID_OPERATION: { status: 400 },
  MISSING_USER_ID: { status: 400 },
};

/** The service's codes for what the core refuses. */
const codes: Partial<Record<RefusalCode, ErrorCode>> = {
  not_found: "SCHEDULED_CALL_NOT_FOUND",
  agent_unknown: "AGENT_NOT_FOUND",
  timezone_unknown: "INVALID_TIMEZONE",
  time_in_past: "INVALID_SCHEDULED_TIME",
  time_too_far: "INVALID_SCHEDULED_TIME",
  already_dialing: "INVALID_OPERATION",
  already_ended: "INVALID_OPERATION",
  wrong_state: "INVALID_OPERATION",
  dedupe_conflict: "INVALID_OPERATION",
};

/** Refusals that have no counterpart in the service keep their own code, in the service's spelling. */
function codeOf({ code, extra }: Refusal): string {
  const own = extra["error_code"];
  if (typeof own === "string") return own;
  const { status } = refusals[code];
  if (status >= 500) return "INTERNAL_ERROR";
  const found = codes[code];
  if (found !== undefined) return found;
  return status === 400 || status === 422 ? "VALIDATION_ERROR" : code.toUpperCase();
}

/** Where the core points, in the names of the service. */
const fields: Readonly<Record<string, string>> = {
  to: "phoneNumber",
  at: "scheduledFor",
  start_at: "scheduledFor",
  agent: "agentId",
  owner: "userId",
  window: "businessHours",
  "window.timezone": "businessHours.timezone",
  rule: "recurring",
  "rule.frequency": "recurring.frequency",
  "rule.interval": "recurring.interval",
  "rule.until": "recurring.endDate",
  "rule.max_occurrences": "recurring.maxOccurrences",
};

function fieldOf(pointer: string): string {
  const path = pointer
    .replace(/^\/(?:(?:body|query|path)(?=\/))?/, "")
    .replace(/^\//, "")
    .replaceAll("/", ".");
  return fields[path] ?? fields[path.split(".", 1)[0] ?? ""] ?? path;
}
