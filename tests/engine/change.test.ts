import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestEngine, startEngine } from "../support/engine.ts";

const iso = (at: number): string => new Date(at).toISOString();

/** A call that is being dialed on a line that the test plays. */
async function dialingCall(t: TestEngine) {
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub" });
  const call = await t.call({ line: "played" });
  await t.drain();
  return t.look(call);
}

void test("a canceled call is never dialed, and canceling it twice is no fault", async () => {
  const t = await startEngine();
  const call = await t.call({ in: "10m" });
  for (let again = 0; again < 2; again += 1) {
    const canceled = await t.engine.cancel(t.actor, call.id);
    assert.equal(canceled.status, "canceled");
    assert.equal(canceled.reason, "canceled_by_request");
  }
  await t.advance(3_600_000);
  assert.deepEqual(t.network.witness(), []);
  assert.equal((await t.engine.listCallEvents(t.actor, call.id)).length, 2);
});

void test("a cancel that comes too late names the attempt that is under way", async () => {
  const t = await startEngine();
  const call = await dialingCall(t);
  assert.equal(call.status, "dialing");
  await assert.rejects(t.engine.cancel(t.actor, call.id), (error: { code?: string; extra?: object }) => {
    assert.equal(error.code, "already_dialing");
    assert.deepEqual(error.extra, { attempt_id: call.attemptId });
    return true;
  });
  await t.engine.receive(t.stub.orders[0]?.attemptKey ?? "", [
    { key: "e", kind: "ended", at: t.clock.now(), outcome: "answered_human" },
  ]);
  await assert.rejects(t.engine.cancel(t.actor, call.id), { code: "already_ended" });
});

void test("of a cancel and a claim at the same instant exactly one wins", async () => {
  for (let round = 0; round < 20; round += 1) {
    const t = await startEngine();
    const call = await t.call({ in: "1s" });
    const time = t.clock.advance(1000);
    for (let turns = 0; turns < round; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    const canceled = await t.engine.cancel(t.actor, call.id).then(
      () => true,
      () => false,
    );
    await time;
    await t.advance(120_000);
    assert.equal(t.network.witness().length, canceled ? 0 : 1);
    assert.equal((await t.look(call)).status, canceled ? "canceled" : "completed");
  }
});

void test("a paused call waits past its time, and a resumed one is dialed at its own time or at once", async () => {
  const t = await startEngine();
  const call = await t.call({ in: "10m" });
  assert.equal((await t.engine.pause(t.actor, call.id)).status, "paused");
  assert.equal((await t.engine.pause(t.actor, call.id)).status, "paused");
  const early = await t.engine.resume(t.actor, call.id);
  assert.equal(early.dueAt, call.dueAt);
  await t.engine.pause(t.actor, call.id);
  await t.advance(1_200_000);
  assert.equal(t.network.witness().length, 0);
  const late = await t.engine.resume(t.actor, call.id);
  assert.equal(late.dueAt, t.clock.now());
  await t.advance(60_000);
  assert.equal((await t.look(call)).status, "completed");
});

void test("a paused call whose absolute deadline has passed expires when it is resumed", async () => {
  const t = await startEngine();
  const call = await t.call({ in: "10m", expires_at: iso(t.clock.now() + 900_000) });
  await t.engine.pause(t.actor, call.id);
  await t.advance(1_000_000);
  const resumed = await t.engine.resume(t.actor, call.id);
  assert.equal(resumed.status, "expired");
  assert.equal(resumed.reason, "deadline_passed");
});

void test("a call that is moved is dialed at its new time and not at the old one", async () => {
  const t = await startEngine();
  const call = await t.call({ in: "10m" });
  const moved = await t.engine.reschedule(t.actor, call.id, { in: "2h" });
  assert.equal(moved.dueAt, t.clock.now() + 7_200_000);
  assert.equal(moved.expiresAt, moved.dueAt + 3_600_000);
  await t.advance(7_199_000);
  assert.equal(t.network.witness().length, 0);
  await t.advance(1000);
  assert.equal(t.network.witness()[0]?.acceptedAt, moved.dueAt);
});

void test("a paused call that is moved stays paused, and a past time moves nothing", async () => {
  const t = await startEngine();
  const call = await t.call({ in: "10m" });
  await t.engine.pause(t.actor, call.id);
  const moved = await t.engine.reschedule(t.actor, call.id, { in: "20m" });
  assert.equal(moved.status, "paused");
  await assert.rejects(t.engine.reschedule(t.actor, call.id, { at: iso(t.clock.now() - 60_000) }), {
    code: "time_in_past",
  });
  assert.equal((await t.look(call)).version, moved.version);
  await t.advance(3_000_000);
  assert.equal(t.network.witness().length, 0);
});

void test("call now dials inside calling hours, and outside them refuses with the opening", async () => {
  const t = await startEngine();
  await t.engine.createHours(t.actor, {
    name: "day",
    weekly: { tue: ["09:00-11:00"], wed: ["09:00-11:00"] },
  });
  const inside = await t.call({ in: "30m", hours: "day" });
  assert.equal((await t.engine.callNow(t.actor, inside.id)).dueAt, t.clock.now());
  await t.advance(1000);
  assert.equal(t.network.witness().length, 1);
  const outside = await t.call({ in: "30m", hours: "day" });
  await t.engine.pause(t.actor, outside.id);
  await t.advance(7_200_000);
  await assert.rejects(
    t.engine.callNow(t.actor, outside.id),
    (error: { code?: string; extra?: { opens_at?: unknown } }) => {
      assert.equal(error.code, "wrong_state");
      assert.equal(iso(Number(error.extra?.opens_at)), "2026-12-02T14:00:00.000Z");
      return true;
    },
  );
  assert.equal((await t.look(outside)).status, "paused");
});

void test("a change that is bound to a version that has passed changes nothing", async () => {
  const t = await startEngine();
  const call = await t.call({ in: "10m" });
  await t.engine.pause(t.actor, call.id, call.version);
  await assert.rejects(t.engine.resume(t.actor, call.id, call.version), { code: "precondition_failed" });
  assert.equal((await t.look(call)).status, "paused");
});

void test("an id that is unknown or of another workspace is not found, whatever is asked of it", async () => {
  const t = await startEngine();
  const call = await t.call({ in: "10m" });
  const stranger = { workspaceId: 2, name: "stranger" };
  for (const [actor, id] of [
    [t.actor, "call_nothing"],
    [stranger, call.id],
  ] as const) {
    await assert.rejects(t.engine.getCall(actor, id), { code: "not_found" });
    await assert.rejects(t.engine.cancel(actor, id), { code: "not_found" });
    await assert.rejects(t.engine.pause(actor, id), { code: "not_found" });
    await assert.rejects(t.engine.reschedule(actor, id, { in: "5m" }), { code: "not_found" });
    await assert.rejects(t.engine.callNow(actor, id), { code: "not_found" });
    await assert.rejects(t.engine.settle(actor, id, { placed: true }), { code: "not_found" });
    await assert.rejects(t.engine.explain(actor, id), { code: "not_found" });
    await assert.rejects(t.engine.listAttempts(actor, id), { code: "not_found" });
    await assert.rejects(t.engine.listCallEvents(actor, id), { code: "not_found" });
  }
  assert.equal((await t.look(call)).version, call.version);
});
