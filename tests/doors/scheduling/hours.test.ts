import assert from "node:assert/strict";
import { test } from "node:test";

import { type BusinessHours, isOutside, windowOf } from "../../../src/doors/scheduling/business-hours.ts";
import { isOpen, NO_CLOSED_DATES, parseWeekly, type Rule } from "../../../src/domain/window.ts";
import { formatLocal, formatUtc } from "../../../src/domain/zone.ts";
import { loadZones } from "../../../src/system/zones.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

import { openDoor, simple } from "./door.ts";

const kolkata = { start: "09:00", end: "18:00", timezone: "Asia/Kolkata", daysOfWeek: [1, 2, 3, 4, 5] };

/** When a call asked for at local times of Kolkata is made. */
async function movedTo(times: readonly string[], hours: object, more: object = {}): Promise<string[]> {
  const door = await openDoor();
  const found: string[] = [];
  for (const time of times) {
    const { scheduledFor } = await door.post("/scheduling/schedule", {
      ...simple,
      scheduledFor: time,
      respectBusinessHours: true,
      businessHours: hours,
      ...more,
    });
    found.push(scheduledFor);
  }
  return found;
}

test("before the hours a call waits for their start, after them for the next business day's", async () => {
  assert.deepEqual(
    await movedTo(["2025-11-03T05:00:00", "2025-11-03T12:00:00", "2025-11-07T19:00:00"], kolkata),
    ["2025-11-03T03:30:00Z", "2025-11-03T06:30:00Z", "2025-11-10T03:30:00Z"],
  );
});

test("a call at exactly the end stays, one a minute later moves", async () => {
  assert.deepEqual(await movedTo(["2025-11-03T18:00:00", "2025-11-03T18:01:00"], kolkata), [
    "2025-11-03T12:30:00Z",
    "2025-11-04T03:30:00Z",
  ]);
});

test("0 is Sunday, and hours may run past midnight", async () => {
  assert.deepEqual(await movedTo(["2025-11-03T10:00:00"], { ...kolkata, daysOfWeek: [0] }), [
    "2025-11-09T03:30:00Z",
  ]);
  const night = { ...kolkata, start: "22:00", end: "06:00", daysOfWeek: [1] };
  assert.deepEqual(await movedTo(["2025-11-04T05:00:00", "2025-11-04T06:01:00"], night), [
    "2025-11-03T23:30:00Z",
    "2025-11-10T16:30:00Z",
  ]);
});

test("the zone of the hours is businessHours.timezone, else timezone, else DEFAULT_TIMEZONE", async () => {
  const time = ["2025-11-03T01:00:00Z"];
  const { timezone: _none, ...bare } = kolkata;
  assert.deepEqual(await movedTo(time, bare), ["2025-11-03T03:30:00Z"]);
  assert.deepEqual(await movedTo(time, bare, { timezone: "America/New_York" }), ["2025-11-03T14:00:00Z"]);
  assert.deepEqual(await movedTo(time, kolkata, { timezone: "America/New_York" }), ["2025-11-03T03:30:00Z"]);
});

test("without businessHours the configured ones are respected", async () => {
  const door = await openDoor({ settings: { businessHours: { start: "11:00", end: "12:00" } } });
  const { scheduledFor } = await door.post("/scheduling/schedule", {
    ...simple,
    scheduledFor: "2025-11-01T20:00:00",
    respectBusinessHours: true,
  });
  assert.equal(scheduledFor, "2025-11-03T05:30:00Z");
});

test("without respectBusinessHours nothing is moved, whatever the workspace's calling hours are", async () => {
  const door = await openDoor();
  await door.engine.createHours(door.actor, {
    name: "mornings",
    timezone: "UTC",
    weekly: { mon: ["08:00-09:00"] },
  });
  await door.engine.updateSettings(door.actor, { default_hours: "mornings" });
  const { scheduledCallId, scheduledFor } = await door.post("/scheduling/schedule", {
    ...simple,
    scheduledFor: "2025-11-02T20:00:00Z",
    businessHours: kolkata,
  });
  assert.equal(scheduledFor, "2025-11-02T20:00:00Z");
  const [entry] = await door.engine.listCallEvents(door.actor, scheduledCallId);
  assert.match(String(entry?.data["warnings"]), /outside business hours \(09:00-18:00\): 2025-11-03 01:30/);
});

