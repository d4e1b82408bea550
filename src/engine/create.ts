import type { Conveyor } from "../ports/conveyor.ts";
import { queueNames } from "../ports/program.ts";
import { agentVerbs } from "./agents.ts";
import { Book } from "./book.ts";
import {
  type ConnectedCarrier,
  type Context,
  type EnginePorts,
  type ProgramPorts,
  defaultTuning,
} from "./context.ts";
import { DeliverEvents } from "./deliver-events.ts";
import { makeDispatch } from "./dispatch.ts";
import type { Actor, DowntimeReport, Engine } from "./engine.ts";
import { erasureVerbs, makeErase } from "./erasures.ts";
import { makeExpire } from "./expire.ts";
import { makeFanOut } from "./fan-out.ts";
import { Group } from "./group.ts";
import { makeHeartbeat } from "./heartbeat.ts";
import { houseParts } from "./house-parts.ts";
import { makeHouse } from "./house.ts";
import { Ids } from "./ids.ts";
import { JobRuns } from "./job-runs.ts";
import { openSettings } from "./line-settings.ts";
import { liveVerbs } from "./live-verbs.ts";
import { Loop } from "./loop.ts";
import { notificationVerbs } from "./notification-verbs.ts";
import { notifyVerbs } from "./notify-verbs.ts";
import { makeOperations } from "./operations.ts";
import { place } from "./place.ts";
import { makePrune } from "./prune.ts";
import { Programs } from "./programs.ts";
import { type Receive, makeReceive } from "./receive.ts";
import { makeDeliver, makeReconcile } from "./reconcile.ts";
import { queueVerbs } from "./queues.ts";
import { settingsAt, spokenAttempt } from "./spoken.ts";
import { recover } from "./recover.ts";
import { makeRecur } from "./recur.ts";
import { makeReplan } from "./replan.ts";
import type { ScheduleGroup } from "./schedule.ts";
import { writeDrafts } from "./write-drafts.ts";
import { StartDelays, readStats } from "./stats.ts";
import { Subscribers } from "./subscribers.ts";
import { Tell } from "./tell.ts";
import { timetableVerbs } from "./timetable.ts";

import { begin, defaultWorkspace, makeFirstRows } from "./begin.ts";
import { advanceClock, readHealth } from "./health.ts";
import { scheduleVerbs } from "./schedule-verbs.ts";
import { callVerbs, configVerbs, seriesVerbs } from "./verbs.ts";

export type CreateOptions = EnginePorts & {
  readonly conveyor: Conveyor;
  /** A name for this node, for people who look at several. */
  readonly nodeName: string;
  /** Follows the clock of the database server, which is `ms` ahead of what our clock shows. */
  readonly followServer: (ms: number) => void;
};

const expireAfterMs = 1000;
/** What happens within so long of each other is told of together. */
const fanOutAfterMs = 20;

/**
 * Plugs an engine together. `start` makes the installation's first rows if there are none, takes over what earlier
 * processes left, and begins to dial.
 */
