import assert from "node:assert/strict";
import { test } from "node:test";

import { openHouse } from "../../support/open-house.ts";

import { START, openDoor, simple } from "./door.ts";

const minute = 60_000;
const soon = { ...simple, scheduledFor: "2025-11-01T08:01:00Z" };

test("what becomes of a job is logged: waiting, started, completed, failed, stalled", async () => {
  const door = await openDoor();
  const said = (id: string): string[] =>
    door.said
      .filter(({ fields }) => fields["job"] === id)
      .map(({ level, sentence }) => `${level}: ${sentence}`);
  const answered = await door.post("/scheduling/schedule", soon);
  const refused = await door.post("/scheduling/schedule", { ...soon, phoneNumber: "+15005550001" });
  const silent = await door.post("/scheduling/schedule", { ...soon, phoneNumber: "+12125550107" });
  await door.advance(5 * minute);
  assert.deepEqual(said(answered.scheduledCallId), [
    "debug: job waiting",
    "info: job started",
    "info: job completed",
  ]);
  assert.deepEqual(said(refused.scheduledCallId), [
    "debug: job waiting",
    "info: job started",
    "error: job failed",
  ]);
  assert.equal(said(silent.scheduledCallId)[2], "warn: job stalled");
  assert.equal(
    door.said.some((line) => JSON.stringify(line).includes("9876543210")),
    false,
    "no number is logged",
  );
});

test("where the door is not used nothing is logged, and it goes on after a restart where it was", async () => {
  const house = await openHouse({ startAt: START });
  await house.call({ at: "2025-11-01T08:01:00Z" });
  await house.advance(2 * minute);
  assert.deepEqual(
    house.said.filter(({ sentence }) => sentence.startsWith("job")),
    [],
  );
  await house.ask("POST", "/api/v1/scheduling/schedule", { ...soon, scheduledFor: "2025-11-01T09:00:00Z" });
  await house.server.close(0);
  const later = await openHouse({ store: house.store, startAt: house.clock.now() + minute });
  await later.advance(70 * minute);
  assert.ok(later.said.some(({ sentence }) => sentence === "job completed"));
});
