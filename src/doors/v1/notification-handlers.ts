import type { FastifyReply } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { NotificationHandlerView } from "../../engine/notify.ts";
import type { DoorPorts } from "../../ports/door.ts";

import {
  type Checked,
  actorOf,
  callerOf,
  etagOf,
  ifVersionOf,
  wholePage,
} from "../../ports/http/requests.ts";
import { privateOf } from "./webhook-endpoints.ts";
import { renderHandler } from "./webhook-render.ts";
import type { HandlerCreate, HandlerPatch } from "./webhook-schemas.ts";

/** The handlers of `/v1/notification-handlers`. */
export function notificationHandlerHandlers({ engine }: DoorPorts<Engine>) {
  const show = (view: NotificationHandlerView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderHandler(view);
  };

  return {
    list: async (request: Checked) =>
      wholePage((await engine.listNotificationHandlers(actorOf(request))).map(renderHandler)),

    create: async (request: Checked<HandlerCreate>, reply: FastifyReply) => {
      const caller = callerOf(request);
      const { handler, secret } = await engine.createNotificationHandler(
        caller.actor,
        request.body,
        privateOf(engine, caller),
      );
      reply.code(201).header("location", `/v1/notification-handlers/${handler.id}`);
      return { ...show(handler, reply), secret };
    },

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getNotificationHandler(actorOf(request), request.params.id), reply),

    update: async (request: Checked<HandlerPatch>, reply: FastifyReply) =>
      show(
        await engine.updateNotificationHandler(
          actorOf(request),
          request.params.id,
          request.body,
          privateOf(engine, callerOf(request)),
          ifVersionOf(request),
        ),
        reply,
      ),

    remove: async (request: Checked, reply: FastifyReply) => {
      await engine.removeNotificationHandler(actorOf(request), request.params.id);
      reply.code(204);
    },
  };
}
