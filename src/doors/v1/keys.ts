import type { FastifyReply } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import { covers } from "../../domain/scope.ts";
import type { KeyInput } from "../../engine/config-api.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Caller, DoorPorts } from "../../ports/door.ts";

import { renderKey } from "./render.ts";
import { type Checked, actorOf, callerOf, wholePage } from "../../ports/http/requests.ts";
import type { KeyCreate } from "./schemas.ts";

/** The handlers of `/v1/keys`. */
export function keyHandlers({ engine }: DoorPorts<Engine>) {
  return {
    list: async (request: Checked) => wholePage((await engine.listKeys(actorOf(request))).map(renderKey)),

    create: async (request: Checked<KeyCreate>, reply: FastifyReply) => {
      const caller = callerOf(request);
      const { key, secret } = await engine.createKey(caller.actor, inputOf(request.body, caller));
      reply.code(201);
      return { ...renderKey(key), secret };
    },

    revoke: async (request: Checked) =>
      renderKey(await engine.revokeKey(actorOf(request), request.params.id)),
  };

  /** Nobody can give what they do not have: neither a scope, nor a place in another workspace. */
  function inputOf(body: KeyCreate, caller: Caller): KeyInput {
    const missing = body.scopes?.find((scope) => !covers(caller.scopes, scope));
    if (missing !== undefined)
      throw new Refusal("forbidden", `The key lacks the scope ${missing}, so it cannot give it.`, {
        extra: { scope: missing },
      });
    const isOperator =
      caller.scopes.includes("*") && caller.actor.workspaceId === engine.defaultActor().workspaceId;
    if (body.workspace !== undefined && !isOperator)
      throw new Refusal("forbidden", "Only a full key of the default workspace can create keys of others.");
    return { ...body, scopes: body.scopes ?? caller.scopes };
  }
}
