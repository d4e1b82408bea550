import type { FastifyReply } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { Engine, EventView } from "../../engine/engine.ts";
import { EventStreams } from "../../engine/event-streams.ts";
import type { CallAndAttempt } from "../../engine/schedules-api.ts";
import type { Caller, DoorPorts } from "../../ports/door.ts";

import { callerOf, maySee } from "./caller.ts";
import { textOf } from "./query.ts";
import { nextOf } from "./render.ts";
import type { Request } from "./schedules.ts";
import { type ScheduleItem, idOf, readSeries, statusOfItem } from "./schedule-item.ts";
import { viewOfStatus } from "./status.ts";

/**
 * The handler of `GET /schedule/stream` (server-sent events): what happens to the schedules that the caller may see, as it
 * happens. It starts after `Last-Event-ID` (or `after`), else now; a client that reconnects misses nothing.
 */
export function streamHandlers(ports: DoorPorts<Engine>) {
  const streams = new EventStreams(ports);

  return {
    stream: async (request: Request, reply: FastifyReply) => {
      const stream = await streams.open(() => {
        const given = request.headers["last-event-id"];
        const caller = callerOf(request);
        return {
          after: (typeof given === "string" ? given : undefined) ?? textOf(request.query, "after"),
          actor: caller.actor,
          types: undefined,
          print: (events) => print(ports.engine, caller, events),
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

async function print(engine: Engine, caller: Caller, events: readonly EventView[]): Promise<string> {
  const ids = new Set(events.flatMap(({ callId }) => callId ?? []));
  const calls = new Map(
    (await engine.getCalls(caller.actor, [...ids])).map((found) => [found.call.id, found]),
  );
  let text = "";
  for (const event of events) {
    const data = event.callId === null ? await ofSeries(engine, caller, event) : ofCall(calls, caller, event);
    if (data !== null) text += `id: ${event.cursor}\nevent: schedule\ndata: ${JSON.stringify(data)}\n\n`;
  }
  return text;
}

/** What happened to a call; an occurrence tells of the schedule that it belongs to. */
function ofCall(calls: ReadonlyMap<string, CallAndAttempt>, caller: Caller, event: EventView) {
  const found = calls.get(event.callId ?? "");
  if (found === undefined || !maySee(caller, found.call)) return null;
  const { call } = found;
  return {
    event: event.type,
    schedule_id: call.series?.id ?? call.id,
    call_id: call.id,
    status: viewOfStatus(call.status),
    next_execution: nextOf({ kind: "call", ...found }),
    reason: event.reason,
    timestamp: formatUtc(event.at),
  };
}

async function ofSeries(engine: Engine, caller: Caller, event: EventView) {
  const { series_id: id } = event.data;
  const item = typeof id === "string" ? await seriesOrNull(engine, caller, id) : null;
  if (item?.kind !== "series" || !maySee(caller, item.series)) return null;
  return {
    event: event.type,
    schedule_id: idOf(item),
    call_id: null,
    status: statusOfItem(item),
    next_execution: nextOf(item),
    reason: event.reason,
    timestamp: formatUtc(event.at),
  };
}

async function seriesOrNull(engine: Engine, caller: Caller, id: string): Promise<ScheduleItem | null> {
  try {
    return await readSeries(engine, caller.actor, id);
  } catch (error) {
    // It is gone by now: there is nothing to tell of it any more.
    if (error instanceof Refusal && error.code === "not_found") return null;
    throw error;
  }
}
