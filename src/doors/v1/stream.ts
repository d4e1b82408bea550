import type { FastifyReply } from "fastify";

import type { Engine, EventView } from "../../engine/engine.ts";
import { EventStreams } from "../../engine/event-streams.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type { StreamQuery } from "./call-schemas.ts";
import { renderEvent } from "./render.ts";
import { type Checked, actorOf, wordsOf } from "../../ports/http/requests.ts";

/**
 * The handler of `/v1/events/stream` (server-sent events). It starts after `Last-Event-ID` (or `after`), else now. The
 * ids are the ledger's own cursors, so that a client which reconnects misses nothing.
 */
export function streamHandlers(ports: DoorPorts<Engine>) {
  const streams = new EventStreams(ports);

  return {
    stream: async (request: Checked<unknown, StreamQuery>, reply: FastifyReply) => {
      const stream = await streams.open(() => {
        const given = request.headers["last-event-id"];
        return {
          after: (typeof given === "string" ? given : undefined) ?? request.query.after,
          actor: actorOf(request),
          types: wordsOf("type", request.query.type, null),
          print,
          stillAllowed: () => ports.stillAllowed(request),
        };
      });
      return reply
        .type("text/event-stream; charset=utf-8")
        .header("cache-control", "no-store, no-transform")
        .header("x-accel-buffering", "no")
        .send(stream);
    },
    endAll: () => streams.endAll(),
  };
}

function print(events: readonly EventView[]): string {
  return events
    .map((view) => `id: ${view.cursor}\nevent: ${view.type}\ndata: ${JSON.stringify(renderEvent(view))}\n\n`)
    .join("");
}
