import type { FastifyInstance, FastifyReply, HTTPMethods, RouteHandlerMethod } from "fastify";
import type { TSchema, TUnknown } from "typebox";

import type { RefusalCode } from "../../domain/refusal.ts";
import type { Scope } from "../../domain/scope.ts";

import type { CheckedBy } from "./requests.ts";
import { idParams } from "./schema-parts.ts";

type Parts<Body extends TSchema, Query extends TSchema> = {
  readonly body?: Body;
  readonly query?: Query;
  /** The answer's schema; absent: 204 without a body. */
  readonly answer?: TSchema;
  /** Statuses of the answer, when not 200 alone. */
  readonly statuses?: readonly number[];
  readonly bytesMax?: number;
  readonly idempotency?: "store" | "none";
  readonly refusals?: readonly RefusalCode[];
  readonly description?: string;
  /** The media type of an answer that is not JSON. */
  readonly produces?: string;
};

/**
 * The routes of one noun: `noun:read` for GET, `noun:write` for what changes something. The handler sees bodies and
 * queries that its schemas have checked; this is the one place that says so to the compiler.
 */
export function section(app: FastifyInstance, tag: string, noun: string) {
  const add =
    (method: HTTPMethods) =>
    <Body extends TSchema = TUnknown, Query extends TSchema = TUnknown>(
      operationId: string,
      url: string,
      summary: string,
      parts: Parts<Body, Query>,
      handler: (request: CheckedBy<Body, Query>, reply: FastifyReply) => Promise<unknown>,
    ): void => {
      const access = `${noun}:${method === "GET" ? "read" : "write"}` as Scope;
      const refusals = [...(url.includes(":id") ? ["not_found"] : []), ...(parts.refusals ?? [])];
      app.route({
        method,
        url,
        schema: {
          operationId,
          summary,
          tags: [tag],
          ...(parts.description === undefined ? {} : { description: parts.description }),
          ...(url.includes(":id") ? { params: idParams } : {}),
          ...(parts.body === undefined ? {} : { body: parts.body }),
          ...(parts.query === undefined ? {} : { querystring: parts.query }),
          ...(parts.produces === undefined
            ? { response: responseOf(parts) }
            : { produces: [parts.produces] }),
        },
        config: {
          access,
          refusals,
          ...(parts.idempotency === undefined ? {} : { idempotency: parts.idempotency }),
        },
        ...(parts.bytesMax === undefined ? {} : { bodyLimit: parts.bytesMax }),
        exposeHeadRoute: false,
        handler: handler as unknown as RouteHandlerMethod,
      });
    };
  return { get: add("GET"), post: add("POST"), patch: add("PATCH"), remove: add("DELETE") };
}

function responseOf(parts: Parts<TSchema, TSchema>): object {
  const { answer } = parts;
  if (answer === undefined) return { 204: { type: "null", description: "Done." } };
  return Object.fromEntries((parts.statuses ?? [200]).map((status) => [status, answer]));
}
