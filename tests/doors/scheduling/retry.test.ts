import assert from "node:assert/strict";
import { test } from "node:test";

import { offPeakWindow } from "../../../src/doors/scheduling/retry-rules.ts";

import { type Door, openDoor, simple } from "./door.ts";

const minute = 60_000;
const hour = 60 * minute;

/** A call that was made, its carrier playing the script, and the id of its attempt. */
async function madeCall(door: Door, script: readonly string[], more: object = {}) {
  const { call } = await door.engine.schedule(door.actor, {
    to: "+919876543210",
    owner: "user123",
    at: "2025-11-01T08:01:00Z",
    sandbox: { script },
    ...more,
  });
  await door.advance(3 * minute);
  const { attemptId } = await door.engine.getCall(door.actor, call.id);
  return { id: call.id, callLogId: attemptId ?? "" };
}

const never = { retry_policy: "none" };

test("the table of failures: how often, and when first", async () => {
  const door = await openDoor();
  const answer = await door.ask("GET", "/api/v1/retry/config");
  const { data } = answer.json<{ data: Record<string, { maxAttempts: number; baseDelay: number }> }>();
  const types = [
    "no_answer",
    "busy",
    "voicemail",
    "network_error",
    "call_rejected",
    "invalid_number",
    "blocked",
  ];
  assert.deepEqual(
    types.map((type) => [data[type]?.maxAttempts, (data[type]?.baseDelay ?? 0) / minute]),
    [
      [3, 5],
      [3, 10],
      [2, 30],
      [5, 2],
      [1, 60],
      [0, 0],
      [0, 0],
    ],
  );
  assert.equal(data["compliance_block"]?.maxAttempts, 0);
});

test("a retry that was asked for is a call of the engine, after the delay of its failure, and linked to the first", async () => {
  const door = await openDoor();
  const made = await madeCall(door, ["busy", "answered:confirmed"], never);
  const before = door.clock.now();
  const retry = await door.post("/retry/schedule", {
    callLogId: made.callLogId,
    metadata: { reason: "asked" },
  });
  const delay = Date.parse(retry.scheduledFor) - before;
  assert.ok(
    delay >= 9 * minute && delay <= 11 * minute,
    `10 minutes and at most 10 % more or less: ${delay}`,
  );
  assert.deepEqual([retry.failureType, retry.attemptNumber], ["busy", 1]);
  const again = await door.post("/retry/schedule", { callLogId: made.callLogId });
  assert.equal(again.retryAttemptId, retry.retryAttemptId, "asking twice plans one retry");
  await door.advance(15 * minute);
  const call = await door.engine.getCall(door.actor, retry.retryAttemptId);
  assert.deepEqual(
    [call.status, call.disposition, call.owner, call.metadata],
    ["completed", "confirmed", "user123", { reason: "asked" }],
  );
  const history = await door.get(`/retry/history/${made.callLogId}`);
  assert.equal(history.totalRetries, 1);
  assert.deepEqual(history.retries[0], {
    _id: retry.retryAttemptId,
    originalCallLogId: made.callLogId,
    retryCallLogId: call.attemptId,
    attemptNumber: 1,
    scheduledFor: retry.scheduledFor,
    status: "completed",
    failureReason: "busy",
    processedAt: retry.scheduledFor,
    failedAt: null,
    outcome: "answered_human",
  });
  assert.deepEqual((await door.get(`/retry/history/${made.id}`)).retries, history.retries);
});

test("what the engine tries again by itself stands in the history, can be canceled, and then be asked for again", async () => {
  const door = await openDoor();
  const made = await madeCall(door, ["no_answer"]);
  await door.advance(7 * minute);
  const { retries } = await door.get(`/retry/history/${made.id}`);
  assert.deepEqual(
    retries.map(({ status, failureReason, outcome }) => [status, failureReason, outcome]),
    [
      ["completed", "no_answer", "no_answer"],
      ["pending", "no_answer", null],
    ],
  );
  const planned = await door.post("/retry/schedule", { callLogId: made.id });
  assert.equal(planned.retryAttemptId, made.id, "the planned try is the retry");
  const canceled = await door.post(`/retry/${made.id}/cancel`);
  assert.deepEqual(canceled, {
    retryAttemptId: made.id,
    status: "cancelled",
    message: "Retry cancelled successfully",
  });
  assert.equal((await door.item(made.id)).status, "completed", "it was taken once");
  assert.equal(
    (await door.refused("POST", `/retry/${made.id}/cancel`, undefined, 400)).code,
    "INVALID_OPERATION",
  );
  const asked = await door.post("/retry/schedule", { callLogId: made.callLogId });
  assert.notEqual(asked.retryAttemptId, made.id);
  await door.post(`/retry/${asked.retryAttemptId}/cancel`, { userId: "user123" });
  await door.advance(3 * hour);
  assert.equal((await door.engine.listAttempts(door.actor, made.id)).length, 2, "nobody was rung again");
  assert.deepEqual(
    (await door.get(`/retry/history/${made.id}`)).retries.map(({ status }) => status),
    ["completed", "cancelled", "cancelled"],
  );
});

test("when the tries are used up a retry is refused, unless it is forced", async () => {
  const door = await openDoor();
  const made = await madeCall(door, ["declined"]);
  await door.advance(90 * minute);
  const { code, message } = await door.refused("POST", "/retry/schedule", { callLogId: made.id }, 400);
  assert.equal(code, "INVALID_OPERATION");
  assert.match(message, /Max attempts reached: 1 retries after call_rejected/);
  const forced = await door.post("/retry/schedule", { callLogId: made.id, forceRetry: true });
  await door.advance(70 * minute);
  assert.equal((await door.engine.getCall(door.actor, forced.retryAttemptId)).attempts, 1);
});

