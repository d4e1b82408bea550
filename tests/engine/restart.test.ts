import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Conveyor } from "../../src/ports/conveyor.ts";
import type { PlaceAnswer } from "../../src/ports/carrier.ts";
import { startEngine } from "../support/engine.ts";

const second = 1000;
const minute = 60 * second;
const never = new Promise<PlaceAnswer>(() => {});

/** Carries nothing: what was claimed is never placed. */
const deaf: Conveyor = { deliver() {}, onWork() {}, close: () => Promise.resolve() };

void test("what was only claimed when the process died waits again and is dialed once", async () => {
  const t = await startEngine({ conveyor: deaf });
  const call = await t.call({ sandbox: { script: ["answered"] } });
  await t.drain();
  assert.equal((await t.look(call)).status, "dialing");
  const { conveyor: _, ...options } = { conveyor: deaf };
  const next = await startEngine({ ...options, store: t.store, startAt: t.clock.now() + 5 * second });
  await next.advance(2 * minute);
  const after = await next.look(call);
  assert.deepEqual([after.status, after.attempts], ["completed", 1]);
  assert.equal(next.network.witness().length, 1);
  assert.equal((await next.engine.getLine(next.actor, "sandbox")).slotsUsed, 0);
});

void test("what was being placed when the process died is unknown, is asked for, and is not dialed again", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub", max_duration_seconds: 60 });
  t.stub.onPlace = () => never;
  const call = await t.call({ line: "played" });
  await t.drain();
  const next = await t.afterKill({ downMs: 3 * second });
  assert.equal((await next.look(call)).waitingFor, "unconfirmed");
  assert.ok(next.stub.lookups.length >= 1, "the carrier is asked at once");
  next.stub.onLookup = (order) => ({
    kind: "found",
    carrierRef: "found",
    reports: [{ key: "e", kind: "ended", at: order.placedAt + 1000, outcome: "busy" }],
  });
  await next.advance(10 * second);
  assert.equal((await next.look(call)).outcome, "busy");
  assert.equal(next.stub.orders.length, 1);
});

void test("nobody takes back an attempt whose owner won the fence in the meantime", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub" });
  t.stub.onPlace = () => never;
  const call = await t.call({ line: "played" });
  await t.drain();
  const key = t.stub.orders[0]?.attemptKey ?? "";
  const at = t.clock.now();
  await t.engine.receive(key, [
    { key: "reclaimed", kind: "ended", at, outcome: "not_placed", retryAfterMs: 0 },
  ]);
  await t.advance(10 * second);
  assert.equal((await t.look(call)).status, "dialing");
  assert.equal(t.stub.orders.length, 1);
});

void test("a call in progress goes on over a restart, and its end is learned by asking", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "carillon-journal-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const first = await startEngine({ journalPath: join(folder, "journal") });
  const call = await first.call({ sandbox: { script: ["answered:confirmed"] } });
  await first.advance(7 * second);
  const next = await first.afterKill({ downMs: 5 * minute });
  await next.advance(5 * second);
  const after = await next.look(call);
  assert.deepEqual([after.status, after.disposition], ["completed", "confirmed"]);
  assert.equal(next.network.witness().length, 1);
});

void test("after a time when nobody ran, what is still of use is dialed, the rest expires, and both are told", async () => {
  const t = await startEngine();
  const useful = await t.call({ in: "10m", expires_after: "2h" });
  const useless = await t.call({ in: "10m", expires_after: "5m" });
  const later = await t.call({ in: "3h" });
  const next = await t.afterKill({ downMs: 60 * minute });
  const { downtime } = await next.engine.health();
  assert.equal(downtime?.missed, 2);
  assert.equal(downtime?.dialedLate, 1);
  assert.equal(downtime?.expired, 1);
  await next.advance(2 * minute);
  const statuses = await Promise.all(
    [useful, useless, later].map(async (one) => (await next.look(one)).status),
  );
  assert.deepEqual(statuses, ["completed", "expired", "scheduled"]);
  const again = await next.afterKill({ downMs: second });
  assert.equal((await again.engine.health()).downtime, null);
});

void test("a stop lets what runs be recorded and dials nothing new", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub" });
  let answer: (answer: PlaceAnswer) => void = () => {};
  t.stub.onPlace = () => new Promise<PlaceAnswer>((resolve) => (answer = resolve));
  const running = await t.call({ line: "played" });
  await t.drain();
  const stopped = t.engine.stop(8 * second);
  await t.call({ line: "played" });
  await t.advance(second);
  assert.equal(t.stub.orders.length, 1);
  answer({ kind: "accepted", carrierRef: "r", reports: [] });
  await stopped;
  const [attempt] = await t.engine.listAttempts(t.actor, running.id);
  assert.equal(attempt?.status, "accepted");
  await t.advance(minute);
  assert.equal(t.stub.orders.length, 1);
});

void test("a stop does not wait for ever for a carrier that does not answer", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub", max_duration_seconds: 60 });
  t.stub.onPlace = () => never;
  const call = await t.call({ line: "played" });
  await t.drain();
  const stopped = t.engine.stop(2 * second);
  await t.advance(3 * second);
  await stopped;
  const next = await t.afterKill();
  assert.equal((await next.look(call)).waitingFor, "unconfirmed");
  assert.equal(next.stub.orders.length, 1);
});

void test("after a jump of the clock nothing is dialed until it has been steady for half a minute", async () => {
  const t = await startEngine();
  await t.call({ in: "2h" });
  t.clock.jump(2 * 3600 * second);
  await t.advance(11 * second);
  await t.advance(15 * second);
  assert.equal(t.network.witness().length, 0);
  await t.advance(30 * second);
  assert.equal(t.network.witness().length, 1);
});

void test("a failing store stops nothing for good: results in flight are recorded once it is back", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub", max_duration_seconds: 60 });
  const ended = { key: "e", kind: "ended", at: t.clock.now(), outcome: "answered_human" } as const;
  t.stub.onLookup = () => ({ kind: "found", carrierRef: "r", reports: [ended] });
  t.store.failing = (name) => (name === "receive" ? "full" : null);
  const call = await t.call({ line: "played" });
  await t.advance(5 * second);
  assert.equal((await t.look(call)).status, "dialing");
  t.store.failing = () => null;
  await t.advance(3 * minute);
  assert.deepEqual(
    [(await t.look(call)).status, (await t.look(call)).outcome],
    ["completed", "answered_human"],
  );
  assert.equal(t.stub.orders.length, 1);
});

void test("while the disk is full nothing new is claimed or taken, and all goes on by itself when there is room", async () => {
  const t = await startEngine();
  const call = await t.call({ in: "5s" });
  t.store.room = false;
  await t.advance(minute);
  assert.equal(t.network.witness().length, 0);
  assert.match((await t.engine.health()).problems.join(" "), /disk is almost full/);
  await assert.rejects(t.call({}), { name: "StoreError", fault: "full" });
  t.store.room = true;
  await t.advance(5 * second);
  assert.equal(t.network.witness().length, 1);
  await t.advance(minute);
  assert.equal((await t.look(call)).status, "completed");
});
