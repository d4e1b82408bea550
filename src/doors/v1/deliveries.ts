import type { FastifyReply } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { type Checked, actorOf, pageRequestOf, sendPage } from "../../ports/http/requests.ts";
import { renderDelivery } from "./webhook-render.ts";
import type { DeliveriesQuery, Recovery } from "./webhook-schemas.ts";

/**
 * The handlers of `/v1/deliveries`, and of what is sent to one endpoint or handler: `prefix` is that of its id, for what
 * may be done to the one must not be done to the other.
 */
export function deliveryHandlers({ engine }: DoorPorts<Engine>, prefix = "") {
  const idOf = (request: Checked): string => {
    const { id } = request.params;
    if (!id.startsWith(prefix)) throw new Refusal("not_found", `There is no "${id.slice(0, 64)}" here.`);
    return id;
  };

  return {
    get: async (request: Checked) => {
      const found = await engine.getDelivery(actorOf(request), request.params.id);
      return { ...renderDelivery(found), body: found.body };
    },

    resend: async (request: Checked, reply: FastifyReply) => {
      reply.code(202);
      return renderDelivery(await engine.resendDelivery(actorOf(request), request.params.id));
    },

    test: async (request: Checked, reply: FastifyReply) => {
      reply.code(202);
      return renderDelivery(await engine.sendTest(actorOf(request), idOf(request)));
    },

    list: async (request: Checked<unknown, DeliveriesQuery>, reply: FastifyReply) => {
      const { status } = request.query;
      const page = await engine.listDeliveries(
        actorOf(request),
        idOf(request),
        status === undefined ? {} : { status },
        pageRequestOf(request.query),
      );
      return sendPage(page, renderDelivery, request, reply);
    },

    recover: async (request: Checked<Recovery>) => ({
      count: await engine.recoverDeliveries(actorOf(request), idOf(request), request.body.since),
    }),
  };
}
