import type { FastifyReply } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type { EventsQuery } from "./call-schemas.ts";
import { renderEvent } from "./render.ts";
import { type Checked, actorOf, limitOf, withParameter, wordsOf } from "../../ports/http/requests.ts";

/** The handler of `/v1/events`: the ledger as a list that never ends, so `next_cursor` is always there. */
export function eventHandlers({ engine }: DoorPorts<Engine>) {
  return {
    list: async (request: Checked<unknown, EventsQuery>, reply: FastifyReply) => {
      const limit = limitOf(request.query);
      const { data, cursor } = await engine.listEvents(
        actorOf(request),
        request.query.after ?? null,
        limit,
        wordsOf("type", request.query.type, null),
      );
      const hasMore = data.length === limit;
      if (hasMore) reply.header("link", `<${withParameter(request.url, "after", cursor)}>; rel="next"`);
      return { data: data.map(renderEvent), has_more: hasMore, next_cursor: cursor };
    },
  };
}
