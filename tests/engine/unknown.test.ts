import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlaceAnswer } from "../../src/ports/carrier.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";

const second = 1000;

async function withLine(
  over: { max_duration_seconds?: number; slots_max?: number } = {},
): Promise<TestEngine> {
  const t = await startEngine();
  await t.engine.createLine(t.actor, {
    name: "played",
    carrier: "stub",
    ring_timeout_seconds: 30,
    max_duration_seconds: 60,
    ...over,
  });
  return t;
}

const lost: PlaceAnswer = { kind: "unknown", detail: "the request timed out" };

function report(t: TestEngine, key: string, kind: "accepted" | "ringing" | "answered" | "ended", index = 0) {
  return t.engine.receive(t.stub.orders[index]?.attemptKey ?? "", [
    { key, kind, at: t.clock.now(), ...(kind === "ended" ? { outcome: "answered_human" as const } : {}) },
  ]);
}

void test("a request whose answer was lost is asked for: what rang is followed, and never rung again", async () => {
  const t = await startEngine();
  const call = await t.call({ to: "+12125550107" });
  await t.advance(2100);
  const unsure = await t.look(call);
  assert.deepEqual([unsure.status, unsure.waitingFor], ["dialing", "unconfirmed"]);
  assert.equal((await t.engine.getLine(t.actor, "sandbox")).slotsUsed, 1);
  await t.advance(120 * second);
  assert.equal((await t.look(call)).status, "completed");
  assert.equal(t.network.witness().length, 1);
  assert.equal((await t.engine.listAttempts(t.actor, call.id)).length, 1);
});

void test("a request that the carrier is sure never to have got is placed again, as another attempt", async () => {
  const t = await startEngine();
  const call = await t.call({ to: "+12125550108" });
  await t.advance(3600 * second);
  const attempts = await t.engine.listAttempts(t.actor, call.id);
  assert.deepEqual(
    attempts.map((one) => one.outcome),
    ["not_placed", "answered_human"],
  );
  assert.equal((await t.look(call)).status, "completed");
  assert.equal(t.network.witness().length, 1);
});

void test("a call whose reports never come is asked for after its time, and ends as it did", async () => {
  const t = await startEngine();
  const call = await t.call({ to: "+12125550117" });
  await t.advance(600 * second);
  const ended = await t.look(call);
  assert.deepEqual([ended.status, ended.outcome], ["completed", "answered_human"]);
  assert.equal(t.network.witness().length, 1);
});

void test("what nobody can tell waits for a person in the end, with its slot free and no further attempt", async () => {
  const t = await withLine({ slots_max: 1 });
  t.stub.onPlace = () => lost;
  const call = await t.call({ line: "played" });
  await t.advance(100 * second);
  assert.equal((await t.look(call)).status, "dialing");
  assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 1);
  await t.advance(60 * second);
  const waiting = await t.look(call);
  assert.deepEqual(
    [waiting.status, waiting.reason, waiting.nextActionAt],
    ["needs_review", "no_answer_from_carrier", null],
  );
  assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 0);
  const asked = t.stub.lookups.length;
  assert.ok(asked >= 4 && asked < 20, `it was asked for ${asked} times`);
  await t.advance(86_400 * second);
  assert.equal(t.stub.orders.length, 1);
  assert.equal(t.stub.lookups.length, asked);
});

void test("a person settles it: it was placed, so it is done; it was not, so it may be tried again", async () => {
  for (const placed of [true, false]) {
    const t = await withLine();
    t.stub.onPlace = () => lost;
    const call = await t.call({ line: "played" });
    await t.advance(200 * second);
    const settled = await t.engine.settle(
      t.actor,
      call.id,
      placed ? { placed, disposition: "confirmed" } : { placed },
    );
    assert.equal(settled.status, placed ? "completed" : "scheduled");
    assert.equal(settled.disposition, placed ? "confirmed" : null);
    await t.advance(600 * second);
    assert.equal(t.stub.orders.length, placed ? 1 : 2);
  }
});

void test("only what is open to doubt can be settled by hand", async () => {
  const t = await withLine();
  const call = await t.call({ line: "played" });
  await t.drain();
  await assert.rejects(t.engine.settle(t.actor, call.id, { placed: true }), { code: "wrong_state" });
  await report(t, "e", "ended");
  await assert.rejects(t.engine.settle(t.actor, call.id, { placed: false }), { code: "wrong_state" });
});

void test("a call that was taken and never reported waits for a person too, and can be settled", async () => {
  const t = await withLine({ slots_max: 1 });
  const call = await t.call({ line: "played" });
  await t.advance(300 * second);
  assert.equal((await t.look(call)).status, "needs_review");
  assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 0);
  const settled = await t.engine.settle(t.actor, call.id, { placed: true });
  assert.equal(settled.status, "completed");
});

void test("a report that comes while a person is awaited settles the call by itself", async () => {
  const t = await withLine();
  t.stub.onPlace = () => lost;
  const call = await t.call({ line: "played" });
  await t.advance(200 * second);
  assert.equal(await report(t, "late", "ended"), "stored");
  assert.deepEqual(
    [(await t.look(call)).status, (await t.look(call)).outcome],
    ["completed", "answered_human"],
  );
  assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 0);
});

