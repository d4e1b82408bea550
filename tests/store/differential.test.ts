import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { CallView, EventView } from "../../src/engine/engine.ts";
import type { Store } from "../../src/ports/store.ts";
import { seedOf } from "../domain/seed.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { openEmpty, storeNames } from "../support/stores.ts";

const rounds = 2;
const commands = 50;
const second = 1000;

/** One command: what it is called, and what it answers, as plain data without ids of the store's own. */
type Command = { readonly name: string; run(t: TestEngine): Promise<unknown> };

/** Everything that a run remembers of its calls: public ids in the order of their making, which every store shares. */
class Run {
  readonly t: TestEngine;
  readonly ids: string[] = [];

  constructor(t: TestEngine) {
    this.t = t;
  }

  idOf(index: number): string {
    return this.ids[index % Math.max(1, this.ids.length)] ?? "call_none";
  }

  keep(view: CallView): number {
    if (!this.ids.includes(view.id)) this.ids.push(view.id);
    return this.ids.indexOf(view.id);
  }

  /** The version is left out: it tells how reports happened to share transactions. */
  plain(view: CallView): unknown {
    const { to, status, reason, waitingFor, dueAt, expiresAt, attempts, outcome, disposition, endedAt } =
      view;
    return {
      call: this.keep(view),
      to,
      status,
      reason,
      waitingFor,
      dueAt,
      expiresAt,
      attempts,
      outcome,
      disposition,
      endedAt,
    };
  }
}

const people = [
  "+12125550100",
  "+12125550101",
  "+12125550109",
  "+13125550102",
  "+12125550110",
  "+12125550118",
];

/** Draws a command and everything in it, so that each store is told the same. */
function draw(random: SeededRandom, number: number): (run: Run) => Command {
  const index = random.below(40);
  const to = random.pick(people);
  const delay = random.pick([0, 1, 20, 90, 300]);
  const key = `key ${random.below(12)}`;
  const dedupe = random.below(3) === 0 ? { dedupe_key: `d${random.below(6)}` } : {};
  const onDuplicate = random.below(2) === 0 ? ({ on_duplicate: "return" } as const) : {};
  const expiry = random.below(3) === 0 ? { expires_after: random.pick(["30s", "5m"]) } : {};
  const request = {
    to,
    in: `${delay}s`,
    purpose: random.pick(["a", "b"]),
    external_id: `x${number}`,
    ...dedupe,
    ...onDuplicate,
    ...expiry,
  };
  const bulk = Array.from({ length: random.below(15) }, (_, i) => ({
    ...request,
    to: i % 5 === 4 ? "oops" : to,
    external_id: `x${number}-${i}`,
  }));
  const passes = random.pick([1, 5, 15, 40, 100]) * second;
  const limit = 1 + random.below(7);
  const status = random.pick(["scheduled", "queued", "completed", "failed", "paused", "canceled"] as const);
  const change = (name: string, verb: (run: Run) => Promise<CallView>) => (run: Run) => ({
    name: `${name} ${index}`,
    run: async () => run.plain(await verb(run)),
  });
  const table: ((run: Run) => Command)[] = [
    change("schedule", async (run) => (await run.t.engine.schedule(run.t.actor, request)).call),
    (run) => ({
      name: "schedule with a key",
      run: async (t) => {
        const made = await t.engine.schedule(t.actor, request, { key, fingerprint: to });
        return { replayed: made.replayed, status: made.status, ...(run.plain(made.call) as object) };
      },
    }),
    (run) => ({
      name: "bulk",
      run: async (t) => {
        const { items } = await t.engine.scheduleMany(t.actor, bulk);
        return items.map((item) => (item.ok ? run.plain(item.scheduled.call) : item.refusal.code));
      },
    }),
    change("cancel", (run) => run.t.engine.cancel(run.t.actor, run.idOf(index))),
    change("pause", (run) => run.t.engine.pause(run.t.actor, run.idOf(index))),
    change("resume", (run) => run.t.engine.resume(run.t.actor, run.idOf(index))),
    change("reschedule", (run) => run.t.engine.reschedule(run.t.actor, run.idOf(index), { in: `${delay}s` })),
    change("call now", (run) => run.t.engine.callNow(run.t.actor, run.idOf(index))),
    () => ({ name: `let ${passes} ms pass`, run: (t) => t.advance(passes) }),
    () => ({ name: `let ${passes} ms pass`, run: (t) => t.advance(passes) }),
    () => ({
      name: "suppress",
      run: async (t) => {
        const until =
          random.below(2) === 0 ? {} : { until: new Date(t.clock.now() + 60 * second).toISOString() };
        const {
          to: number,
          kind,
          untilAt,
        } = await t.engine.createSuppression(t.actor, { to, purpose: "b", ...until });
        return { number, kind, untilAt };
      },
    }),
    () => ({
      name: "slots",
      run: async (t) => {
        const { slotsUsed, dayUsed } = await t.engine.updateLine(t.actor, "played", { slots_max: limit });
        return { slotsUsed, dayUsed };
      },
    }),
    () => ({ name: "end what runs", run: (t) => endAll(t, limit) }),
    () => ({ name: "end what runs", run: (t) => endAll(t, limit) }),
    (run) => ({ name: "list", run: () => pages(run, { status: [status] }, limit) }),
    (run) => ({ name: "list by line and person", run: () => pages(run, { line: "played", to }, limit) }),
    (run) => ({
      name: "list by purpose",
      run: () => pages(run, { purpose: "a", createdAfter: run.t.clock.now() - passes }, limit),
    }),
  ];
  return random.pick(table);
}

