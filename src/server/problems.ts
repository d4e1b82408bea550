import { STATUS_CODES } from "node:http";

import type { FastifyReply, FastifyRequest } from "fastify";

import { Refusal, type RefusalCode, refusals } from "../domain/refusal.ts";
import type { Log } from "../ports/log.ts";
import { StoreError } from "../ports/store.ts";

/** Seconds to wait before asking again, for the refusals that pass by themselves. */
const retryAfterSeconds = {
  idempotency_in_progress: 1,
  rate_limited: 1,
  internal: null,
  store_unavailable: 5,
  store_full: 30,
  shutting_down: 5,
} as const satisfies Partial<Record<RefusalCode, number | null>>;

/** RFC 9457, with the code, the faults by JSON pointer, the cure and whether asking again may help. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: RefusalCode;
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly code: string; readonly detail: string }[];
  readonly hint: string;
  readonly request_id: string;
  readonly retryable: boolean;
};

export function problemOf(refusal: Refusal, requestId: string): Problem {
  const { status, title, cure } = refusals[refusal.code];
  const problem = {
    type: `/docs/errors#${refusal.code}`,
    title,
    status,
    code: refusal.code,
    detail: refusal.message,
    errors: refusal.faults,
    hint: cure,
    request_id: requestId,
    retryable: refusal.code in retryAfterSeconds,
  };
  // What a refusal adds comes last, and replaces nothing.
  return { ...problem, ...refusal.extra, ...problem };
}

export function sendProblem(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendHeaders(refusal, reply)
    .type("application/problem+json; charset=utf-8")
    .send(JSON.stringify(problemOf(refusal, request.id)));
}

/** Status and headers that a refusal has at every door. */
export function sendHeaders(refusal: Refusal, reply: FastifyReply): FastifyReply {
  reply.code(refusal.status);
  if (refusal.code === "unauthenticated") reply.header("www-authenticate", 'Bearer realm="carillon"');
  const seconds = retryAfterSeconds[refusal.code as keyof typeof retryAfterSeconds];
  if (typeof seconds === "number" && !reply.hasHeader("retry-after")) reply.header("retry-after", seconds);
  return reply;
}

/** Any error as a refusal. What nobody foresaw becomes `internal`: its message stays in the log. */
export function refusalOf(error: unknown, request: FastifyRequest, log: Log): Refusal {
  if (error instanceof Refusal) {
    if (error.status >= 500) logFailure(log, request, error);
    return error;
  }
  const known = knownByCode(error);
  if (known !== null) return known;
  logFailure(log, request, error);
  if (error instanceof StoreError && error.fault !== "broken") return refusalOfStore(error);
  return new Refusal("internal", "The request failed on our side; nothing is known to have changed.", {
    cause: error,
  });
}

/** What the store could not do now it may be able to do in a moment. */
function refusalOfStore(error: StoreError): Refusal {
  const cause = { cause: error };
  if (error.fault === "full")
    return new Refusal("store_full", "The database's disk is full; nothing was changed.", cause);
  return error.fault === "commit_unknown"
    ? new Refusal(
        "store_unavailable",
        "The database did not answer to a commit, so that this may or may not have happened. Look, or send it again with its Idempotency-Key.",
        cause,
      )
    : new Refusal("store_unavailable", "The database cannot be reached; nothing was changed.", cause);
}

function logFailure(log: Log, request: FastifyRequest, error: unknown): void {
  log.error("a request failed", {
    request_id: request.id,
    method: request.method,
    route: request.routeOptions.url ?? "unknown",
    error: error instanceof Error ? error : String(error),
  });
}

/** Fastify's own errors, by their codes and statuses. */
function knownByCode(error: unknown): Refusal | null {
  const { code, statusCode } = readCodes(error);
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE" || statusCode === 413)
    return new Refusal("body_too_large", "The body is larger than this path takes.");
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE" || statusCode === 415)
    return new Refusal("unsupported_media_type", "This path takes JSON only.");
  if (code === "FST_ERR_BAD_URL")
    return new Refusal("invalid_parameter", "The path has a percent sign that encodes nothing.");
  if (statusCode === 429) return new Refusal("rate_limited", "The limit of requests a minute is reached.");
  if (statusCode === 414) return new Refusal("unknown_path", "The path is too long.");
  if (statusCode >= 400 && statusCode < 500)
    return new Refusal("malformed_json", STATUS_CODES[statusCode] ?? "The request cannot be read.");
  return null;
}

function readCodes(error: unknown): { code: unknown; statusCode: number } {
  if (typeof error !== "object" || error === null) return { code: undefined, statusCode: 0 };
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  return { code, statusCode: typeof statusCode === "number" ? statusCode : 0 };
}
