import type { FastifyInstance } from "fastify";

import { Refusal } from "../domain/refusal.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

import type { Gate } from "./auth.ts";
import { createIdempotency } from "./idempotency.ts";
import type { Metrics } from "./metrics.ts";
import type { Paths } from "./paths.ts";

/** What happens around every route. Work that depends on the route alone is done here once, not at each request. */
export function addHooks(
  app: FastifyInstance,
  parts: {
    readonly gate: Gate;
    readonly paths: Paths;
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
    readonly config: { readonly logRequests: boolean };
    readonly isClosing: () => boolean;
    readonly onAnswer: () => void;
  },
): void {
  const { gate, paths, clock, log, metrics, config, isClosing, onAnswer } = parts;
  const once = createIdempotency(clock);

  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    reply.header("x-content-type-options", "nosniff");
    reply.header("cache-control", "no-store");
    if (!isClosing()) return done();
    reply.header("connection", "close");
    done(new Refusal("shutting_down", "The server takes no new requests."));
  });

  app.addHook("onRoute", (route) => {
    paths.add(route);
    const isDocs = route.url === "/docs" || route.url.startsWith("/docs/");
    const access = route.config?.access ?? (isDocs ? "public" : undefined);
    if (access === undefined) throw new Error(`${route.url} does not say who may use it`);
    const hook = gate.hookFor(access, route.url);
    if (hook !== null) route.onRequest = [hook, ...[route.onRequest ?? []].flat()];
    once(route);
    const method = String(route.method);
    const count = metrics.routeMeter(method, route.url);
    route.onResponse = [
      (request, reply, done) => {
        count(reply.statusCode, reply.elapsedTime);
        if (access === "keys:write") gate.forget();
        if (config.logRequests)
          log.debug("answered a request", {
            request_id: request.id,
            method,
            route: route.url,
            status: reply.statusCode,
            ms: Math.round(reply.elapsedTime),
          });
        if (isClosing()) onAnswer();
        done();
      },
      ...[route.onResponse ?? []].flat(),
    ];
  });
}
