import { Readable } from "node:stream";

import type { FastifyReply } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { Actor, Engine } from "../../engine/engine.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type { StreamQuery } from "./call-schemas.ts";
import { renderEvent } from "./render.ts";
import { type Checked, actorOf, wordsOf } from "./requests.ts";

const HEARTBEAT_MS = 15_000;
const BATCH = 200;

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

type Source = {
  readonly engine: Pick<Engine, "listEvents" | "onEvents">;
  readonly clock: Clock;
  readonly actor: Actor;
  readonly types: readonly string[] | undefined;
  readonly cursor: string;
  readonly stillAllowed: () => Promise<boolean>;
};

/**
 * Reads the ledger only as fast as the client takes it: a client that does not read costs one full buffer and nothing
 * more, and goes on from its own cursor when it reads again.
 */
class EventStream extends Readable {
  readonly #source: Source;
  #cursor: string;
  #wanted = false;
  #pumping = false;
  #woken = true;
  #heartbeat: Timer;
  readonly #stopListening: () => void;

  constructor(source: Source) {
    super({ highWaterMark: 64 * 1024 });
    this.#source = source;
    this.#cursor = source.cursor;
    this.push(": the ledger's events follow\nretry: 1000\n\n");
    this.#stopListening = source.engine.onEvents(() => {
      this.#woken = true;
      this.#pump();
    });
    this.#heartbeat = this.#armHeartbeat();
  }

  /** Ends it after what has been written. */
  end(): void {
    this.#release();
    this.push(null);
  }

  override _read(): void {
    this.#wanted = true;
    this.#pump();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#release();
    done(error);
  }

  #release(): void {
    this.#stopListening();
    this.#heartbeat.cancel();
    this.#wanted = false;
  }

  #pump(): void {
    if (!this.#wanted || !this.#woken || this.#pumping || this.destroyed) return;
    this.#pumping = true;
    this.#drain().catch((error: unknown) =>
      this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #drain(): Promise<void> {
    while (this.#wanted && this.#woken) await this.#send();
    this.#pumping = false;
  }

  async #send(): Promise<void> {
    this.#woken = false;
    const { engine, actor, types, stillAllowed } = this.#source;
    const { data, cursor } = await engine.listEvents(actor, this.#cursor, BATCH, types);
    if (!this.#wanted) {
      this.#woken = true;
      return;
    }
    if (data.length > 0 && !(await stillAllowed())) return this.end();
    this.#cursor = cursor;
    if (data.length === BATCH) this.#woken = true;
    if (data.length === 0) return;
    const text = data
      .map(
        (view) => `id: ${view.cursor}\nevent: ${view.type}\ndata: ${JSON.stringify(renderEvent(view))}\n\n`,
      )
      .join("");
    this.#wanted = this.push(text);
  }

  #armHeartbeat(): Timer {
    const { clock, stillAllowed } = this.#source;
    return clock.at(clock.now() + HEARTBEAT_MS, () => {
      this.#heartbeat = this.#armHeartbeat();
      if (this.#wanted) this.push(": still here\n\n");
      stillAllowed().then(
        (allowed) => allowed || this.end(),
        // Whoever cannot be asked about any more is not let in (fail closed).
        () => this.end(),
      );
    });
  }
}