test("a retry by request counts as a try: the last one of its kind is made, and no further one", async () => {
  const door = await openDoor();
  const made = await madeCall(door, ["declined"], never);
  await door.post("/retry/schedule", { callLogId: made.id });
  await door.advance(70 * minute);
  const { message } = await door.refused("POST", "/retry/schedule", { callLogId: made.id }, 400);
  assert.match(message, /Max attempts reached/);
  assert.equal((await door.get(`/retry/history/${made.id}`)).totalRetries, 1);
});

test("what is never retried is refused, unless forced; a number that must not be called stays so even then", async () => {
  const door = await openDoor();
  const invalid = await madeCall(door, ["invalid_number"]);
  assert.match(
    (await door.refused("POST", "/retry/schedule", { callLogId: invalid.id }, 400)).message,
    /invalid_number is never retried/,
  );
  await door.post("/retry/schedule", { callLogId: invalid.id, forceRetry: true });
  const stopped = await madeCall(door, ["answered:opt_out"], {
    at: "2025-11-01T08:10:00Z",
    to: "+919876543299",
  });
  await door.advance(10 * minute);
  for (const forceRetry of [false, true])
    assert.match(
      (await door.refused("POST", "/retry/schedule", { callLogId: stopped.id, forceRetry }, 400)).message,
      /must not be called/,
    );
});

test("a call that was not made, is being made, or reached somebody has nothing to retry", async () => {
  const door = await openDoor();
  const reached = await madeCall(door, ["answered"]);
  const { scheduledCallId } = await door.post("/scheduling/schedule", simple);
  for (const callLogId of [reached.id, scheduledCallId])
    assert.equal(
      (await door.refused("POST", "/retry/schedule", { callLogId }, 400)).code,
      "INVALID_OPERATION",
    );
  for (const callLogId of ["nope", "att_nope", "call_nope"])
    assert.equal(
      (await door.refused("POST", "/retry/schedule", { callLogId }, 404)).code,
      "SCHEDULED_CALL_NOT_FOUND",
    );
  const { code, details } = await door.refused("POST", "/retry/schedule", { forceRetry: 1 }, 400);
  assert.deepEqual([code, details.length], ["VALIDATION_ERROR", 2]);
});

test("off-peak hours move a retry to a workday between 10:00 and 16:00 of whoever is called", async () => {
  const door = await openDoor();
  const made = await madeCall(door, ["busy"], never);
  const { scheduledFor } = await door.post("/retry/schedule", {
    callLogId: made.id,
    respectOffPeakHours: true,
  });
  assert.equal(scheduledFor, "2025-11-03T04:30:00Z", "Monday 10:00 in India");
});

test("a retry that is planned already is moved to off-peak hours, too", async () => {
  const door = await openDoor();
  const made = await madeCall(door, ["busy"]);
  const planned = await door.post("/retry/schedule", { callLogId: made.id });
  assert.equal(planned.scheduledFor.slice(0, 10), "2025-11-01", "a Saturday");
  const moved = await door.post("/retry/schedule", { callLogId: made.id, respectOffPeakHours: true });
  assert.deepEqual([moved.retryAttemptId, moved.scheduledFor], [made.id, "2025-11-03T04:30:00Z"]);
  await door.advance(2 * hour);
  assert.equal((await door.engine.listAttempts(door.actor, made.id)).length, 1);
});

test("off-peak hours keep inside the business hours of the call", () => {
  const own = {
    timezone: "Asia/Kolkata",
    weekly: { mon: ["09:00-12:01"], tue: ["15:00-18:01"], sat: ["09:00-18:01"] },
  };
  assert.deepEqual(offPeakWindow(own, "UTC"), {
    timezone: "Asia/Kolkata",
    weekly: { mon: ["10:00-12:01"], tue: ["15:00-16:00"] },
  });
  assert.equal(offPeakWindow({ timezone: null, weekly: { sun: ["09:00-18:00"] } }, "UTC"), null);
  assert.equal(offPeakWindow(null, "UTC")?.timezone, "UTC");
});

test("a batch answers for each of its calls, and counts them", async () => {
  const door = await openDoor();
  const busy = await madeCall(door, ["busy"], never);
  const reached = await madeCall(door, ["answered"], { at: "2025-11-01T08:10:00Z" });
  await door.advance(10 * minute);
  const { details, ...counts } = await door.post("/retry/batch", {
    callLogIds: [busy.callLogId, reached.id, "nope"],
  });
  assert.deepEqual(counts, { total: 3, scheduled: 1, failed: 2 });
  assert.deepEqual(
    details.map(({ success }) => success),
    [true, false, false],
  );
});

test("the statistics of retries add up, for one user or for all", async () => {
  const door = await openDoor();
  await madeCall(door, ["busy", "answered"]);
  await madeCall(door, ["no_answer"], { at: "2025-11-01T08:10:00Z", owner: "another" });
  await door.advance(20 * minute);
  const stats = async (query: string): Promise<unknown> =>
    (await door.ask("GET", `/api/v1/retry/stats${query}`)).json().data;
  assert.deepEqual(await stats("?userId=user123"), {
    totalRetries: 1,
    pendingRetries: 0,
    processingRetries: 0,
    successfulRetries: 1,
    failedRetries: 0,
    cancelledRetries: 0,
    byFailureType: { busy: 1 },
  });
  assert.deepEqual(await stats(""), {
    totalRetries: 3,
    pendingRetries: 1,
    processingRetries: 0,
    successfulRetries: 1,
    failedRetries: 1,
    cancelledRetries: 0,
    byFailureType: { busy: 1, no_answer: 2 },
  });
});
