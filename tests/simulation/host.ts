import { createEngine } from "../../src/engine/create.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import { closedDatesOf } from "../../src/domain/window.ts";
import { parseDay } from "../../src/domain/civil.ts";
import type { ZoneBook } from "../../src/domain/zone.ts";
import type { Log, LogFields } from "../../src/ports/log.ts";
import type { Program } from "../../src/ports/program.ts";
import type { Secrets } from "../../src/ports/secrets.ts";
import { type Store, StoreError } from "../../src/ports/store.ts";
import {
  type Context as AppointmentContext,
  createContext,
} from "../../src/programs/appointments/context.ts";
import { program as appointments } from "../../src/programs/appointments/program.ts";
import { program as upkeep } from "../../src/programs/upkeep/program.ts";
import { SystemClock } from "../../src/system/clock.ts";
import { readCsv } from "../../src/system/csv.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import type { PhoneNetwork } from "./fault-carrier.ts";
import { type StoreWorld, faultStore } from "./fault-store.ts";
import type { Faults } from "./faults.ts";
import type { History, Life } from "./history.ts";
import type { Incarnation, Machine } from "./machine.ts";
import type { PostOffice } from "./post-office.ts";
import { silentMeter } from "./silent.ts";

/** What a client hears. `down`: nobody listened, so nothing happened. */
export type Answer<T> =
  | { readonly heard: "yes"; readonly value: T }
  | { readonly heard: "no"; readonly refusal: Refusal }
  | { readonly heard: "lost" }
  | { readonly heard: "down" };

export type HostPorts = {
  readonly machine: Machine;
  readonly store: Store;
  readonly network: PhoneNetwork;
  /** What takes letters, in a world where people book; else null, and there are no programs. */
  readonly post: PostOffice | null;
  readonly secrets: Secrets;
  readonly zones: ZoneBook;
  readonly faults: Faults;
  readonly history: History;
  readonly trace: (label: string) => void;
};

/** What an incarnation answers requests with; the program of appointments is asked behind its door, without HTTP. */
type Running = {
  readonly owner: Incarnation;
  readonly engine: Engine;
  readonly appointments: AppointmentContext | null;
};

const holidays = closedDatesOf(new Map([[parseDay("2026-12-25") ?? 0, "Christmas Day"]]));

/** Faults that are played; what the database itself finds broken is a fault of ours. */
function isOfTheWorld(error: unknown): boolean {
  return error instanceof StoreError && error.fault !== "broken";
}

