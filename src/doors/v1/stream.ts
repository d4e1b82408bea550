import type { FastifyReply } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { Engine, EventView } from "../../engine/engine.ts";
import { EventStream } from "../../engine/event-stream.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type { StreamQuery } from "./call-schemas.ts";
import { renderEvent } from "./render.ts";
import { type Checked, actorOf, wordsOf } from "./requests.ts";

/**
 * The handler of `/v1/events/stream` (server-sent events). It starts after `Last-Event-ID` (or `after`), else now. The
 * ids are the ledger's own cursors, so that a client which reconnects misses nothing.
 */
export function streamHandlers(ports: DoorPorts<Engine>) {
  const { engine, clock, streamsMax, stillAllowed } = ports;
  const open = new Set<EventStream>();

  return {
    stream: async (request: Checked<unknown, StreamQuery>, reply: FastifyReply) => {
      if (open.size >= streamsMax)
        throw new Refusal("rate_limited", `There are ${streamsMax} live streams already.`);
      const given = request.headers["last-event-id"];
      const after = (typeof given === "string" ? given : undefined) ?? request.query.after;
      const actor = actorOf(request);
      const types = wordsOf("type", request.query.type, null);
      // Reading one event tells before the stream begins when the cursor is none of ours.
      if (after !== undefined) await engine.listEvents(actor, after, 1);
      const stream = new EventStream({
        engine,
        clock,
        actor,
        types,
        print,
        cursor: after ?? (await engine.newestCursor(actor)),
        stillAllowed: () => stillAllowed(request),
      });
      open.add(stream);
      stream.once("close", () => open.delete(stream));
      return reply
        .type("text/event-stream; charset=utf-8")
        .header("cache-control", "no-store, no-transform")
        .header("x-accel-buffering", "no")
        .send(stream);
    },

    /** Ends every stream, at shutdown; their clients will reconnect with the last id they saw. */
    endAll: () => {
      for (const stream of open) stream.end();
    },
  };
}

function print(events: readonly EventView[]): string {
  return events
    .map((view) => `id: ${view.cursor}\nevent: ${view.type}\ndata: ${JSON.stringify(renderEvent(view))}\n\n`)
    .join("");
}
