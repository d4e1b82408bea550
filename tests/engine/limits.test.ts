import assert from "node:assert/strict";
import { test } from "node:test";
import type { LineInput } from "../../src/engine/config-api.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";

const second = 1000;

/** An engine with a line that the test plays; its calls last until the test ends them. */
async function withLine(limits: Partial<LineInput>): Promise<TestEngine> {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub", slots_max: 1000, ...limits });
  await t.engine.updateSettings(t.actor, { default_line: "played" });
  return t;
}

async function calls(
  t: TestEngine,
  count: number,
  over: { to?: string; expires_after?: string } = {},
): Promise<void> {
  await t.engine.scheduleMany(
    t.actor,
    Array.from({ length: count }, (_, index) => ({ to: `+1212555${1000 + index}`, ...over })),
  );
  await t.drain();
}

function end(t: TestEngine, index: number): Promise<unknown> {
  const key = t.stub.orders[index]?.attemptKey ?? "";
  return t.engine.receive(key, [{ key: "e", kind: "ended", at: t.clock.now(), outcome: "answered_human" }]);
}

void test("a slot is held until the call has ended, not until the carrier has taken it", async () => {
  const t = await withLine({ slots_max: 2 });
  await calls(t, 5);
  await t.advance(20 * second);
  assert.equal(t.stub.orders.length, 2);
  assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 2);
  const { data } = await t.engine.listCalls(t.actor, { status: ["queued"] }, { limit: 10 });
  assert.deepEqual(
    data.map((call) => call.waitingFor),
    ["capacity", "capacity", "capacity"],
  );
  await end(t, 0);
  await t.advance(second);
  assert.equal(t.stub.orders.length, 3);
  for (let index = 1; index < 5; index += 1) {
    await end(t, index);
    await t.advance(second);
  }
  assert.equal(t.stub.orders.length, 5);
  assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 0);
});

void test("fewer slots stop new calls at once, and more let them go on", async () => {
  const t = await withLine({ slots_max: 3 });
  await calls(t, 6);
  assert.equal(t.stub.orders.length, 3);
  await t.engine.updateLine(t.actor, "played", { slots_max: 1 });
  await end(t, 0);
  await end(t, 1);
  await t.advance(second);
  assert.equal(t.stub.orders.length, 3);
  await t.engine.updateLine(t.actor, "played", { slots_max: 4 });
  await t.drain();
  assert.equal(t.stub.orders.length, 6);
});

void test("calls a second are never more than the line allows, in any second, and none is wasted", async () => {
  const t = await withLine({ calls_per_second: 5, burst: 2 });
  const at: number[] = [];
  t.stub.onPlace = (order) => {
    at.push(t.clock.now());
    return { kind: "accepted", carrierRef: order.attemptId, reports: [] };
  };
  await calls(t, 60);
  await t.advance(13 * second);
  assert.equal(at.length, 60);
  for (const from of at) {
    const within = at.filter((one) => one >= from && one < from + second).length;
    assert.ok(within <= 5 + 1, `${within} calls in a second`);
  }
  assert.ok((at.at(-1) ?? 0) - (at[0] ?? 0) >= 11 * second);
});

void test("a daily cap ends with the line's own day", async () => {
  const t = await withLine({ daily_max: 3, timezone: "America/New_York" });
  await calls(t, 5, { expires_after: "3d" });
  await t.advance(3600 * second);
  assert.equal(t.stub.orders.length, 3);
  const { data } = await t.engine.listCalls(t.actor, { status: ["queued"] }, { limit: 1 });
  assert.equal(data[0]?.waitingFor, "daily_cap");
  await t.advance(Date.parse("2026-12-02T04:59:59Z") - t.clock.now());
  assert.equal(t.stub.orders.length, 3);
  await t.advance(2 * second);
  assert.equal(t.stub.orders.length, 5);
});

void test("one number is dialed no more often than its cap allows, across calls", async () => {
  const t = await withLine({});
  await t.engine.updateSettings(t.actor, {
    number_caps: [{ max: 2, windowMs: 3600 * second }],
    default_expires_after: "1d",
  });
  await calls(t, 5, { to: "+12125550100" });
  assert.equal(t.stub.orders.length, 2);
  const { data } = await t.engine.listCalls(t.actor, { status: ["scheduled"] }, { limit: 10 });
  assert.deepEqual(
    data.map((call) => call.reason),
    ["number_cap", "number_cap", "number_cap"],
  );
  await t.advance(3600 * second);
  assert.equal(t.stub.orders.length, 4);
  await t.advance(3600 * second);
  assert.equal(t.stub.orders.length, 5);
});

