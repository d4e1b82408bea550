import { Refusal } from "../domain/refusal.ts";
import type { Conveyor } from "../ports/conveyor.ts";
import type { NodeRow } from "../ports/rows.ts";
import { StoreError } from "../ports/store.ts";
import { Book } from "./book.ts";
import { cancel } from "./cancel.ts";
import { type ConnectedCarrier, type Context, type EnginePorts, defaultTuning } from "./context.ts";
import { dialing, resumeDialing, stopDialing } from "./dialing.ts";
import { makeDispatch } from "./dispatch.ts";
import type { DowntimeReport, Engine, Health } from "./engine.ts";
import { listCallEvents, listEvents, newestCursor } from "./events.ts";
import { makeExpire } from "./expire.ts";
import { explain } from "./explain.ts";
import { Group } from "./group.ts";
import { makeHeartbeat } from "./heartbeat.ts";
import { createHours, listHours, removeHours, updateHours } from "./hours.ts";
import { Ids } from "./ids.ts";
import { authenticate, createKey, hasKeys, listKeys, revokeKey } from "./keys.ts";
import { Entries } from "./ledger.ts";
import { openSettings } from "./line-settings.ts";
import {
  checkLine,
  createLine,
  getLine,
  listLines,
  pauseLine,
  removeLine,
  resumeLine,
  updateLine,
} from "./lines.ts";
import { listAttempts, listCalls } from "./list.ts";
import { Loop } from "./loop.ts";
import { pause, resume } from "./pause.ts";
import { place } from "./place.ts";
import { makePrune } from "./prune.ts";
import { type Receive, makeReceive } from "./receive.ts";
import { makeDeliver, makeReconcile } from "./reconcile.ts";
import { downtimeReport, recover } from "./recover.ts";
import { makeReplan } from "./replan.ts";
import { callNow, reschedule } from "./reschedule.ts";
import {
  createRetryPolicy,
  listRetryPolicies,
  removeRetryPolicy,
  updateRetryPolicy,
} from "./retry-policies.ts";
import { type ScheduleGroup, preview, schedule, scheduleMany, writeDrafts } from "./schedule.ts";
import { getSettings, updateSettings } from "./settings.ts";
import { settle } from "./settle.ts";
import { StartDelays, readStats } from "./stats.ts";
import { createSuppression, listSuppressions, removeSuppression } from "./suppressions.ts";
import { readCall } from "./view.ts";

export type CreateOptions = EnginePorts & {
  readonly conveyor: Conveyor;
  /** A name for this node, for people who look at several. */
  readonly nodeName: string;
  /** Follows the clock of the database server, `ms` ahead of this machine's. */
  readonly followServer: (ms: number) => void;
};

const defaultWorkspace = 1;
const expireAfterMs = 1000;
const firstStart: readonly [string, string] = ["sandbox", "sandbox"];

/**
 * Plugs an engine together. `start` makes the installation's first rows if there are none, takes over what earlier
 * processes left, and begins to dial.
 */
