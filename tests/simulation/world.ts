import { statSync } from "node:fs";
import type { SandboxNetwork } from "../../src/carriers/sandbox/network.ts";
import { type SeriesDocument, seriesDocumentPlace } from "../../src/engine/series-document.ts";
import { createSecrets } from "../../src/system/secrets.ts";
import { loadZones } from "../../src/system/zones.ts";
import { migrateSqlite } from "../../src/store/migrate.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { Bookers } from "./bookers.ts";
import { Callers } from "./callers.ts";
import { PhoneNetwork } from "./fault-carrier.ts";
import { Faults } from "./faults.ts";
import type { History, Rows } from "./history.ts";
import { Host } from "./host.ts";
import { Machine } from "./machine.ts";
import { Operators } from "./operators.ts";
import type { RunPlan } from "./plan.ts";
import { PostOffice } from "./post-office.ts";
import { silentLog } from "./silent.ts";
import { Subscribers } from "./subscribers.ts";
import { Timeline } from "./timeline.ts";
import { Trace } from "./trace.ts";
import { watchCommits } from "./watch.ts";

export type Finished = {
  readonly history: History;
  readonly trace: Trace;
  readonly faults: ReadonlyMap<string, number>;
  readonly simulatedMs: number;
};

const zones = loadZones();
const secrets = createSecrets("a secret of the simulation");
const dayMs = 86_400_000;
const healingMs = 4 * dayMs;

/** Runs one seed: first a world in which things go wrong, then a healed one in which everything must end. */
export async function runWorld(plan: RunPlan, keepTrace: boolean, path = ":memory:"): Promise<Finished> {
  const timeline = new Timeline(plan.startAt, new SeededRandom(plan.seed * 17 + 1));
  const machine = new Machine(timeline);
  const trace = new Trace(keepTrace);
  const note = (label: string): void => trace.add(timeline.now - plan.startAt, label);
  const giveBack = machine.takeGlobals();
  const store = new SqliteStore({ path, log: silentLog });
  try {
    migrateSqlite(store, plan.startAt);
    const faults = new Faults(plan);
    const history = emptyHistory(plan);
    watchCommits(store, () => history.storeUses);
    const network = new PhoneNetwork({
      machine,
      random: new SeededRandom(plan.seed * 23 + 5),
      chances: () => faults.chances(),
      onRequest: (request) => {
        note(`request ${request.attemptId}`);
        history.requests.push(request);
      },
      trace: note,
    });
    const post =
      plan.bookings === 0
        ? null
        : new PostOffice({
            machine,
            random: new SeededRandom(plan.seed * 29 + 7),
            isTroubled: () => faults.has("carrier"),
            onLetter: (letter) => history.letters.push(letter),
            trace: note,
          });
    const host = new Host({ machine, store, network, post, secrets, zones, faults, history, trace: note });
    const callers = new Callers(host, machine, history, plan);
    const operators = new Operators(host, machine, history, plan, callers);
    const subscribers = new Subscribers(host, machine, history, plan, callers);
    const bookers = new Bookers(host, machine, history, plan, callers);
    await live({
      plan,
      timeline,
      machine,
      host,
      callers,
      operators,
      subscribers,
      bookers,
      faults,
      history,
      store,
    });
    finish(history, machine, store, network.network, path);
    return { history, trace, faults: faults.counts, simulatedMs: timeline.now - plan.startAt };
  } finally {
    giveBack();
    await store.close();
  }
}

type Parts = {
  readonly plan: RunPlan;
  readonly timeline: Timeline;
  readonly machine: Machine;
  readonly host: Host;
  readonly callers: Callers;
  readonly operators: Operators;
  readonly subscribers: Subscribers;
  readonly bookers: Bookers;
  readonly faults: Faults;
  readonly history: History;
  readonly store: SqliteStore;
};

