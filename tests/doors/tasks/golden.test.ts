import assert from "node:assert/strict";
import { test } from "node:test";

import { briefStart, direct, openTaskHouse } from "./house.ts";

const DAY_BEFORE = "2026-01-31T22:00:00Z";

test("the document's task: created, shown, started at its time, completed when the backend took it", async (t) => {
  const house = await openTaskHouse({ startAt: "2026-02-01T21:00:00Z" });
  t.after(house.close);
  let answer: (status: number, body: unknown) => void = () => {};
  house.backend.will("/call/start", (then) => void (answer = then));

  const created = await house.ask("POST", "/tasks", direct({ backendBaseUrl: house.backend.url }));
  assert.equal(created.statusCode, 200);
  const { taskId } = created.json();
  assert.deepEqual(created.json(), { taskId, status: "SCHEDULED" });

  await house.advance(3_600_000);
  await house.untilAsked("/call/start", 1);
  assert.equal((await house.show(taskId)).status, "RUNNING");
  await house.advance(5000);
  answer(200, { callId: "CA1234567890", status: "queued", message: "Call started" });
  await house.quiet();

  assert.deepEqual(await house.show(taskId), {
    taskId,
    status: "COMPLETED",
    runAtUtc: "2026-02-01T22:00:00Z",
    agentType: "STOCK_CHECKER",
    conversationId: "conv-123",
    mode: "DIRECT",
    placeId: "ChIJ...",
    phoneE164: "+61731824583",
    callId: "CA1234567890",
    lastError: null,
    createdAt: "2026-02-01T21:00:00Z",
    updatedAt: "2026-02-01T22:00:05Z",
    events: [
      {
        id: 1,
        tsUtc: "2026-02-01T21:00:00Z",
        level: "INFO",
        message: "Task created, scheduled for 2026-02-01T22:00:00Z",
      },
      { id: 2, tsUtc: "2026-02-01T22:00:00Z", level: "INFO", message: "Task execution started" },
      {
        id: 3,
        tsUtc: "2026-02-01T22:00:05Z",
        level: "INFO",
        message: "Task completed successfully, callId CA1234567890",
      },
    ],
  });
  assert.deepEqual(house.backend.asked, [
    {
      path: "/call/start",
      token: undefined,
      body: {
        conversationId: "conv-123",
        agentType: "STOCK_CHECKER",
        placeId: "ChIJ...",
        phoneE164: "+61731824583",
        scriptPreview: "Hello, I'm calling to check if you have...",
        slots: { product: "BBQ Chicken" },
      },
    },
  ]);
});

test("the document's BRIEF_START: the backend writes the script, and starts the call with it", async (t) => {
  const house = await openTaskHouse({ startAt: DAY_BEFORE });
  t.after(house.close);
  const taskId = await house.make(briefStart());
  await house.passTo("2026-02-01T21:59:59Z");
  assert.deepEqual(house.backend.asked, [], "nothing is asked before its time");
  await house.passTo("2026-02-01T22:00:00Z");
  const { status, mode, callId, placeId, phoneE164 } = await house.show(taskId);
  assert.deepEqual(
    { status, mode, callId, placeId, phoneE164 },
    {
      status: "COMPLETED",
      mode: "BRIEF_START",
      callId: "CA1234567890",
      placeId: "ChIJ...",
      phoneE164: "+61731824583",
    },
  );
  assert.deepEqual(house.backend.asked, [
    {
      path: "/call/brief",
      token: undefined,
      body: {
        conversationId: "conv-123",
        agentType: "STOCK_CHECKER",
        place: { placeId: "ChIJ...", businessName: "Red Rooster", phoneE164: "+61731824583" },
        slots: { product: "BBQ Chicken" },
        disclosure: { nameShare: false, phoneShare: false },
        fallbacks: { askETA: true },
      },
    },
    {
      path: "/call/start",
      token: undefined,
      body: {
        conversationId: "conv-123",
        agentType: "STOCK_CHECKER",
        placeId: "ChIJ...",
        phoneE164: "+61731824583",
        scriptPreview: "Hello, I'm calling to ask about BBQ chickens.",
        slots: { product: "BBQ Chicken" },
      },
    },
  ]);
});

test("the document's curl works offline: while nobody has named a backend, the sandbox plays the usual one", async (t) => {
  const house = await openTaskHouse({ startAt: DAY_BEFORE, settings: () => ({ backendUrl: null }) });
  t.after(house.close);
  for (const backendBaseUrl of ["https://api.callerooapp.com", undefined]) {
    const taskId = await house.make(direct({ backendBaseUrl }));
    assert.equal((await house.ask("GET", `/v1/calls/${taskId}`)).json().line.name, "sandbox");
    await house.passTo("2026-02-01T22:00:00Z");
    const task = await house.show(taskId);
    assert.equal(task.status, "COMPLETED");
    assert.match(task.callId, /^sbx_/);
  }
  assert.deepEqual([house.backend.asked, house.other.asked], [[], []]);
});

