import type { FastifyReply } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { WebhookEndpointView } from "../../engine/notify.ts";
import type { Caller, DoorPorts } from "../../ports/door.ts";

import {
  type Checked,
  actorOf,
  callerOf,
  etagOf,
  ifVersionOf,
  wholePage,
} from "../../ports/http/requests.ts";
import { renderEndpoint } from "./webhook-render.ts";
import type { EndpointCreate, EndpointPatch, SecretRotation } from "./webhook-schemas.ts";

/** The handlers of `/v1/webhook-endpoints`. */
export function webhookEndpointHandlers({ engine }: DoorPorts<Engine>) {
  const show = (view: WebhookEndpointView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderEndpoint(view);
  };
  const setStatus =
    (status: "enabled" | "disabled") =>
    async (request: Checked, reply: FastifyReply): Promise<unknown> =>
      show(
        await engine.updateWebhookEndpoint(
          actorOf(request),
          request.params.id,
          { status },
          privateOf(engine, callerOf(request)),
          ifVersionOf(request),
        ),
        reply,
      );

  return {
    list: async (request: Checked) =>
      wholePage((await engine.listWebhookEndpoints(actorOf(request))).map(renderEndpoint)),

    create: async (request: Checked<EndpointCreate>, reply: FastifyReply) => {
      const caller = callerOf(request);
      const { endpoint, secret } = await engine.createWebhookEndpoint(
        caller.actor,
        request.body,
        privateOf(engine, caller),
      );
      reply.code(201).header("location", `/v1/webhook-endpoints/${endpoint.id}`);
      return { ...show(endpoint, reply), secret };
    },

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getWebhookEndpoint(actorOf(request), request.params.id), reply),

    update: async (request: Checked<EndpointPatch>, reply: FastifyReply) =>
      show(
        await engine.updateWebhookEndpoint(
          actorOf(request),
          request.params.id,
          request.body,
          privateOf(engine, callerOf(request)),
          ifVersionOf(request),
        ),
        reply,
      ),

    remove: async (request: Checked, reply: FastifyReply) => {
      await engine.removeWebhookEndpoint(actorOf(request), request.params.id);
      reply.code(204);
    },

    rotate: async (request: Checked<SecretRotation>, reply: FastifyReply) => {
      const { endpoint, secret } = await engine.rotateWebhookSecret(
        actorOf(request),
        request.params.id,
        request.body ?? {},
      );
      return { ...show(endpoint, reply), secret };
    },

    disable: setStatus("disabled"),
    enable: setStatus("enabled"),
  };
}

/** Addresses of the operator's own network are the operator's to name: whoever uses an open server, or a full key of the default workspace. */
export function privateOf(
  engine: Pick<Engine, "defaultActor">,
  caller: Caller,
): { readonly mayReachPrivate: boolean } {
  const isOperator =
    caller.scopes.includes("*") && caller.actor.workspaceId === engine.defaultActor().workspaceId;
  return { mayReachPrivate: caller.keyId === null || isOperator };
}