async function live(parts: Parts): Promise<void> {
  const { plan, timeline, machine, host, callers, operators, subscribers, bookers } = parts;
  const { faults, history, store } = parts;
  const { drain } = machine;
  // A mistake that calls somebody again and again would not let the run come to rest.
  const requestsMax = 20 * plan.calls + 10_000;
  const goesOn = (): boolean => {
    if (history.requests.length > requestsMax) throw new Error("The network is called without end");
    return false;
  };
  host.boot();
  await timeline.runUntil(timeline.now + 60_000, drain, () => host.isReady);
  let isSetUp = false;
  const setUp = async (): Promise<void> => {
    await operators.setUp();
    if (plan.bookings > 0) await bookers.setUp();
    isSetUp = true;
  };
  timeline.in(0, () => void setUp());
  await timeline.runUntil(timeline.now + 60_000, drain, () => isSetUp);
  if (!isSetUp) throw new Error("The world could not be set up");
  faults.begin();
  planEvents(parts);
  const troubleEndsAt = timeline.now + plan.days * dayMs;
  await timeline.runUntil(troubleEndsAt, drain, goesOn);
  faults.heal();
  machine.wallOffsetMs = 0;
  history.healedAt = timeline.now;
  timeline.in(3_600_000, () => void operators.heal());
  timeline.in(3_600_000, () => void subscribers.heal());
  if (plan.bookings > 0) timeline.in(3_600_000, () => void bookers.heal());
  // For an hour and more they go on; then they end, or nothing ever would.
  timeline.in(2 * 3_600_000, () => void subscribers.end());
  for (let i = 0; i < 3; i += 1) timeline.in(7_200_000, () => callers.probe());
  // An hour is given to what the faults left, such as slots that unknown attempts still hold.
  await timeline.runUntil(timeline.now + 2.5 * 3_600_000, drain, goesOn);
  const isLive = store.database.prepare(
    "select count(*) as count from calls where status in ('scheduled', 'dialing', 'paused')",
  );
  const isOpen = store.database.prepare("select count(*) as count from attempts where check_at is not null");
  const isOwed = store.database.prepare("select count(*) as count from outbox");
  const isUntold = store.database.prepare(
    "select count(*) as count from appointment_messages where status = 'planned'",
  );
  const isOver = (): boolean =>
    [isLive, isOpen, isOwed, isUntold].every((one) => (one.get() as { count: number }).count === 0);
  while (!isOver() && timeline.now < history.healedAt + healingMs) {
    await timeline.runUntil(timeline.now + 600_000, drain, goesOn);
  }
  history.endedAt = timeline.now;
}

/** Spreads over the troubled days what people do and what befalls the machine. */
function planEvents(parts: Parts): void {
  const { plan, timeline, machine, host, callers, operators, faults } = parts;
  const { random } = callers;
  const spanMs = plan.days * dayMs;
  const any = (): number => timeline.now + random.below(spanMs);
  for (let made = 0; made < plan.calls;) {
    // Half of the calls come in a few busy hours, where limits matter.
    const isBusy = random.float() < 0.5;
    const at = isBusy ? timeline.now + random.below(4) * 21_600_000 + random.below(1_200_000) : any();
    const size = 1 + random.below(3);
    timeline.at(at, () => {
      for (let i = 0; i < size; i += 1) callers.act();
    });
    made += size;
  }
  for (let i = 0; i < plan.calls / 4; i += 1) timeline.at(any(), () => operators.act());
  for (let i = 0; i < plan.calls / 8; i += 1) timeline.at(any(), () => void operators.look());
  if (plan.withSwitches)
    for (let i = 0; i < 12 * plan.days; i += 1) timeline.at(any(), () => operators.operate());
  planSeries(parts);
  planBookings(parts);
  const strike = (count: number, run: () => void): void => {
    for (let i = 0; i < count * plan.days; i += 1) timeline.at(any(), run);
  };
  strike(6, () => {
    if (faults.has("crash")) {
      faults.count("kill");
      host.crash("killed");
    }
  });
  strike(3, () => {
    if (faults.has("crash")) {
      faults.count("stop");
      void host.stop();
    }
  });
  strike(8, () => {
    if (!faults.has("pause")) return;
    faults.count("stand still");
    machine.pause(faults.pauseMs(), false);
  });
  strike(3, () => {
    if (!faults.has("disk")) return;
    faults.fillDisk(true);
    timeline.in(60_000 + random.below(600_000), () => faults.fillDisk(false));
  });
  strike(3, () => stepClock(parts));
}

/** Series begin on the first half of the days, and are changed on all of them: also just when one of their slots comes. */
function planSeries({ plan, timeline, subscribers }: Parts): void {
  const { random } = subscribers;
  const spanMs = plan.days * dayMs;
  for (let i = 0; i < plan.series; i += 1) {
    timeline.in(random.below(spanMs / 2), () => void subscribers.begin());
    for (let acts = 0; acts < 6 * plan.days; acts += 1) {
      timeline.in(random.below(spanMs), () => subscribers.act());
      if (acts % 2 === 0) timeline.in(random.below(spanMs), () => void subscribers.actAtSlot());
    }
  }
}

