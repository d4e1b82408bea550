import assert from "node:assert/strict";
import { test } from "node:test";

import type { LookupAnswer, Report } from "../../src/ports/carrier.ts";
import { FAKE_START } from "../support/fake-clock.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { StubCarrier } from "../support/stub-carrier.ts";

const minute = 60_000;
/** It is Tuesday, 10:00 in New York. */
const closesAt = FAKE_START + 5 * minute;

/** A line at a carrier that keeps calls waiting, and calling hours that close at 10:05. */
async function start(queues = true): Promise<TestEngine> {
  const stub = new StubCarrier();
  stub.queues = queues;
  const t = await startEngine({ stub });
  await t.engine.createHours(t.actor, {
    name: "morning",
    timezone: "America/New_York",
    weekly: { mon: ["09:00-10:05"], tue: ["09:00-10:05"], wed: ["09:00-10:05"] },
  });
  await t.engine.createLine(t.actor, {
    name: "queued",
    carrier: "stub",
    hours: "morning",
    ring_timeout_seconds: 600,
  });
  return t;
}

function report(t: TestEngine, key: string, more: Partial<Report>) {
  return t.engine.receive(t.stub.orders[0]?.attemptKey ?? "", [
    { key, kind: "ended", at: t.clock.now(), ...more },
  ]);
}

const stillQueued: LookupAnswer = {
  kind: "found",
  carrierRef: "ref",
  reports: [{ key: "asked:queued", kind: "accepted", at: FAKE_START, carrierRef: "ref" }],
};

void test("what its carrier still queues when the window closes is taken back, and waits for the next window", async () => {
  const t = await start();
  t.stub.onLookup = () => stillQueued;
  t.stub.onHangUp = () => true;
  const call = await t.call({ line: "queued" });
  await t.drain();
  assert.equal(t.stub.orders.length, 1);
  await t.advance(5 * minute - 1000);
  assert.equal(t.stub.hangUps.length, 0);
  await t.advance(1000);
  assert.equal(t.stub.hangUps.length, 1);
  assert.equal(t.stub.hangUps[0]?.isAnswered, false);
  await report(t, "canceled", { outcome: "no_answer", isCanceled: true });
  const waiting = await t.look(call);
  assert.deepEqual([waiting.status, waiting.reason, waiting.attempts], ["scheduled", "calling_hours", 0]);
  assert.equal(waiting.dueAt, closesAt + 86_400_000 - 65 * minute);
  assert.equal((await t.engine.getLine(t.actor, "queued")).slotsUsed, 0);
  await t.advance(minute * 60);
  assert.equal(t.stub.hangUps.length, 1, "nothing is taken back that has ended");
});

void test("a call that rings when the window closes goes on, and so does one that was answered", async () => {
  for (const kind of ["ringing", "answered"] as const) {
    const t = await start();
    t.stub.onLookup = () => ({
      kind: "found",
      carrierRef: "ref",
      reports: [{ key: `asked:${kind}`, kind, at: t.clock.now() }],
    });
    await t.call({ line: "queued" });
    await t.advance(6 * minute);
    assert.equal(t.stub.hangUps.length, 0);
  }
});

void test("a carrier that rings at once is not asked to take anything back", async () => {
  const t = await start(false);
  t.stub.onLookup = () => stillQueued;
  await t.call({ line: "queued" });
  await t.advance(9 * minute);
  assert.equal(t.stub.hangUps.length, 0);
});

void test("a call that was taken back although it had rung was a try, whichever is told first", async () => {
  const told = [
    { kind: "ringing" },
    { kind: "ended", outcome: "no_answer", isCanceled: true },
  ] as const satisfies Partial<Report>[];
  for (const order of [told, told.toReversed()]) {
    const t = await start();
    t.stub.onLookup = () => stillQueued;
    t.stub.onHangUp = () => true;
    const call = await t.call({ line: "queued" });
    await t.advance(5 * minute);
    for (const one of order) await report(t, one.kind, one);
    const { outcome, attempts, status } = await t.look(call);
    assert.deepEqual([outcome, attempts, status], ["no_answer", 1, "scheduled"]);
  }
});

