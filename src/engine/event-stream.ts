import { Readable } from "node:stream";

import type { Clock, Timer } from "../ports/clock.ts";
import type { Actor, Engine, EventView } from "./engine.ts";

const HEARTBEAT_MS = 15_000;
const BATCH = 200;

/** What a live stream reads, and for whom. */
export type EventSource = {
  readonly engine: Pick<Engine, "listEvents" | "onEvents">;
  readonly clock: Clock;
  readonly actor: Actor;
  readonly types: readonly string[] | undefined;
  /** The events as server-sent events, without those that the caller may not see. */
  readonly print: (events: readonly EventView[]) => string | Promise<string>;
  readonly cursor: string;
  readonly stillAllowed: () => Promise<boolean>;
};

/**
 * The ledger as server-sent events. It is read only as fast as the client takes it: a client that does not
 * read costs one full buffer and nothing more, and goes on from its own cursor when it reads again.
 */
export class EventStream extends Readable {
  readonly #source: EventSource;
  #cursor: string;
  #wanted = false;
  #pumping = false;
  #woken = true;
  #heartbeat: Timer;
  readonly #stopListening: () => void;

  constructor(source: EventSource) {
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
    const { engine, actor, types, print } = this.#source;
    const { data, cursor } = await engine.listEvents(actor, this.#cursor, BATCH, types);
    if (!this.#wanted) {
      this.#woken = true;
      return;
    }
    if (data.length > 0 && !(await this.#isAllowed())) return this.end();
    this.#cursor = cursor;
    if (data.length === BATCH) this.#woken = true;
    if (data.length === 0) return;
    const text = await print(data);
    // It may have been ended meanwhile; then nothing may follow.
    if (this.#wanted && text !== "") this.#wanted = this.push(text);
  }

  #armHeartbeat(): Timer {
    const { clock } = this.#source;
    return clock.at(clock.now() + HEARTBEAT_MS, () => {
      this.#heartbeat = this.#armHeartbeat();
      if (this.#wanted) this.push(": still here\n\n");
      void this.#isAllowed().then((allowed) => allowed || this.end());
    });
  }

  /** Whoever cannot be asked about any more is not let in (fail closed). */
  async #isAllowed(): Promise<boolean> {
    try {
      return await this.#source.stillAllowed();
    } catch {
      return false;
    }
  }
}
