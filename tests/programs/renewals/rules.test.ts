import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { formatDay, parseDay } from "../../../src/domain/civil.ts";
import { callStatuses } from "../../../src/domain/call.ts";
import {
  NEVER_BUSY,
  addMonths,
  clockOf,
  dailyRule,
  dayIn,
  extendedEnd,
  isRested,
  minuteOf,
} from "../../../src/programs/renewals/rules.ts";
import { hasRung, retriesOf, statusViews } from "../../../src/programs/renewals/status.ts";
import { loadZones } from "../../../src/system/zones.ts";

function day(text: string): number {
  const found = parseDay(text);
  if (found === undefined) throw new Error(`${text} is no date`);
  return found;
}

describe("an extension counts calendar months", () => {
  const cases: readonly (readonly [
    end: string,
    today: string,
    months: number,
    extended: string,
    why: string,
  ])[] = [
    ["2026-12-10", "2026-12-01", 12, "2027-12-10", "from the end, while it lies ahead"],
    ["2026-12-01", "2026-12-01", 12, "2027-12-01", "from the end, on the day itself"],
    ["2026-10-31", "2026-12-01", 12, "2027-12-01", "from today, where it has ended already"],
    ["2027-01-31", "2026-12-01", 1, "2027-02-28", "31 January and a month is the last of February"],
    ["2028-01-31", "2026-12-01", 1, "2028-02-29", "and of a leap year's February"],
    ["2028-02-29", "2026-12-01", 12, "2029-02-28", "29 February and a year is the 28th"],
    ["2028-02-29", "2026-12-01", 48, "2032-02-29", "and the 29th again after four"],
    ["2026-12-31", "2026-12-01", 2, "2027-02-28", "over the year's end"],
    ["2027-08-31", "2026-12-01", 1, "2027-09-30", "into a month of thirty days"],
    ["2027-03-30", "2026-12-01", 11, "2028-02-29", "30 March and eleven months"],
    ["2026-12-15", "2026-12-01", 1200, "2126-12-15", "a hundred years"],
  ];
  for (const [end, today, months, extended, why] of cases) {
    test(`${end}, agreed on ${today}, ${months} months → ${extended}: ${why}`, () => {
      assert.equal(formatDay(extendedEnd(day(end), day(today), months)), extended);
    });
  }

  test("and months are taken off as they are put on", () => {
    assert.equal(formatDay(addMonths(day("2027-03-31"), -1)), "2027-02-28");
    assert.equal(formatDay(addMonths(day("2027-01-15"), -12)), "2026-01-15");
    assert.equal(formatDay(addMonths(day("2027-01-15"), -1)), "2026-12-15");
  });
});

describe("who may be called on a day", () => {
  const today = day("2026-12-10");
  const rested = { called_day: 0, busy_day: NEVER_BUSY, done_day: 0 };
  const cases: readonly (readonly [
    what: string,
    days: Partial<typeof rested>,
    skip: number,
    may: boolean,
  ])[] = [
    ["never called", {}, 7, true],
    ["called today", { called_day: today }, 7, false],
    ["called seven days ago, and seven are skipped", { called_day: today - 7 }, 7, false],
    ["called eight days ago", { called_day: today - 8 }, 7, true],
    ["called today, and nothing is skipped", { called_day: today }, 0, false],
    ["called yesterday, and nothing is skipped", { called_day: today - 1 }, 0, true],
    ["a call of today waits", { busy_day: today }, 7, false],
    ["a call of yesterday still waits", { busy_day: today - 1 }, 7, false],
    ["a call waits for tomorrow", { busy_day: today + 1 }, 7, true],
    ["one was completed today", { done_day: today }, 0, false],
    ["one was completed yesterday", { done_day: today - 1 }, 0, true],
  ];
  for (const [what, days, skip, may] of cases) {
    test(`${what}: ${may ? "yes" : "no"}`, () => {
      assert.equal(isRested({ ...rested, ...days }, today, skip), may);
    });
  }
});

test("the day is that of the program's zone", () => {
  const zone = loadZones().zone("Asia/Kolkata");
  assert.ok(zone);
  assert.equal(formatDay(dayIn(zone, Date.parse("2026-12-01T18:29:59Z"))), "2026-12-01");
  assert.equal(formatDay(dayIn(zone, Date.parse("2026-12-01T18:30:00Z"))), "2026-12-02");
});

test("the time of the daily run becomes its rule, and is shown as it was said", () => {
  for (const [text, rule] of [
    ["10:00", "0 10 * * *"],
    ["00:00", "0 0 * * *"],
    ["23:59", "59 23 * * *"],
  ] as const) {
    const minute = minuteOf(text);
    assert.ok(minute !== undefined);
    assert.equal(dailyRule(minute), rule);
    assert.equal(clockOf(minute), text);
  }
  for (const wrong of ["24:00", "10:60", "1000", "10:0", "", "10:00:00"])
    assert.equal(minuteOf(wrong), undefined);
});

test("every status of a call has its word", () => {
  const words = Object.fromEntries(
    [...callStatuses, "queued" as const].map((status) => [status, statusViews[status]]),
  );
  assert.deepEqual(words, {
    scheduled: "pending",
    queued: "queued",
    paused: "pending",
    dialing: "queued",
    completed: "completed",
    failed: "failed",
    expired: "failed",
    needs_review: "failed",
    canceled: "cancelled",
    skipped: "skipped",
  });
});

test("a planned retry counts before it is made, and once", () => {
  assert.equal(retriesOf({ status: "scheduled", reason: "requested", attempts: 0 }), 0);
  assert.equal(retriesOf({ status: "dialing", reason: "requested", attempts: 1 }), 0);
  assert.equal(retriesOf({ status: "scheduled", reason: "retry", attempts: 1 }), 1);
  assert.equal(retriesOf({ status: "queued", reason: "retry", attempts: 1 }), 1);
  assert.equal(retriesOf({ status: "dialing", reason: "requested", attempts: 2 }), 1);
  assert.equal(retriesOf({ status: "failed", reason: "retries_exhausted", attempts: 4 }), 3);
});

test("who was not rung was not called", () => {
  for (const outcome of ["not_placed", "carrier_error", "blocked", null] as const)
    assert.equal(hasRung(outcome), false);
  for (const outcome of ["busy", "no_answer", "declined", "answered_machine", "answered_human"] as const)
    assert.equal(hasRung(outcome), true);
});
