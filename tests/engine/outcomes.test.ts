import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestEngine, startEngine } from "../support/engine.ts";

const iso = (at: number): string => new Date(at).toISOString();
const minute = 60_000;

/** Runs a scripted call to its end and tells how it went. */
async function played(t: TestEngine, script: readonly string[], withinMs = 3 * 86_400_000) {
  const call = await t.call({ sandbox: { script } });
  const ended = ["completed", "failed", "expired", "needs_review", "skipped"];
  await t.runUntil(async () => ended.includes((await t.look(call)).status), withinMs);
  return { call: await t.look(call), attempts: await t.engine.listAttempts(t.actor, call.id) };
}

void test("a busy line is tried again later and later, and given up when the tries are used up", async () => {
  const t = await startEngine();
  const { call, attempts } = await played(t, ["busy"]);
  assert.equal(call.status, "failed");
  assert.equal(call.reason, "retries_exhausted");
  assert.equal(attempts.length, 4);
  assert.deepEqual(
    attempts.map((one) => one.number),
    [1, 2, 3, 4],
  );
  const waits = attempts.slice(1).map((one, index) => one.claimedAt - (attempts[index]?.endedAt ?? 0));
  for (const [index, wait] of waits.entries()) {
    const planned = 10 * minute * 2 ** index;
    assert.ok(Math.abs(wait - planned) <= planned * 0.1 + 1, `try ${index + 2} came after ${wait} ms`);
  }
});

void test("each outcome is followed by what its class asks for", async () => {
  const t = await startEngine();
  const rows: [string[], string, string, number][] = [
    [["answered"], "completed", "answered_human", 1],
    [["busy", "no_answer", "answered:confirmed"], "completed", "answered_human", 3],
    [["no_answer"], "failed", "no_answer", 4],
    [["voicemail"], "failed", "answered_machine", 3],
    [["voicemail:left_message"], "completed", "answered_machine", 1],
    [["declined"], "failed", "declined", 2],
    [["invalid_number"], "failed", "invalid_number", 1],
    [["spam"], "failed", "blocked", 1],
    [["503", "answered"], "completed", "answered_human", 2],
    [["unreachable"], "failed", "unreachable", 6],
    [["hangs_up"], "completed", "answered_human", 1],
    [["ivr"], "completed", "answered_unknown", 1],
    [["duplicate"], "completed", "answered_human", 1],
    [["out_of_order"], "completed", "answered_human", 1],
    [["late"], "completed", "answered_human", 1],
  ];
  for (const [script, status, outcome, tries] of rows) {
    const { call, attempts } = await played(t, script);
    assert.deepEqual([call.status, call.outcome, attempts.length], [status, outcome, tries], script.join());
    assert.equal(call.attempts, tries, script.join());
  }
});

void test("a carrier that is full is left alone for as long as it asked, and that was no try", async () => {
  const t = await startEngine();
  const { call, attempts } = await played(t, ["429"]);
  assert.equal(call.status, "completed");
  assert.equal(call.attempts, 1);
  assert.equal(attempts.length, 2);
  assert.ok((attempts[1]?.claimedAt ?? 0) - (attempts[0]?.claimedAt ?? 0) >= 5000);
});

void test("a retry that falls outside the calling hours waits for the next opening", async () => {
  const t = await startEngine();
  const days = { tue: ["09:00-10:20"], wed: ["09:00-10:20"] };
  await t.engine.createHours(t.actor, { name: "brief", weekly: days });
  const call = await t.call({ in: "15m", hours: "brief", sandbox: { script: ["busy", "answered"] } });
  await t.advance(16 * minute);
  const waiting = await t.look(call);
  assert.equal(waiting.status, "scheduled");
  assert.equal(waiting.reason, "calling_hours");
  assert.equal(iso(waiting.dueAt), "2026-12-02T14:00:00.000Z");
  assert.equal(waiting.expiresAt, waiting.dueAt + 3_600_000);
  await t.advance(24 * 3_600_000);
  assert.equal((await t.look(call)).status, "completed");
});

void test("a retry that would come after the last useful instant is not made", async () => {
  const t = await startEngine();
  const call = await t.call({
    expires_at: iso(t.clock.now() + 5 * minute),
    sandbox: { script: ["busy", "answered"] },
  });
  await t.advance(3_600_000);
  const after = await t.look(call);
  assert.equal(after.status, "failed");
  assert.equal(after.reason, "deadline_passed");
  assert.equal(t.network.witness().length, 1);
});

