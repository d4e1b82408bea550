import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallRequest } from "../../src/engine/engine.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { FAKE_START } from "../support/fake-clock.ts";

const iso = (at: number): string => new Date(at).toISOString();

async function total(t: TestEngine): Promise<number> {
  const stats = await t.engine.stats(t.actor);
  return Object.values(stats.calls).reduce((sum, count) => sum + count, 0);
}

/** Asserts that a request is refused with a code and a field, and that nothing was written. */
async function refused(
  t: TestEngine,
  request: Partial<CallRequest>,
  code: string,
  pointer: string,
): Promise<void> {
  const before = await total(t);
  await assert.rejects(t.call(request), (error: { code?: string; faults?: { pointer: string }[] }) => {
    assert.equal(error.code, code);
    assert.equal(error.faults?.[0]?.pointer, pointer);
    return true;
  });
  assert.equal(await total(t), before);
}

void test("the same request with the same key is one call, also long after, and also at the same time", async () => {
  const t = await startEngine();
  const key = { key: "k1", fingerprint: "body 1" };
  const ask = () => t.engine.schedule(t.actor, { to: "+12125550100", in: "1h" }, key);
  const [first, second, third] = await Promise.all([ask(), ask(), ask()]);
  await t.advance(7_200_000);
  const later = await ask();
  const answers = [first, second, third, later];
  assert.equal(new Set(answers.map((one) => one.call.id)).size, 1);
  assert.deepEqual(
    answers.map((one) => one.replayed),
    [false, true, true, true],
  );
  assert.deepEqual(
    answers.map((one) => one.status),
    [201, 201, 201, 201],
  );
  assert.equal(later.call.status, "completed", "a replay shows the call as it is now");
  assert.equal(await total(t), 1);
});

void test("the same key with another body is refused and changes nothing", async () => {
  const t = await startEngine();
  await t.engine.schedule(t.actor, { to: "+12125550100" }, { key: "k1", fingerprint: "body 1" });
  await assert.rejects(
    t.engine.schedule(t.actor, { to: "+12125550101" }, { key: "k1", fingerprint: "body 2" }),
    { code: "idempotency_mismatch" },
  );
  assert.equal(await total(t), 1);
});

void test("a bulk with a key is made once, and each item stands for itself", async () => {
  const t = await startEngine();
  const key = { key: "bulk", fingerprint: "b" };
  const calls = [{ to: "+12125550100", in: "1h" }, { to: "not a number" }, { to: "+12125550101", in: "1h" }];
  const made = await t.engine.scheduleMany(t.actor, calls, key);
  assert.deepEqual(
    made.items.map((item) => item.ok),
    [true, false, true],
  );
  const again = await t.engine.scheduleMany(t.actor, calls, key);
  assert.equal(again.replayed, true);
  const ids = (items: typeof made.items) =>
    items.map((item) => (item.ok ? item.scheduled.call.id : item.refusal.code));
  assert.deepEqual(ids(again.items), ids(made.items));
  assert.equal(await total(t), 2);
  await assert.rejects(t.engine.scheduleMany(t.actor, calls, { ...key, fingerprint: "c" }), {
    code: "idempotency_mismatch",
  });
});

void test("two bulks with one key at the same time make their calls once", async () => {
  const t = await startEngine();
  const ask = () =>
    t.engine.scheduleMany(t.actor, [{ to: "+12125550100", in: "1h" }], { key: "k", fingerprint: "f" });
  await Promise.allSettled([ask(), ask(), ask()]);
  assert.equal(await total(t), 1);
});

void test("1,001 calls at once are refused and none is made", async () => {
  const t = await startEngine();
  const calls = Array.from({ length: 1001 }, () => ({ to: "+12125550100" }));
  await assert.rejects(t.engine.scheduleMany(t.actor, calls), { code: "too_many_items" });
  assert.equal(await total(t), 0);
});