test("once somebody has named a backend, tasks really go there, also those that name none", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const taskId = await house.make(direct());
  await house.passTo("2026-02-01T22:00:00Z");
  assert.equal((await house.show(taskId)).callId, "CA1234567890");
  assert.equal(house.backend.askedFor("/call/start").length, 1);
});

test("a list is a bare array of whole tasks, newest first, narrowed by status and limit", async (t) => {
  const house = await openTaskHouse({ startAt: "2026-02-01T09:55:00Z" });
  t.after(house.close);
  const ids: string[] = [];
  for (let hour = 10; hour < 14; hour += 1) {
    ids.push(await house.make(direct({ runAtUtc: `2026-02-01T${hour}:00:00Z` })));
    await house.advance(1000);
  }
  const list = async (query: string) => {
    const answer = await house.ask("GET", `/tasks${query}`);
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json<{ taskId: string }[]>();
  };
  const idsOf = (tasks: readonly { taskId: string }[]) => tasks.map(({ taskId }) => taskId);
  assert.deepEqual(idsOf(await list("")), ids.toReversed());
  assert.deepEqual((await list("?limit=1"))[0], await house.show(ids[3] ?? ""));
  await house.passTo("2026-02-01T10:00:00Z");
  await house.ask("POST", `/tasks/${ids[3]}/cancel`);
  assert.deepEqual(idsOf(await list("?status=COMPLETED")), [ids[0]]);
  assert.deepEqual(idsOf(await list("?status=SCHEDULED&limit=50")), [ids[2], ids[1]]);
  assert.deepEqual(idsOf(await list("?status=SCHEDULED&limit=1")), [ids[2]]);
  assert.deepEqual(idsOf(await list("?status=CANCELED")), [ids[3]]);
  assert.deepEqual(await list("?status=FAILED"), []);
  assert.deepEqual(await list("?status=RUNNING"), []);
});

test("fifty tasks are listed unless another limit is asked for", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  for (let made = 0; made < 55; made += 1) await house.make(direct());
  assert.equal((await house.ask("GET", "/tasks")).json().length, 50);
  assert.equal((await house.ask("GET", "/tasks?limit=55")).json().length, 55);
  assert.equal((await house.ask("GET", "/tasks?limit=100000")).json().length, 55);
});

test("a scheduled task is canceled, is never started, and is not canceled twice", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const taskId = await house.make(direct());
  const canceled = await house.ask("POST", `/tasks/${taskId}/cancel`);
  assert.equal(canceled.statusCode, 200);
  assert.deepEqual(canceled.json(), { taskId, status: "CANCELED", message: "Task canceled successfully" });
  const again = await house.ask("POST", `/tasks/${taskId}/cancel`, {});
  assert.equal(again.statusCode, 400);
  assert.deepEqual(again.json(), { detail: "Cannot cancel task with status CANCELED" });
  await house.passTo("2026-02-01T22:10:00Z");
  assert.deepEqual(house.backend.asked, []);
});

test("a task that runs or is complete cannot be canceled, and the answer names its status", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  let answer: (status: number, body: unknown) => void = () => {};
  house.backend.will("/call/start", (then) => void (answer = then));
  const taskId = await house.make(direct());
  await house.advance(300_000);
  await house.untilAsked("/call/start", 1);
  const running = await house.ask("POST", `/tasks/${taskId}/cancel`);
  assert.deepEqual(
    [running.statusCode, running.json()],
    [400, { detail: "Cannot cancel task with status RUNNING" }],
  );
  answer(200, { callId: "CA1" });
  await house.quiet();
  const complete = await house.ask("POST", `/tasks/${taskId}/cancel`);
  assert.deepEqual(
    [complete.statusCode, complete.json()],
    [400, { detail: "Cannot cancel task with status COMPLETED" }],
  );
});

test("an unknown task is not found, in the service's words", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  for (const [method, url] of [
    ["GET", "/tasks/abc-123-def"],
    ["POST", "/tasks/abc-123-def/cancel"],
  ] as const) {
    const answer = await house.ask(method, url);
    assert.equal(answer.statusCode, 404);
    assert.deepEqual(answer.json(), { detail: "Task not found: abc-123-def" });
  }
  const path = await house.ask("GET", "/tasks/a/b");
  assert.deepEqual([path.statusCode, path.json()], [404, { detail: "There is nothing at /tasks/a/b." }]);
});

test("health answers with the two fields of the document", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const answer = await house.ask("GET", "/health");
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.json().status, "healthy");
  assert.equal(typeof answer.json().version, "string");
});
