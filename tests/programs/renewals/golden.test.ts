import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type Call, type Json, openRenewals, phoneOf } from "./house.ts";

/** Every printed field is there, with the type that is printed. */
function assertShape(answer: Json, printed: Json): void {
  for (const [name, value] of Object.entries(printed)) {
    assert.ok(name in answer, `${name} is missing`);
    assert.equal(typeof answer[name], typeof value, `${name} is ${JSON.stringify(answer[name])}`);
  }
}

describe("the settings", () => {
  test("as printed, and the others that the service has", async () => {
    const house = await openRenewals();
    const config = await house.get("/api/scheduler/config");
    assert.deepEqual(config, {
      enabled: true,
      daily_call_time: "10:00",
      days_before_expiry: 30,
      max_calls_per_day: 50,
      skip_if_called_within_days: 7,
      max_concurrent_calls: 5,
      retry_failed_after_hours: 24,
      max_retries_per_customer: 3,
      updated_at: null,
    });
  });

  test("the printed change, of four of them", async () => {
    const house = await openRenewals();
    const changed = await house.put("/api/scheduler/config", {
      enabled: true,
      daily_call_time: "11:00",
      days_before_expiry: 14,
      max_calls_per_day: 100,
    });
    assert.equal(changed["daily_call_time"], "11:00");
    assert.equal(changed["days_before_expiry"], 14);
    assert.equal(changed["max_calls_per_day"], 100);
    assert.equal(changed["skip_if_called_within_days"], 7);
    assert.deepEqual(await house.get("/scheduler/config"), changed);
  });

  test("what is out of range, or no time, is told of together and changes nothing", async () => {
    const house = await openRenewals();
    const before = await house.get("/api/scheduler/config");
    const answer = await house.ask("PUT", "/api/scheduler/config", {
      daily_call_time: "25:00",
      days_before_expiry: 0,
      max_calls_per_day: "many",
      enabled: "perhaps",
    });
    assert.equal(answer.statusCode, 422);
    const { detail } = answer.json<{ detail: { loc: string[]; msg: string; type: string }[] }>();
    assert.deepEqual(
      detail.map(({ loc, type }) => [loc.join("."), type]),
      [
        ["body.enabled", "bool_parsing"],
        ["body.daily_call_time", "string_pattern_mismatch"],
        ["body.days_before_expiry", "greater_than_equal"],
        ["body.max_calls_per_day", "int_parsing"],
      ],
    );
    assert.deepEqual(await house.get("/api/scheduler/config"), before);
  });
});

describe("pending customers", () => {
  test("as printed", async () => {
    const house = await openRenewals({ startAt: "2025-01-05T04:00:00Z" });
    await house.insure("+919123456789", "2025-01-15");
    const pending = await house.get<{ count: number; customers: Json[] }>("/api/scheduler/pending-customers");
    assert.equal(pending.count, 1);
    const [customer] = pending.customers;
    assert.ok(customer);
    assertShape(customer, {
      customer_id: "uuid",
      customer_name: "John Doe",
      customer_phone: "+919123456789",
      policy_name: "Health Plus",
      policy_end_date: "2025-01-15",
      days_to_expiry: 10,
    });
    assert.equal(customer["customer_phone"], "+919123456789");
    assert.equal(customer["policy_name"], "Health Plus");
    assert.equal(customer["policy_end_date"], "2025-01-15");
    assert.equal(customer["end_date"], "2025-01-15");
    assert.equal(customer["days_to_expiry"], 10);
    assert.equal(customer["last_call_date"], null);
    assert.equal(customer["call_count"], 0);
  });

  test("days and limit have their bounds", async () => {
    const house = await openRenewals();
    for (const query of ["days=0", "days=366", "limit=0", "limit=201", "days=soon"]) {
      const answer = await house.ask("GET", `/api/scheduler/pending-customers?${query}`);
      assert.equal(answer.statusCode, 422, query);
      assert.deepEqual(answer.json<{ detail: { loc: string[] }[] }>().detail[0]?.loc, [
        "query",
        query.split("=")[0],
      ]);
    }
  });
});