const endings = ["answered_human", "busy", "declined", "invalid_number", "carrier_error"] as const;

/** The carrier reports the end of the first attempts that are open, each in the way that its call and number decide. */
async function endAll(t: TestEngine, count: number): Promise<unknown> {
  const open = t.stub.orders
    .filter((order) => !done.has(order))
    .toSorted((a, b) => (a.callId < b.callId ? -1 : 1) || a.attemptNumber - b.attemptNumber)
    .slice(0, count);
  for (const order of open) {
    done.add(order);
    const outcome = endings[(Number(order.to.slice(-2)) + order.attemptNumber) % endings.length] ?? "busy";
    const answered = { key: "a", kind: "answered", at: t.clock.now(), answeredBy: "human" } as const;
    const ended = { key: "e", kind: "ended", at: t.clock.now(), outcome } as const;
    await t.engine.receive(order.attemptKey, outcome === "answered_human" ? [ended, answered] : [ended]);
  }
  return open.map((order) => [order.callId, order.attemptNumber]);
}

const done = new WeakSet<object>();

/** An engine on which nothing depends on the ids of attempts, for how many of those are left unused is each store's own. */
async function quietEngine(store: Store): Promise<TestEngine> {
  const t = await startEngine({ store });
  const rule = { retries: 2, first_delay: "20s" };
  await t.engine.createRetryPolicy(t.actor, {
    name: "prompt",
    jitter: 0,
    rules: { busy: rule, declined: rule, network_error: rule },
  });
  await t.engine.createLine(t.actor, {
    name: "played",
    carrier: "stub",
    slots_max: 5,
    max_duration_seconds: 200,
  });
  await t.engine.updateSettings(t.actor, { default_line: "played", default_retry_policy: "prompt" });
  return t;
}

async function pages(
  run: Run,
  filter: Parameters<TestEngine["engine"]["listCalls"]>[1],
  limit: number,
): Promise<unknown> {
  const seen: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 4; page += 1) {
    const answer = await run.t.engine.listCalls(run.t.actor, filter, {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    seen.push(answer.data.map((view) => run.plain(view)));
    if (answer.nextCursor === null) break;
    cursor = answer.nextCursor;
  }
  return seen;
}

async function answerOf(command: Command, run: Run): Promise<unknown> {
  try {
    return await command.run(run.t);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== "string") throw error;
    return { refused: code };
  } finally {
    await run.t.drain();
  }
}

/** What is left at the end: every call, every attempt, every call's history, and the stream of events as a set. */
async function finalState(run: Run): Promise<unknown> {
  const { engine, actor } = run.t;
  const event = ({ type, reason, at }: EventView) => `${at} ${type} ${reason ?? ""}`;
  const calls: unknown[] = [];
  for (const id of run.ids) {
    const attempts = await engine.listAttempts(actor, id);
    calls.push({
      call: run.plain(await engine.getCall(actor, id)),
      attempts: attempts.map(({ number, status, outcome, claimedAt, endedAt, waitedFor }) => ({
        number,
        status,
        outcome,
        claimedAt,
        endedAt,
        waitedFor,
      })),
      history: (await engine.listCallEvents(actor, id)).map(event),
    });
  }
  const stream: string[] = [];
  for (let after: string | null = null; ;) {
    const { data, cursor } = await engine.listEvents(actor, after, 200);
    stream.push(...data.map(event));
    if (data.length === 0) break;
    after = cursor;
  }
  const { startDelay: _, ...stats } = await engine.stats(actor);
  return {
    calls,
    stream: stream.toSorted(),
    stats,
    slots: (await engine.getLine(actor, "played")).slotsUsed,
  };
}

async function replay(seed: number, name: (typeof storeNames)[number]): Promise<unknown[]> {
  const opened = await openEmpty(name);
  try {
    const run = new Run(await quietEngine(opened.store));
    const random = new SeededRandom(seed);
    const answers: unknown[] = [];
    for (let number = 0; number < commands; number += 1) {
      const command = draw(random, number)(run);
      answers.push({ number, command: command.name, answer: await answerOf(command, run) });
    }
    await run.t.advance(400 * second);
    answers.push(await finalState(run));
    return answers;
  } finally {
    await opened.close();
  }
}

void test("the same commands get the same answers from every store", async (t: TestContext) => {
  const seed = seedOf(t);
  for (let round = 0; round < rounds; round += 1) {
    const [expected, ...others] = await Promise.all(storeNames.map((name) => replay(seed + round, name)));
    for (const [index, answers] of others.entries()) {
      for (const [number, answer] of answers.entries()) {
        assert.deepEqual(
          answer,
          expected?.[number],
          `${storeNames[index + 1]} differs; SEED=${seed + round}`,
        );
      }
    }
  }
});
