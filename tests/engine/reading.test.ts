import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestEngine, startEngine } from "../support/engine.ts";

const minute = 60_000;

async function summaryOf(t: TestEngine, id: string): Promise<string> {
  return (await t.engine.explain(t.actor, id)).summary;
}

void test("every kind of call explains in a sentence why it stands as it does", async () => {
  const t = await startEngine();
  await t.engine.createHours(t.actor, { name: "day", weekly: { wed: ["09:00-11:00"] } });
  const waiting = await t.call({ in: "1h" });
  const hours = await t.call({ in: "1h", hours: "day" });
  const paused = await t.call({ in: "1h" });
  await t.engine.pause(t.actor, paused.id);
  const canceled = await t.call({ in: "1h" });
  await t.engine.cancel(t.actor, canceled.id);
  const busy = await t.call({ to: "+12125550101" });
  const done = await t.call({});
  await t.advance(minute);
  await t.engine.stopDialing(t.actor, "fire drill");
  const stopped = await t.call({});
  const words: [string, RegExp][] = [
    [waiting.id, /It will be dialed at .*America\/New_York.*has not been dialed/],
    [hours.id, /calling hours/],
    [paused.id, /It is paused.*by request/],
    [canceled.id, /It is canceled.*by request/],
    [busy.id, /It will be dialed at .*Another attempt is planned.*dialed once/],
    [done.id, /It was completed \(answered_human, confirmed\)/],
    [stopped.id, /due since .*All new calls of the workspace are stopped/],
  ];
  for (const [id, pattern] of words) assert.match(await summaryOf(t, id), pattern);
  const { steps } = await t.engine.explain(t.actor, hours.id);
  assert.match(steps[0]?.sentence ?? "", /by "day"/);
  for (const step of (await t.engine.explain(t.actor, busy.id)).steps)
    assert.match(step.sentence, /^[A-Z].*\.$/);
});

void test("events come once each, in their order, from any cursor on, and only one's own", async () => {
  const t = await startEngine();
  const call = await t.call({});
  await t.advance(minute);
  const all = await t.engine.listEvents(t.actor, null, 1000);
  const types = all.data.filter((event) => event.callId === call.id).map((event) => event.type);
  assert.deepEqual(types, [
    "call.scheduled",
    "call.dialing",
    "call.dispatched",
    "call.ringing",
    "call.answered",
    "call.completed",
  ]);
  const paged: string[] = [];
  for (let after: string | null = null; ;) {
    const { data, cursor } = await t.engine.listEvents(t.actor, after, 2);
    if (data.length === 0) break;
    paged.push(...data.map((event) => event.id));
    after = cursor;
  }
  assert.deepEqual(
    paged,
    all.data.map((event) => event.id),
  );
  const some = await t.engine.listEvents(t.actor, null, 10, ["call.completed"]);
  assert.deepEqual(
    some.data.map((event) => event.type),
    ["call.completed"],
  );
  assert.deepEqual((await t.engine.listEvents({ workspaceId: 2, name: "x" }, null, 10)).data, []);
  await assert.rejects(t.engine.listEvents(t.actor, "yesterday", 10), { code: "invalid_cursor" });
});

void test("who listens is told of new events until it stops listening", async () => {
  const t = await startEngine();
  let told = 0;
  const stop = t.engine.onEvents(() => (told += 1));
  await t.call({ in: "1h" });
  assert.ok(told > 0);
  stop();
  const before = told;
  await t.call({ in: "1h" });
  assert.equal(told, before);
});

void test("a cursor belongs to its filters", async () => {
  const t = await startEngine();
  for (let i = 0; i < 3; i += 1) await t.call({ in: "1h", purpose: "a" });
  const { nextCursor } = await t.engine.listCalls(t.actor, { purpose: "a" }, { limit: 2 });
  const cursor = nextCursor ?? "";
  assert.equal((await t.engine.listCalls(t.actor, { purpose: "a" }, { limit: 2, cursor })).data.length, 1);
  await assert.rejects(t.engine.listCalls(t.actor, { purpose: "b" }, { limit: 2, cursor }), {
    code: "invalid_cursor",
  });
  await assert.rejects(t.engine.listCalls(t.actor, {}, { limit: 2, cursor: "x" }), {
    code: "invalid_cursor",
  });
});

void test("stats and health tell what waits, what runs and what became of the rest", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub", slots_max: 1 });
  await t.call({ in: "1h", line: "sandbox" });
  await t.call({ line: "sandbox" });
  await t.call({ line: "played" });
  await t.call({ line: "played" });
  await t.advance(minute);
  const stats = await t.engine.stats(t.actor);
  const { scheduled, queued, dialing, completed } = stats.calls;
  assert.deepEqual(
    { scheduled, queued, dialing, completed },
    { scheduled: 1, queued: 1, dialing: 1, completed: 1 },
  );
  assert.deepEqual(stats.outcomes, { answered_human: 1 });
  assert.equal(stats.inFlight, 1);
  assert.equal(stats.dueNow, 1);
  assert.equal(stats.startDelay.count, 2);
  const health = await t.engine.health();
  assert.equal(health.store.ok, true);
  assert.equal(health.inFlight, 1);
  assert.equal(health.oldestDueAt, t.clock.now() - minute);
  t.store.failing = () => "unavailable";
  assert.equal((await t.engine.health()).store.ok, false);
});

void test("what is older than it is kept goes, with all that belongs to it; what is open stays", async () => {
  const t = await startEngine({ tuning: { keepCallsMs: 10 * minute, keepIdempotencyMs: 5 * minute } });
  const key = { key: "k", fingerprint: "f" };
  const first = await t.engine.schedule(t.actor, { to: "+12125550101" }, key);
  await t.engine.cancel(t.actor, first.call.id).catch(() => null);
  const done = await t.call({});
  const open = await t.call({ in: "30d" });
  await t.advance(26 * 60 * minute);
  await assert.rejects(t.look(done), { code: "not_found" });
  assert.equal((await t.look(open)).status, "scheduled");
  const again = await t.engine.schedule(t.actor, { to: "+12125550100" }, key);
  assert.equal(again.replayed, false);
});

void test("more keys than one piece of pruning takes do not pile up", async () => {
  const t = await startEngine({ tuning: { keepIdempotencyMs: minute } });
  const keys = Array.from({ length: 900 }, (_, index) => ({ key: `k${index}`, fingerprint: "f" }));
  await Promise.all(keys.map((key) => t.engine.schedule(t.actor, { to: "+12125550100", in: "30d" }, key)));
  await t.advance(130 * minute);
  const left = await t.store.read("count", () =>
    t.store.statements.idempotency.removeBefore({ before: 0, limit: 1 }),
  );
  assert.deepEqual(left, []);
  const replays = await Promise.all(
    keys.map((key) => t.engine.schedule(t.actor, { to: "+12125550100", in: "30d" }, key)),
  );
  assert.equal(replays.filter((one) => one.replayed).length, 0);
});