describe("the trigger", () => {
  test("as printed, with the true count at once", async () => {
    const house = await openRenewals();
    for (let index = 0; index < 25; index += 1) await house.insure(phoneOf(index), "2026-12-20");
    const answer = await house.post("/api/scheduler/trigger-now?days=30");
    assertShape(answer, { success: true, message: "…", task_id: "uuid", queued_count: 20 });
    assert.equal(answer["success"], true);
    assert.equal(answer["message"], "Scheduler triggered for 30 days expiry window");
    assert.equal(answer["queued_count"], 20);
    const rows = await house.get<{ celery_task_id: string }[]>("/api/scheduler/scheduled-calls");
    assert.deepEqual([...new Set(rows.map((row) => row.celery_task_id))], [answer["task_id"]]);
    // The document's other example, without /api.
    assert.equal((await house.post("/scheduler/trigger-now?days=30&max_calls=10"))["queued_count"], 5);
  });
});

test("the statistics of the day, as printed", async () => {
  const house = await openRenewals();
  await house.insure(phoneOf(1), "2026-12-20");
  await house.post("/api/scheduler/trigger-now");
  const stats = await house.get("/api/scheduler/stats");
  assert.deepEqual(stats, {
    today: "2026-12-01",
    scheduled_today: 1,
    completed_today: 0,
    failed_today: 0,
    pending_today: 1,
    total_pending: 1,
    next_scheduled_time: "10:00",
    scheduler_enabled: true,
  });
});

describe("scheduled calls", () => {
  test("a row has every field of the document's model", async () => {
    const house = await openRenewals();
    const { customer, held } = await house.insure(phoneOf(1), "2026-12-20");
    const row = await house.post("/api/scheduler/scheduled-calls", {
      customer_id: customer,
      scheduled_date: "2026-12-05",
      scheduled_time: "14:30",
      reason: "follow_up",
      customer_policy_id: held,
      priority: 2,
      notes: "asked for the afternoon",
    });
    assert.deepEqual(
      { ...row, id: "", call_id: "" },
      {
        id: "",
        customer_id: customer,
        customer_name: "Asha 0001",
        customer_phone: phoneOf(1),
        customer_policy_id: held,
        scheduled_date: "2026-12-05",
        scheduled_time: "14:30",
        status: "pending",
        reason: "follow_up",
        priority: 2,
        celery_task_id: null,
        call_id: "",
        notes: "asked for the afternoon",
        retry_count: 0,
        error_message: null,
        created_at: "2026-12-01T04:00:00Z",
        executed_at: null,
      },
    );
    const call = await house.get(`/v1/calls/${String(row["call_id"])}`);
    assert.equal(call["due_at"], "2026-12-05T09:00:00Z");
    assert.equal(call["purpose"], "renewal");
    await house.sleepTo("2026-12-05T08:55:00Z");
    await house.passTo("2026-12-05T09:05:00Z");
    const [made] = await house.get<Json[]>("/api/scheduler/scheduled-calls?scheduled_date=2026-12-05");
    assert.equal(made?.["status"], "completed");
    assert.equal(made?.["executed_at"], "2026-12-05T09:00:00Z");
  });

  test("without a time, the daily one is meant; a day that has passed is refused", async () => {
    const house = await openRenewals();
    const { customer } = await house.insure(phoneOf(1), "2026-12-20");
    const row = await house.post<Call>("/api/scheduler/scheduled-calls", {
      customer_id: customer,
      scheduled_date: "2026-12-02",
    });
    const call = await house.get(`/v1/calls/${row.call_id}`);
    assert.equal(call["due_at"], "2026-12-02T04:30:00Z");
    const late = await house.ask("POST", "/api/scheduler/scheduled-calls", {
      customer_id: customer,
      scheduled_date: "2026-11-30",
    });
    assert.equal(late.statusCode, 400);
    assert.deepEqual(late.json(), {
      detail: "scheduled_date and scheduled_time are in the past: 2026-11-30 10:00 in Asia/Kolkata",
    });
  });

  test("canceling, as ruled: once, while it waits", async () => {
    const house = await openRenewals();
    const { customer } = await house.insure(phoneOf(1), "2026-12-20");
    const make = () =>
      house.post<Call>("/api/scheduler/scheduled-calls", {
        customer_id: customer,
        scheduled_date: "2026-12-02",
      });
    const row = await make();
    assert.deepEqual(await house.remove(`/api/scheduler/scheduled-calls/${row.id}`), {
      success: true,
      message: "Scheduled call cancelled",
    });
    const [shown] = await house.get<Call[]>("/api/scheduler/scheduled-calls?status=cancelled");
    assert.equal(shown?.id, row.id);
    const second = await make();
    await house.sleepTo("2026-12-02T04:29:00Z");
    await house.passTo("2026-12-02T04:40:00Z");
    const late = await house.ask("DELETE", `/api/scheduler/scheduled-calls/${second.id}`);
    assert.equal(late.statusCode, 400);
    assert.deepEqual(late.json(), { detail: "Scheduled call can no longer be cancelled" });
    const unknown = await house.ask("DELETE", "/api/scheduler/scheduled-calls/7d2f");
    assert.equal(unknown.statusCode, 404);
    assert.deepEqual(unknown.json(), { detail: "Scheduled call not found" });
  });
});

