import type { FastifyReply } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { RetryPolicyView } from "../../engine/config-api.ts";
import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { renderRetryPolicy } from "./render.ts";
import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  requireVersion,
  wholePage,
} from "../../ports/http/requests.ts";
import type { RetryPolicyCreate, RetryPolicyPatch } from "./schemas.ts";

/** The handlers of `/v1/retry-policies`. */
export function retryPolicyHandlers({ engine }: DoorPorts<Engine>) {
  const show = (view: RetryPolicyView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderRetryPolicy(view);
  };
  const find = async (request: Checked): Promise<RetryPolicyView> => {
    const { id } = request.params;
    const found = (await engine.listRetryPolicies(actorOf(request))).find(
      (one) => one.id === id || one.name === id,
    );
    if (found === undefined) throw new Refusal("not_found", "There is no retry policy with this id.");
    return found;
  };

  return {
    list: async (request: Checked) =>
      wholePage((await engine.listRetryPolicies(actorOf(request))).map(renderRetryPolicy)),

    create: async (request: Checked<RetryPolicyCreate>, reply: FastifyReply) => {
      const view = await engine.createRetryPolicy(actorOf(request), request.body);
      reply.code(201).header("location", `/v1/retry-policies/${view.id}`);
      return show(view, reply);
    },

    get: async (request: Checked, reply: FastifyReply) => show(await find(request), reply),

    update: async (request: Checked<RetryPolicyPatch>, reply: FastifyReply) =>
      show(
        await engine.updateRetryPolicy(
          actorOf(request),
          request.params.id,
          request.body,
          ifVersionOf(request),
        ),
        reply,
      ),

    remove: async (request: Checked, reply: FastifyReply) => {
      if (request.headers["if-match"] !== undefined) requireVersion(request, (await find(request)).version);
      await engine.removeRetryPolicy(actorOf(request), request.params.id);
      reply.code(204);
    },
  };
}
