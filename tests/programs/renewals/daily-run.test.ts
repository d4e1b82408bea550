import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { formatDay, parseDay } from "../../../src/domain/civil.ts";

import { type Call, type Json, type RenewalHouse, openRenewals, phoneOf } from "./house.ts";

const header = "customer_code,name,phone,policy_number,policy_name,duration_months,end_date,status";

/** A house whose calls last until the test ends them. */
async function openPlayed(): Promise<RenewalHouse> {
  const house = await openRenewals();
  await house.engine.createLine(house.actor, { name: "played", carrier: "stub", slots_max: 1000 });
  await house.engine.updateSettings(house.actor, { default_line: "played" });
  return house;
}

function row(index: number, endDate: string, status = "active"): string {
  return `C${index},Customer ${index},${phoneOf(index)},HP-12,Health Plus,12,${endDate},${status}`;
}

function dateIn(days: number): string {
  return formatDay((parseDay("2026-12-01") ?? 0) + days);
}

/** Ends the calls that are under way, in their order. */
async function endCalls(house: RenewalHouse, ended: Set<string>): Promise<number> {
  const running = house.stub.orders.filter(({ attemptKey }) => !ended.has(attemptKey));
  for (const { attemptKey } of running) {
    ended.add(attemptKey);
    const report = { key: "end", kind: "ended", at: house.clock.now(), outcome: "answered_human" } as const;
    await house.engine.receive(attemptKey, [report]);
  }
  await house.drain();
  return running.length;
}

test("200 customers are imported, the daily run calls the right ones within the limits, and an agreed renewal extends", async () => {
  const house = await openPlayed();
  // 120 end within the window, soonest last in the file; 40 end later, 20 have ended, 20 are not active.
  const rows = Array.from({ length: 200 }, (_, index) => {
    if (index < 120) return row(index, dateIn(30 - Math.floor(index / 4)));
    if (index < 160) return row(index, dateIn(31 + index));
    if (index < 180) return row(index, dateIn(-1));
    return row(index, dateIn(5), "cancelled");
  });
  const imported = await house.importCsv(header, rows);
  assert.equal(imported["customers_created"], 200);
  assert.equal(imported["customer_policies_created"], 200);
  assert.equal(imported.rejected, 0);
  await house.put("/api/scheduler/config", {
    daily_call_time: "11:30",
    max_calls_per_day: 50,
    max_concurrent_calls: 5,
    days_before_expiry: 30,
  });

  // 11:29 in India: nobody yet, although 10:00 has passed.
  await house.passTo("2026-12-01T05:59:59Z");
  assert.equal(house.stub.orders.length, 0);
  await house.passTo("2026-12-01T06:00:05Z");
  const ended = new Set<string>();
  let most = 0;
  for (let rounds = 0; rounds < 20; rounds += 1) {
    most = Math.max(most, await endCalls(house, ended));
    await house.advance(5000);
  }
  assert.equal(most, 5, "never more at once than the settings allow");
  assert.equal(house.stub.orders.length, 50, "and as many in a day");
  const soonest = new Set(Array.from({ length: 50 }, (_, index) => phoneOf(119 - index)));
  // Four end on each day, so that the last two of the fifty are any of a day's four.
  const called = house.stub.orders.map(({ to }) => to);
  assert.equal(new Set(called).size, 50);
  assert.ok(
    called.slice(0, 48).every((phone) => soonest.has(phone)),
    "whose policies end soonest, first",
  );
  const stats = await house.get("/api/scheduler/stats");
  assert.equal(stats["scheduled_today"], 50);
  assert.equal(stats["completed_today"], 50);

  const [first] = house.stub.orders;
  assert.deepEqual(
    [first?.metadata["policy_name"], first?.metadata["reason"], first?.purpose],
    ["Health Plus", "expiring_policy", "renewal"],
  );
  const call = await house.get(`/api/calls/${first?.callId ?? ""}`);
  await house.put(`/api/calls/${first?.callId ?? ""}/summary`, { renewal_agreed: true });
  const [held] = await house.get<Json[]>(`/api/customers/${String(call["customer_id"])}/policies`);
  const before = parseDay(dateIn(30 - Math.floor(119 / 4)));
  assert.equal(parseDay(String(held?.["end_date"])), (before ?? 0) + 365);

  // The next day has fifty calls of its own, for others.
  await house.sleepTo("2026-12-02T05:59:00Z");
  await house.passTo("2026-12-02T06:00:05Z");
  for (let rounds = 0; rounds < 20; rounds += 1) {
    await endCalls(house, ended);
    await house.advance(5000);
  }
  const next = house.stub.orders.slice(50).map(({ to }) => to);
  assert.equal(next.length, 50);
  assert.ok(next.every((phone) => !called.includes(phone)));
});

