import type { FastifyReply } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { HoursView } from "../../engine/config-api.ts";
import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { renderHours } from "./render.ts";
import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  requireVersion,
  wholePage,
} from "../../ports/http/requests.ts";
import type { HoursCreate, HoursPatch } from "./schemas.ts";

/** The handlers of `/v1/hours`. */
export function hoursHandlers({ engine }: DoorPorts<Engine>) {
  const show = (view: HoursView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderHours(view);
  };
  const find = async (request: Checked): Promise<HoursView> => {
    const { id } = request.params;
    const found = (await engine.listHours(actorOf(request))).find((one) => one.id === id || one.name === id);
    if (found === undefined) throw new Refusal("not_found", "There are no calling hours with this id.");
    return found;
  };

  return {
    list: async (request: Checked) => wholePage((await engine.listHours(actorOf(request))).map(renderHours)),

    create: async (request: Checked<HoursCreate>, reply: FastifyReply) => {
      const view = await engine.createHours(actorOf(request), request.body);
      reply.code(201).header("location", `/v1/hours/${view.id}`);
      return show(view, reply);
    },

    get: async (request: Checked, reply: FastifyReply) => show(await find(request), reply),

    update: async (request: Checked<HoursPatch>, reply: FastifyReply) =>
      show(
        await engine.updateHours(actorOf(request), request.params.id, request.body, ifVersionOf(request)),
        reply,
      ),

    remove: async (request: Checked, reply: FastifyReply) => {
      if (request.headers["if-match"] !== undefined) requireVersion(request, (await find(request)).version);
      await engine.removeHours(actorOf(request), request.params.id);
      reply.code(204);
    },
  };
}
