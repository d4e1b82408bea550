import { type SandboxNetwork, openNetwork } from "../../src/carriers/sandbox/network.ts";
import { sandbox } from "../../src/carriers/sandbox/kind.ts";
import type { Carrier, CarrierKind, Report } from "../../src/ports/carrier.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import type { Request } from "./history.ts";
import type { Incarnation, Machine } from "./machine.ts";
import { silentLog } from "./silent.ts";
import type { Timeline } from "./timeline.ts";

export type CarrierWorld = {
  readonly machine: Machine;
  readonly random: SeededRandom;
  /** The chance that the network cannot be asked, and that a callback which found nobody is sent again. */
  readonly chances: () => { readonly unavailable: number; readonly redeliver: number };
  readonly onRequest: (request: Request) => void;
  readonly trace: (label: string) => void;
};

/** The network outlives every process; each incarnation connects to it anew. */
export class PhoneNetwork {
  readonly network: SandboxNetwork;
  readonly #world: CarrierWorld;
  #deliver: { readonly owner: Incarnation; readonly to: (key: string, report: Report) => void } | null = null;
  #underWay = 0;

  constructor(world: CarrierWorld) {
    this.#world = world;
    this.network = openNetwork(
      {
        clock: trueClock(world.machine.timeline),
        random: world.random,
        log: silentLog,
        fetch: () => Promise.reject(new Error("The sandbox uses no network")),
        deliver: (key, report) => this.#callBack(key, report, 0),
        journalPath: null,
      },
      { ms: Infinity, calls: Infinity },
    );
  }

  /** The sandbox as the engine of one incarnation sees it. */
  kindFor(owner: Incarnation): CarrierKind {
    return {
      ...sandbox,
      connect: (ports) => {
        this.#deliver = { owner, to: ports.deliver };
        this.#underWay = 0;
        return this.#connectionOf(owner);
      },
    };
  }

  #connectionOf(owner: Incarnation): Carrier {
    const { machine } = this.#world;
    const { network } = this;
    const answered = async <T>(answer: Promise<T>): Promise<T> => {
      const value = await answer;
      await machine.arrive(owner);
      return value;
    };
    return {
      place: async (order) => {
        if (!owner.alive) return new Promise(() => {});
        const request: Request = {
          attemptKey: order.attemptKey,
          attemptId: order.attemptId,
          callId: order.callId,
          to: order.to,
          at: machine.timeline.now,
          wall: machine.wall,
          incarnation: owner.number,
          underWay: (this.#underWay += 1),
          answer: "pending",
        };
        this.#world.onRequest(request);
        // The network keeps true time, so it reads our instants by its own clock.
        const deadlineAt = order.deadlineAt - machine.wallOffsetMs;
        const answer = await answered(network.place({ ...order, deadlineAt }));
        this.#underWay -= 1;
        request.answer = answer.kind;
        this.#world.trace(`answered ${order.attemptId} ${answer.kind}`);
        return answer;
      },
      lookup: async (order) => {
        if (!owner.alive) return new Promise(() => {});
        if (this.#world.random.float() < this.#world.chances().unavailable)
          return { kind: "unavailable", detail: "simulated" };
        return answered(network.lookup({ ...order, placedAt: order.placedAt - machine.wallOffsetMs }));
      },
      hangUp: async (order) => {
        if (!owner.alive) return new Promise(() => {});
        this.#world.trace("hang up");
        return answered(network.hangUp(order));
      },
      check: (settings, line) => network.check(settings, line),
      close: () => Promise.resolve(),
    };
  }

  /** A callback reaches the process that runs; when none does, it is lost or sent again later, as webhooks are. */
  #callBack(key: string, report: Report, tries: number): void {
    const { machine, random, chances, trace } = this.#world;
    const target = this.#deliver;
    if (target !== null && target.owner.alive) {
      machine.enter(target.owner, () => {
        trace(`callback ${report.key}`);
        target.to(key, report);
      });
    } else if (tries < 5 && random.float() < chances().redeliver) {
      machine.timeline.in(5000 + random.below(120_000), () => this.#callBack(key, report, tries + 1));
    }
  }
}

/** A clock that shows true time. */
function trueClock(timeline: Timeline): Clock {
  return {
    now: () => timeline.now,
    mono: () => timeline.now,
    at: (instant, wake) => timeline.at(instant, wake),
    tick: (then) => queueMicrotask(then),
  };
}