describe("the settings drive the daily run", () => {
  test("switched off, it does not run; the trigger still does", async () => {
    const house = await openRenewals();
    await house.insure(phoneOf(1), "2026-12-20");
    await house.put("/api/scheduler/config", { enabled: false });
    await house.passTo("2026-12-01T06:00:00Z");
    assert.deepEqual(await house.get("/api/scheduler/scheduled-calls"), []);
    assert.equal((await house.get("/api/scheduler/stats"))["scheduler_enabled"], false);
    assert.equal((await house.post("/api/scheduler/trigger-now"))["queued_count"], 1);
  });

  test("its time is that of the zone, and the timetable shows when it comes", async () => {
    const house = await openRenewals();
    const jobOf = () => house.engine.getJob(house.actor, "call-expiring-policies-daily");
    assert.equal((await jobOf()).nextRunAt, Date.parse("2026-12-01T04:30:00Z"));
    await house.put("/api/scheduler/config", { daily_call_time: "18:45" });
    assert.equal((await jobOf()).nextRunAt, Date.parse("2026-12-01T13:15:00Z"));
    await house.insure(phoneOf(1), "2026-12-20");
    await house.passTo("2026-12-01T13:16:00Z");
    const [made] = await house.get<Json[]>("/api/scheduler/scheduled-calls");
    assert.equal(made?.["created_at"], "2026-12-01T13:15:00Z");
    const { lastRun } = await jobOf();
    assert.equal(lastRun?.status, "succeeded");
    assert.equal(lastRun?.result?.["called"], 1);
    assert.equal(made?.["celery_task_id"], lastRun?.id);
    await assert.rejects(
      house.engine.editJob(house.actor, "call-expiring-policies-daily", { enabled: false }),
      /PUT \/api\/scheduler\/config/,
    );
  });

  test("who was called within the days to skip is left out, and the next one is called", async () => {
    const house = await openRenewals();
    await house.insure(phoneOf(1), "2026-12-20");
    await house.put("/api/scheduler/config", { skip_if_called_within_days: 2, enabled: false });
    const pending = async (): Promise<unknown> =>
      (await house.get("/api/scheduler/pending-customers"))["count"];
    await house.post("/api/scheduler/trigger-now");
    assert.equal(await pending(), 0, "selected already");
    await house.advance(300_000);
    assert.equal(await pending(), 0, "called today");
    await house.sleepTo("2026-12-03T05:00:00Z");
    assert.equal(await pending(), 0, "called two days ago");
    await house.put("/api/scheduler/config", { skip_if_called_within_days: 1 });
    assert.equal(await pending(), 1, "and one day is skipped");
    await house.put("/api/scheduler/config", { skip_if_called_within_days: 2 });
    await house.sleepTo("2026-12-04T05:00:00Z");
    const after = await house.get<{ customers: Json[] }>("/api/scheduler/pending-customers");
    assert.equal(after.customers[0]?.["call_count"], 1);
    assert.equal(after.customers[0]?.["last_call_date"], "2026-12-01T04:00:00Z");
  });

  test("a day has so many calls, whoever asks for them", async () => {
    const house = await openRenewals();
    for (let index = 0; index < 8; index += 1) await house.insure(phoneOf(index), "2026-12-20");
    await house.put("/api/scheduler/config", { max_calls_per_day: 5, enabled: false });
    const counts: unknown[] = [];
    for (let times = 0; times < 3; times += 1)
      counts.push((await house.post("/api/scheduler/trigger-now?max_calls=3"))["queued_count"]);
    assert.deepEqual(counts, [3, 2, 0]);
    // What is canceled before it was made leaves room again.
    await house.sleepTo("2026-12-02T04:00:00Z");
    assert.equal((await house.post("/api/scheduler/trigger-now"))["queued_count"], 3);
  });

  test("what is canceled before it was made leaves room for another", async () => {
    const house = await openPlayed();
    for (let index = 0; index < 4; index += 1) await house.insure(phoneOf(index), "2026-12-20");
    await house.put("/api/scheduler/config", {
      max_calls_per_day: 2,
      max_concurrent_calls: 1,
      enabled: false,
    });
    assert.equal((await house.post("/api/scheduler/trigger-now"))["queued_count"], 2);
    const waiting = await house.get<Call[]>("/api/scheduler/scheduled-calls?status=queued");
    const canceled = await Promise.all(
      waiting.map(({ id }) => house.ask("DELETE", `/api/scheduler/scheduled-calls/${id}`)),
    );
    assert.equal(
      canceled.filter(({ statusCode }) => statusCode === 200).length,
      1,
      "the other one is being made",
    );
    assert.equal((await house.post("/api/scheduler/trigger-now"))["queued_count"], 1);
  });

  test("customers who must not be called do not fill every run", async () => {
    const house = await openRenewals();
    await house.put("/api/scheduler/config", { enabled: false });
    for (let index = 0; index < 3; index += 1) {
      await house.insure(phoneOf(index), "2026-12-10");
      await house.ask("POST", "/v1/suppressions", { to: phoneOf(index) });
    }
    const { customer } = await house.insure(phoneOf(3), "2026-12-20");
    await house.post("/api/scheduler/trigger-now?max_calls=3");
    await house.advance(120_000);
    await house.sleepTo("2026-12-02T04:30:00Z");
    assert.equal((await house.post("/api/scheduler/trigger-now?max_calls=3"))["queued_count"], 1);
    const [made] = await house.get<Call[]>("/api/scheduler/scheduled-calls");
    assert.equal(made?.customer_id, customer);
  });

  test("who does not answer is tried again after so many hours, so many times", async () => {
    const house = await openPlayed();
    house.stub.onPlace = ({ attemptId }) => ({
      kind: "accepted",
      carrierRef: attemptId,
      reports: [{ key: "end", kind: "ended", at: house.clock.now(), outcome: "no_answer" }],
    });
    await house.put("/api/scheduler/config", {
      retry_failed_after_hours: 2,
      max_retries_per_customer: 2,
      enabled: false,
    });
    const { customer } = await house.insure(phoneOf(1), "2026-12-20");
    await house.post<Call>(`/api/calls/initiate/${customer}`);
    const seen: unknown[] = [];
    for (const instant of ["2026-12-01T05:59:00Z", "2026-12-01T06:01:00Z", "2026-12-01T08:01:00Z"]) {
      await house.passTo(instant);
      const [shown] = await house.get<Call[]>("/api/scheduler/scheduled-calls");
      seen.push([house.stub.orders.length, shown?.status, shown?.retry_count]);
    }
    assert.deepEqual(seen, [
      [1, "pending", 1],
      [2, "pending", 2],
      [3, "failed", 2],
    ]);
    assert.equal((await house.get("/api/scheduler/stats"))["failed_today"], 1);
    assert.equal((await house.get(`/api/customers/${customer}`))["call_count"], 1);
  });
});