void test("a retry policy of one's own decides for its calls", async () => {
  const t = await startEngine();
  await t.engine.createRetryPolicy(t.actor, {
    name: "once more",
    rules: { busy: { retries: 1, first_delay: "30s" } },
    jitter: 0,
  });
  const call = await t.call({ retry_policy: "once more", sandbox: { script: ["busy"] } });
  await t.advance(3_600_000);
  const attempts = await t.engine.listAttempts(t.actor, call.id);
  assert.equal(attempts.length, 2);
  assert.equal((attempts[1]?.dueAt ?? 0) - (attempts[0]?.endedAt ?? 0), 30_000);
});

void test("who says stop is not called again, not by calls that wait, nor by new ones", async () => {
  const t = await startEngine();
  const waiting = await t.call({ in: "10m" });
  const { call } = await played(t, ["answered:opt_out"]);
  assert.equal(call.disposition, "opt_out");
  const { data } = await t.engine.listSuppressions(t.actor, { limit: 10 });
  assert.deepEqual(
    data.map((one) => [one.to, one.reason, one.kind]),
    [["+12125550100", "opt_out", "suppressed"]],
  );
  const late = await t.call({});
  await t.advance(20 * minute);
  for (const one of [waiting, late]) {
    const now = await t.look(one);
    assert.deepEqual([now.status, now.reason], ["skipped", "suppressed"]);
  }
  assert.equal(t.network.witness().length, 1);
});

void test("several people who say stop in the same instant are all kept, also one who says it twice", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub" });
  const people = ["+12125550100", "+12125550100", "+12125550101"];
  for (const to of people) await t.call({ to, line: "played" });
  await t.drain();
  assert.equal(t.stub.orders.length, 3);
  const stop = {
    key: "e",
    kind: "ended",
    at: t.clock.now(),
    outcome: "answered_human",
    disposition: "opt_out",
  } as const;
  const stored = await Promise.all(t.stub.orders.map((order) => t.engine.receive(order.attemptKey, [stop])));
  assert.deepEqual(stored, ["stored", "stored", "stored"]);
  const { data } = await t.engine.listSuppressions(t.actor, { limit: 10 });
  assert.deepEqual(data.map((one) => one.to).toSorted(), ["+12125550100", "+12125550101"]);
});

void test("a number on the list is not dialed; one whose time on it has passed is", async () => {
  const t = await startEngine();
  await t.engine.createSuppression(t.actor, { to: "+12125550101" });
  await t.engine.createSuppression(t.actor, { to: "+12125550102", until: iso(t.clock.now() + 5 * minute) });
  await t.engine.createSuppression(t.actor, { to: "+12125550103", purpose: "sales" });
  const never = await t.call({ to: "+12125550101", in: "10m" });
  const soon = await t.call({ to: "+12125550102" });
  const later = await t.call({ to: "+12125550102", in: "10m", sandbox: { script: ["answered"] } });
  const sales = await t.call({ to: "+12125550103", purpose: "sales" });
  const service = await t.call({ to: "+12125550103", purpose: "service", sandbox: { script: ["answered"] } });
  await t.advance(15 * minute);
  const statuses = await Promise.all(
    [never, soon, later, sales, service].map(async (one) => (await t.look(one)).status),
  );
  assert.deepEqual(statuses, ["skipped", "skipped", "completed", "skipped", "completed"]);
});

void test("a carrier that rings people has a number that cannot be called quarantined; the sandbox has not", async () => {
  const t = await startEngine({ realStub: true });
  await t.engine.createLine(t.actor, { name: "real", carrier: "stub" });
  await t.engine.allowNumber(t.actor, { to: "+12125550101" });
  t.stub.onPlace = () => ({ kind: "refused", outcome: "invalid_number", detail: "404" });
  const first = await t.call({ to: "+12125550101", line: "real" });
  await t.advance(1000);
  assert.equal((await t.look(first)).status, "failed");
  const second = await t.call({ to: "+12125550101", line: "real" });
  await t.advance(1000);
  assert.equal((await t.look(second)).reason, "number_quarantined");
  assert.equal(t.stub.orders.length, 1);
  await t.call({ line: "sandbox", sandbox: { script: ["invalid_number"] } });
  await t.advance(60_000);
  assert.equal((await t.engine.listSuppressions(t.actor, { limit: 10 })).data.length, 1);
});