export async function createEngine(options: CreateOptions): Promise<Engine> {
  const ids = new Ids(options);
  const carriers = new Map<string, ConnectedCarrier>();
  const takesAnyCall = (carrier: string): boolean => carriers.get(carrier)?.kind.needsInstructions !== true;
  const book = new Book({ ...options, ids, takesAnyCall });
  await makeFirstRows(options, ids);
  const nodeId = (await ids.reserve({ node: 1 })).next("node");
  const delays = new StartDelays();
  const loop = new Loop(options);
  const listeners = new Set<() => void>();
  const subscribers = new Subscribers(options.store);
  const programs = new Programs();
  const context: Context = {
    ...options,
    tuning: { ...defaultTuning, ...options.tuning },
    meter: { ...bound(options.meter), startDelay: (ms) => (delays.add(ms), options.meter.startDelay(ms)) },
    ids,
    book,
    carriers,
    nodeId,
    programs,
    works: options.works ?? { calls: true, queues: queueNames },
    wake: (duty, at) => {
      loop.wake(duty, at);
      // What is due and still waits a second later may expire before anything else would look at it.
      if (duty === "dispatch" && at !== undefined) loop.wake("expire", at + expireAfterMs);
    },
    announce: () => {
      for (const listener of listeners) listener();
      if (subscribers.any) loop.wake("fan-out", options.clock.now() + fanOutAfterMs);
    },
    state: {
      draining: false,
      askedAt: -Infinity,
      isMoved: false,
      movedAt: -Infinity,
      fencedUntil: 0,
      anchor: { wall: options.clock.now(), mono: options.clock.mono() },
      blocked: new Map(),
      lastBlock: new Map(),
      placing: new Set(),
    },
  };
  await book.load();
  await subscribers.load();
  const receive = makeReceive(context);
  await connectCarriers(context, carriers, receive);
  const group: ScheduleGroup = new Group({
    clock: context.clock,
    max: context.tuning.groupMax,
    lanes: context.store.singleOwner ? 1 : 2,
    commit: (drafts) => writeDrafts(context, drafts),
  });
  const defaultActor = (): Actor => ({ workspaceId: defaultWorkspace, name: "open" });
  plugPrograms(context, receive, options.programs, defaultActor);
  options.conveyor.onWork((attemptIds) => void work(context, receive, attemptIds));
  addDuties(context, loop, receive, options);
  let downtime: DowntimeReport | null = null;
  const telling = new DeliverEvents(context, subscribers);
  loop.add("fan-out", makeFanOut(context, subscribers));
  loop.add("deliver-events", () => telling.run());
  const people = new Tell(context);
  loop.add("tell", () => people.run());
  loop.add("operations", makeOperations(context));
  const jobs = new JobRuns(context);
  loop.add("jobs", () => jobs.run());
  /** What was begun is recorded. */
  const isRecorded = (): boolean =>
    telling.quiet &&
    people.quiet &&
    jobs.quiet &&
    group.quiet &&
    receive.quiet &&
    context.state.placing.size === 0;
  const quiet = (): boolean => isRecorded() && loop.quiet;

  return {
    ...callVerbs(context, group, receive),
    ...configVerbs(context),
    ...notifyVerbs(context, subscribers),
    ...notificationVerbs(context),
    ...seriesVerbs(context),
    ...scheduleVerbs(context),
    ...agentVerbs(context),
    ...queueVerbs(context),
    ...liveVerbs(context),
    ...erasureVerbs(context),
    ...timetableVerbs(context),
    onEvents: (wake) => {
      listeners.add(wake);
      return () => void listeners.delete(wake);
    },
    receive: (attemptKey, reports) => receiveByKey(context, receive, attemptKey, reports),
    attemptForCallback: (attemptKey) => attemptForCallback(context, attemptKey),
    spokenAttempt: (attemptKey) => spokenAttempt(context, attemptKey),
    settingsAt: (carrier) => settingsAt(context, carrier),
    advanceClock: (_actor, ms) => advanceClock(context, ms, () => idle(context, quiet)),
    stats: (actor) => readStats(context, actor, delays),
    health: () => readHealth(context, downtime),
    defaultActor,
    programDoors: () => [...programs.plugged.values()].flatMap((program) => program.doors ?? []),
    now: () => context.clock.now(),
    idle: () => idle(context, quiet),
    async start() {
      downtime = await begin(context, receive, options.nodeName);
      await jobs.begin();
      for (const program of programs.plugged.values()) await program.begin?.();
      loop.start();
    },
    drain: () => void (context.state.draining = true),
    async stop(withinMs) {
      context.state.draining = true;
      telling.stop();
      people.stop();
      const deadline = context.clock.mono() + withinMs;
      while (!isRecorded() && context.clock.mono() < deadline) await turn(context);
      loop.stop();
      while (!loop.quiet && context.clock.mono() < deadline) await turn(context);
      await context.store.run("say goodbye", () =>
        context.store.statements.nodes.stopped({ id: context.nodeId, stopped_at: context.clock.now() }),
      );
      await Promise.all([...carriers.values()].map(({ carrier }) => carrier.close()));
      await Promise.all(Object.values(context.channels ?? {}).map((channel) => channel.close()));
      await options.conveyor.close();
    },
  };
}

function addDuties(context: Context, loop: Loop, receive: Receive, options: CreateOptions): void {
  if (context.works.calls) addCallDuties(context, loop, receive, options);
  loop.add("programs", () => context.programs.runDuties(() => context.clock.now()));
  loop.add("erase", makeErase(context));
  loop.add("prune", makePrune(context));
  const takeOver = async (): Promise<void> => {
    await context.book.load();
    const nodes = await context.store.read("read nodes", () => context.store.statements.nodes.all({}));
    if (nodes.some((node) => node.id !== context.nodeId && node.stopped_at === null))
      await recover(context, receive, nodes, context.clock.now());
    context.wake("dispatch");
  };
  loop.add("heartbeat", makeHeartbeat(context, takeOver, options.followServer));
}

