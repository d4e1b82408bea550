import assert from "node:assert/strict";
import { test } from "node:test";

import { briefStart, direct, openTaskHouse } from "./house.ts";

const AT = "2026-02-01T22:00:00Z";
const taken = { status: 200, body: { callId: "CA1" } };

for (const [what, behaviour, error] of [
  [
    "a status that is no success",
    { status: 500, body: { detail: "no lines" } },
    /\/call\/start answered HTTP 500: no lines/,
  ],
  ["a refusal", { status: 422, body: {} }, /\/call\/start answered HTTP 422/],
  ["being too much", { status: 429, body: {} }, /HTTP 429/],
  ["a redirect, which is not followed", { status: 302, body: {} }, /HTTP 302/],
] as const) {
  test(`${what} fails the task with the reason, after one request`, async (t) => {
    const house = await openTaskHouse();
    t.after(house.close);
    house.backend.will("/call/start", behaviour);
    const taskId = await house.make(direct());
    await house.passTo(AT);
    const task = await house.show(taskId);
    assert.equal(task.status, "FAILED");
    assert.equal(task.callId, null);
    assert.match(task.lastError, error);
    assert.equal(task.events.at(-1)?.level, "ERROR");
    await house.passTo("2026-02-01T22:30:00Z");
    assert.equal(house.backend.askedFor("/call/start").length, 1);
  });
}

test("a backend that cannot be reached fails the task: it is certain that nobody was rung", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  await house.backend.close();
  const taskId = await house.make(direct());
  await house.passTo(AT);
  const task = await house.show(taskId);
  assert.equal(task.status, "FAILED");
  assert.match(task.lastError, /\/call\/start: /);
});

for (const [what, behaviour] of [
  ["a broken connection", "reset"],
  ["an answer that never comes", () => {}],
  ["an answer without a callId", { status: 200, body: {} }],
  ["a gateway's error", { status: 504, body: {} }],
] as const) {
  test(`after ${what} nobody knows: the task runs on, is never started again, and is given up with that reason`, async (t) => {
    const house = await openTaskHouse();
    t.after(house.close);
    house.backend.will("/call/start", behaviour);
    const taskId = await house.make(direct());
    await house.advance(300_000);
    await house.untilAsked("/call/start", 1);
    // Real sockets need a moment to break; the clock of the time-out is the test's.
    if (typeof behaviour !== "function") await house.quiet();
    await house.advance(60_000);
    await house.quiet();
    const running = await house.show(taskId);
    assert.equal(running.status, "RUNNING");
    assert.ok(running.events.some(({ level }: { level: string }) => level === "WARN"));
    await house.advance(3_600_000);
    const given = await house.show(taskId);
    assert.equal(given.status, "FAILED");
    assert.match(given.lastError, /^UNCONFIRMED: .*may have been placed/);
    await house.advance(600_000);
    assert.equal(house.backend.askedFor("/call/start").length, 1);
    await house.ask("POST", `/v1/calls/${taskId}/settle`, { placed: true });
    assert.equal((await house.show(taskId)).status, "COMPLETED");
  });
}

test("the script may be asked for again, three times in all; then one call is started", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  house.backend.will("/call/brief", { status: 503 }, "reset", {
    status: 200,
    body: { scriptPreview: "At last.", requiredFieldsMissing: [] },
  });
  const taskId = await house.make(briefStart());
  await house.passTo(AT);
  await house.passTo("2026-02-01T22:00:01Z");
  await house.passTo("2026-02-01T22:00:03Z");
  assert.equal(house.backend.askedFor("/call/brief").length, 3);
  assert.equal(house.backend.askedFor("/call/start").length, 1);
  assert.equal(house.backend.askedFor("/call/start")[0]?.body["scriptPreview"], "At last.");
  assert.equal((await house.show(taskId)).status, "COMPLETED");
});

test("without a script the task fails for certain, and nobody is rung", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  house.backend.will("/call/brief", { status: 503 });
  const taskId = await house.make(briefStart());
  await house.passTo(AT);
  await house.passTo("2026-02-01T22:00:01Z");
  await house.passTo("2026-02-01T22:00:10Z");
  const task = await house.show(taskId);
  assert.equal(task.status, "FAILED");
  assert.match(task.lastError, /\/call\/brief answered HTTP 503 \(asked 3 times\)/);
  assert.deepEqual(house.backend.askedFor("/call/start"), []);
});