void test("a call that somebody canceled at the carrier within its window was a try, and is not rung again at once", async () => {
  const t = await start();
  const call = await t.call({ line: "queued" });
  await t.advance(minute);
  await report(t, "canceled", { outcome: "no_answer", isCanceled: true });
  const after = await t.look(call);
  assert.deepEqual([after.status, after.outcome, after.attempts], ["scheduled", "no_answer", 1]);
  assert.ok(after.dueAt > t.clock.now() + 4 * minute);
});

void test("an unknown attempt that its carrier turns out to queue after the window is taken back", async () => {
  const t = await start();
  t.stub.onPlace = () => ({ kind: "unknown", detail: "time-out" });
  t.stub.onHangUp = () => true;
  await t.call({ line: "queued" });
  await t.advance(6 * minute);
  t.stub.onLookup = () => stillQueued;
  await t.advance(6 * minute);
  assert.ok(t.stub.hangUps.length >= 1);
  assert.equal(t.stub.orders.length, 1);
});

void test("a call that is queued for longer than it could have taken is taken back before a person is asked", async () => {
  const stub = new StubCarrier();
  stub.queues = true;
  const t = await startEngine({ stub });
  await t.engine.createLine(t.actor, {
    name: "queued",
    carrier: "stub",
    ring_timeout_seconds: 30,
    max_duration_seconds: 60,
  });
  t.stub.onLookup = () => stillQueued;
  const call = await t.call({ line: "queued" });
  await t.advance(3 * minute);
  assert.ok(t.stub.hangUps.length >= 1);
  assert.equal((await t.look(call)).status, "dialing");
  await t.advance(10 * minute);
  assert.equal((await t.look(call)).status, "needs_review");
});

void test("who answered is awaited for half a minute, then the carrier is asked", async () => {
  const t = await start();
  const call = await t.call({ line: "queued" });
  await t.drain();
  const at = t.clock.now();
  await t.engine.receive(t.stub.orders[0]?.attemptKey ?? "", [
    { key: "3", kind: "ended", at, outcome: "answered_unknown", answererFollows: true },
    { key: "3:answered", kind: "answered", at },
  ]);
  assert.equal((await t.look(call)).status, "dialing");
  t.stub.onLookup = () => ({
    kind: "found",
    carrierRef: "ref",
    reports: [{ key: "asked", kind: "ended", at, outcome: "answered_human" }],
  });
  await t.advance(31_000);
  assert.deepEqual(
    [(await t.look(call)).status, (await t.look(call)).outcome],
    ["completed", "answered_human"],
  );
});

void test("a refusal that is our own fault is not held against the number, and tries nothing more", async () => {
  const t = await startEngine({ realStub: true });
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub" });
  await t.engine.allowNumber(t.actor, { to: "+12125550100" });
  t.stub.onPlace = () => ({ kind: "refused", outcome: "blocked", detail: "Twilio 21215", isOurs: true });
  const call = await t.call({ line: "played" });
  await t.drain();
  const failed = await t.look(call);
  assert.deepEqual([failed.status, failed.outcome, failed.reason], ["failed", "blocked", "never_retried"]);
  assert.deepEqual((await t.engine.listSuppressions(t.actor, { limit: 10 })).data, []);
});

void test("while a line's account is out of order its calls wait, and none is used up", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub" });
  t.stub.onPlace = () => ({
    kind: "refused",
    outcome: "carrier_error",
    detail: "20003",
    retryAfterMs: 300_000,
    isOurs: true,
  });
  const call = await t.call({ line: "played" });
  await t.drain();
  const waiting = await t.look(call);
  assert.deepEqual([waiting.status, waiting.reason, waiting.attempts], ["scheduled", "carrier_backoff", 0]);
  await t.advance(4 * minute);
  assert.equal(t.stub.orders.length, 1);
  t.stub.onPlace = () => ({ kind: "accepted", carrierRef: "ref", reports: [] });
  await t.advance(2 * minute);
  assert.equal(t.stub.orders.length, 2);
});