export async function createEngine(options: CreateOptions): Promise<Engine> {
  const ids = new Ids(options.store);
  const book = new Book({ store: options.store, secrets: options.secrets, ids, holidays: options.holidays });
  await makeFirstRows(options, ids);
  const nodeId = (await ids.reserve({ node: 1 })).next("node");
  const delays = new StartDelays();
  const loop = new Loop(options);
  const listeners = new Set<() => void>();
  const carriers = new Map<string, ConnectedCarrier>();
  const context: Context = {
    ...options,
    tuning: { ...defaultTuning, ...options.tuning },
    meter: { ...bound(options.meter), startDelay: (ms) => (delays.add(ms), options.meter.startDelay(ms)) },
    ids,
    book,
    carriers,
    nodeId,
    wake: (duty, at) => {
      loop.wake(duty, at);
      // What is due and still waits a second later may expire before anything else would look at it.
      if (duty === "dispatch" && at !== undefined) loop.wake("expire", at + expireAfterMs);
    },
    announce: () => {
      for (const listener of listeners) listener();
    },
    state: {
      draining: false,
      fencedUntil: 0,
      anchor: { wall: options.clock.now(), mono: options.clock.mono() },
      blocked: new Map(),
      lastBlock: new Map(),
      placing: new Set(),
    },
  };
  await book.load();
  const receive = makeReceive(context);
  await connectCarriers(context, carriers, receive);
  const group: ScheduleGroup = new Group({
    clock: context.clock,
    max: context.tuning.groupMax,
    lanes: context.store.singleOwner ? 1 : 2,
    commit: (drafts) => writeDrafts(context, drafts),
  });
  options.conveyor.onWork((attemptIds) => void work(context, receive, attemptIds));
  addDuties(context, loop, receive, options);
  let downtime: DowntimeReport | null = null;
  const quiet = (): boolean => loop.quiet && group.quiet && receive.quiet && context.state.placing.size === 0;

  return {
    ...callVerbs(context, group, receive),
    ...configVerbs(context),
    onEvents: (wake) => {
      listeners.add(wake);
      return () => void listeners.delete(wake);
    },
    receive: (attemptKey, reports) => receiveByKey(context, receive, attemptKey, reports),
    attemptForCallback: (attemptKey) => attemptForCallback(context, attemptKey),
    advanceClock: (_actor, ms) => advanceClock(context, ms, () => idle(context, quiet)),
    stats: (actor) => readStats(context, actor, delays),
    health: () => readHealth(context, downtime),
    defaultActor: () => ({ workspaceId: defaultWorkspace, name: "open" }),
    now: () => context.clock.now(),
    idle: () => idle(context, quiet),
    async start() {
      downtime = await begin(context, receive, options.nodeName);
      loop.start();
    },
    drain: () => void (context.state.draining = true),
    async stop(withinMs) {
      context.state.draining = true;
      const deadline = context.clock.mono() + withinMs;
      while (
        !(context.state.placing.size === 0 && receive.quiet && group.quiet) &&
        context.clock.mono() < deadline
      )
        await turn(context);
      loop.stop();
      while (!loop.quiet && context.clock.mono() < deadline) await turn(context);
      await context.store.run("say goodbye", () =>
        context.store.statements.nodes.stopped({ id: context.nodeId, stopped_at: context.clock.now() }),
      );
      await Promise.all([...carriers.values()].map(({ carrier }) => carrier.close()));
      await options.conveyor.close();
    },
  };
}

type CallVerbs = Pick<
  Engine,
  | "schedule"
  | "scheduleMany"
  | "preview"
  | "getCall"
  | "listCalls"
  | "listAttempts"
  | "listCallEvents"
  | "explain"
  | "cancel"
  | "reschedule"
  | "pause"
  | "resume"
  | "callNow"
  | "settle"
  | "listEvents"
  | "newestCursor"
>;

function callVerbs(context: Context, group: ScheduleGroup, receive: Receive): CallVerbs {
  return {
    schedule: (actor, request, idempotency) => schedule(context, group, actor, request, idempotency),
    scheduleMany: (actor, requests, idempotency) => scheduleMany(context, actor, requests, idempotency),
    preview: (actor, request) => preview(context, actor, request),
    getCall: (actor, callId) => readCall(context, actor, callId),
    listCalls: (actor, filter, page) => listCalls(context, actor, filter, page),
    listAttempts: (actor, callId) => listAttempts(context, actor, callId),
    listCallEvents: (actor, callId) => listCallEvents(context, actor, callId),
    explain: (actor, callId) => explain(context, actor, callId),
    cancel: (actor, callId, ifVersion) => cancel(context, actor, callId, ifVersion),
    reschedule: async (actor, callId, request, ifVersion) =>
      reschedule(context, actor, callId, request, ifVersion),
    pause: (actor, callId, ifVersion) => pause(context, actor, callId, ifVersion),
    resume: (actor, callId, ifVersion) => resume(context, actor, callId, ifVersion),
    callNow: (actor, callId, ifVersion) => callNow(context, actor, callId, ifVersion),
    settle: (actor, callId, answer) => settle(context, receive, actor, callId, answer),
    newestCursor: (actor) => newestCursor(context, actor),
    listEvents: (actor, after, limit, types) => listEvents(context, actor, after, limit, types),
  };
}

type ConfigVerbs = Pick<
  Engine,
  | "createLine"
  | "updateLine"
  | "removeLine"
  | "pauseLine"
  | "resumeLine"
  | "getLine"
  | "listLines"
  | "checkLine"
  | "createHours"
  | "updateHours"
  | "removeHours"
  | "listHours"
  | "createRetryPolicy"
  | "updateRetryPolicy"
  | "removeRetryPolicy"
  | "listRetryPolicies"
  | "createSuppression"
  | "removeSuppression"
  | "listSuppressions"
  | "getSettings"
  | "updateSettings"
  | "createKey"
  | "revokeKey"
  | "listKeys"
  | "authenticate"
  | "hasKeys"
  | "stopDialing"
  | "resumeDialing"
  | "dialing"
>;

