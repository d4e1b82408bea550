import type { FastifyReply } from "fastify";

import type { LineView } from "../../engine/config-api.ts";
import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { renderLine } from "./render.ts";
import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  requireVersion,
  wholePage,
} from "../../ports/http/requests.ts";
import type { LineCreate, LinePatch, ReasonBody } from "./schemas.ts";

/** The handlers of `/v1/lines`. */
export function lineHandlers({ engine }: DoorPorts<Engine>) {
  const show = (view: LineView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderLine(view);
  };
  const requireLine = async (request: Checked): Promise<void> => {
    if (request.headers["if-match"] === undefined) return;
    requireVersion(request, (await engine.getLine(actorOf(request), request.params.id)).version);
  };

  return {
    list: async (request: Checked) => wholePage((await engine.listLines(actorOf(request))).map(renderLine)),

    create: async (request: Checked<LineCreate>, reply: FastifyReply) => {
      const view = await engine.createLine(actorOf(request), request.body);
      reply.code(201).header("location", `/v1/lines/${view.id}`);
      return show(view, reply);
    },

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getLine(actorOf(request), request.params.id), reply),

    update: async (request: Checked<LinePatch>, reply: FastifyReply) =>
      show(
        await engine.updateLine(actorOf(request), request.params.id, request.body, ifVersionOf(request)),
        reply,
      ),

    remove: async (request: Checked, reply: FastifyReply) => {
      await requireLine(request);
      await engine.removeLine(actorOf(request), request.params.id);
      reply.code(204);
    },

    pause: async (request: Checked<ReasonBody>, reply: FastifyReply) => {
      await requireLine(request);
      const reason = request.body?.reason ?? "paused by request";
      return show(await engine.pauseLine(actorOf(request), request.params.id, reason), reply);
    },

    resume: async (request: Checked, reply: FastifyReply) => {
      await requireLine(request);
      return show(await engine.resumeLine(actorOf(request), request.params.id), reply);
    },

    check: async (request: Checked) => {
      const found = await engine.checkLine(actorOf(request), request.params.id);
      return { ok: found.ok, detail: found.detail, cure: found.cure ?? null, warnings: found.warnings ?? [] };
    },
  };
}
