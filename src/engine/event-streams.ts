import { Refusal } from "../domain/refusal.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "./engine.ts";
import { type EventSource, EventStream } from "./event-stream.ts";

/** What is wished of one stream. `after` is a cursor; without it the stream begins now. */
export type StreamWish = Pick<EventSource, "actor" | "types" | "print" | "stillAllowed"> & {
  readonly after: string | undefined;
};

/** The live streams of one door, at most `streamsMax` at once. */
export class EventStreams {
  readonly #ports: { readonly engine: Engine; readonly clock: Clock; readonly streamsMax: number };
  readonly #open = new Set<EventStream>();

  constructor(ports: { readonly engine: Engine; readonly clock: Clock; readonly streamsMax: number }) {
    this.#ports = ports;
  }

  /** Opens a stream; `wish` is read once there is room for it. Throws `rate_limited`, or what its cursor is refused for. */
  async open(wish: () => StreamWish): Promise<EventStream> {
    const { engine, clock, streamsMax } = this.#ports;
    if (this.#open.size >= streamsMax)
      throw new Refusal("rate_limited", `There are ${streamsMax} live streams already.`);
    const { after, ...source } = wish();
    // Reading one event tells before the stream begins when the cursor is none of ours.
    if (after !== undefined) await engine.listEvents(source.actor, after, 1);
    const cursor = after ?? (await engine.newestCursor(source.actor));
    const stream = new EventStream({ engine, clock, cursor, ...source });
    this.#open.add(stream);
    stream.once("close", () => this.#open.delete(stream));
    return stream;
  }

  /** Ends every stream, at shutdown; their clients will reconnect with the last id they saw. */
  endAll(): void {
    for (const stream of this.#open) stream.end();
  }
}
