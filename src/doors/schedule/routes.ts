import type { FastifyInstance, HTTPMethods, RouteHandlerMethod } from "fastify";
import type { TSchema } from "typebox";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { bulkHandler } from "./bulk.ts";
import { scheduleHandlers } from "./schedules.ts";
import * as schemas from "./schemas.ts";
import { streamHandlers } from "./stream.ts";
import { trackingHandlers } from "./tracking.ts";

const MIB = 1024 * 1024;

type Parts = {
  readonly answer?: TSchema;
  readonly body?: TSchema;
  readonly query?: TSchema;
  readonly bytesMax?: number;
  readonly access?: "calls:read" | "calls:write" | "events:read";
  readonly idempotency?: "store";
  readonly produces?: string;
};

/** Every request of the schedule module. */
export function addRoutes(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const schedule = scheduleHandlers(ports);
  const tracking = trackingHandlers(ports);
  const live = streamHandlers(ports);
  app.addHook("preClose", async () => live.endAll());

  const add = (
    method: HTTPMethods,
    url: string,
    operationId: string,
    summary: string,
    parts: Parts,
    handler: unknown,
  ) =>
    app.route({
      method,
      url,
      schema: {
        operationId,
        summary,
        ...(url.includes(":schedule_id") && { params: schemas.idParams }),
        ...(parts.body !== undefined && { body: parts.body }),
        ...(parts.query !== undefined && { querystring: parts.query }),
        ...(parts.answer !== undefined && { response: { 200: parts.answer } }),
        ...(parts.produces !== undefined && { produces: [parts.produces] }),
      },
      // The schemas describe; the handlers read.
      validatorCompiler: () => () => true,
      serializerCompiler: () => (data) => JSON.stringify(data),
      config: {
        access: parts.access ?? (method === "GET" ? "calls:read" : "calls:write"),
        ...(parts.idempotency !== undefined && { idempotency: parts.idempotency }),
      },
      ...(parts.bytesMax !== undefined && { bodyLimit: parts.bytesMax }),
      exposeHeadRoute: false,
      handler: handler as RouteHandlerMethod,
    });

  const one = "/:schedule_id";
  add(
    "POST",
    "/",
    "createSchedule",
    "Schedule a call, once or again and again",
    { body: schemas.scheduleCreate, answer: schemas.created, idempotency: "store" },
    schedule.create,
  );
  add(
    "GET",
    "/",
    "listSchedules",
    "Schedules, newest first",
    { query: schemas.listQuery, answer: schemas.schedules },
    schedule.list,
  );
  add(
    "POST",
    "/bulk",
    "createSchedules",
    "Schedule up to 1,000 calls; each has its own result",
    { body: schemas.scheduleBulk, answer: schemas.bulk, bytesMax: 4 * MIB },
    bulkHandler(ports),
  );
  add(
    "GET",
    "/active",
    "listActiveSchedules",
    "Schedules that have not ended",
    { query: schemas.listQuery, answer: schemas.actives },
    schedule.active,
  );
  add(
    "GET",
    "/stream",
    "streamSchedules",
    "What happens to schedules, live (server-sent events)",
    {
      query: schemas.streamQuery,
      answer: schemas.stream,
      access: "events:read",
      produces: "text/event-stream",
    },
    live.stream,
  );
  add(
    "GET",
    "/tracking/logs",
    "listCallLogs",
    "What was dialed, and what was missed",
    { query: schemas.logsQuery, answer: schemas.logs },
    tracking.logs,
  );
  add(
    "GET",
    "/tracking/stats",
    "readCallStatistics",
    "Counts and durations",
    { query: schemas.statsQuery, answer: schemas.stats },
    tracking.stats,
  );
  add("GET", one, "readSchedule", "One schedule", { answer: schemas.oneSchedule }, schedule.read);
  add(
    "PUT",
    one,
    "updateSchedule",
    "Change any of a schedule's fields",
    { body: schemas.scheduleUpdate, answer: schemas.created },
    schedule.update,
  );
  add(
    "DELETE",
    one,
    "deleteSchedule",
    "Cancel a schedule and take it out of the lists",
    { answer: schemas.done },
    schedule.remove,
  );
  const verbs = { pause: schedule.pause, resume: schedule.resume, cancel: schedule.cancel };
  for (const [verb, handler] of Object.entries(verbs)) {
    const name = `${verb[0]?.toUpperCase()}${verb.slice(1)}`;
    add("POST", `${one}/${verb}`, `${verb}Schedule`, `${name} a schedule`, { answer: schemas.done }, handler);
  }
}