function configVerbs(context: Context): ConfigVerbs {
  return {
    createLine: (actor, input) => createLine(context, actor, input),
    updateLine: (actor, lineId, patch, ifVersion) => updateLine(context, actor, lineId, patch, ifVersion),
    removeLine: (actor, lineId) => removeLine(context, actor, lineId),
    pauseLine: (actor, lineId, reason) => pauseLine(context, actor, lineId, reason),
    resumeLine: (actor, lineId) => resumeLine(context, actor, lineId),
    getLine: (actor, lineId) => getLine(context, actor, lineId),
    listLines: (actor) => listLines(context, actor),
    checkLine: (actor, lineId) => checkLine(context, actor, lineId),
    createHours: (actor, input) => createHours(context, actor, input),
    updateHours: (actor, hoursId, patch, ifVersion) => updateHours(context, actor, hoursId, patch, ifVersion),
    removeHours: (actor, hoursId) => removeHours(context, actor, hoursId),
    listHours: async (actor) => listHours(context, actor),
    createRetryPolicy: (actor, input) => createRetryPolicy(context, actor, input),
    updateRetryPolicy: (actor, policyId, patch, ifVersion) =>
      updateRetryPolicy(context, actor, policyId, patch, ifVersion),
    removeRetryPolicy: (actor, policyId) => removeRetryPolicy(context, actor, policyId),
    listRetryPolicies: async (actor) => listRetryPolicies(context, actor),
    createSuppression: (actor, input) => createSuppression(context, actor, input),
    removeSuppression: (actor, suppressionId) => removeSuppression(context, actor, suppressionId),
    listSuppressions: (actor, page) => listSuppressions(context, actor, page),
    getSettings: async (actor) => getSettings(context, actor),
    updateSettings: (actor, patch) => updateSettings(context, actor, patch),
    createKey: (actor, input) => createKey(context, actor, input),
    revokeKey: (actor, keyId) => revokeKey(context, actor, keyId),
    listKeys: (actor) => listKeys(context, actor),
    authenticate: (secret) => authenticate(context, secret),
    hasKeys: () => hasKeys(context),
    stopDialing: (actor, reason) => stopDialing(context, actor, reason),
    resumeDialing: (actor) => resumeDialing(context, actor),
    dialing: async (actor) => dialing(context, actor),
  };
}

