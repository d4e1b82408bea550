import type { FastifyReply } from "fastify";

import { refuseField } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { AgentView } from "../../engine/agents-api.ts";
import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type { AgentCreate, AgentJson, AgentPatch } from "./agent-schemas.ts";
import type { PageQuery } from "./call-schemas.ts";
import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  pageRequestOf,
  requireVersion,
  sendPage,
} from "../../ports/http/requests.ts";

/** The handlers of `/v1/agents`. */
export function agentHandlers({ engine }: DoorPorts<Engine>) {
  const show = (view: AgentView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return render(view);
  };
  return {
    list: async (request: Checked<unknown, PageQuery>, reply: FastifyReply) =>
      sendPage(
        await engine.listAgents(actorOf(request), pageRequestOf(request.query)),
        render,
        request,
        reply,
      ),

    create: async (request: Checked<AgentCreate>, reply: FastifyReply) => {
      const view = await engine.createAgent(actorOf(request), readCreate(request.body));
      reply.code(201).header("location", `/v1/agents/${encodeURIComponent(view.id)}`);
      return show(view, reply);
    },

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getAgent(actorOf(request), request.params.id), reply),

    update: async (request: Checked<AgentPatch>, reply: FastifyReply) =>
      show(
        await engine.updateAgent(actorOf(request), request.params.id, request.body, ifVersionOf(request)),
        reply,
      ),

    remove: async (request: Checked, reply: FastifyReply) => {
      if (request.headers["if-match"] !== undefined)
        requireVersion(request, (await engine.getAgent(actorOf(request), request.params.id)).version);
      await engine.removeAgent(actorOf(request), request.params.id);
      reply.code(204);
    },
  };
}

function readCreate({ id, external_id: external, name, metadata }: AgentCreate) {
  if (id !== undefined && external !== undefined && id !== external)
    throw refuseField("invalid_body", "/external_id", "id and external_id are two names of one thing.");
  const own = id ?? external;
  const named = name ?? own;
  if (named === undefined) throw refuseField("invalid_body", "/name", "Send a name, or an id.");
  return { name: named, ...(own !== undefined && { id: own }), ...(metadata !== undefined && { metadata }) };
}

function render(view: AgentView): AgentJson {
  return {
    id: view.id,
    external_id: view.isOwnId ? view.id : null,
    name: view.name,
    metadata: view.metadata,
    version: view.version,
    created_at: formatUtc(view.createdAt),
    updated_at: formatUtc(view.updatedAt),
  };
}
