import type { FastifyInstance } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { Door, DoorPorts } from "../../ports/door.ts";

import { taskHandlers } from "./handlers.ts";
import { sendDetail } from "../../ports/http/detail.ts";
import { refusalSchema } from "./refusals.ts";
import * as of from "./schemas.ts";

/** The task service: calls that a backend of one's own places at a given time. */
export const door: Door<Engine> = {
  name: "tasks",
  prefix: "/tasks",
  tag: {
    name: "Task service",
    description: "Tasks whose calls a backend places: `/call/brief`, `/call/start`.",
  },
  register: addRoutes,
  sendRefusal: sendDetail,
  refusalSchema,
};

function addRoutes(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const handle = taskHandlers(ports);
  // The handlers read bodies and queries themselves, in the words of the service; the schemas are for the description.
  app.setValidatorCompiler(() => () => true);

  app.post(
    "",
    {
      schema: {
        operationId: "createTask",
        summary: "Create a scheduled task",
        body: of.taskCreate,
        response: { 200: of.taskCreated },
      },
      config: { access: "calls:write", idempotency: "store" },
    },
    handle.create,
  );
  app.get(
    "",
    {
      schema: {
        operationId: "listTasks",
        summary: "List tasks, newest first",
        querystring: of.listQuery,
        response: { 200: of.tasks },
      },
      config: { access: "calls:read" },
      exposeHeadRoute: false,
    },
    handle.list,
  );
  // Some clients write a slash at the end, and a redirect would lose what they send.
  const slash = { prefixTrailingSlash: "slash", schema: { hide: true } } as const;
  app.post("/", { ...slash, config: { access: "calls:write", idempotency: "store" } }, handle.create);
  app.get("/", { ...slash, config: { access: "calls:read" }, exposeHeadRoute: false }, handle.list);
  app.get(
    "/:taskId",
    {
      schema: {
        operationId: "getTask",
        summary: "Get a task with its events",
        params: of.taskParams,
        response: { 200: of.task },
      },
      config: { access: "calls:read" },
      exposeHeadRoute: false,
    },
    handle.get,
  );
  app.post(
    "/:taskId/cancel",
    {
      schema: {
        operationId: "cancelTask",
        summary: "Cancel a scheduled task",
        params: of.taskParams,
        response: { 200: of.taskCanceled },
      },
      config: { access: "calls:write" },
    },
    handle.cancel,
  );
}