/** Starts the program, kills it, starts it again, and carries requests to it. */
export class Host {
  readonly #ports: HostPorts;
  readonly #storeWorld: StoreWorld;
  #running: Running | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(ports: HostPorts) {
    this.#ports = ports;
    const { faults, machine, history, trace } = ports;
    this.#storeWorld = {
      machine,
      strike: (name, writes) => {
        history.storeUses += 1;
        return faults.strikeStore(name, writes);
      },
      pauseMs: () => faults.pauseMs(),
      stepsBeforeCrash: () => faults.stepsBeforeCrash(),
      isFull: () => faults.isFull,
      crash: (why) => this.crash(why),
      trace,
    };
  }

  get isReady(): boolean {
    return this.#running !== null;
  }

  boot(): void {
    const { machine, faults } = this.#ports;
    const owner = machine.boot();
    this.#life("start");
    this.#start(owner).then(
      (running) => {
        if (!owner.alive) return;
        this.#running = running;
        this.#life("ready");
      },
      (error: unknown) => {
        if (!owner.alive) return;
        if (!isOfTheWorld(error)) this.#complain(`start: ${String((error as Error).stack)}`);
        this.crash("could not start");
      },
    );
    faults.onBoot(owner);
  }

  /** kill -9: now, whatever is under way. */
  crash(why: string): void {
    const { machine, faults, trace } = this.#ports;
    if (machine.current === null) return;
    trace(`crash: ${why}`);
    this.#life("crash");
    machine.kill();
    this.#running = null;
    for (const lose of this.#waiting) lose();
    machine.timeline.in(faults.downMs(), () => this.boot());
  }

  /** SIGTERM: the program ends by itself, and is started again. */
  async stop(): Promise<void> {
    const running = this.#running;
    const { machine, faults } = this.#ports;
    if (running === null) return;
    this.#running = null;
    this.#life("stop_sent");
    try {
      await running.engine.stop(8000);
    } catch (error) {
      if (!isOfTheWorld(error)) this.#complain(`stop: ${String((error as Error).stack)}`);
    }
    if (!running.owner.alive) return;
    this.#life("stopped");
    machine.kill();
    for (const lose of this.#waiting) lose();
    machine.timeline.in(faults.downMs(), () => this.boot());
  }

  /** Sends a request to the program, as a client over a connection that ends with the process. */
  ask<T>(label: string, verb: (engine: Engine) => Promise<T>): Promise<Answer<T>> {
    return this.#ask(label, ({ engine }) => verb(engine));
  }

  /** The same, of the program that keeps appointments. */
  book<T>(label: string, verb: (context: AppointmentContext) => Promise<T>): Promise<Answer<T>> {
    return this.#ask(label, ({ appointments }) => {
      if (appointments === null) throw new Error("Nobody keeps appointments here");
      return verb(appointments);
    });
  }

  #ask<T>(label: string, verb: (running: Running) => Promise<T>): Promise<Answer<T>> {
    const running = this.#running;
    const { machine, trace } = this.#ports;
    if (running === null) return Promise.resolve({ heard: "down" });
    trace(`ask ${label}`);
    return new Promise((resolve) => {
      const finish = (answer: Answer<T>): void => {
        if (!this.#waiting.delete(lose)) return;
        trace(`heard ${label} ${answer.heard === "no" ? answer.refusal.code : answer.heard}`);
        resolve(answer);
      };
      const lose = (): void => finish({ heard: "lost" });
      this.#waiting.add(lose);
      machine.enter(running.owner, () => {
        verb(running).then(
          (value) => running.owner.alive && finish({ heard: "yes", value }),
          (error: unknown) => running.owner.alive && finish(this.#readError(label, error)),
        );
      });
    });
  }

  #readError(label: string, error: unknown): Answer<never> {
    if (error instanceof Refusal) return { heard: "no", refusal: error };
    if (!isOfTheWorld(error)) this.#complain(`${label}: ${String((error as Error).stack)}`);
    return { heard: "lost" };
  }

  async #start(owner: Incarnation): Promise<Running> {
    const { machine, store, network, post, secrets, zones, faults, trace } = this.#ports;
    let context: AppointmentContext | null = null;
    const booked: Program = {
      ...appointments,
      plug(house) {
        context = createContext(house);
        return appointments.plug(house);
      },
    };
    const engine = await createEngine({
      store: faultStore(store, owner, this.#storeWorld),
      clock: new SystemClock(),
      log: this.#log(owner),
      random: new SeededRandom(owner.number),
      meter: silentMeter,
      secrets,
      // A zone release that was swapped while the program was down makes every plan be made again.
      zones: { ...zones, version: faults.zoneVersion(zones.version) },
      fetch: () => Promise.reject(new Error("Nothing is fetched here")),
      carrierKinds: { sandbox: () => Promise.resolve(network.kindFor(owner)) },
      phoneMetadata: () => ({ possible: true, valid: true, country: "US", type: "MOBILE" }),
      holidays: () => Promise.resolve(holidays),
      journalPath: null,
      publicUrl: () => null,
      testClock: null,
      tuning: faults.tuning(),
      conveyor: faults.conveyor(owner, machine, trace),
      nodeName: `incarnation ${owner.number}`,
      followServer: () => {},
      ...(post !== null && {
        messengers: post.messengersFor(owner),
        programs: {
          all: [booked, upkeep],
          settings: { renewals: { timezone: "UTC" }, timezone: "UTC" },
          readCsv,
        },
      }),
    });
    await engine.start();
    return { owner, engine, appointments: context };
  }

  /** A duty may fail because the store did; whatever else it complains of is a fault of ours. */
  #log(owner: Incarnation): Log {
    const note = (sentence: string, fields?: LogFields): void => {
      const error = fields?.["error"];
      if (!owner.alive || error === undefined || isOfTheWorld(error)) return;
      this.#complain(`${sentence} ${error instanceof Error ? (error.stack ?? "") : JSON.stringify(error)}`);
    };
    return { debug: () => {}, info: () => {}, warn: note, error: note };
  }

  #complain(what: string): void {
    this.#ports.history.complaints.push(what);
    this.#ports.trace(`complaint: ${what.split("\n")[0]}`);
  }

  #life(event: Life["event"]): void {
    const { machine, history, trace } = this.#ports;
    trace(`life ${machine.incarnations} ${event}`);
    history.lives.push({ number: machine.incarnations, at: machine.timeline.now, event });
  }
}