test("a script that the backend has judged impossible is not asked for again", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  house.backend.will("/call/brief", { status: 422, body: { detail: "unknown agentType" } });
  const taskId = await house.make(briefStart());
  await house.passTo(AT);
  assert.match((await house.show(taskId)).lastError, /HTTP 422: unknown agentType/);
  assert.equal(house.backend.asked.length, 1);
});

test("a script that takes its time does not make the start come too late", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  let answer: (status: number, body: unknown) => void = () => {};
  house.backend.will("/call/brief", (then) => void (answer = then));
  const taskId = await house.make(briefStart());
  await house.advance(300_000);
  await house.untilAsked("/call/brief", 1);
  await house.advance(15_000);
  assert.equal((await house.show(taskId)).status, "RUNNING");
  answer(200, { scriptPreview: "Slowly.", requiredFieldsMissing: ["date"] });
  await house.quiet();
  const task = await house.show(taskId);
  assert.equal(task.status, "COMPLETED");
  assert.match(task.events.at(-1)?.message ?? "", /the brief lacked date/);
});

test("while its script is written a task can still be stopped; it waits, and the script is asked for anew", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  let answer: (status: number, body: unknown) => void = () => {};
  house.backend.will("/call/brief", (then) => void (answer = then), {
    status: 200,
    body: { scriptPreview: "Again." },
  });
  const taskId = await house.make(briefStart());
  await house.advance(300_000);
  await house.untilAsked("/call/brief", 1);
  await house.ask("POST", "/v1/dialing/stop", { reason: "a test" });
  answer(200, { scriptPreview: "Too late." });
  await house.quiet();
  assert.deepEqual(house.backend.askedFor("/call/start"), []);
  assert.equal((await house.show(taskId)).status, "SCHEDULED");
  await house.ask("POST", "/v1/dialing/resume", {});
  await house.passTo("2026-02-01T22:05:00Z");
  assert.equal((await house.show(taskId)).status, "COMPLETED");
  assert.deepEqual(
    house.backend.askedFor("/call/start").map(({ body }) => body["scriptPreview"]),
    ["Again."],
  );
});

test("a task runs at its time whatever the hour there, until its line is given calling hours", async (t) => {
  const house = await openTaskHouse({ startAt: "2026-02-01T16:55:00Z" });
  t.after(house.close);
  const first = await house.make(direct({ runAtUtc: "2026-02-01T17:00:00Z" }));
  await house.passTo("2026-02-01T17:00:00Z");
  assert.equal((await house.show(first)).status, "COMPLETED");
  await house.ask("PATCH", "/v1/lines/tasks", { hours: "legal-floor" });
  const night = await house.make(direct({ runAtUtc: "2026-02-01T18:00:00Z" }));
  await house.passTo("2026-02-01T20:00:00Z");
  const waiting = await house.show(night);
  assert.equal(waiting.status, "SCHEDULED");
  assert.match(waiting.events[0]?.message ?? "", /calling hours move it to 2026-02-01T22:00:00Z/);
  await house.passTo(AT);
  assert.equal((await house.show(night)).status, "COMPLETED");
});

test("what stops dialing stops tasks: a suppressed number, a stop, a pause, a deadline", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  house.backend.will("/call/start", taken);
  const [suppressed, paused, late] = [
    await house.make(direct({}, { phoneE164: "+61731824501" })),
    await house.make(direct({}, { phoneE164: "+61731824502" })),
    await house.make(direct({}, { phoneE164: "+61731824503" })),
  ];
  await house.ask("POST", "/v1/suppressions", { to: "+61731824501" });
  await house.ask("POST", `/v1/calls/${paused}/pause`, {});
  await house.ask("POST", "/v1/dialing/stop", { reason: "a test" });
  await house.passTo("2026-02-01T22:30:00Z");
  assert.deepEqual(house.backend.asked, []);
  assert.equal((await house.show(late)).status, "SCHEDULED");
  await house.passTo("2026-02-01T23:30:00Z");
  const expired = await house.show(late);
  assert.equal(expired.status, "FAILED");
  assert.match(expired.lastError, /^EXPIRED: /);
  const skipped = await house.show(suppressed);
  assert.ok(["CANCELED", "FAILED"].includes(skipped.status));
  assert.match(skipped.lastError, /^(SKIPPED|EXPIRED): /);
});
