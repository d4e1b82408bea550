import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { LineInput } from "../../src/engine/config-api.ts";
import type { BudgetInput } from "../../src/engine/live-api.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { seedOf } from "../domain/seed.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** A line that the test plays, with a budget: 0.10 a minute, calls of at most five minutes. */
async function withBudget(budget: BudgetInput, over: Partial<LineInput> = {}): Promise<TestEngine> {
  const t = await startEngine();
  await t.engine.createLine(t.actor, {
    name: "played",
    carrier: "stub",
    slots_max: 1000,
    max_duration_seconds: 300,
    ring_timeout_seconds: 30,
    ...over,
  });
  await t.engine.updateSettings(t.actor, { default_line: "played", default_expires_after: "3d" });
  await t.engine.setBudget(t.actor, "played", { price_per_minute: "0.10", ...budget });
  return t;
}

async function calls(t: TestEngine, count: number): Promise<void> {
  await t.engine.scheduleMany(
    t.actor,
    Array.from({ length: count }, (_, index) => ({ to: `+1212555${1000 + index}` })),
  );
  await t.advance(second);
}

function end(t: TestEngine, index: number, durationMs?: number): Promise<unknown> {
  return t.engine.receive(t.stub.orders[index]?.attemptKey ?? "", [
    {
      key: "e",
      kind: "ended",
      at: t.clock.now(),
      outcome: durationMs === undefined ? "no_answer" : "answered_human",
      ...(durationMs !== undefined && { durationMs }),
    },
  ]);
}

async function today(t: TestEngine) {
  const { day } = await t.engine.getBudget(t.actor, "played");
  return [day.reserved / 10_000, day.spent / 10_000, day.overspent / 10_000];
}

void test("the worst case is reserved before dialing, and what a call did not cost comes back when it ends", async () => {
  const t = await withBudget({ per_day_max: "1.20" });
  await calls(t, 4);
  assert.equal(t.stub.orders.length, 2);
  assert.deepEqual(await today(t), [100, 0, 0]);
  const { data } = await t.engine.listCalls(t.actor, { status: ["queued"] }, { limit: 10 });
  assert.deepEqual(
    data.map(({ waitingFor }) => waitingFor),
    ["spend_cap", "spend_cap"],
  );
  assert.equal((await t.engine.getLine(t.actor, "played")).waitingFor, "spend_cap");
  await end(t, 0, 61 * second);
  await t.advance(second);
  assert.deepEqual(await today(t), [100, 20, 0]);
  assert.equal(t.stub.orders.length, 3);
  await end(t, 1);
  await t.advance(second);
  assert.deepEqual(await today(t), [100, 20, 0]);
  assert.equal(t.stub.orders.length, 4);
  await end(t, 2, 5 * minute);
  await end(t, 3, 1);
  await t.advance(second);
  assert.deepEqual(await today(t), [0, 80, 0]);
});

void test("what waits for money goes on with the line's next day, and is announced once a line and day", async () => {
  const t = await withBudget({ per_day_max: "0.50" }, { timezone: "America/New_York" });
  await calls(t, 3);
  for (let index = 0; index < 3; index += 1) await calls(t, 1);
  await end(t, 0, 5 * minute);
  await t.advance(12 * hour);
  assert.equal(t.stub.orders.length, 1);
  const events = async () => (await t.engine.listEvents(t.actor, null, 500, ["line.spend_cap_reached"])).data;
  assert.deepEqual(
    (await events()).map(({ data, callId }) => [data, callId]),
    [[{ line: "played", span: "day" }, null]],
  );
  // 10:00 in New York plus fourteen hours is its midnight.
  await t.advance(2 * hour + second);
  assert.equal(t.stub.orders.length, 2);
  assert.equal((await events()).length, 2);
});

void test("an hour has its own maximum, and a call its own", async () => {
  const t = await withBudget({
    per_hour_max: "1.00",
    per_call_max: "0.50",
    prices: [{ prefix: "+44", per_minute: "0.20" }],
  });
  await assert.rejects(t.call({ to: "+442079460958" }), { code: "too_costly" });
  await calls(t, 3);
  assert.equal(t.stub.orders.length, 2);
  await end(t, 0, 5 * minute);
  await end(t, 1, 5 * minute);
  await t.advance(minute);
  assert.equal(t.stub.orders.length, 2);
  await t.advance(hour);
  assert.equal(t.stub.orders.length, 3);
});

void test("a call that became too costly after it was scheduled is not dialed, and says so", async () => {
  const t = await withBudget({});
  const call = await t.call({ in: "1m" });
  await t.engine.setBudget(t.actor, "played", { per_call_max: "0.40" });
  await t.advance(5 * minute);
  assert.equal(t.stub.orders.length, 0);
  assert.equal((await t.look(call)).waitingFor, "call_cost_cap");
  await t.engine.setBudget(t.actor, "played", { per_call_max: null });
  await t.advance(second);
  assert.equal(t.stub.orders.length, 1);
});

void test("the money of an attempt that nobody can tell about comes back; if it was a call after all, that is counted", async () => {
  const t = await withBudget({ per_day_max: "0.50" });
  t.stub.onPlace = () => ({ kind: "unknown", detail: "the request timed out" });
  const call = await t.call({});
  await t.advance(second);
  assert.deepEqual(await today(t), [50, 0, 0]);
  await t.runUntil(async () => (await t.look(call)).status === "needs_review");
  assert.deepEqual(await today(t), [0, 0, 0]);
  await t.engine.settle(t.actor, call.id, { placed: true });
  assert.deepEqual(await today(t), [0, 0, 50]);
  await t.call({ to: "+12125550101" });
  await t.advance(second);
  assert.equal(t.stub.orders.length, 1, "what was charged beyond a reservation counts too");
});