/** What belongs to calls: their due instants, their series, and what becomes of them at the carriers. */
function addCallDuties(context: Context, loop: Loop, receive: Receive, options: CreateOptions): void {
  loop.add(
    "dispatch",
    makeDispatch(
      context,
      (attemptIds) => options.conveyor.deliver(attemptIds),
      () => context.state.placing.size,
    ),
  );
  loop.add("recur", makeRecur(context));
  loop.add("expire", makeExpire(context));
  loop.add("reconcile", makeReconcile(context, receive));
  loop.add("deliver", makeDeliver(context));
  loop.add("replan", makeReplan(context));
}

/** Builds the programs, each in a house of its own. */
function plugPrograms(
  context: Context,
  receive: Receive,
  programs: EnginePorts["programs"],
  defaultActor: () => Actor,
): void {
  for (const program of programs?.all ?? []) {
    const ports = { ...(programs as ProgramPorts), receive, parts: houseParts(context), defaultActor };
    context.programs.add(program.name, program.plug(makeHouse(context, ports, program.name)));
  }
}

/** A placing that fails as a whole leaves its attempts to the watchdog; nothing may end the process. */
async function work(context: Context, receive: Receive, attemptIds: readonly number[]): Promise<void> {
  try {
    await place(context, receive, attemptIds);
  } catch (error) {
    context.meter.error("place");
    context.log.error("A batch of attempts could not be recorded; the watchdog will ask after them.", {
      attempts: attemptIds.length,
      error: error as Error,
    });
  }
}

async function connectCarriers(
  context: Context,
  carriers: Map<string, ConnectedCarrier>,
  receive: Receive,
): Promise<void> {
  const deliver = (attemptKey: string, report: Parameters<Receive["add"]>[1][number]): void => {
    const attemptId = context.secrets.readAttemptKey(attemptKey);
    if (attemptId === null) return;
    receive.add(attemptId, [report]).catch((error: unknown) => {
      // A carrier's webhook that we fail to store is lost, as on a real network; the attempt is asked for later.
      context.log.warn("A report could not be stored; its attempt will be asked for.", {
        error: error as Error,
      });
    });
  };
  for (const [name, load] of Object.entries(context.carrierKinds)) {
    const kind = await load();
    const carrier = kind.connect({
      clock: context.clock,
      random: context.random,
      log: context.log,
      fetch: context.fetch,
      deliver,
      journalPath: kind.real ? null : context.journalPath,
    });
    carriers.set(name, { kind, carrier });
  }
}

async function receiveByKey(
  context: Context,
  receive: Receive,
  attemptKey: string,
  reports: Parameters<Engine["receive"]>[1],
): Promise<"stored" | "unknown_attempt"> {
  const attemptId = context.secrets.readAttemptKey(attemptKey);
  if (attemptId === null) return "unknown_attempt";
  return (await receive.add(attemptId, reports)) ? "stored" : "unknown_attempt";
}

async function attemptForCallback(
  context: Context,
  attemptKey: string,
): Promise<{ carrier: string; settings: unknown } | null> {
  const id = context.secrets.readAttemptKey(attemptKey);
  if (id === null) return null;
  const [attempt] = await context.store.read("find an attempt", () =>
    context.store.statements.attempts.byIds([{ id }]),
  );
  const line = attempt === undefined ? undefined : context.book.lines.get(attempt.line_id);
  return line === undefined ? null : { carrier: line.carrier, settings: openSettings(context, line) };
}

/** Waits turn by turn until nothing runs; a few quiet turns in a row, because one thing wakes another. */
async function idle(context: Context, quiet: () => boolean): Promise<void> {
  for (let calm = 0; calm < 4;) {
    await turn(context);
    calm = quiet() ? calm + 1 : 0;
  }
}

function turn(context: Pick<Context, "clock">): Promise<void> {
  return new Promise((resolve) => context.clock.tick(resolve));
}

function bound(meter: EnginePorts["meter"]): EnginePorts["meter"] {
  return {
    startDelay: (ms) => meter.startDelay(ms),
    claimed: (count) => meter.claimed(count),
    outcome: (outcome, count) => meter.outcome(outcome, count),
    missed: (count) => meter.missed(count),
    error: (duty) => meter.error(duty),
    due: (count) => meter.due(count),
    inFlight: (count) => meter.inFlight(count),
    jobRan: (queue, result, ms) => meter.jobRan(queue, result, ms),
  };
}
