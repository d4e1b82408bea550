import type { FastifyReply } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type { PageQuery } from "./call-schemas.ts";
import { renderSuppression } from "./render.ts";
import { type Checked, actorOf, pageRequestOf, sendPage } from "../../ports/http/requests.ts";
import type { SuppressionCreate } from "./schemas.ts";

/** The handlers of `/v1/suppressions`. */
export function suppressionHandlers({ engine }: DoorPorts<Engine>) {
  return {
    list: async (request: Checked<unknown, PageQuery>, reply: FastifyReply) => {
      const page = await engine.listSuppressions(actorOf(request), pageRequestOf(request.query));
      return sendPage(page, renderSuppression, request, reply);
    },

    create: async (request: Checked<SuppressionCreate>, reply: FastifyReply) => {
      const view = await engine.createSuppression(actorOf(request), request.body);
      reply.code(201);
      return renderSuppression(view);
    },

    remove: async (request: Checked, reply: FastifyReply) => {
      await engine.removeSuppression(actorOf(request), request.params.id);
      reply.code(204);
    },
  };
}
