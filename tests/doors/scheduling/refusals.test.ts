import assert from "node:assert/strict";
import { test } from "node:test";

import { type Door, openDoor, simple } from "./door.ts";

const schedule = "/scheduling/schedule";

async function codeOf(door: Door, body: object, status = 400): Promise<string> {
  return (await door.refused("POST", schedule, { ...simple, ...body }, status)).code;
}

test("all faults of a body are told at once, by the names of its fields", async () => {
  const door = await openDoor();
  const { code, details } = await door.refused(
    "POST",
    schedule,
    {
      phoneNumber: "919876543210",
      scheduledFor: "tomorrow",
      businessHours: { start: "9:00", end: "24:00", daysOfWeek: [7, "mon"] },
      recurring: { frequency: "yearly", interval: 0, endDate: "never", maxOccurrences: 0 },
      metadata: "none",
      priority: 1,
      respectBusinessHours: "yes",
    },
    400,
  );
  assert.equal(code, "VALIDATION_ERROR");
  assert.deepEqual(
    [...new Set(details.map(({ field }) => field))].toSorted(),
    [
      "agentId",
      "businessHours.daysOfWeek.0",
      "businessHours.daysOfWeek.1",
      "businessHours.end",
      "businessHours.start",
      "metadata",
      "phoneNumber",
      "priority",
      "recurring.endDate",
      "recurring.frequency",
      "recurring.interval",
      "recurring.maxOccurrences",
      "respectBusinessHours",
      "scheduledFor",
      "userId",
    ].toSorted(),
  );
  for (const { message } of details) assert.notEqual(message, "");
});

test("each code of the document, for what it stands for", async () => {
  const door = await openDoor();
  assert.equal(await codeOf(door, { phoneNumber: "+0123" }), "VALIDATION_ERROR");
  assert.equal(await codeOf(door, { userId: undefined }), "VALIDATION_ERROR");
  assert.equal(await codeOf(door, { timezone: "Mars/Olympus" }), "INVALID_TIMEZONE");
  assert.equal(
    await codeOf(door, { businessHours: { start: "09:00", end: "18:00", timezone: "India" } }),
    "INVALID_TIMEZONE",
  );
  assert.equal(await codeOf(door, { scheduledFor: "2025-11-01T07:59:59Z" }), "INVALID_SCHEDULED_TIME");
  assert.equal(await codeOf(door, { scheduledFor: "2025-11-01T08:00:00Z" }), "INVALID_SCHEDULED_TIME");
  await door.engine.createAgent(door.actor, { id: "agent1", name: "One" });
  assert.equal(await codeOf(door, {}, 404), "AGENT_NOT_FOUND");
  assert.equal(
    (await door.post(schedule, { ...simple, agentId: "agent1" })).message,
    "Call scheduled successfully",
  );
  const missing = await door.refused("POST", "/scheduling/sched123/cancel", { userId: "user123" }, 404);
  assert.equal(missing.code, "SCHEDULED_CALL_NOT_FOUND");
  assert.equal(
    (await door.refused("GET", "/scheduling/scheduled-calls", undefined, 400)).code,
    "MISSING_USER_ID",
  );
  assert.equal((await door.refused("POST", "/scheduling/x/cancel", {}, 400)).code, "MISSING_USER_ID");
  assert.equal((await door.refused("POST", "/scheduling/x/reschedule", {}, 400)).code, "MISSING_USER_ID");
});

test("what only the core can tell is told by the names of the service, too", async () => {
  const door = await openDoor();
  const fieldOf = async (body: object): Promise<unknown> => {
    const { code, details } = await door.refused("POST", schedule, { ...simple, ...body }, 400);
    return [code, details.map(({ field }) => field)];
  };
  assert.deepEqual(await fieldOf({ phoneNumber: "+19" }), ["VALIDATION_ERROR", ["phoneNumber"]]);
  assert.deepEqual(await fieldOf({ scheduledFor: "2095-01-01T00:00:00Z" }), [
    "INVALID_SCHEDULED_TIME",
    ["scheduledFor"],
  ]);
  assert.deepEqual(await fieldOf({ recurring: { frequency: "daily", interval: 10_000_000 } }), [
    "VALIDATION_ERROR",
    ["recurring.interval"],
  ]);
  assert.deepEqual(await fieldOf({ recurring: { frequency: "daily", maxOccurrences: 10_000_000_000 } }), [
    "VALIDATION_ERROR",
    ["recurring.maxOccurrences"],
  ]);
});

test("nothing is stored by a request that is refused", async () => {
  const door = await openDoor();
  await codeOf(door, { priority: "urgent" });
  await codeOf(door, { recurring: { frequency: "daily", endDate: "2025-11-01" } });
  await codeOf(door, { businessHours: { start: "09:00", end: "09:00" } });
  assert.deepEqual(await door.list(), []);
});

test("what is not known is left out, and does no harm", async () => {
  const door = await openDoor();
  const { scheduledCallId } = await door.post(schedule, {
    ...simple,
    callType: "sales",
    recurring: { frequency: "daily", maxOccurrences: 2, currentOccurrence: 9 },
  });
  assert.deepEqual((await door.item(scheduledCallId)).recurring, {
    frequency: "daily",
    interval: 1,
    maxOccurrences: 2,
    currentOccurrence: 1,
  });
});