void test("a dedupe key is one live call: refused with its id, or returned, and free again once it has ended", async () => {
  const t = await startEngine();
  const first = await t.call({ dedupe_key: "order 7", in: "10m" });
  await assert.rejects(t.call({ dedupe_key: "order 7" }), (error: { code?: string; extra?: object }) => {
    assert.equal(error.code, "dedupe_conflict");
    assert.deepEqual(error.extra, { existing_id: first.id });
    return true;
  });
  const same = await t.call({ dedupe_key: "order 7", on_duplicate: "return" });
  assert.equal(same.id, first.id);
  await t.engine.cancel(t.actor, first.id);
  const next = await t.call({ dedupe_key: "order 7" });
  assert.notEqual(next.id, first.id);
  await t.advance(120_000);
  assert.equal((await t.look(next)).status, "completed");
  await t.call({ dedupe_key: "order 7" });
});

void test("what is learned late of a call that has ended does not free the key that another call holds by now", async () => {
  const t = await startEngine();
  await t.engine.createLine(t.actor, { name: "played", carrier: "stub" });
  const first = await t.call({ dedupe_key: "order 7", line: "played" });
  await t.drain();
  const attemptKey = t.stub.orders[0]?.attemptKey ?? "";
  const at = t.clock.now();
  await t.engine.receive(attemptKey, [{ key: "a", kind: "ended", at, outcome: "invalid_number" }]);
  assert.equal((await t.look(first)).status, "failed");
  const second = await t.call({ dedupe_key: "order 7", line: "played", in: "10m" });
  await t.engine.receive(attemptKey, [{ key: "b", kind: "ended", at, outcome: "answered_human" }]);
  assert.equal((await t.look(first)).status, "completed");
  await assert.rejects(t.call({ dedupe_key: "order 7", line: "played" }), (error: { extra?: object }) => {
    assert.deepEqual(error.extra, { existing_id: second.id });
    return true;
  });
});

void test("a create that a dedupe key refused leaves its idempotency key free", async () => {
  const t = await startEngine();
  const first = await t.call({ dedupe_key: "d", in: "10m" });
  const ask = () =>
    t.engine.schedule(
      t.actor,
      { to: "+12125550100", dedupe_key: "d", in: "1h" },
      { key: "k", fingerprint: "f" },
    );
  await assert.rejects(ask(), { code: "dedupe_conflict" });
  await t.engine.cancel(t.actor, first.id);
  assert.equal((await ask()).replayed, false);
});

void test("what cannot be planned is refused with its field, and changes nothing", async () => {
  const t = await startEngine();
  await t.engine.createHours(t.actor, {
    name: "office",
    weekly: { mon: ["09:00-17:00"] },
    timezone: "America/New_York",
  });
  await t.engine.createHours(t.actor, {
    name: "never",
    weekly: { mon: ["09:00-17:00"] },
    timezone: "UTC",
    closed_dates: Array.from({ length: 70 }, (_, i) =>
      iso(Date.parse("2026-12-07T00:00Z") + i * 604_800_000).slice(0, 10),
    ),
  });
  await refused(t, { to: "12125550100" }, "phone_invalid", "/to");
  await refused(t, { at: iso(FAKE_START - 60_000) }, "time_in_past", "/at");
  await refused(t, { at: "2026-12-02T10:00:00" }, "timezone_required", "/at");
  await refused(t, { at: "2026-12-02T10:00:00", timezone: "Mars/Olympus" }, "timezone_unknown", "/timezone");
  await refused(t, { at: "2026-12-02T10:00:00Z", in: "5m" }, "invalid_body", "/in");
  await refused(t, { in: "soon" }, "time_invalid", "/in");
  await refused(t, { hours: "nobody's" }, "hours_unknown", "/hours");
  await refused(t, { hours: "never" }, "never_open", "/hours");
  await refused(t, { line: "nope" }, "line_unknown", "/line");
  await refused(t, { retry_policy: "nope" }, "retry_policy_unknown", "/retry_policy");
  await refused(t, { expires_at: iso(FAKE_START - 1), in: "5m" }, "expires_too_early", "/expires_at");
  await refused(t, { sandbox: { script: ["answered", "dances"] } }, "script_invalid", "/sandbox/script/1");
  await refused(t, { at: "2033-12-02T10:00:00Z" }, "time_too_far", "/at");
});

