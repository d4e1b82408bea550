import assert from "node:assert/strict";
import { test } from "node:test";

import { callStatuses } from "../../../src/domain/call.ts";
import type { ShownStatus } from "../../../src/domain/call.ts";
import { statusOf } from "../../../src/doors/scheduling/status.ts";

import { type Door, openDoor, simple } from "./door.ts";

const minute = 60_000;

/** How the service shows each status of the core: before a carrier took the call, and after. */
const views = {
  scheduled: ["pending", "completed"],
  queued: ["pending", "completed"],
  dialing: ["processing", "completed"],
  paused: ["pending", "completed"],
  needs_review: ["failed", "completed"],
  completed: ["completed", "completed"],
  failed: ["failed", "completed"],
  expired: ["failed", "completed"],
  canceled: ["cancelled", "completed"],
  skipped: ["cancelled", "completed"],
} as const satisfies Record<ShownStatus, readonly [string, string]>;

test("every status of the core has its view, and completed is never taken back", () => {
  for (const status of [...callStatuses, "queued"] as const)
    assert.deepEqual(
      [null, 1].map((dispatchedAt) => statusOf({ status, dispatchedAt })),
      views[status],
      status,
    );
});

async function callOf(door: Door, script: readonly string[]): Promise<string> {
  const { call } = await door.engine.schedule(door.actor, {
    to: "+919876543210",
    owner: "user123",
    at: "2025-11-01T08:01:00Z",
    sandbox: { script },
    refused_retries: { attemptsMax: 3, backoffMs: 2000 },
  });
  return call.id;
}

test("a call is processing while its carrier is asked, completed once it took it, and stays so when it was busy", async () => {
  const door = await openDoor();
  await door.engine.updateLine(door.actor, "sandbox", { settings: { faults: { answer_delay_ms: 1500 } } });
  const id = await callOf(door, ["busy"]);
  const statuses = new Set<string>();
  for (let step = 0; step < 90; step += 1) {
    await door.advance(step < 62 ? 1000 : minute);
    statuses.add((await door.item(id)).status);
  }
  assert.deepEqual([...statuses], ["pending", "processing", "completed"]);
  const item = await door.item(id);
  assert.equal(item.scheduledFor, "2025-11-01T08:01:00Z", "later tries do not move it");
  assert.match(item.callLogId ?? "", /^att_/);
  assert.equal(item.failureReason, null);
});

test("a request that is refused is sent three times in all, 2 and 4 seconds apart, and fails only then", async () => {
  const door = await openDoor();
  const id = await callOf(door, ["503"]);
  await door.advance(minute);
  assert.equal((await door.item(id)).status, "pending", "between two tries");
  await door.advance(30_000);
  const attempts = await door.engine.listAttempts(door.actor, id);
  assert.deepEqual(
    attempts.map(({ claimedAt }) => claimedAt - (attempts[0]?.claimedAt ?? 0)),
    [0, 2000, 6000],
  );
  const item = await door.item(id);
  assert.deepEqual([item.status, item.callLogId], ["failed", null]);
  assert.match(item.failureReason ?? "", /^carrier_error: /);
  assert.equal(item.failedAt, "2025-11-01T08:01:06Z");
  assert.equal(item.scheduledFor, "2025-11-01T08:01:00Z");
});

test("QUEUE_RETRY_ATTEMPTS and _BACKOFF_DELAY are for refused requests alone", async () => {
  const door = await openDoor({ settings: { refusedRetries: { attemptsMax: 2, backoffMs: 500 } } });
  const soon = { ...simple, scheduledFor: "2025-11-01T08:01:00Z" };
  const refused = await door.post("/scheduling/schedule", { ...soon, phoneNumber: "+12125550106" });
  const busy = await door.post("/scheduling/schedule", { ...soon, phoneNumber: "+12125550101" });
  await door.advance(10 * minute);
  const count = async (id: string): Promise<number> =>
    (await door.engine.listAttempts(door.actor, id)).length;
  assert.equal(await count(refused.scheduledCallId), 2, "refused once, then answered half a second later");
  assert.equal(await count(busy.scheduledCallId), 1, "whoever is busy is not rung again within minutes");
  const call = await door.engine.getCall(door.actor, busy.scheduledCallId);
  assert.equal(call.status, "scheduled");
  await door.advance(75 * minute);
  assert.equal(await count(busy.scheduledCallId), 4, "busy: three more tries, 10, 20 and 40 minutes apart");
});

test("an invalid number, refused by the carrier, is failed and not completed", async () => {
  const door = await openDoor();
  const { scheduledCallId } = await door.post("/scheduling/schedule", {
    ...simple,
    phoneNumber: "+15005550001",
    scheduledFor: "2025-11-01T08:01:00Z",
  });
  await door.advance(2 * minute);
  const item = await door.item(scheduledCallId);
  assert.deepEqual([item.status, item.callLogId], ["failed", null]);
  assert.match(item.failureReason ?? "", /^invalid_number: /);
});

test("canceling a pending occurrence ends its series", async () => {
  const door = await openDoor();
  const { scheduledCallId } = await door.post("/scheduling/schedule", {
    ...simple,
    scheduledFor: "2025-11-01T08:10:00Z",
    recurring: { frequency: "daily", interval: 1 },
  });
  await door.advance(20 * minute);
  const [first, second] = await door.list();
  assert.deepEqual([first?._id, first?.status, second?.status], [scheduledCallId, "completed", "pending"]);
  await door.post(`/scheduling/${second?._id}/cancel`, { userId: "user123" });
  await door.advance(26 * 60 * minute);
  assert.deepEqual(
    (await door.list()).map(({ status }) => status),
    ["completed", "cancelled"],
  );
});