void test("a refused request, and one that never left, cost nothing", async () => {
  const t = await withBudget({ per_day_max: "1.00" });
  t.stub.onPlace = () => ({ kind: "refused", outcome: "invalid_number", detail: "404" });
  await calls(t, 3);
  assert.deepEqual(await today(t), [0, 0, 0]);
  t.stub.onPlace = () => ({ kind: "refused", outcome: "not_placed", detail: "429", retryAfterMs: 5000 });
  await t.call({ to: "+12125550177" });
  await t.advance(minute);
  assert.deepEqual(await today(t), [0, 0, 0]);
});

void test("a call that lasted longer than its line allows is counted beyond what was reserved", async () => {
  const t = await withBudget({ per_day_max: "0.50" });
  await calls(t, 1);
  await end(t, 0, 7 * minute);
  assert.deepEqual(await today(t), [0, 50, 20]);
});

void test("reports that come twice, late and in any order settle the money once", async () => {
  const t = await withBudget({});
  await calls(t, 1);
  const key = t.stub.orders[0]?.attemptKey ?? "";
  const at = t.clock.now();
  const ended = {
    key: "end",
    kind: "ended",
    at: at + 90 * second,
    outcome: "answered_human",
    durationMs: 90 * second,
  } as const;
  await t.engine.receive(key, [ended]);
  await t.engine.receive(key, [ended]);
  await t.engine.receive(key, [{ key: "answer", kind: "answered", at }]);
  await t.engine.receive(key, [{ key: "ring", kind: "ringing", at }]);
  await t.engine.receive(key, [{ ...ended, key: "again" }]);
  assert.deepEqual(await today(t), [0, 20, 0]);
});

void test("amounts that cannot be read, a maximum without a price and a wrong line are refused, and change nothing", async () => {
  const t = await withBudget({ per_day_max: "2" });
  const set = (input: BudgetInput) => t.engine.setBudget(t.actor, "played", input);
  await assert.rejects(set({ price_per_minute: "1e3" }), { code: "amount_invalid" });
  await assert.rejects(set({ price_per_minute: "0" }), { code: "amount_invalid" });
  await assert.rejects(set({ per_hour_max: "-1" }), { code: "amount_invalid" });
  await assert.rejects(set({ prices: [{ prefix: "44", per_minute: "1" }] }), { code: "phone_invalid" });
  await assert.rejects(t.engine.setBudget(t.actor, "nowhere", {}), { code: "not_found" });
  const { dayMax, perMinute } = await t.engine.getBudget(t.actor, "played");
  assert.deepEqual([dayMax, perMinute], [2_000_000, 100_000]);
});

void test("a kill between reserving and dialing gives the money back", async () => {
  const t = await withBudget({ per_day_max: "0.50" });
  t.stub.onPlace = () => new Promise(() => {});
  await t.call({});
  await t.advance(second);
  const later = await t.afterKill();
  later.stub.onLookup = () => ({ kind: "absent" });
  later.stub.onPlace = () => ({ kind: "accepted", carrierRef: "x", reports: [] });
  await later.runUntil(() => later.stub.orders.length === 2);
  assert.deepEqual(await today(later), [50, 0, 0]);
});

void test("whatever carriers say and whenever, reserved and spent stay below the maximums", async (context: TestContext) => {
  const seed = seedOf(context);
  const random = new SeededRandom(seed);
  const dice = (max: number): number => Math.floor(random.float() * max);
  const t = await withBudget({ per_day_max: "3.00", per_hour_max: "2.00" });
  const answers = ["accepted", "accepted", "unknown", "refused"] as const;
  t.stub.onPlace = (order) => {
    const kind = answers[dice(answers.length)] ?? "accepted";
    if (kind === "accepted") return { kind, carrierRef: order.attemptId, reports: [] };
    return kind === "unknown" ? { kind, detail: "lost" } : { kind, outcome: "not_placed", detail: "no" };
  };
  t.stub.onLookup = () => (dice(3) === 0 ? { kind: "absent" } : { kind: "unavailable", detail: "busy" });
  for (let step = 0; step < 60; step += 1) {
    await calls(t, dice(4));
    for (let turn = 0; turn < 3 && t.stub.orders.length > 0; turn += 1)
      await end(t, dice(t.stub.orders.length), dice(3) === 0 ? undefined : dice(8 * minute));
    await t.advance(dice(20 * minute));
    const rows = await t.store.read("look at the money", () =>
      t.store.statements.money.spending(
        Array.from({ length: 3 }, (_, index) => ({
          line_id: 2,
          span: "day" as const,
          number: Math.floor(t.clock.now() / 86_400_000) - index,
        })),
      ),
    );
    const { hour: thisHour } = await t.engine.getBudget(t.actor, "played");
    assert.ok(thisHour.reserved + thisHour.spent <= 2_000_000, `seed ${seed}, step ${step}`);
    for (const row of rows) {
      assert.ok(row.reserved >= 0 && row.reserved + row.spent <= 3_000_000, `seed ${seed}, step ${step}`);
    }
    assert.ok(rows.length > 0 || step < 5);
  }
  await t.advance(3 * 24 * hour);
  const { day } = await t.engine.getBudget(t.actor, "played");
  assert.equal(day.reserved, 0, `seed ${seed}`);
});