void test("a local time that the clocks skip or repeat is taken as asked", async () => {
  const t = await startEngine();
  const at = async (local: string, disambiguation: CallRequest["disambiguation"] & string = "compatible") => {
    const view = await t.engine.preview(t.actor, {
      to: "+12125550100",
      at: local,
      timezone: "America/New_York",
      disambiguation,
    });
    return iso(view.dueAt);
  };
  const gap = "2027-03-14T02:30:00";
  const overlap = "2027-11-07T01:30:00";
  assert.equal(await at(gap), "2027-03-14T07:30:00.000Z");
  assert.equal(await at(overlap), "2027-11-07T05:30:00.000Z");
  assert.equal(await at(overlap, "later"), "2027-11-07T06:30:00.000Z");
  await assert.rejects(at(gap, "reject"), { code: "local_time_skipped" });
  await assert.rejects(at(overlap, "reject"), { code: "local_time_repeated" });
  const view = await t.engine.preview(t.actor, { to: "+12125550100", at: gap, timezone: "America/New_York" });
  assert.match(view.warnings.join(" "), /does not exist in America\/New_York/);
});

void test("a preview shows the call that would be made, and makes none", async () => {
  const t = await startEngine();
  await t.engine.createHours(t.actor, { name: "mornings", weekly: { wed: ["09:00-12:00"] } });
  const view = await t.engine.preview(t.actor, { to: "+12125550100", hours: "mornings", in: "5m" });
  assert.equal(view.id, "");
  assert.equal(iso(view.dueAt), "2026-12-02T14:00:00.000Z");
  assert.equal(view.moves.at(-1)?.rule, "mornings");
  assert.equal(await total(t), 0);
});

void test("64 creates at the same time share a few commits, and a thousand one more", async () => {
  const t = await startEngine();
  await t.call({ in: "1h" });
  const before = t.store.count("schedule");
  await Promise.all(Array.from({ length: 64 }, () => t.call({ in: "1h" })));
  assert.ok(t.store.count("schedule") - before <= 2, `${t.store.count("schedule") - before} commits`);
  const calls = Array.from({ length: 1000 }, () => ({ to: "+12125550100", in: "1h" }));
  const { items } = await t.engine.scheduleMany(t.actor, calls);
  assert.ok(items.every((item) => item.ok));
  assert.ok(t.store.count("schedule") - before <= 3);
  assert.equal(await total(t), 1065);
});

void test("a create is answered only after its commit, and one whose commit failed was not made", async () => {
  const t = await startEngine();
  t.store.failing = (name, moment) => (name === "schedule" && moment === "before" ? "full" : null);
  await assert.rejects(t.call({}), { fault: "full" });
  t.store.failing = () => null;
  assert.equal(await total(t), 0);
});

void test("when the answer to a commit is lost, each create of the group is answered as it truly went", async () => {
  const t = await startEngine();
  const older = await t.engine.schedule(
    t.actor,
    { to: "+12125550100", in: "1h" },
    { key: "old", fingerprint: "f" },
  );
  let lost = 0;
  t.store.failing = (name, moment) => {
    if (name !== "schedule" || moment !== "after" || lost > 0) return null;
    lost += 1;
    return "commit_unknown";
  };
  const asked = Promise.all([
    t.call({ in: "1h" }),
    t.engine.schedule(t.actor, { to: "+12125550100", in: "1h" }, { key: "old", fingerprint: "f" }),
    t.engine.schedule(t.actor, { to: "+12125550102", in: "1h" }, { key: "new", fingerprint: "f" }),
  ]);
  await t.advance(1000);
  const [plain, replay, keyed] = await asked;
  assert.equal(lost, 1);
  assert.equal(replay.call.id, older.call.id);
  assert.equal(replay.replayed, true);
  assert.equal(keyed.replayed, false);
  assert.notEqual(plain.id, keyed.call.id);
  assert.equal(await total(t), 3);
});