describe("calls", () => {
  test("initiating answers with the call, by path and by body", async () => {
    const house = await openRenewals();
    const { customer, held } = await house.insure("+919123456789", "2026-12-20");
    const call = await house.post(`/api/calls/initiate/${customer}`);
    assert.equal(call["room_name"], "insurance_call:+919123456789");
    assert.equal(call["customer_policy_id"], held);
    assert.equal(call["customer_name"], "Asha 6789");
    for (const name of ["ended_at", "duration_seconds", "notes", "summary", "transcript", "renewal_agreed"])
      assert.equal(call[name], null, name);
    // Again while it runs: the same one, nobody is rung twice.
    assert.equal((await house.post("/calls/initiate", { customer_id: customer }))["id"], call["id"]);
    await house.advance(120_000);
    assert.notEqual((await house.post(`/calls/initiate/${customer}`))["id"], call["id"]);
    for (const unknown of ["no-such", "cus_0000000009w7p8knwm"]) {
      const answer = await house.ask("POST", `/api/calls/initiate/${unknown}`);
      assert.equal(answer.statusCode, 404);
      assert.deepEqual(answer.json(), { detail: "Customer not found" });
    }
  });

  test("the printed summary completes the call and renews the policy", async () => {
    const house = await openRenewals();
    const { customer, held } = await house.insure(phoneOf(1), "2026-12-20");
    const call = await house.post<Call>(`/api/calls/initiate/${customer}`);
    await house.advance(6000);
    const summary = { renewal_agreed: true, customer_policy_id: held, outcome: "renewed", notes: "yes" };
    const answer = await house.put(`/api/calls/${call.id}/summary`, summary);
    assert.equal(answer["status"], "completed");
    assert.equal(answer["renewal_agreed"], true);
    assert.equal(answer["outcome"], "renewed");
    assert.equal(answer["notes"], "yes");
    const policy = await house.get(`/api/customers/${customer}/policies/${held}`);
    assert.equal(policy["end_date"], "2027-12-20");
    assert.equal(policy["status"], "active");
  });

  test("the batch makes calls and answers with them", async () => {
    const house = await openRenewals();
    for (let index = 0; index < 3; index += 1) await house.insure(phoneOf(index), "2026-12-20");
    const batch = await house.post<{ queued_count: number; calls: Call[] }>(
      "/api/calls/batch/expiring?days=30&limit=2",
    );
    assert.equal(batch.queued_count, 2);
    assert.equal(batch.calls.length, 2);
  });

  test("somebody can say how a call ended", async () => {
    const house = await openRenewals();
    const { customer } = await house.insure(phoneOf(1), "2026-12-20");
    const call = await house.post<Call>(`/api/calls/initiate/${customer}`);
    await house.advance(4000);
    const answer = await house.put<Call>(`/api/calls/${call.id}/status`, { status: "completed" });
    assert.equal(answer.status, "completed");
    const wrong = await house.ask("PUT", `/api/calls/${call.id}/status`, { status: "splendid" });
    assert.equal(wrong.statusCode, 422);
  });
});

test("old calls are forgotten, as printed", async () => {
  const house = await openRenewals();
  await house.insure(phoneOf(1), "2026-12-20");
  await house.post("/api/scheduler/trigger-now");
  await house.advance(600_000);
  assert.deepEqual(await house.remove("/api/scheduler/cleanup?days=7"), { success: true, deleted: 0 });
  assert.equal((await house.ask("DELETE", "/api/scheduler/cleanup?days=6")).statusCode, 422);
  await house.sleepTo("2026-12-09T04:00:00Z");
  assert.deepEqual(await house.remove("/api/scheduler/cleanup?days=7"), { success: true, deleted: 1 });
  assert.deepEqual(await house.get("/api/scheduler/scheduled-calls"), []);
});

test("paths of the service that do not exist are told in its words", async () => {
  const house = await openRenewals();
  const answer = await house.ask("GET", "/api/scheduler/nothing");
  assert.equal(answer.statusCode, 404);
  assert.equal(typeof answer.json<{ detail: string }>().detail, "string");
  const broken = await house.ask("PUT", "/api/scheduler/config", "{");
  assert.equal(broken.statusCode, 422);
});
