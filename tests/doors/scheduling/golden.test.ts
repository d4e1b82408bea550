import assert from "node:assert/strict";
import { test } from "node:test";

import { openDoor, simple } from "./door.ts";

const hours = 3_600_000;
const isCallId = /^call_/;

test("the first example: a call is scheduled, answered as printed, and made at its instant", async () => {
  const door = await openDoor();
  const data = await door.post("/scheduling/schedule", simple);
  assert.match(data.scheduledCallId, isCallId);
  assert.deepEqual(data, {
    scheduledCallId: data.scheduledCallId,
    scheduledFor: "2025-11-02T10:00:00Z",
    message: "Call scheduled successfully",
  });
  await door.advance(26 * hours - 1000);
  assert.equal((await door.item(data.scheduledCallId)).status, "pending");
  assert.equal(door.network.witness().length, 0);
  await door.advance(1000);
  assert.equal(door.network.witness().length, 1, "one call was placed, at its minute");
  assert.equal((await door.item(data.scheduledCallId)).status, "completed");
});

test("the main request: recurring, with business hours, agent, metadata and priority", async () => {
  const door = await openDoor();
  const data = await door.post("/scheduling/schedule", {
    phoneNumber: "+919876543210",
    agentId: "agent123",
    userId: "user123",
    scheduledFor: "2025-11-02T10:00:00Z",
    timezone: "Asia/Kolkata",
    respectBusinessHours: true,
    businessHours: { start: "09:00", end: "18:00", timezone: "Asia/Kolkata", daysOfWeek: [1, 2, 3, 4, 5] },
    recurring: { frequency: "daily", interval: 1, maxOccurrences: 30 },
    metadata: { campaignId: "camp123" },
    priority: "high",
  });
  // The printed answer keeps the Sunday; nothing is open then, so the call goes to Monday 09:00 in Kolkata.
  assert.equal(data.scheduledFor, "2025-11-03T03:30:00Z");
  assert.equal(data.message, "Call scheduled successfully");
  const call = await door.engine.getCall(door.actor, data.scheduledCallId);
  assert.equal(call.priority, 8);
  assert.equal(call.owner, "user123");
  assert.equal(call.agent, "agent123");
  assert.deepEqual(call.metadata, { campaignId: "camp123" });
});

test("the list: every field of the document, with the types that it prints", async () => {
  const door = await openDoor();
  const { scheduledCallId } = await door.post("/scheduling/schedule", {
    ...simple,
    timezone: "Asia/Kolkata",
    respectBusinessHours: true,
    businessHours: { start: "09:00", end: "18:00", daysOfWeek: [0, 1, 2, 3, 4, 5, 6] },
    recurring: { frequency: "daily", interval: 1, maxOccurrences: 30 },
    metadata: { campaignId: "camp123", customerId: 7 },
  });
  const data = await door.get("/scheduling/scheduled-calls?userId=user123&status=pending");
  assert.equal(data.total, 1);
  assert.deepEqual(data.scheduledCalls, [
    {
      _id: scheduledCallId,
      phoneNumber: "+919876543210",
      agentId: { _id: "agent123", name: "agent123" },
      userId: "user123",
      scheduledFor: "2025-11-02T10:00:00Z",
      timezone: "Asia/Kolkata",
      status: "pending",
      respectBusinessHours: true,
      businessHours: {
        start: "09:00",
        end: "18:00",
        timezone: "Asia/Kolkata",
        daysOfWeek: [0, 1, 2, 3, 4, 5, 6],
      },
      recurring: { frequency: "daily", interval: 1, maxOccurrences: 30, currentOccurrence: 1 },
      isPending: true,
      isRecurring: true,
      canCancel: true,
      metadata: { campaignId: "camp123", customerId: 7, jobId: scheduledCallId, occurrenceNumber: 1 },
      callLogId: null,
      processedAt: null,
      failedAt: null,
      failureReason: null,
      nextRun: null,
      createdAt: "2025-11-01T08:00:00Z",
      updatedAt: "2025-11-01T08:00:00Z",
    },
  ]);
});

test("cancel and reschedule answer as printed, and do it", async () => {
  const door = await openDoor();
  const { scheduledCallId: moved } = await door.post("/scheduling/schedule", simple);
  assert.deepEqual(
    await door.post(`/scheduling/${moved}/reschedule`, {
      userId: "user123",
      scheduledFor: "2025-11-03T14:00:00Z",
    }),
    {
      scheduledCallId: moved,
      scheduledFor: "2025-11-03T14:00:00Z",
      message: "Call rescheduled successfully",
    },
  );
  assert.equal((await door.item(moved)).scheduledFor, "2025-11-03T14:00:00Z");
  assert.deepEqual(await door.post(`/scheduling/${moved}/cancel`, { userId: "user123" }), {
    scheduledCallId: moved,
    status: "cancelled",
    message: "Scheduled call cancelled successfully",
  });
  const item = await door.item(moved);
  assert.deepEqual([item.status, item.canCancel, item.isPending], ["cancelled", false, false]);
  await door.advance(60 * hours);
  assert.equal(door.network.witness().length, 0, "nobody was called");
});