function addDuties(context: Context, loop: Loop, receive: Receive, options: CreateOptions): void {
  loop.add(
    "dispatch",
    makeDispatch(
      context,
      (attemptIds) => options.conveyor.deliver(attemptIds),
      () => context.state.placing.size,
    ),
  );
  loop.add("expire", makeExpire(context));
  loop.add("reconcile", makeReconcile(context, receive));
  loop.add("deliver", makeDeliver(context));
  loop.add("replan", makeReplan(context));
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

async function makeFirstRows(options: CreateOptions, ids: Ids): Promise<void> {
  const { store, clock } = options;
  const workspaces = await store.read("look for a workspace", () => store.statements.workspaces.all({}));
  if (workspaces.length > 0) return;
  const lineId = (await ids.reserve({ config: 1 })).next("config");
  const now = clock.now();
  await store.run("make the first rows", function* () {
    yield* store.statements.workspaces.insert([
      {
        id: defaultWorkspace,
        name: "default",
        stopped_at: null,
        stopped_reason: null,
        plan_version: 1,
        created_at: now,
      },
    ]);
    const made = yield* store.statements.lines.insert([
      {
        id: lineId,
        workspace_id: defaultWorkspace,
        name: firstStart[0],
        carrier: firstStart[1],
        status: "active",
        status_reason: null,
        settings: "{}",
        caller_id: null,
        slots_max: 50,
        calls_per_second: 0,
        burst: 1,
        daily_max: 0,
        ring_timeout_ms: 60_000,
        max_duration_ms: 3_600_000,
        timezone: "UTC",
        hours_id: null,
        retry_policy_id: null,
        version: 1,
        created_at: now,
        updated_at: now,
      },
    ]);
    if (made.length > 0)
      yield* store.statements.lines.insertCounters([
        { line_id: lineId, slots_used: 0, next_free_at: 0, backoff_until: 0, day: 0, day_used: 0 },
      ]);
  });
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

/** Writes this node down, notices new zone data, and takes over what earlier processes left. */
async function begin(context: Context, receive: Receive, nodeName: string): Promise<DowntimeReport | null> {
  const { statements } = context.store;
  const now = context.clock.now();
  const nodes: NodeRow[] = await context.store.read("read nodes", () => statements.nodes.all({}));
  const [known] = await context.store.read("read the zone data's version", () =>
    statements.settings.get({ workspace_id: 0, name: "tzdb_version" }),
  );
  await context.store.run("start a node", function* () {
    yield* statements.nodes.insert([
      { id: context.nodeId, name: nodeName, started_at: now, seen_at: now, stopped_at: null },
    ]);
    yield* statements.settings.put([
      {
        workspace_id: 0,
        name: "tzdb_version",
        value: JSON.stringify(context.zones.version),
        updated_at: now,
      },
    ]);
    if (known !== undefined && known.value !== JSON.stringify(context.zones.version)) {
      for (const id of context.book.workspaces.keys()) yield* statements.workspaces.bumpPlan({ id });
    }
  });
  await context.book.load();
  const unconfirmed = await recover(context, receive, nodes, now);
  const downtime = await downtimeReport(context, nodes, now, unconfirmed);
  if (downtime !== null) {
    await noteDowntime(context, downtime);
    context.log.info("While we were down, calls fell due.", {
      missed: downtime.missed,
      dialedLate: downtime.dialedLate,
      expired: downtime.expired,
      unconfirmed: downtime.unconfirmed,
    });
  }
  for (const node of nodes.filter((one) => one.stopped_at === null && context.store.singleOwner)) {
    await context.store.run("bury a node", () =>
      statements.nodes.stopped({ id: node.id, stopped_at: node.seen_at }),
    );
  }
  return downtime;
}

/** In the ledger of the default workspace, so that who looks at events later finds it. */
async function noteDowntime(context: Context, downtime: DowntimeReport): Promise<void> {
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = new Entries(lease);
  const { from, to, missed, dialedLate, expired, unconfirmed } = downtime;
  entries.addWide(defaultWorkspace, {
    at: to,
    type: "engine.was_down",
    data: { from_at: from, to_at: to, missed, dialed_late: dialedLate, expired, unconfirmed },
  });
  await context.store.run("note the downtime", () => context.store.statements.ledger.insert(entries.rows));
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

async function advanceClock(
  context: Context,
  ms: number,
  quiet: () => Promise<void>,
): Promise<{ now: number; offsetMs: number }> {
  const real = [...context.book.lines.values()].some(
    (line) => line.status !== "removed" && context.carriers.get(line.carrier)?.kind.real !== false,
  );
  const { testClock } = context;
  if (real || testClock === null)
    throw new Refusal("sandbox_only", "A server that can ring real people keeps the real time.");
  const target = context.clock.now() + ms;
  await testClock.advanceTo(target, quiet);
  await context.store.run("keep the test clock", () =>
    context.store.statements.settings.put([
      {
        workspace_id: 0,
        name: "clock_offset_ms",
        value: JSON.stringify(testClock.offsetMs),
        updated_at: context.clock.now(),
      },
    ]),
  );
  return { now: context.clock.now(), offsetMs: testClock.offsetMs };
}

async function readHealth(context: Context, downtime: DowntimeReport | null): Promise<Health> {
  const lanes = [...context.book.lanes.values()];
  const problems: string[] = [];
  let ok = true;
  let detail = "ok";
  let oldest = Infinity;
  let inFlight = 0;
  try {
    const read = await context.store.read("look at the store", function* () {
      return {
        heads: yield* context.store.statements.due.heads(lanes.map((lane) => ({ lane_id: lane.id }))),
        open: yield* context.store.statements.attempts.countOpen({}),
      };
    });
    oldest = read.heads.reduce((least, head) => Math.min(least, head.due_at), Infinity);
    inFlight = read.open.reduce((sum, row) => sum + row.count, 0);
    if (!context.store.roomForMore()) problems.push("The disk is almost full, so no new call is started.");
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    ok = false;
    detail = error.message;
    problems.push("The store cannot be used.");
  }
  if (context.clock.now() < context.state.fencedUntil)
    problems.push("The clock jumped, so no call is started until it has been steady for half a minute.");
  context.meter.inFlight(inFlight);
  const stopped = [...context.book.workspaces.values()].some(({ row }) => row.stopped_at !== null);
  return {
    store: { kind: context.store.kind, ok, detail },
    tzdb: { version: context.zones.version, source: context.zones.source },
    clockOffsetMs: context.testClock?.offsetMs ?? 0,
    oldestDueAt: oldest <= context.clock.now() ? oldest : null,
    inFlight,
    dialing: context.state.draining ? "draining" : stopped ? "stopped" : "running",
    downtime,
    problems,
  };
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
    error: (duty) => meter.error(duty),
    due: (count) => meter.due(count),
    inFlight: (count) => meter.inFlight(count),
  };
}
