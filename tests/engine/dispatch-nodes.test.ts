import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Order } from "../../src/ports/carrier.ts";
import { openStore } from "../../src/store/open.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { testPostgres } from "../support/postgres.ts";
import { silentLog } from "../support/silent.ts";
import { StubCarrier } from "../support/stub-carrier.ts";

const second = 1000;
const talkMs = 4 * second;

type Node = TestEngine & { readonly index: number };

/** One telephone network behind every node: it counts who is on the line, and ends each call after some seconds. */
class Exchange {
  readonly orders: { readonly order: Order; readonly node: number }[] = [];
  readonly #live = new Map<string, { readonly endsAt: number; readonly node: number }>();
  most = 0;
  #told = 0;

  carrierOf(index: number, clock: () => number): StubCarrier {
    const carrier = new StubCarrier();
    carrier.onPlace = (order) => {
      this.orders.push({ order, node: index });
      this.#live.set(order.attemptKey, { endsAt: clock() + talkMs, node: index });
      this.most = Math.max(this.most, this.#live.size);
      return { kind: "accepted", carrierRef: order.attemptId, reports: [] };
    };
    return carrier;
  }

  /** Ends what is over, telling the nodes in turn: a report comes in wherever it comes in. */
  async hangUp(nodes: readonly TestEngine[]): Promise<void> {
    for (const [attemptKey, { endsAt }] of this.#live) {
      const listener = nodes[this.#told % nodes.length];
      if (listener === undefined || endsAt > listener.clock.now()) continue;
      this.#told += 1;
      this.#live.delete(attemptKey);
      const at = listener.clock.now();
      await listener.engine.receive(attemptKey, [
        { key: "end", kind: "ended", at, outcome: "answered_human" },
      ]);
    }
  }
}

async function nodesOn(t: TestContext, count: number) {
  const url = await (await testPostgres()).freshDatabase();
  const exchange = new Exchange();
  const nodes: Node[] = [];
  for (let index = 0; index < count; index += 1) {
    const clock = new FakeClock();
    const store = await openStore({ kind: "postgres", url }, { clock, log: silentLog });
    const stub = exchange.carrierOf(index, () => nodes[index]?.clock.now() ?? 0);
    nodes.push({ ...(await startEngine({ store, stub })), index });
  }
  t.after(async () => {
    for (const { engine, store } of nodes) {
      await engine.stop(0);
      await store.close();
    }
  });
  const [first] = nodes;
  assert.ok(first !== undefined);
  const line = (slots: number, daily = 0) =>
    first.engine.createLine(first.actor, {
      name: "shared",
      carrier: "stub",
      slots_max: slots,
      daily_max: daily,
    });
  const schedule = async (calls: number) => {
    const requests = Array.from({ length: calls }, (_, index) => ({
      to: `+1212555${String(1000 + index)}`,
      line: "shared",
      timezone: "UTC",
      in: `${30 + (index % 10)}s`,
      expires_after: "6h",
    }));
    for (let from = 0; from < calls; from += 500)
      await first.engine.scheduleMany(first.actor, requests.slice(from, from + 500));
  };
  const step = async (ms: number, of: readonly Node[] = nodes): Promise<void> => {
    for (let left = ms; left > 0; left -= second) {
      await Promise.all(of.map((node) => node.advance(second)));
      await exchange.hangUp(of);
    }
  };
  return { exchange, nodes, line, schedule, step };
}

test("nodes on one Postgres share the calls: each is dialed once, and the line's slots are one number for all of them", async (t) => {
  const { exchange, nodes, line, schedule, step } = await nodesOn(t, 3);
  await line(7);
  await step(12 * second);
  await schedule(150);
  await step(180 * second);
  const calls = exchange.orders.map(({ order }) => order.callId);
  assert.equal(calls.length, 150);
  assert.equal(new Set(calls).size, 150);
  assert.ok(exchange.most <= 7, `${exchange.most} at once`);
  assert.equal(exchange.most, 7, "the slots were used");
  assert.ok(new Set(exchange.orders.map(({ node }) => node)).size > 1, "more than one node dialed");
  const [first] = nodes;
  const { calls: counts } = await (first as Node).engine.stats((first as Node).actor);
  assert.equal(counts.completed, 150);
});

test("a line's calls of the day are one number for all nodes", async (t) => {
  const { exchange, line, schedule, step } = await nodesOn(t, 2);
  await line(20, 25);
  await step(12 * second);
  await schedule(60);
  await step(120 * second);
  assert.equal(exchange.orders.length, 25);
});

test("what a node that died had claimed is dialed by another, and what it had dialed is not dialed again", async (t) => {
  const { exchange, nodes, line, schedule, step } = await nodesOn(t, 2);
  await line(10);
  await step(12 * second);
  await schedule(60);
  const [dying, heir] = nodes;
  assert.ok(dying !== undefined && heir !== undefined);
  await step(34 * second);
  const before = exchange.orders.length;
  assert.ok(before > 0 && before < 60, `${before} were dialed before it died`);
  await step(400 * second, [heir]);
  const calls = exchange.orders.map(({ order }) => order.callId);
  assert.equal(new Set(calls).size, calls.length, "no call was dialed twice");
  assert.equal(calls.length, 60, "and none was forgotten");
});
