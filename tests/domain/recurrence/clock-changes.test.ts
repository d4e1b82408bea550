import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { firstSlotAfter, nextSlot } from "../../../src/domain/recurrence/recurrence.ts";
import type { Slot } from "../../../src/domain/recurrence/recurrence.ts";
import { expand, keys, recurrenceOf, wall } from "./expand.ts";

const NEW_YORK = "America/New_York";
const LORD_HOWE = "Australia/Lord_Howe";

const at = (slot: Slot | null): string | undefined =>
  slot === null ? undefined : new Date(slot.at).toISOString().slice(0, 16);

describe("where cron libraries disagree", () => {
  test("`30 2 * * *` in the gap of New York rings an hour later by the clock", () => {
    const found = firstSlotAfter(
      recurrenceOf({ cron: "30 2 * * *" }, "2027-01-01T00:00", NEW_YORK),
      wall("2027-03-14T06:00"),
    );
    assert.equal(at(found), "2027-03-14T07:30");
    assert.equal(found?.key, "2027-03-14T02:30");
    assert.deepEqual(found?.notes, [
      "moved forward an hour: 02:30 does not exist on 2027-03-14",
      "the clocks go forward an hour at 02:00",
    ]);
  });

  test("`30 1 * * *` in the overlap of New York rings once, also when asked between the two", () => {
    const recurrence = recurrenceOf({ cron: "30 1 * * *" }, "2027-01-01T00:00", NEW_YORK);
    assert.equal(at(firstSlotAfter(recurrence, wall("2027-11-07T05:00"))), "2027-11-07T05:30");
    assert.equal(at(firstSlotAfter(recurrence, wall("2027-11-07T06:00"))), "2027-11-08T06:30");
  });

  test("`*/15 * * * *` neither loses nor doubles the hour that comes twice", () => {
    const recurrence = recurrenceOf({ cron: "*/15 * * * *" }, "2027-11-07T00:00", NEW_YORK);
    assert.equal(at(firstSlotAfter(recurrence, wall("2027-11-07T05:45"))), "2027-11-07T06:00");
    const slots = expand(recurrence, 40);
    slots.forEach((slot, i) => assert.equal(slot.at, wall("2027-11-07T04:00") + i * 900_000));
    assert.equal(new Set(slots.map(({ key }) => key)).size, 40);
    assert.equal(slots[8]?.key, "2027-11-07T01:00#2");
  });

  test("`*/15 * * * *` goes on evenly over a gap, whatever is done with missing times", () => {
    for (const gap of ["forward", "next_valid", "skip"] as const) {
      const slots = expand(recurrenceOf({ cron: "*/15 * * * *" }, "2027-03-14T00:00", NEW_YORK, { gap }), 20);
      slots.forEach((slot, i) => assert.equal(slot.at, wall("2027-03-14T05:00") + i * 900_000, gap));
    }
  });

  test("`15 2 * * *` in the half-hour gap of Lord Howe rings half an hour later by the clock", () => {
    const found = firstSlotAfter(
      recurrenceOf({ cron: "15 2 * * *" }, "2027-01-01T00:00", LORD_HOWE),
      wall("2027-10-02T12:00"),
    );
    assert.equal(at(found), "2027-10-02T15:45");
    assert.equal(found?.notes[0], "moved forward 30 minutes: 02:15 does not exist on 2027-10-03");
  });

  test("`45 1 * * *` in the half-hour overlap of Lord Howe rings the first time", () => {
    const recurrence = recurrenceOf({ cron: "45 1 * * *" }, "2027-01-01T00:00", LORD_HOWE);
    assert.equal(at(firstSlotAfter(recurrence, wall("2027-04-03T12:00"))), "2027-04-03T14:45");
    assert.equal(at(firstSlotAfter(recurrence, wall("2027-04-03T14:45"))), "2027-04-04T15:15");
  });
});

