import { setImmediate as turn } from "node:timers/promises";
import { type SandboxNetwork, openNetwork } from "../../src/carriers/sandbox/network.ts";
import { sandbox } from "../../src/carriers/sandbox/kind.ts";
import { localConveyor } from "../../src/conveyors/local.ts";
import type { ZoneBook } from "../../src/domain/zone.ts";
import type { Tuning } from "../../src/engine/context.ts";
import { createEngine } from "../../src/engine/create.ts";
import type { Works } from "../../src/engine/programs.ts";
import type { Actor, CallRequest, CallView, Engine } from "../../src/engine/engine.ts";
import type { Channel } from "../../src/ports/channel.ts";
import type { CarrierKind, OutsideFetch } from "../../src/ports/carrier.ts";
import type { Conveyor } from "../../src/ports/conveyor.ts";
import type { Program } from "../../src/ports/program.ts";
import type { MessageChannel, Messenger } from "../../src/ports/messenger.ts";
import type { Meter } from "../../src/ports/meter.ts";
import type { Store } from "../../src/ports/store.ts";
import { openStore } from "../../src/store/open.ts";
import { readCsv } from "../../src/system/csv.ts";
import { loadHolidays } from "../../src/system/holidays.ts";
import { loadPhoneMetadata } from "../../src/system/phone-metadata.ts";
import { type EncryptionKey, createSecrets } from "../../src/system/secrets.ts";
import { loadZones } from "../../src/system/zones.ts";
import { FAKE_START, FakeClock } from "./fake-clock.ts";
import { SeededRandom } from "./seeded-random.ts";
import { type Logged, keptLog, silentLog, silentMeter } from "./silent.ts";
import { StubCarrier } from "./stub-carrier.ts";
import { WatchedStore } from "./watched-store.ts";

export type EngineOptions = {
  /** Default: a new SQLite store in memory. */
  readonly store?: Store;
  readonly startAt?: number;
  readonly encryptionKeys?: readonly EncryptionKey[];
  readonly zones?: ZoneBook;
  readonly tuning?: Partial<Tuning>;
  readonly journalPath?: string;
  readonly meter?: Meter;
  readonly conveyor?: Conveyor;
  readonly stub?: StubCarrier;
  /** True when the stub carrier shall count as one that rings people. */
  readonly realStub?: boolean;
  /** Ways to tell somebody what happens; default: none. */
  readonly channels?: Readonly<Record<string, Channel>>;
  /** Ways to tell people something; default: none, and nobody is told. */
  readonly messengers?: Readonly<Record<MessageChannel, Messenger>>;
  /** Carriers beside the sandbox and the one that the test plays. */
  readonly carrierKinds?: Readonly<Record<string, () => Promise<CarrierKind>>>;
  /** The way to the outside, made on the test's clock; default: none. */
  readonly fetch?: (clock: TestClock) => OutsideFetch;
  readonly publicUrl?: string;
  /** What decides whom to call; default: nothing. Their zones are UTC and Asia/Kolkata, as by default. */
  readonly programs?: readonly Program[];
  /** What the engine works on; default: everything. */
  readonly works?: Works;
  /** The engine is built and not started. */
  readonly asleep?: boolean;
};

export type TestEngine = {
  readonly engine: Engine;
  readonly clock: TestClock;
  readonly store: WatchedStore;
  readonly network: SandboxNetwork;
  /** The carrier of lines made with carrier "stub". */
  readonly stub: StubCarrier;
  readonly logged: readonly Logged[];
  readonly actor: Actor;
  /** Waits until nothing runs that needs no time to pass. */
  drain(): Promise<void>;
  /** Lets time pass, doing on the way what falls due, each instant to its end. */
  advance(ms: number): Promise<void>;
  /** Steps from timer to timer until `done`; throws when it is not done within `withinMs`. */
  runUntil(done: () => boolean | Promise<boolean>, withinMs?: number): Promise<void>;
  /** Schedules one call and returns it. */
  call(request: Partial<CallRequest>): Promise<CallView>;
  /** The call as it stands. */
  look(call: { readonly id: string }): Promise<CallView>;
  /** A later process on the same store, after this one was killed: it does nothing any more, and nobody heard of it. */
  afterKill(options?: EngineOptions & { readonly downMs?: number }): Promise<TestEngine>;
};

