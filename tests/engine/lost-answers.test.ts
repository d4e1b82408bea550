import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestEngine, startEngine } from "../support/engine.ts";

const minute = 60_000;

/** The answer to the next commit of the transaction `name` is lost. */
function loseAnswer(t: TestEngine, name: string): () => number {
  let lost = 0;
  t.store.failing = (asked, moment) => {
    if (asked !== name || moment !== "after" || lost > 0) return null;
    lost += 1;
    return "commit_unknown";
  };
  return () => lost;
}

void test("a change whose answer was lost happens once, and is answered as done", async () => {
  const t = await startEngine();
  const call = await t.call({ in: "1h" });
  const lost = loseAnswer(t, "change a call");
  const asked = t.engine.reschedule(t.actor, call.id, { in: "2h" });
  await t.advance(1000);
  const moved = await asked;
  assert.equal(lost(), 1);
  assert.equal(moved.version, call.version + 1);
  assert.equal(moved.dueAt, call.dueAt + 60 * minute);
  await t.advance(125 * minute);
  assert.equal(t.network.witness().length, 1);
});

void test("ids that a commit without an answer used are not given out again", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub" });
  const call = await t.call({ line: "played" });
  await t.drain();
  const lost = loseAnswer(t, "receive");
  const at = t.clock.now();
  const asked = t.engine.receive(t.stub.orders[0]?.attemptKey ?? "", [
    { key: "e", kind: "ended", at, outcome: "answered_human" },
  ]);
  await t.advance(1000);
  await asked;
  assert.equal(lost(), 1);
  assert.equal((await t.look(call)).status, "completed");
  // Each writes a line of history, whose id would be taken.
  const next = await t.call({ line: "played", in: "1h" });
  assert.equal((await t.engine.pause(t.actor, next.id)).status, "paused");
});

void test("a claim whose answer was lost, and which dialed nobody, is not made again over itself", async () => {
  const t = await startEngine({ tuning: { claimMax: 1 } });
  await t.engine.updateSettings(t.actor, { number_caps: [{ max: 1, windowMs: 60 * minute }] });
  await t.call({});
  await t.advance(minute);
  const waiting = await Promise.all([t.call({ in: "10m" }), t.call({ in: "10m" })]);
  const lost = loseAnswer(t, "claim");
  await t.advance(11 * minute);
  assert.equal(lost(), 1);
  const reasons = (await Promise.all(waiting.map((call) => t.look(call)))).map(({ reason }) => reason);
  assert.deepEqual(reasons, ["number_cap", "number_cap"]);
  assert.ok(t.logged.every(({ level }) => level !== "error"));
});

void test("calls are planned again once when the answer to that was lost", async () => {
  const t = await startEngine();
  const weekly = { tue: ["09:00-17:00"], wed: ["09:00-17:00"] };
  await t.engine.createHours(t.actor, { name: "day", weekly });
  const kept = await t.call({ in: "1h", hours: "day" });
  const moved = await t.call({ in: "5h", hours: "day" });
  const lost = loseAnswer(t, "replan");
  await t.engine.updateHours(t.actor, "day", { weekly: { tue: ["09:00-12:00"], wed: ["09:00-12:00"] } });
  await t.advance(1000);
  assert.equal(lost(), 1);
  assert.ok(t.logged.every(({ level }) => level !== "error"));
  assert.deepEqual([(await t.look(kept)).dueAt, (await t.look(moved)).reason], [kept.dueAt, "calling_hours"]);
  await t.advance(26 * 60 * minute);
  assert.equal(t.network.witness().length, 2);
});