/** Appointments are booked all the time; some things are asked of them just when their clients are told. */
function planBookings({ plan, timeline, bookers }: Parts): void {
  const { random } = bookers;
  const spanMs = plan.days * dayMs;
  for (let i = 0; i < plan.bookings; i += 1) {
    timeline.in(random.below(spanMs), () => void bookers.begin());
    timeline.in(random.below(spanMs), () => bookers.act());
    timeline.in(random.below(spanMs), () => void bookers.actAtReminder());
    timeline.in(random.below(spanMs), () => void bookers.actAtReminder());
    if (i % 4 === 0) timeline.in(random.below(spanMs), () => void bookers.moveHouse());
  }
}

/** The wall clock is set wrong for a while, or the machine sleeps. */
function stepClock({ timeline, machine, faults, history }: Parts): void {
  if (!faults.has("clock")) return;
  const { random } = faults;
  const step = (ms: number, isWrong: boolean): void => {
    machine.wallOffsetMs += ms;
    history.steps.push({ at: timeline.now, ms, incarnation: machine.current?.number ?? 0, isWrong });
  };
  if (random.float() < 0.3) {
    faults.count("machine slept");
    const ms = 1000 + random.below(1_800_000);
    const incarnation = machine.current?.number ?? 0;
    history.steps.push({ at: timeline.now + ms, ms, incarnation, isWrong: true });
    machine.pause(ms, true);
    return;
  }
  faults.count("clock stepped");
  const size = random.float() < 0.5 ? 2000 + random.below(20_000) : random.below(3_600_000);
  const ms = random.float() < 0.5 ? size : -size;
  step(ms, true);
  timeline.in(60_000 + random.below(1_800_000), () => {
    if (faults.has("clock")) step(-ms, false);
  });
}

function emptyHistory(plan: RunPlan): History {
  return {
    plan,
    zones,
    creates: [],
    edits: [],
    dialing: [],
    linePauses: [],
    suppressions: [],
    limits: new Map(),
    hours: new Map(),
    defaultHours: [],
    caps: [],
    rulesKept: [],
    visits: [],
    letters: [],
    requests: [],
    lives: [],
    steps: [],
    complaints: [],
    samples: [],
    healedAt: 0,
    endedAt: 0,
    witness: [],
    rows: noRows,
    callIdOf: (id) => secrets.publicId("call", id),
    attemptKeyOf: (id) => secrets.attemptKey(id),
    seriesIdOf: (id) => secrets.publicId("series", id),
    appointmentIdOf: (id) => secrets.publicId("appointment", id),
    openSeries: (id, document) =>
      JSON.parse(secrets.open(document, seriesDocumentPlace(id))) as SeriesDocument,
    longestTimerMs: 0,
    storeUses: 0,
    walBytes: 0,
  };
}

const noRows: Rows = {
  calls: [],
  documents: [],
  attempts: [],
  reports: [],
  ledger: [],
  due: [],
  counters: [],
  outbox: [],
  keys: [],
  lines: [],
  lanes: [],
  dedupe: [],
  keySteps: [],
  moneySteps: [],
  spending: [],
  charges: [],
  seriesSteps: [],
  appointments: [],
  messages: [],
  notifications: [],
};

function finish(
  history: History,
  machine: Machine,
  store: SqliteStore,
  network: SandboxNetwork,
  path: string,
): void {
  const all = <Row>(table: string): Row[] => store.database.prepare(`select * from ${table}`).all() as Row[];
  history.witness = network.witness();
  history.longestTimerMs = machine.longestTimerMs;
  history.walBytes =
    path === ":memory:" ? 0 : (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0);
  history.rows = {
    calls: all("calls"),
    documents: all("call_documents"),
    attempts: all("attempts"),
    reports: all("reports"),
    ledger: all("ledger"),
    due: all("due"),
    counters: all("line_counters"),
    outbox: all("outbox"),
    keys: all("idempotency_keys"),
    lines: all("lines"),
    lanes: all("lanes"),
    dedupe: all("dedupe_keys"),
    keySteps: all("key_steps"),
    moneySteps: all("money_steps"),
    spending: all("line_spending"),
    charges: all("charges"),
    seriesSteps: all("series_steps"),
    appointments: all("appointments"),
    messages: all("appointment_messages"),
    notifications: all("notifications"),
  };
}