test("rescheduling applies the business hours again", async () => {
  const door = await openDoor();
  const { scheduledCallId } = await door.post("/scheduling/schedule", {
    ...simple,
    respectBusinessHours: true,
    businessHours: kolkata,
  });
  const { scheduledFor } = await door.post(`/scheduling/${scheduledCallId}/reschedule`, {
    userId: "user123",
    scheduledFor: "2025-11-08T10:00:00Z",
  });
  assert.equal(scheduledFor, "2025-11-10T03:30:00Z");
});

test("a daily call leaves closed days out, and nobody is called twice on a Monday", async () => {
  const door = await openDoor();
  const { scheduledCallId } = await door.post("/scheduling/schedule", {
    ...simple,
    respectBusinessHours: true,
    businessHours: kolkata,
    recurring: { frequency: "daily", maxOccurrences: 6 },
  });
  const { series: of, window } = await door.engine.getCall(door.actor, scheduledCallId);
  const series = await door.engine.getSeries(door.actor, of?.id ?? "");
  const { data } = await door.engine.previewSeries(
    door.actor,
    { start_at: series.startLocal, timezone: series.timezone, rule: series.rule, ...(window && { window }) },
    10,
  );
  assert.deepEqual(
    data.map(({ dueAt }) => formatUtc(dueAt)),
    // Monday 09:00 in place of Sunday, then 15:30 in Kolkata on each workday.
    ["03T03:30", "04T10:00", "05T10:00", "06T10:00", "07T10:00", "10T10:00"].map(
      (time) => `2025-11-${time}:00Z`,
    ),
  );
});

test("a weekly call keeps its wall time over both clock changes of 2027, in the zone that was asked for", async () => {
  const door = await openDoor({ startAt: Date.parse("2027-02-28T12:00:00Z") });
  const { scheduledCallId } = await door.post("/scheduling/schedule", {
    ...simple,
    scheduledFor: "2027-03-01T15:00:00Z",
    timezone: "America/New_York",
    recurring: { frequency: "weekly", interval: 1, endDate: "2027-11-15" },
  });
  const { series: of } = await door.engine.getCall(door.actor, scheduledCallId);
  const { startLocal, timezone, rule } = await door.engine.getSeries(door.actor, of?.id ?? "");
  const { data } = await door.engine.previewSeries(door.actor, { start_at: startLocal, timezone, rule }, 60);
  const zone = loadZones().zone("America/New_York");
  assert.ok(zone);
  assert.equal(data.length, 38);
  assert.deepEqual(new Set(data.map(({ at }) => formatLocal(zone, at).slice(11, 19))), new Set(["10:00:00"]));
  assert.deepEqual(
    new Set(data.map(({ at }) => formatUtc(at).slice(11))),
    new Set(["15:00:00Z", "14:00:00Z"]),
  );
});

test("the warning and the window agree on what is outside the hours", () => {
  const seed = 20_251_101;
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const zone = loadZones().zone("America/New_York");
  assert.ok(zone);
  const pick = (below: number): number => random.below(below);
  const clock = (): string => `${String(pick(24)).padStart(2, "0")}:${String(pick(60)).padStart(2, "0")}`;
  for (let turn = 0; turn < 3000; turn += 1) {
    const days = Array.from({ length: 7 }, (_, day) => day).filter(() => random.float() < 0.6);
    const hours: BusinessHours = { start: clock(), end: clock(), timezone: zone.name, daysOfWeek: days };
    if (hours.start === hours.end || days.length === 0) continue;
    const parsed = parseWeekly(windowOf(hours).weekly);
    assert.ok(parsed.ok);
    const at = Date.UTC(2025, 9, 20) + pick(30 * 1440) * 60_000;
    const rule: Rule = { hours: { name: "own", weekly: parsed.weekly, closed: NO_CLOSED_DATES }, zone };
    assert.equal(isOutside(hours, zone, at), !isOpen(rule, at), JSON.stringify({ hours, at }));
  }
});