describe("days on which the clocks change", () => {
  const around = (
    zone: string,
    clock: string,
    day: string,
    policy: Parameters<typeof recurrenceOf>[3] = {},
  ) => expand(recurrenceOf({ frequency: "daily" }, `${day}T${clock}`, zone, policy), 3).map(at);

  /** Zone, time, first day; then the instants of three days, the second of which is the day of the change. */
  const FACTS: readonly (readonly [string, string, string, readonly string[]])[] = [
    ["America/New_York", "10:00", "2027-03-13", ["2027-03-13T15:00", "2027-03-14T14:00", "2027-03-15T14:00"]],
    ["America/New_York", "10:00", "2027-11-06", ["2027-11-06T14:00", "2027-11-07T15:00", "2027-11-08T15:00"]],
    ["Europe/London", "01:30", "2027-03-27", ["2027-03-27T01:30", "2027-03-28T01:30", "2027-03-29T00:30"]],
    ["Europe/Dublin", "01:30", "2027-10-30", ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"]],
    ["Europe/Chisinau", "03:30", "2027-03-27", ["2027-03-27T01:30", "2027-03-28T01:30", "2027-03-29T00:30"]],
    ["Pacific/Chatham", "03:15", "2027-09-25", ["2027-09-24T14:30", "2027-09-25T14:30", "2027-09-26T13:30"]],
    ["Africa/Cairo", "00:00", "2027-04-29", ["2027-04-28T22:00", "2027-04-29T22:00", "2027-04-30T21:00"]],
    ["Africa/Cairo", "23:30", "2027-10-27", ["2027-10-27T20:30", "2027-10-28T20:30", "2027-10-29T21:30"]],
    ["Asia/Beirut", "00:00", "2027-03-27", ["2027-03-26T22:00", "2027-03-27T22:00", "2027-03-28T21:00"]],
    ["America/Havana", "00:00", "2027-03-13", ["2027-03-13T04:00", "2027-03-14T04:00", "2027-03-15T04:00"]],
    ["America/Havana", "00:30", "2027-11-06", ["2027-11-06T04:30", "2027-11-07T04:30", "2027-11-08T05:30"]],
    ["America/Santiago", "23:30", "2027-04-02", ["2027-04-03T02:30", "2027-04-04T02:30", "2027-04-05T03:30"]],
    ["America/Santiago", "00:30", "2027-09-04", ["2027-09-04T04:30", "2027-09-05T04:30", "2027-09-06T03:30"]],
    ["America/Nuuk", "23:30", "2027-03-26", ["2027-03-27T01:30", "2027-03-28T01:30", "2027-03-29T00:30"]],
    ["Antarctica/Troll", "02:30", "2027-03-27", ["2027-03-27T02:30", "2027-03-28T02:30", "2027-03-29T00:30"]],
    ["Asia/Gaza", "02:30", "2027-03-26", ["2027-03-26T00:30", "2027-03-27T00:30", "2027-03-27T23:30"]],
    ["America/St_Johns", "02:30", "2027-03-13", ["2027-03-13T06:00", "2027-03-14T06:00", "2027-03-15T05:00"]],
    ["Asia/Kolkata", "10:00", "2027-03-13", ["2027-03-13T04:30", "2027-03-14T04:30", "2027-03-15T04:30"]],
    ["Asia/Kathmandu", "10:00", "2027-11-06", ["2027-11-06T04:15", "2027-11-07T04:15", "2027-11-08T04:15"]],
    ["America/Winnipeg", "10:00", "2027-03-13", ["2027-03-13T15:00", "2027-03-14T15:00", "2027-03-15T15:00"]],
  ];
  for (const [zone, clock, day, expected] of FACTS) {
    test(`daily at ${clock} in ${zone} from ${day}`, () => {
      assert.deepEqual(around(zone, clock, day), expected);
    });
  }

  test("a missing midnight moves to the first minute of that day, or is left out on request", () => {
    assert.deepEqual(around("Africa/Cairo", "00:30", "2027-04-29", { gap: "next_valid" }), [
      "2027-04-28T22:30",
      "2027-04-29T22:00",
      "2027-04-30T21:30",
    ]);
    assert.deepEqual(around("Africa/Cairo", "00:30", "2027-04-29", { gap: "skip" }), [
      "2027-04-28T22:30",
      "2027-04-30T21:30",
      "2027-05-01T21:30",
    ]);
  });

  test("an overlap rings the first time, the second or both, each with a key of its own", () => {
    const all = (overlap: "first" | "second" | "both") =>
      keys(recurrenceOf({ frequency: "daily" }, "2027-11-07T01:30", NEW_YORK, { overlap }), 2);
    assert.deepEqual(all("first"), ["2027-11-07T01:30", "2027-11-08T01:30"]);
    assert.deepEqual(all("second"), ["2027-11-07T01:30#2", "2027-11-08T01:30"]);
    assert.deepEqual(all("both"), ["2027-11-07T01:30", "2027-11-07T01:30#2"]);
  });

  test("notes tell of two equal times, of the change and of nothing on other days", () => {
    const slots = expand(
      recurrenceOf({ frequency: "daily" }, "2027-11-06T01:30", NEW_YORK, { overlap: "both" }),
      4,
    );
    const change = "the clocks go back an hour at 02:00";
    assert.deepEqual(
      slots.map(({ notes }) => notes),
      [[], ["the first of two 01:30", change], ["the second of two 01:30", change], []],
    );
    const before = expand(recurrenceOf({ frequency: "daily" }, "2027-11-06T00:30", NEW_YORK), 3);
    assert.deepEqual(
      before.map(({ notes }) => notes),
      [[], [change], []],
    );
    const troll = expand(recurrenceOf({ frequency: "daily" }, "2027-03-28T02:30", "Antarctica/Troll"), 1);
    assert.equal(troll[0]?.notes[0], "moved forward 2 hours: 02:30 does not exist on 2027-03-28");
  });

  test("two slots never share an instant: a moved time gives way to a real one", () => {
    const slots = expand(recurrenceOf({ cron: "0,30 2,3 * * *" }, "2027-03-14T00:00", NEW_YORK), 3);
    assert.deepEqual(
      slots.map(({ key }) => key),
      ["2027-03-14T03:00", "2027-03-14T03:30", "2027-03-15T02:00"],
    );
    assert.deepEqual(
      slots.map(({ number }) => number),
      [1, 2, 3],
    );
  });

  test("a time moved past a real one comes after it, and nothing is lost between", () => {
    const slots = expand(recurrenceOf({ cron: "30 2 * * *" }, "2027-03-14T00:00", NEW_YORK), 1);
    const mixed = expand(recurrenceOf({ cron: "10,30 2,3 * * *" }, "2027-03-14T00:00", NEW_YORK), 4);
    assert.equal(at(slots[0] ?? null), "2027-03-14T07:30");
    assert.deepEqual(mixed.map(at), [
      "2027-03-14T07:10",
      "2027-03-14T07:30",
      "2027-03-15T06:10",
      "2027-03-15T06:30",
    ]);
    const late = expand(
      recurrenceOf(
        { rrule: "FREQ=DAILY;BYHOUR=2;BYMINUTE=30", rdates: ["2027-03-14T03:10"] },
        "2027-03-14T00:00",
        NEW_YORK,
      ),
      2,
    );
    assert.deepEqual(
      late.map(({ key }) => key),
      ["2027-03-14T03:10", "2027-03-14T02:30"],
    );
  });

  test("a weekday series keeps ten o'clock over both changes of 2027", () => {
    const recurrence = recurrenceOf(
      { frequency: "daily", weekdays: ["mon", "tue", "wed", "thu", "fri"] },
      "2027-01-01T10:00",
      NEW_YORK,
    );
    const slots = expand(recurrence, 261);
    const isSummer = (slot: Slot) => slot.at > wall("2027-03-14T07:00") && slot.at < wall("2027-11-07T06:00");
    for (const slot of slots) {
      assert.match(slot.key, /T10:00$/);
      assert.equal(slot.localMs - slot.at, (isSummer(slot) ? -4 : -5) * 3_600_000);
    }
    assert.equal(slots.at(-1)?.key, "2027-12-31T10:00");
  });

  test("after a new release of the zone data the same slot is not given again", () => {
    const old = recurrenceOf({ frequency: "daily" }, "2027-06-01T10:00", "America/Denver");
    const now = { ...recurrenceOf({ frequency: "daily" }, "2027-06-01T10:00", "America/Phoenix") };
    const slots = expand(old, 3);
    const previous = slots[2];
    assert.ok(previous !== undefined && previous.key === "2027-06-03T10:00");
    // Phoenix is an hour behind Denver in summer: the slot would lie an hour later now.
    assert.equal(nextSlot(now, previous)?.key, "2027-06-04T10:00");
    const hourly = { ...recurrenceOf({ cron: "0 * * * *" }, "2027-06-01T10:00", "America/Phoenix") };
    assert.equal(nextSlot(hourly, previous)?.key, "2027-06-03T11:00");
  });
});
