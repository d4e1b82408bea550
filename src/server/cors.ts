import type { FastifyReply, FastifyRequest } from "fastify";

import { Refusal } from "../domain/refusal.ts";

const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * While the server is open, the only wall is that requests come from this machine and not from a web page that the
 * person happens to have open. A foreign `Host` is DNS rebinding; a foreign `Origin`, or a fetch that the browser
 * itself calls cross-site, is another page. A link that a person follows is neither.
 */
export function refuseForeignPage(request: FastifyRequest): Refusal | null {
  const { headers } = request;
  if (!LOOPBACK_HOST.test(headers.host ?? ""))
    return new Refusal(
      "origin_forbidden",
      "Without an API key the server answers only to localhost, 127.0.0.1 and [::1]; the Host header names another.",
    );
  if (headers.origin !== undefined) {
    if (LOOPBACK_ORIGIN.test(headers.origin)) return null;
    return new Refusal("origin_forbidden", "Without an API key only pages of loopback origins may call.");
  }
  const site = headers["sec-fetch-site"];
  // The host is a loopback one, so a page of the same site is too.
  if (site === undefined || site !== "cross-site") return null;
  const followsLink = headers["sec-fetch-mode"] === "navigate" && request.method === "GET";
  return followsLink
    ? null
    : new Refusal("origin_forbidden", "Without an API key only pages of loopback origins may call.");
}

/**
 * At a door that asks for no key off loopback, a page of another site must not act for the people who happen to open it:
 * only the server's own pages and the listed origins may.
 */
export function refuseForeignOrigin(request: FastifyRequest, origins: readonly string[]): Refusal | null {
  const { origin, host } = request.headers;
  if (origin === undefined || isAllowedOrigin(origin, false, origins)) return null;
  if (URL.parse(origin)?.host === host) return null;
  return new Refusal(
    "origin_forbidden",
    "Without an API key only pages of this server and of the origins in CORS_ORIGINS may call.",
  );
}

/** True when the page may read answers: loopback origins while open, else those of `CORS_ORIGINS`. */
export function isAllowedOrigin(origin: string, open: boolean, origins: readonly string[]): boolean {
  return open ? LOOPBACK_ORIGIN.test(origin) : origins.includes(origin) || origins.includes("*");
}

/** Lets a page of an allowed origin read this answer. */
export function allowOrigin(origin: string, reply: FastifyReply): void {
  reply.header("access-control-allow-origin", origin);
  reply.header("vary", "Origin");
  reply.header(
    "access-control-expose-headers",
    "ETag, Idempotent-Replayed, Link, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id",
  );
}

export function isPreflight(request: FastifyRequest): boolean {
  return request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
}

/** Answers the question that a browser asks before the request itself. */
export function sendPreflight(reply: FastifyReply): FastifyReply {
  return reply
    .code(204)
    .header("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE")
    .header(
      "access-control-allow-headers",
      "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID",
    )
    .header("access-control-max-age", "600")
    .send();
}