void test("what waits behind a limit past its last useful instant expires, and says what it waited for", async () => {
  const t = await withLine({ slots_max: 1 });
  await calls(t, 3, { expires_after: "5m" });
  await t.advance(305 * second);
  const { data } = await t.engine.listCalls(t.actor, { status: ["expired"] }, { limit: 10 });
  assert.equal(data.length, 2);
  const events = await t.engine.listCallEvents(t.actor, data[0]?.id ?? "");
  assert.deepEqual(events.at(-1)?.data, { waited_for: "capacity" });
  assert.equal(events.at(-1)?.reason, "deadline_passed");
  await end(t, 0);
  await t.advance(60 * second);
  assert.equal(t.stub.orders.length, 1);
});

void test("what waits on a paused line expires too, also when it was scheduled after the pause", async () => {
  const t = await withLine({});
  await t.advance(60 * second);
  await t.engine.pauseLine(t.actor, "played", "lunch");
  const call = await t.call({ in: "1m", expires_after: "5m" });
  await t.advance(400 * second);
  assert.equal((await t.look(call)).status, "expired");
});

void test("after the switch no create reaches the carrier, and afterwards all go on", async () => {
  const t = await withLine({ calls_per_second: 10 });
  await calls(t, 50, { expires_after: "1h" });
  await t.advance(1500);
  const before = t.stub.orders.length;
  assert.ok(before > 0 && before < 50);
  await t.engine.stopDialing(t.actor, "fire drill");
  await t.advance(60 * second);
  assert.equal(t.stub.orders.length, before);
  assert.deepEqual(await t.engine.dialing(t.actor), {
    stopped: true,
    reason: "fire drill",
    since: t.clock.now() - 60 * second,
  });
  const { data } = await t.engine.listCalls(t.actor, { status: ["queued"] }, { limit: 1 });
  assert.equal(data[0]?.waitingFor, "dialing_stopped");
  assert.equal((await t.engine.health()).dialing, "stopped");
  await t.engine.resumeDialing(t.actor);
  await t.advance(10 * second);
  assert.equal(t.stub.orders.length, 50);
});

void test("the switch also reaches what was claimed and has not left yet", async () => {
  const delivered: (readonly number[])[] = [];
  let work: (ids: readonly number[]) => void = () => {};
  const t = await startEngine({
    conveyor: {
      deliver: (ids) => void delivered.push(ids),
      onWork: (worker) => (work = worker),
      close: () => Promise.resolve(),
    },
  });
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub" });
  const call = await t.call({ line: "played" });
  await t.drain();
  assert.equal(delivered.length, 1);
  await t.engine.pauseLine(t.actor, "played", "stop");
  for (const ids of delivered) work(ids);
  await t.drain();
  assert.equal(t.stub.orders.length, 0);
  const waiting = await t.look(call);
  assert.equal(waiting.status, "queued");
  assert.equal(waiting.waitingFor, "line_paused");
  assert.equal(waiting.attempts, 0);
  assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 0);
});

void test("a paused line keeps its calls, other lines go on, and resuming dials what is due", async () => {
  const t = await withLine({});
  await t.engine.createLine(t.actor, { name: "other", carrier: "stub" });
  await t.engine.pauseLine(t.actor, "played", "lunch");
  const kept = await t.call({});
  await t.call({ line: "other" });
  await t.advance(5 * second);
  assert.equal(t.stub.orders.length, 1);
  assert.equal((await t.look(kept)).waitingFor, "line_paused");
  await t.engine.resumeLine(t.actor, "played");
  await t.drain();
  assert.equal(t.stub.orders.length, 2);
});

void test("a higher priority goes first, and nothing is dialed a millisecond early", async () => {
  const t = await withLine({ slots_max: 1 });
  await calls(t, 1);
  const low = await t.call({ priority: 2, purpose: "low" });
  const high = await t.call({ priority: 8, purpose: "high" });
  await end(t, 0);
  await t.drain();
  assert.equal(t.stub.orders.at(-1)?.callId, high.id);
  await end(t, 1);
  await t.drain();
  assert.equal(t.stub.orders.at(-1)?.callId, low.id);
  await end(t, 2);
  await t.call({ in: "90s" });
  await t.advance(90 * second - 1);
  assert.equal(t.stub.orders.length, 3);
  await t.advance(1);
  assert.equal(t.stub.orders.length, 4);
});
