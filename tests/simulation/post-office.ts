import { addressFault } from "../../src/domain/message-address.ts";
import {
  type Letter,
  type MessageChannel,
  type Messenger,
  type Told,
  messageChannels,
} from "../../src/ports/messenger.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import type { Posted } from "./history.ts";
import type { Incarnation, Machine } from "./machine.ts";

export type PostWorld = {
  readonly machine: Machine;
  readonly random: SeededRandom;
  /** Whether letters and answers go astray. */
  readonly isTroubled: () => boolean;
  readonly onLetter: (letter: Posted) => void;
  readonly trace: (label: string) => void;
};

/** What becomes of a letter: whether it arrives, what is answered (null: nothing, ever) and after how long (ms). */
type Fate = { readonly isTaken: boolean; readonly answer: Told | null; readonly ms: number };

/** Push, e-mail and text messages: outlives every process, takes letters, and keeps a witness's account of each. */
export class PostOffice {
  readonly #world: PostWorld;

  constructor(world: PostWorld) {
    this.#world = world;
  }

  /** The providers as the engine of one incarnation sees them. */
  messengersFor(owner: Incarnation): Readonly<Record<MessageChannel, Messenger>> {
    return Object.fromEntries(
      messageChannels.map((channel) => [channel, this.#messenger(owner, channel)]),
    ) as Record<MessageChannel, Messenger>;
  }

  #messenger(owner: Incarnation, channel: MessageChannel): Messenger {
    return {
      channel,
      provider: "post office",
      isSandbox: true,
      check: () => Promise.resolve(null),
      wrongAddress: (address) => addressFault(channel, address),
      send: (letter) => this.#take(owner, letter),
      close: () => Promise.resolve(),
    };
  }

  async #take(owner: Incarnation, letter: Letter): Promise<Told> {
    const { machine, isTroubled, onLetter, trace } = this.#world;
    if (!owner.alive) return never();
    const { isTaken, answer, ms } = isTroubled() ? this.#astray(letter) : this.#arrives(300);
    const { id, channel, address, event, data } = letter;
    trace(`letter ${id} ${event} ${isTaken ? "taken" : "not taken"}, ${answer?.kind ?? "no answer"}`);
    onLetter({
      id,
      channel,
      address,
      event,
      data,
      isTaken,
      at: machine.timeline.now,
      wall: machine.wall,
      incarnation: owner.number,
      answer: answer?.kind ?? "none",
    });
    if (answer === null) return never();
    await new Promise<void>((resolve) => machine.timeline.in(ms, resolve));
    await machine.arrive(owner);
    trace(`answered ${id} ${answer.kind}`);
    return answer;
  }

  #arrives(msMax: number): Fate {
    return {
      isTaken: true,
      answer: { kind: "sent", reference: null },
      ms: this.#world.random.below(msMax),
    };
  }

  #astray({ channel }: Letter): Fate {
    const { random } = this.#world;
    const kind = random.float();
    const ms = random.below(random.float() < 0.5 ? 1000 : 25_000);
    const trouble = { code: "simulated", detail: "simulated" };
    const isTaken = random.float() < 0.5;
    if (kind < 0.45) return this.#arrives(300);
    if (kind < 0.6) return this.#arrives(28_000);
    if (kind < 0.8) {
      const asked = random.float() < 0.5 ? { afterMs: 1000 + random.below(90_000) } : {};
      return { isTaken: false, answer: { kind: "not_sent", ...trouble, ...asked }, ms };
    }
    if (kind < 0.86) {
      const why = channel === "push" ? { isGone: true } : { isBounced: true };
      return { isTaken: false, answer: { kind: "failed", ...trouble, ...why }, ms };
    }
    if (kind < 0.93) return { isTaken, answer: { kind: "unknown", ...trouble }, ms };
    return { isTaken, answer: null, ms };
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
