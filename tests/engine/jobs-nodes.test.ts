import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Works } from "../../src/engine/programs.ts";
import { openStore } from "../../src/store/open.ts";
import { resetStore } from "../../src/store/reset.ts";
import { type Chores, playChores, sweep } from "../support/chores.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { testPostgres } from "../support/postgres.ts";
import { silentLog } from "../support/silent.ts";

const second = 1000;
const minute = 60 * second;
const remind = { ...sweep, name: "remind", queue: "appointments" as const, rule: "*/2 * * * *" };

/** Nodes of one installation on Postgres, each with chores of its own; all of them step together. */
async function nodesOn(t: TestContext, works: readonly (Works | undefined)[]) {
  const url = await (await testPostgres()).freshDatabase();
  const nodes: (TestEngine & { readonly chores: Chores })[] = [];
  for (const one of works) {
    const store = await openStore({ kind: "postgres", url }, { clock: new FakeClock(), log: silentLog });
    const chores = playChores([{ ...sweep, rule: "*/2 * * * *" }, remind]);
    const options = { store, programs: [chores.program], ...(one === undefined ? {} : { works: one }) };
    nodes.push({ ...(await startEngine(options)), chores });
  }
  t.after(async () => {
    for (const { engine, store } of nodes) {
      await engine.stop(0);
      await store.close();
    }
  });
  const step = async (ms: number, of = nodes): Promise<void> => {
    for (let left = ms; left > 0; left -= 10 * second)
      await Promise.all(of.map((node) => node.advance(Math.min(left, 10 * second))));
  };
  const begun = (job: string): string[] =>
    nodes.flatMap(({ chores }) => chores.begun.filter((run) => run.job === job).map(({ at }) => at));
  return { url, nodes, step, begun };
}

const slots = ["15:02", "15:04"].map((time) => `2026-12-01T${time}:00.000Z`);

test("of two nodes on one Postgres, each slot is run by one of them, once", async (t) => {
  const { step, begun } = await nodesOn(t, [undefined, undefined]);
  await step(5 * minute);
  assert.deepEqual(begun(sweep.name).toSorted(), slots);
  assert.deepEqual(begun(remind.name).toSorted(), slots);
});

test("a node that works some queues runs their jobs alone, whichever node planned them", async (t) => {
  const { nodes, step } = await nodesOn(t, [
    { calls: true, queues: ["appointments"] },
    { calls: false, queues: ["maintenance"] },
    { calls: false, queues: [] },
  ]);
  await step(5 * minute);
  const jobs = nodes.map(({ chores }) => [...new Set(chores.begun.map(({ job }) => job))]);
  assert.deepEqual(jobs, [[remind.name], [sweep.name], []]);
  assert.equal(nodes[1]?.chores.begun.length, 2);
  const [first] = nodes;
  assert.ok(first !== undefined);
  const workers = await first.engine.listWorkers(first.actor);
  assert.deepEqual(
    workers.map(({ calls, queues, status }) => [calls, queues, status]),
    [
      [true, ["appointments"], "alive"],
      [false, ["maintenance"], "alive"],
      [false, [], "alive"],
    ],
  );
});

test("what a dead node was at is run by another once its lease is over, and its late answer changes nothing", async (t) => {
  const { nodes, step } = await nodesOn(t, [
    { calls: true, queues: ["maintenance"] },
    { calls: true, queues: ["appointments"] },
    { calls: true, queues: ["appointments", "maintenance"] },
  ]);
  const [dying, , heir] = nodes;
  assert.ok(dying !== undefined && heir !== undefined);
  const release = [dying, heir].map(({ chores }) => chores.hold(sweep.name));
  const asked = await dying.engine.runJobNow(dying.actor, sweep.name);
  await dying.drain();
  await heir.drain();
  const owner = dying.chores.begun.length === 1 ? dying : heir;
  const other = owner === dying ? heir : dying;
  await step(
    50 * second,
    nodes.filter((node) => node !== owner),
  );
  const run = await other.engine.getJobRun(other.actor, asked.id);
  assert.deepEqual([run.status, run.tries, other.chores.begun.length], ["running", 2, 1]);
  assert.equal(other.chores.begun[0]?.runId, owner.chores.begun[0]?.runId);
  release[owner === dying ? 0 : 1]?.();
  await owner.drain();
  assert.equal((await other.engine.getJobRun(other.actor, asked.id)).status, "running");
  release[owner === dying ? 1 : 0]?.();
  await other.drain();
  assert.equal((await other.engine.getJobRun(other.actor, asked.id)).status, "succeeded");
});

test("a call that a node takes in which only answers is placed by another within seconds", async (t) => {
  const { nodes, step } = await nodesOn(t, [
    { calls: false, queues: [] },
    { calls: true, queues: [] },
  ]);
  const [front, back] = nodes;
  assert.ok(front !== undefined && back !== undefined);
  // A lane that the other node has never heard of is found with its next look at everything.
  await front.call({});
  await step(15 * second);
  assert.equal(back.network.witness().length, 1);
  await front.call({ to: "+12125550101" });
  await step(3 * second);
  assert.equal(back.network.witness().length, 2);
});

test("a job that waits on two nodes at once is begun by one of them", async (t) => {
  const { nodes, step } = await nodesOn(t, [undefined, undefined, undefined]);
  const releases = nodes.map(({ chores }) => chores.hold(sweep.name));
  await step(7 * minute);
  const running = await nodes[0]?.engine.listJobRuns(nodes[0].actor, { status: "running" }, { limit: 10 });
  assert.deepEqual(
    running?.data.map(({ job }) => job),
    [sweep.name],
  );
  for (const release of releases) release();
  await step(30 * second);
  const history = await nodes[0]?.engine.listJobRuns(nodes[0].actor, { job: sweep.name }, { limit: 10 });
  assert.deepEqual(
    history?.data.map(({ status, coalesced }) => [status, coalesced]),
    [
      ["succeeded", 1],
      ["succeeded", 0],
    ],
  );
});

test("a database that a node uses is not emptied; one that nobody uses is, and leaves strange tables alone", async () => {
  const server = await testPostgres();
  const url = await server.freshDatabase();
  await server.query(url, "create table strange (id bigint)");
  const clock = new FakeClock();
  const store = await openStore({ kind: "postgres", url }, { clock, log: silentLog });
  const t = await startEngine({ store });
  const reset = () => resetStore({ kind: "postgres", url }, { clock: t.clock, log: silentLog });
  await assert.rejects(reset(), /in use by a Carillon process/);
  await t.engine.stop(0);
  await store.close();
  await reset();
  assert.deepEqual(await server.query(url, "select id from workspaces"), []);
  assert.deepEqual(await server.query(url, "select id from strange"), []);
});
