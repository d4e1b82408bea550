import type { FastifyInstance, FastifySchema, HTTPMethods, RouteHandlerMethod } from "fastify";
import type { TSchema } from "typebox";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { answer, schedulingHandlers } from "./handlers.ts";
import { listHandler } from "./list.ts";
import { openQueueLog } from "./queue-log.ts";
import { retryHandlers } from "./retry.ts";
import * as of from "./schemas.ts";

/** Every route of the scheduling service. */
export function addRoutes(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const route = routesOf(app);
  const scheduling = schedulingHandlers(ports);
  const retry = retryHandlers(ports);
  const id = { params: of.idParams };

  route("GET", "", "listEndpoints", "List the paths of the service", {}, () => answer(endpoints));
  route(
    "POST",
    "/scheduling/schedule",
    "scheduleCall",
    "Schedule a call, once or again and again",
    { body: of.scheduleBody },
    scheduling.schedule,
  );
  route(
    "GET",
    "/scheduling/scheduled-calls",
    "listScheduledCalls",
    "List a user's calls by their time",
    { querystring: of.listQuery },
    listHandler(ports),
  );
  route(
    "GET",
    "/scheduling/stats",
    "getSchedulingStats",
    "Count calls, and the jobs of the queue",
    {},
    scheduling.stats,
  );
  route(
    "POST",
    "/scheduling/:id/cancel",
    "cancelScheduledCall",
    "Cancel a pending call, and the series that it belongs to",
    { ...id, body: of.cancelBody },
    scheduling.cancel,
  );
  route(
    "POST",
    "/scheduling/:id/reschedule",
    "rescheduleScheduledCall",
    "Move a pending call to another time",
    { ...id, body: of.rescheduleBody },
    scheduling.reschedule,
  );
  route("POST", "/retry/schedule", "scheduleRetry", "Call again", { body: of.retryBody }, retry.schedule);
  route(
    "POST",
    "/retry/batch",
    "scheduleRetries",
    "Call several again",
    { body: of.retryBatchBody },
    retry.batch,
  );
  route(
    "POST",
    "/retry/:id/cancel",
    "cancelRetry",
    "Cancel a retry that is waiting",
    { ...id, body: of.retryCancelBody },
    retry.cancel,
  );
  route("GET", "/retry/history/:id", "getRetryHistory", "List the retries of a call", id, retry.history);
  route(
    "GET",
    "/retry/stats",
    "getRetryStats",
    "Count retries by what they came to",
    { querystring: of.retryStatsQuery },
    retry.stats,
  );
  route("GET", "/retry/config", "getRetryConfig", "Say what is tried again, and when", {}, retry.config);

  const log = openQueueLog(ports);
  app.addHook("preHandler", (request, _reply, done) => {
    if (request.caller !== null) log.follow(request.caller.actor);
    done();
  });
  app.addHook("onReady", () => log.followIfUsed(ports.engine.defaultActor()));
  app.addHook("preClose", (done) => {
    log.stop();
    done();
  });
}

const endpoints = {
  name: "Scheduling service",
  endpoints: {
    scheduling: {
      schedule: "POST /api/v1/scheduling/schedule",
      scheduledCalls: "GET /api/v1/scheduling/scheduled-calls",
      cancel: "POST /api/v1/scheduling/:scheduledCallId/cancel",
      reschedule: "POST /api/v1/scheduling/:scheduledCallId/reschedule",
      stats: "GET /api/v1/scheduling/stats",
    },
    retry: {
      schedule: "POST /api/v1/retry/schedule",
      batch: "POST /api/v1/retry/batch",
      cancel: "POST /api/v1/retry/:retryAttemptId/cancel",
      history: "GET /api/v1/retry/history/:callLogId",
      stats: "GET /api/v1/retry/stats",
      config: "GET /api/v1/retry/config",
    },
  },
};

type Parts = { readonly body?: TSchema; readonly querystring?: TSchema; readonly params?: TSchema };

/** Adds routes whose bodies are checked by their schemas and refused by their handlers, all faults at once. */
function routesOf(app: FastifyInstance) {
  return (
    method: HTTPMethods,
    url: string,
    operationId: string,
    summary: string,
    parts: Parts,
    handler: (...args: never[]) => unknown,
  ): void => {
    const schema: FastifySchema & { operationId: string; summary: string } = {
      operationId: `scheduling_${operationId}`,
      summary,
      ...parts,
      response: {
        [operationId === "scheduleCall" || operationId === "scheduleRetry" ? 201 : 200]: of.answered,
      },
    };
    app.route({
      method,
      url,
      schema,
      attachValidation: parts.body !== undefined,
      config: {
        access: method === "GET" ? "calls:read" : "calls:write",
        idempotency: operationId === "scheduleCall" ? "store" : "memory",
      },
      exposeHeadRoute: false,
      handler: handler as unknown as RouteHandlerMethod,
    });
  };
}