test("the statistics have the printed fields, and each block adds up", async () => {
  const door = await openDoor();
  await door.post("/scheduling/schedule", simple);
  await door.post("/scheduling/schedule", { ...simple, scheduledFor: "2025-11-01T09:00:00Z" });
  const { scheduledCallId } = await door.post("/scheduling/schedule", simple);
  await door.post(`/scheduling/${scheduledCallId}/cancel`, { userId: "user123" });
  await door.advance(2 * hours);
  const { scheduler, queue } = await door.get("/scheduling/stats");
  assert.deepEqual(scheduler, {
    total: 3,
    pending: 1,
    processing: 0,
    completed: 1,
    failed: 0,
    cancelled: 1,
    upcomingCalls: 1,
  });
  assert.deepEqual(queue, {
    waiting: 0,
    active: 0,
    completed: 1,
    failed: 0,
    delayed: 1,
    paused: 0,
    total: 2,
  });
});

test("example 2 with DEFAULT_TIMEZONE=UTC: Saturday 20:00Z goes to Monday 09:00Z, as printed", async () => {
  const body = {
    ...simple,
    scheduledFor: "2025-11-01T20:00:00Z",
    respectBusinessHours: true,
    businessHours: { start: "09:00", end: "18:00", daysOfWeek: [1, 2, 3, 4, 5] },
  };
  const utc = await openDoor({ settings: { timezone: "UTC" } });
  assert.equal((await utc.post("/scheduling/schedule", body)).scheduledFor, "2025-11-03T09:00:00Z");
  const kolkata = await openDoor();
  assert.equal((await kolkata.post("/scheduling/schedule", body)).scheduledFor, "2025-11-03T03:30:00Z");
});

test("the example of two zones: 14:30 in India is kept, although it is 04:00 in New York, with a warning", async () => {
  const door = await openDoor();
  const { scheduledCallId, scheduledFor } = await door.post("/scheduling/schedule", {
    ...simple,
    scheduledFor: "2025-11-02T14:30:00",
    timezone: "America/New_York",
  });
  assert.equal(scheduledFor, "2025-11-02T09:00:00Z");
  const [entry] = await door.engine.listCallEvents(door.actor, scheduledCallId);
  assert.match(
    String(entry?.data["warnings"]),
    /outside business hours.*2025-11-02 04:00 in America\/New_York/,
  );
});

test("example 3: a daily call comes every day, each occurrence linked to the one before it, until its maximum", async () => {
  const door = await openDoor();
  const { scheduledCallId } = await door.post("/scheduling/schedule", {
    ...simple,
    recurring: { frequency: "daily", interval: 1, maxOccurrences: 3 },
  });
  await door.advance(25 * hours);
  assert.equal((await door.list()).length, 1, "the next occurrence appears when the current one starts");
  await door.advance(2 * hours);
  const [, second] = await door.list();
  assert.deepEqual(
    [second?.status, second?.scheduledFor, second?.metadata["parentScheduledCallId"]],
    ["pending", "2025-11-03T10:00:00Z", scheduledCallId],
  );
  for (let day = 0; day < 4; day += 1) await door.advance(24 * hours);
  const items = await door.list();
  assert.deepEqual(
    items.map((item) => [item.status, item.scheduledFor, item.metadata["occurrenceNumber"]]),
    [
      ["completed", "2025-11-02T10:00:00Z", 1],
      ["completed", "2025-11-03T10:00:00Z", 2],
      ["completed", "2025-11-04T10:00:00Z", 3],
    ],
  );
  assert.equal(items[2]?.metadata["parentScheduledCallId"], items[1]?._id);
  assert.equal(items[2]?.recurring?.currentOccurrence, 3);
  assert.equal(door.network.witness().length, 3);
});

test("example 4: the calls of a campaign are scheduled one by one and listed together by their time", async () => {
  const door = await openDoor();
  for (const minute of ["05", "01", "03"]) {
    await door.post("/scheduling/schedule", {
      ...simple,
      userId: "campaign_manager",
      agentId: "sales_agent",
      scheduledFor: `2025-11-03T06:${minute}:00Z`,
      metadata: { campaignId: "summer_sale_2025", customerId: minute },
      respectBusinessHours: true,
    });
  }
  const { scheduledCalls, total } = await door.get("/scheduling/scheduled-calls?userId=campaign_manager");
  assert.equal(total, 3);
  assert.deepEqual(
    scheduledCalls.map(({ metadata }) => [metadata["customerId"], metadata["campaignId"]]),
    ["01", "03", "05"].map((minute) => [minute, "summer_sale_2025"]),
  );
  assert.equal((await door.list()).length, 0, "another user sees none of them");
});

test("GET /api/v1 lists the paths of the service, and each of them is there", async () => {
  const door = await openDoor();
  const { endpoints } = await door.get("");
  for (const path of Object.values(endpoints).flatMap((group) => Object.values(group as object))) {
    const [method, url] = String(path).split(" ") as ["GET" | "POST", string];
    const answer = await door.ask(method, url.replace(/:\w+/, "call_0"), method === "POST" ? {} : undefined);
    assert.notEqual(answer.json().error?.code, "UNKNOWN_PATH", `${path}: ${answer.body}`);
  }
});
