import assert from "node:assert/strict";
import { test } from "node:test";

import { A_CALL_MS, DAY_BEFORE, DOCUMENT_TIME, assertPrinted, openScheduleHouse } from "./house.ts";

/** The requests, answers and documents of the schedule module's own page, as they are printed there. */
const printed = {
  create: {
    phone: "+1234567890",
    scheduled_time: "2024-01-15T10:00:00Z",
    timezone: "America/New_York",
    description: "Follow-up call",
    call_type: "outbound",
    repeat_config: { enabled: true, frequency: "daily", end_date: "2024-02-15T10:00:00Z" },
  },
  created: {
    status: "success",
    message: "Call scheduled successfully",
    schedule_id: "schedule_123",
    next_execution: "2024-01-15T10:00:00Z",
  },
  schedule: {
    _id: "65a",
    id: "schedule_123",
    created_by: "user_456",
    user_profile_id: "profile_789",
    agent_instance_id: "agent_001",
    phone: "+1234567890",
    scheduled_time: "2024-01-15T10:00:00Z",
    timezone: "America/New_York",
    status: "scheduled",
    call_type: "outbound",
    description: "Follow-up call",
    repeat_config: { enabled: true, frequency: "daily", end_date: "2024-02-15T10:00:00Z" },
    call_id: "call_789",
    created_at: "2024-01-14T10:00:00Z",
    last_updated: "2024-01-14T10:00:00Z",
  },
  log: {
    _id: "65b",
    id: "log_123",
    created_by: "user_456",
    user_profile_id: "profile_789",
    agent_instance_id: "agent_001",
    call_id: "call_789",
    status: "completed",
    call_type: "outbound",
    phone: "+1234567890",
    timestamp: "2024-01-15T10:00:00Z",
    start_time: "2024-01-15T10:00:00Z",
    end_time: "2024-01-15T10:03:00Z",
    duration: 180,
    notes: "Call completed successfully",
    metadata: {},
  },
  stats: {
    total_calls: 150,
    completed_calls: 120,
    failed_calls: 20,
    pending_calls: 10,
    success_rate: 80.0,
    average_duration: 180,
    total_duration: 21600,
  },
  error: {
    status: "error",
    message: "Detailed error description",
    error_code: "SCHEDULE_001",
    details: { field: "phone", issue: "Invalid phone number format" },
    timestamp: "2024-01-15T10:00:00Z",
  },
};
const people = {
  created_by: "user_456",
  user_profile_id: "profile_789",
  agent_instance_id: "agent_001",
};

test("Create Schedule: the printed request gets the printed answer, and a daily series with its first call", async () => {
  const { ask, get, engine, actor } = await openScheduleHouse();
  const answer = await ask("POST", "/schedule/", printed.create);
  assert.equal(answer.statusCode, 200);
  const body = answer.json();
  assert.deepEqual({ ...body, schedule_id: "schedule_123" }, printed.created);
  const series = await engine.getSeries(actor, body.schedule_id);
  assert.deepEqual(
    [series.to, series.timezone, series.nextAt, series.status],
    ["+1234567890", "America/New_York", Date.parse(DOCUMENT_TIME), "active"],
  );
  const call = await get(`/v1/calls/${series.nextCallId}`);
  assert.deepEqual([call["to"], call["due_at"], call["status"]], ["+1234567890", DOCUMENT_TIME, "scheduled"]);
});

test("the daily schedule rings at the same wall time each day, up to its end date and not after it", async () => {
  const { post, get, advance } = await openScheduleHouse();
  const { schedule_id: id } = await post("/schedule/", {
    ...printed.create,
    repeat_config: { ...printed.create.repeat_config, end_date: "2024-01-17T10:00:00Z" },
  });
  await advance(5 * 86_400_000);
  const { logs, total } = await get("/schedule/tracking/logs");
  assert.equal(total, 3);
  assert.deepEqual(
    logs.map((log: { timestamp: string }) => log.timestamp.slice(0, 16)),
    ["2024-01-17T10:00", "2024-01-16T10:00", "2024-01-15T10:00"],
  );
  const { schedule } = await get(`/schedule/${id}`);
  assert.deepEqual([schedule.status, schedule.next_execution], ["completed", null]);
});

test("the unit test that is printed, as a client runs it", async () => {
  const { ask } = await openScheduleHouse();
  const response = await ask("POST", "/schedule/", {
    phone: "+1234567890",
    scheduled_time: "2024-01-15T10:00:00Z",
    description: "Test call",
  });
  assert.equal(response.statusCode, 200);
  assert.equal(response.json().status, "success");
});

test("the integration test that is printed: a schedule is dialed, and its log says completed", async () => {
  const { schedule, get, advance } = await openScheduleHouse();
  const id = await schedule();
  const { call_id: callId } = (await get(`/schedule/${id}`))["schedule"];
  await advance(86_400_000 + A_CALL_MS);
  const { logs } = await get("/schedule/tracking/logs");
  const log = logs.find((one: { call_id: string }) => one.call_id === callId);
  assert.equal(log.status, "completed");
});