/** Ticks only after what has arrived, so that a networked store gets its turn. */
export class TestClock extends FakeClock {
  override tick(then: () => void): void {
    setImmediate(then);
  }
}

const zones = loadZones();
const phoneMetadata = await loadPhoneMetadata();
const stepsMax = 30_000;

/** A real engine on a clock that a test moves, with the sandbox carrier and one that the test plays. */
export async function startEngine(options: EngineOptions = {}): Promise<TestEngine> {
  const clock = new TestClock(options.startAt ?? FAKE_START);
  const inner =
    options.store ?? (await openStore({ kind: "sqlite", path: ":memory:" }, { clock, log: silentLog }));
  const store = inner instanceof WatchedStore ? inner : new WatchedStore(inner);
  const stub = options.stub ?? new StubCarrier();
  const { log, lines } = keptLog();
  let network: SandboxNetwork | null = null;
  const engine = await createEngine({
    store,
    clock,
    random: new SeededRandom(1),
    log,
    meter: options.meter ?? silentMeter,
    secrets: createSecrets("a secret for tests alone", options.encryptionKeys ?? []),
    zones: options.zones ?? zones,
    fetch:
      options.fetch?.(clock) ??
      (() => Promise.resolve({ kind: "not_sent", detail: "no test reaches the outside" })),
    carrierKinds: {
      sandbox: () => Promise.resolve({ ...sandbox, connect: (ports) => (network = openNetwork(ports)) }),
      stub: () => Promise.resolve(stub.kind(options.realStub ?? false)),
      ...options.carrierKinds,
    },
    ...(options.channels === undefined ? {} : { channels: options.channels }),
    ...(options.messengers === undefined ? {} : { messengers: options.messengers }),
    phoneMetadata,
    holidays: (country, region) => loadHolidays(country, region, [2026]),
    journalPath: options.journalPath ?? null,
    publicUrl: () => options.publicUrl ?? null,
    testClock: null,
    conveyor: options.conveyor ?? localConveyor(),
    nodeName: "test",
    followServer: () => {},
    ...(options.tuning === undefined ? {} : { tuning: options.tuning }),
    ...(options.works === undefined ? {} : { works: options.works }),
    programs: {
      all: options.programs ?? [],
      settings: { renewals: { timezone: "Asia/Kolkata" }, timezone: "UTC" },
      readCsv,
    },
  });
  if (network === null) throw new Error("The engine connected no sandbox");
  const actor = engine.defaultActor();
  const drain = (): Promise<void> => drained(clock, store);
  if (options.asleep !== true) {
    await engine.start();
    await drain();
  }
  return {
    engine,
    clock,
    store,
    network,
    stub,
    logged: lines,
    actor,
    drain,
    advance: (ms) => advanceTo(clock, store, clock.now() + ms),
    runUntil: (done, withinMs = 3_600_000) => runUntil(clock, store, done, withinMs),
    async call(request) {
      const { call } = await engine.schedule(actor, { to: "+12125550100", ...request });
      return call;
    },
    look: (call) => engine.getCall(actor, call.id),
    async afterKill({ downMs = 0, ...next } = {}) {
      await drain();
      return startEngine({ ...options, store, stub, ...next, startAt: clock.now() + downMs });
    },
  };
}

async function drained(clock: FakeClock, store: WatchedStore): Promise<void> {
  for (let calm = 0; calm < 4;) {
    await clock.settle();
    await turn();
    calm = store.inFlight === 0 ? calm + 1 : 0;
  }
}

async function advanceTo(clock: FakeClock, store: WatchedStore, instant: number): Promise<void> {
  for (let step = 0; step < stepsMax; step += 1) {
    await drained(clock, store);
    const next = clock.nextAt();
    if (next === undefined || next > instant) {
      await clock.advanceTo(instant);
      await drained(clock, store);
      return;
    }
    await clock.advanceTo(next);
  }
  throw new Error(`Time does not pass: ${stepsMax} timers and it is still ${clock.now()}`);
}

async function runUntil(
  clock: FakeClock,
  store: WatchedStore,
  done: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const limit = clock.now() + withinMs;
  await drained(clock, store);
  for (let step = 0; !(await done()); step += 1) {
    const next = clock.nextAt();
    if (next === undefined || next > limit || step >= stepsMax)
      throw new Error(`It did not happen within ${withinMs} ms`);
    await clock.advanceTo(next);
    await drained(clock, store);
  }
}