void test("an answer that was seen late is followed to its end, and its slot is given back once", async () => {
  const t = await withLine();
  t.stub.onPlace = () => lost;
  const call = await t.call({ line: "played" });
  await t.advance(200 * second);
  await report(t, "a", "answered");
  await t.advance(300 * second);
  assert.equal((await t.look(call)).status, "completed");
  assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 0);
});

void test("a report after the next attempt was claimed corrects the history and changes no state", async () => {
  const t = await withLine();
  t.stub.onPlace = () => ({ kind: "refused", outcome: "carrier_error", detail: "HTTP 503" });
  const call = await t.call({ line: "played" });
  await t.drain();
  t.stub.onPlace = () => ({ kind: "accepted", carrierRef: "second", reports: [] });
  await t.runUntil(() => t.stub.orders.length === 2);
  const before = await t.look(call);
  await report(t, "late", "ended", 0);
  const after = await t.look(call);
  assert.deepEqual(
    [after.status, after.outcome, after.attemptId],
    [before.status, before.outcome, before.attemptId],
  );
  const events = await t.engine.listCallEvents(t.actor, call.id);
  assert.equal(events.at(-1)?.type, "call.corrected");
});

void test("the order and number of a carrier's reports do not matter", async () => {
  const kinds = ["accepted", "ringing", "answered", "ended"] as const;
  const seen = new Set<string>();
  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
    [3, 3, 0, 0, 1, 2, 1],
  ]) {
    const t = await withLine();
    const call = await t.call({ line: "played" });
    await t.drain();
    const at = t.clock.now();
    for (const index of order) {
      const kind = kinds[index] ?? "ended";
      await t.engine.receive(t.stub.orders[0]?.attemptKey ?? "", [
        {
          key: kind,
          kind,
          at: at + index * 1000,
          ...(kind === "ended" ? { outcome: "answered_human" as const } : {}),
        },
      ]);
    }
    const { status, outcome } = await t.look(call);
    const [attempt] = await t.engine.listAttempts(t.actor, call.id);
    seen.add(JSON.stringify([status, outcome, attempt?.ringingAt, attempt?.answeredAt, attempt?.endedAt]));
    assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 0);
  }
  assert.equal(seen.size, 1);
});

void test("a carrier that cannot tell attempts apart is told which of its calls are another's", async () => {
  const t = await withLine();
  await t.call({ line: "played" });
  await t.drain();
  t.stub.onPlace = () => lost;
  await t.call({ line: "played" });
  await t.advance(10 * second);
  const [asked] = t.stub.lookups;
  const known = `ref-${t.stub.orders[0]?.attemptId}`;
  assert.equal(asked?.attemptKey, t.stub.orders[1]?.attemptKey);
  assert.deepEqual([await asked?.isOthers(known), await asked?.isOthers("nobody's")], [true, false]);
  t.stub.onLookup = () => ({ kind: "found", carrierRef: "mine", reports: [] });
  await t.advance(20 * second);
  assert.equal(await asked?.isOthers("mine"), false, "its own is not another's");
});

void test("a key that is not ours is no attempt of ours", async () => {
  const t = await withLine();
  await t.call({ line: "played" });
  await t.drain();
  const key = t.stub.orders[0]?.attemptKey ?? "";
  const forged = key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
  const ended = [{ key: "e", kind: "ended", at: 1, outcome: "busy" }] as const;
  assert.equal(await t.engine.receive(forged, ended), "unknown_attempt");
  assert.equal(await t.engine.attemptForCallback(forged), null);
  assert.deepEqual(await t.engine.attemptForCallback(key), { carrier: "stub", settings: {} });
});

void test("a call without end is hung up, and ended for us when the carrier does not tell", async () => {
  const t = await withLine({ slots_max: 1 });
  const call = await t.call({ line: "played" });
  await t.drain();
  await report(t, "a", "answered");
  await t.advance(59 * second);
  assert.equal(t.stub.hangUps.length, 0);
  await t.advance(2 * second);
  assert.equal(t.stub.hangUps.length, 1, "the hang up is asked for when the longest time has passed");
  await t.advance(120 * second);
  const ended = await t.look(call);
  assert.deepEqual(
    [ended.status, ended.reason, ended.outcome],
    ["completed", "max_duration", "answered_unknown"],
  );
  assert.ok(t.stub.hangUps.length > 1, "a hang up that failed is tried again");
  assert.equal((await t.engine.getLine(t.actor, "played")).slotsUsed, 0);
  const tried = t.stub.hangUps.length;
  await t.advance(3600 * second);
  assert.equal(t.stub.hangUps.length, tried);
});

void test("a hang up that was owed when the process died is done by the next one", async () => {
  const t = await withLine();
  await t.call({ line: "played" });
  await t.drain();
  await report(t, "a", "answered");
  t.store.failing = (name) => (name === "look at the outbox" ? "unavailable" : null);
  await t.advance(61 * second);
  assert.equal(t.stub.hangUps.length, 0);
  t.store.failing = () => null;
  const next = await t.afterKill();
  await next.advance(2 * second);
  assert.ok(next.stub.hangUps.length >= 1);
});

void test("a carrier whose adapter throws is as good as one that did not answer", async () => {
  const t = await withLine();
  t.stub.onPlace = () => {
    throw new Error("a programmer's error");
  };
  t.stub.onLookup = () => {
    throw new Error("another");
  };
  const call = await t.call({ line: "played" });
  await t.advance(200 * second);
  assert.equal((await t.look(call)).status, "needs_review");
  assert.equal(t.stub.orders.length, 1);
});