test("Get Schedule: every printed field of the call_schedules document, with its type", async () => {
  const { schedule, get } = await openScheduleHouse();
  const id = await schedule({ ...printed.create, ...people });
  const answer = await get(`/schedule/${id}`);
  assert.equal(answer["status"], "success");
  assertPrinted(answer["schedule"], printed.schedule);
  const { _id, id: own, call_id: _call, ...rest } = answer["schedule"];
  const { _id: _0, id: _1, call_id: _2, ...wanted } = printed.schedule;
  for (const [name, value] of Object.entries(wanted)) assert.deepEqual(rest[name], value, name);
  assert.equal(own, id);
});

test("a schedule that happens once has every printed field, too", async () => {
  const { schedule, get } = await openScheduleHouse();
  const { repeat_config: _repeat, ...once } = printed.create;
  const id = await schedule({ ...once, ...people });
  const { schedule: found } = await get(`/schedule/${id}`);
  const { repeat_config: _, ...wanted } = printed.schedule;
  assertPrinted(found, wanted);
  assert.equal(found.repeat_config, null);
  assert.equal(found.scheduled_time, DOCUMENT_TIME);
});

test("Get Call Logs: every printed field of the call_logs document, with its type", async () => {
  const { schedule, get, advance } = await openScheduleHouse();
  await schedule({ ...people, call_type: "outbound" });
  await advance(86_400_000 + A_CALL_MS);
  const answer = await get("/schedule/tracking/logs?limit=10");
  assert.deepEqual(
    [answer["status"], answer["total"], answer["limit"], answer["offset"]],
    ["success", 1, 10, 0],
  );
  const [log] = answer["logs"];
  assertPrinted(log, printed.log);
  for (const name of ["created_by", "user_profile_id", "agent_instance_id", "status", "call_type", "notes"])
    assert.equal(log[name], printed.log[name as "status"], name);
  assert.ok(log.start_time >= log.timestamp && log.end_time > log.start_time);
  assert.equal(log.duration, Math.round((Date.parse(log.end_time) - Date.parse(log.start_time)) / 1000));
});

test("Get Call Statistics: the printed fields and no others, flat, and the rate is of all calls", async () => {
  const { schedule, ask, advance } = await openScheduleHouse();
  for (const phone of ["+12125550100", "+12125550100", "+12125550101"]) await schedule({ phone });
  await advance(86_400_000 + A_CALL_MS);
  await schedule({ scheduled_time: "2024-02-15T10:00:00Z" });
  const answer = await ask("GET", "/schedule/tracking/stats");
  const stats = answer.json();
  assert.deepEqual(Object.keys(stats), Object.keys(printed.stats));
  assertPrinted(stats, printed.stats);
  assert.deepEqual(
    [stats.total_calls, stats.completed_calls, stats.failed_calls, stats.pending_calls, stats.success_rate],
    [4, 2, 1, 1, 50],
  );
  assert.equal(stats.average_duration, Math.round(stats.total_duration / 2));
  assert.ok(stats.total_duration > 0);
  assert.match(answer.body, /"success_rate":50\.0,/);
});

test("Error Response Format: the printed error, at the time of the clock", async () => {
  const { ask } = await openScheduleHouse();
  const answer = await ask("POST", "/schedule/", { phone: "12-34", scheduled_time: DOCUMENT_TIME });
  assert.equal(answer.statusCode, 400);
  const body = answer.json();
  assertPrinted(body, printed.error);
  assert.deepEqual(Object.keys(body), Object.keys(printed.error));
  assert.deepEqual(body.details, printed.error.details);
  assert.deepEqual([body.error_code, body.timestamp], ["SCHEDULE_001", "2024-01-14T10:00:00Z"]);
  assert.equal(Date.parse(body.timestamp), DAY_BEFORE);
});

test("Debug Commands: active, logs, one schedule and statistics answer", async () => {
  const { schedule, get } = await openScheduleHouse();
  const id = await schedule(printed.create);
  const active = await get("/schedule/active");
  assert.deepEqual([active["status"], active["total"]], ["success", 1]);
  const [row] = active["schedules"];
  assertPrinted(row, {
    id: "a",
    schedule_id: "b",
    job_id: "c",
    next_execution: "d",
    status: "e",
    created_at: "f",
    last_updated: "g",
  });
  assert.deepEqual(
    [row.schedule_id, row.status, row.next_execution],
    [id, "scheduled", "2024-01-15T10:00:00Z"],
  );
  assert.equal((await get("/schedule/tracking/logs?limit=10"))["total"], 0);
  assert.equal((await get(`/schedule/${id}`))["schedule"].id, id);
  assert.equal((await get("/schedule/tracking/stats"))["total_calls"], 1);
});

test("both /schedule and /schedule/ answer directly", async () => {
  const { ask } = await openScheduleHouse();
  for (const path of ["/schedule", "/schedule/"]) {
    const made = await ask("POST", path, printed.create);
    assert.deepEqual([made.statusCode, made.headers.location], [200, undefined]);
    const listed = await ask("GET", path);
    assert.deepEqual([listed.statusCode, listed.json().status], [200, "success"]);
  }
});