test("only a pending call can be canceled or rescheduled, and only to a time ahead", async () => {
  const door = await openDoor();
  const { scheduledCallId: id } = await door.post(schedule, {
    ...simple,
    scheduledFor: "2025-11-01T09:00:00Z",
  });
  const past = { userId: "user123", scheduledFor: "2025-11-01T07:00:00Z" };
  assert.equal(
    (await door.refused("POST", `/scheduling/${id}/reschedule`, past, 400)).code,
    "INVALID_SCHEDULED_TIME",
  );
  const { code, details } = await door.refused(
    "POST",
    `/scheduling/${id}/reschedule`,
    { userId: "user123", scheduledFor: 5 },
    400,
  );
  assert.deepEqual([code, details.map(({ field }) => field)], ["VALIDATION_ERROR", ["scheduledFor"]]);
  await door.advance(2 * 3_600_000);
  const later = { userId: "user123", scheduledFor: "2025-11-02T07:00:00Z" };
  for (const path of [`/scheduling/${id}/cancel`, `/scheduling/${id}/reschedule`])
    assert.equal((await door.refused("POST", path, later, 400)).code, "INVALID_OPERATION");
});

test("another user's call is not found, and a call of nobody is everybody's while the server is open", async () => {
  const door = await openDoor();
  const { scheduledCallId } = await door.post(schedule, { ...simple, userId: "somebody" });
  const path = `/scheduling/${scheduledCallId}/cancel`;
  assert.equal(
    (await door.refused("POST", path, { userId: "user123" }, 404)).code,
    "SCHEDULED_CALL_NOT_FOUND",
  );
  const unowned = await door.call({ at: "2025-11-02T10:00:00Z" });
  assert.deepEqual(
    (await door.list()).map(({ _id }) => _id),
    [unowned.id],
  );
  const { secret } = await door.engine.createKey(door.actor, { name: "crm" });
  await door.advance(2000);
  const asKey = { authorization: `Bearer ${secret}` };
  const listed = await door.ask("GET", "/api/v1/scheduling/scheduled-calls?userId=user123", undefined, asKey);
  assert.equal(listed.json().data.total, 0, "once there are keys, owners filter");
  const cancel = `/api/v1/scheduling/${unowned.id}/cancel`;
  assert.equal((await door.ask("POST", cancel, { userId: "user123" }, asKey)).statusCode, 404);
  const refused = await door.ask("GET", "/api/v1/scheduling/scheduled-calls?userId=user123");
  assert.deepEqual([refused.statusCode, refused.json().error.code], [401, "UNAUTHENTICATED"]);
});

test("filters narrow the list, and one that cannot be read is refused", async () => {
  const door = await openDoor();
  const days = ["02", "03", "04"];
  for (const day of days)
    await door.post(schedule, {
      ...simple,
      agentId: `agent${day}`,
      scheduledFor: `2025-11-${day}T10:00:00Z`,
    });
  const agents = async (query: string): Promise<unknown[]> =>
    (await door.list(query)).map(({ agentId }) => agentId?._id);
  assert.deepEqual(await agents("&startDate=2025-11-03"), ["agent03", "agent04"]);
  assert.deepEqual(await agents("&endDate=2025-11-03"), ["agent02", "agent03"]);
  assert.deepEqual(await agents("&startDate=2025-11-03T10:00:00Z&endDate=2025-11-03T10:00:00%2B00:00"), [
    "agent03",
  ]);
  assert.deepEqual(await agents("&agentId=agent04"), ["agent04"]);
  assert.deepEqual(await agents("&status=completed"), []);
  assert.deepEqual(
    await agents("&status=pending"),
    days.map((day) => `agent${day}`),
  );
  const { code, details } = await door.refused(
    "GET",
    "/scheduling/scheduled-calls?userId=user123&status=done&startDate=soon",
    undefined,
    400,
  );
  assert.deepEqual([code, details.map(({ field }) => field)], ["VALIDATION_ERROR", ["startDate", "status"]]);
});

test("more than 1,000 calls are cut, and the answer says so", async () => {
  const door = await openDoor();
  const one = { to: "+919876543210", owner: "user123" };
  const at = (index: number): string => new Date(Date.UTC(2025, 10, 3) + index * 60_000).toISOString();
  for (const from of [0, 1000])
    await door.engine.scheduleMany(
      door.actor,
      Array.from({ length: from === 0 ? 1000 : 5 }, (_, index) => ({ ...one, at: at(1100 - from - index) })),
    );
  const answer = await door.ask("GET", "/api/v1/scheduling/scheduled-calls?userId=user123");
  const { scheduledCalls, total } = answer.json().data;
  assert.deepEqual([scheduledCalls.length, total, answer.headers["x-truncated"]], [1000, 1005, "true"]);
  const times = scheduledCalls.map(({ scheduledFor }: { scheduledFor: string }) => scheduledFor);
  assert.deepEqual(times, times.toSorted());
  assert.equal(times[0], at(96).replace(".000", ""), "the soonest ones are shown");
});

test("paths that are not there answer in the shape of the service", async () => {
  const door = await openDoor();
  assert.equal((await door.refused("GET", "/scheduling/nope", undefined, 404)).code, "UNKNOWN_PATH");
  assert.equal(
    (await door.refused("GET", "/scheduling/schedule", undefined, 405)).code,
    "METHOD_NOT_ALLOWED",
  );
  assert.equal((await door.refused("POST", "/nope", {}, 404)).code, "UNKNOWN_PATH");
  assert.equal((await door.refused("POST", schedule, "{", 400)).code, "VALIDATION_ERROR");
});

test("a repeated Idempotency-Key makes one call", async () => {
  const door = await openDoor();
  const ask = () => door.ask("POST", `/api/v1${schedule}`, simple, { "idempotency-key": "k1" });
  const [first, second] = [await ask(), await ask()];
  assert.deepEqual(second.json(), first.json());
  assert.equal((await door.list()).length, 1);
});
