import assert from "node:assert/strict";
import { test } from "node:test";

import { type Reason, type ShownStatus, callStatuses } from "../../../src/domain/call.ts";
import { statusesToLookAt, taskStatusOf } from "../../../src/doors/tasks/status.ts";

import { direct, openTaskHouse } from "./house.ts";

const shown: readonly ShownStatus[] = ["queued", ...callStatuses];

test("every state of a call has its view as a task, as the table of views says", () => {
  const table: Readonly<Record<ShownStatus, string>> = {
    scheduled: "SCHEDULED",
    queued: "SCHEDULED",
    dialing: "RUNNING",
    paused: "SCHEDULED",
    needs_review: "FAILED",
    completed: "COMPLETED",
    failed: "FAILED",
    expired: "FAILED",
    canceled: "CANCELED",
    skipped: "CANCELED",
  };
  for (const status of shown)
    assert.equal(taskStatusOf({ status, reason: "requested", dispatchedAt: null }), table[status], status);
  for (const status of ["scheduled", "queued"] as const)
    assert.equal(taskStatusOf({ status, reason: "retry", dispatchedAt: null }), "RUNNING");
  assert.equal(taskStatusOf({ status: "dialing", reason: "unconfirmed", dispatchedAt: null }), "RUNNING");
});

test("a task whose call was taken is complete, and never falls back", () => {
  for (const status of shown)
    for (const reason of ["requested", "retry", "unconfirmed", "reached"] as const)
      assert.equal(taskStatusOf({ status, reason, dispatchedAt: 1 }), "COMPLETED", status);
});

test("a list by status looks at every call that can have it", () => {
  for (const status of shown)
    for (const reason of ["requested", "retry"] satisfies Reason[])
      for (const dispatchedAt of [null, 1]) {
        const among = statusesToLookAt(taskStatusOf({ status, reason, dispatchedAt }));
        assert.ok(among === null || among.includes(status), `${status} ${reason} ${dispatchedAt}`);
      }
});

test("a call of another door is a task here: shown, listed, completed and canceled", async (t) => {
  const house = await openTaskHouse({ settings: () => ({ backendUrl: null }) });
  t.after(house.close);
  const create = async (at: string) =>
    (await house.ask("POST", "/v1/calls", { to: "+12125550100", at })).json<{ id: string }>().id;
  const [first, second] = [await create("2026-02-01T22:00:00Z"), await create("2026-02-01T23:00:00Z")];
  const { events, ...task } = await house.show(first);
  assert.deepEqual(task, {
    taskId: first,
    status: "SCHEDULED",
    runAtUtc: "2026-02-01T22:00:00Z",
    agentType: null,
    conversationId: null,
    mode: "DIRECT",
    placeId: null,
    phoneE164: "+12125550100",
    callId: null,
    lastError: null,
    createdAt: "2026-02-01T21:55:00Z",
    updatedAt: "2026-02-01T21:55:00Z",
  });
  assert.equal(events[0]?.message, "Task created, scheduled for 2026-02-01T22:00:00Z");
  const canceled = await house.ask("POST", `/tasks/${second}/cancel`);
  assert.equal(canceled.json().status, "CANCELED");
  assert.equal((await house.ask("GET", `/v1/calls/${second}`)).json().status, "canceled");
  await house.passTo("2026-02-01T22:00:01Z");
  assert.equal((await house.show(first)).status, "COMPLETED");
  assert.equal((await house.ask("GET", "/tasks")).json().length, 2);
});

test("a task is a call at the other doors: shown with what it is, canceled there and here", async (t) => {
  const house = await openTaskHouse();
  t.after(house.close);
  const taskId = await house.make(direct());
  const call = (await house.ask("GET", `/v1/calls/${taskId}`)).json();
  assert.equal(call.external_id, "conv-123");
  assert.deepEqual(call.metadata, { agentType: "STOCK_CHECKER", conversationId: "conv-123" });
  assert.equal(call.line.name, "tasks");
  await house.ask("POST", `/v1/calls/${taskId}/cancel`, {});
  const task = await house.show(taskId);
  assert.equal(task.status, "CANCELED");
  assert.deepEqual(
    task.events.map(({ id }: { id: number }) => id),
    [1, 2],
  );
});
