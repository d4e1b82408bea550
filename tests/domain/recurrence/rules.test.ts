import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { firstSlotAfter, nextSlot } from "../../../src/domain/recurrence/recurrence.ts";
import { expand, keys, recurrenceOf, refusalOf, wall } from "./expand.ts";

const LONDON = "Europe/London";
const days = (found: readonly string[]) => found.map((key) => key.slice(0, 10));

describe("what a rule gives", () => {
  test("monthly from the 31st takes the month's last day and comes back to the 31st", () => {
    const found = keys(recurrenceOf({ frequency: "monthly" }, "2027-01-31T09:30", LONDON), 5);
    assert.deepEqual(days(found), ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]);
    const skipped = keys(
      recurrenceOf({ frequency: "monthly", on_missing_day: "skip" }, "2027-01-31T09:30", LONDON),
      3,
    );
    assert.deepEqual(days(skipped), ["2027-01-31", "2027-03-31", "2027-05-31"]);
    const leap = keys(recurrenceOf({ frequency: "monthly", interval: 12 }, "2028-02-29T09:30", LONDON), 5);
    assert.deepEqual(days(leap), ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]);
  });

  test("an RRULE on the 31st leaves short months out", () => {
    const found = keys(recurrenceOf({ rrule: "FREQ=MONTHLY" }, "2027-01-31T09:30", LONDON), 3);
    assert.deepEqual(days(found), ["2027-01-31", "2027-03-31", "2027-05-31"]);
  });

  test("weeks are counted from the Monday of the start's week", () => {
    // 2027-01-08 is a Friday: its Monday is past, the next Monday that counts is a fortnight after it.
    const input = { frequency: "weekly", interval: 2, weekdays: ["mon", "fri"] };
    assert.deepEqual(days(keys(recurrenceOf(input, "2027-01-08T09:00", LONDON), 4)), [
      "2027-01-08",
      "2027-01-18",
      "2027-01-22",
      "2027-02-01",
    ]);
  });

  test("weekdays are read as names, short and long, and as numbers from Sunday", () => {
    const found = (weekdays: unknown) =>
      days(keys(recurrenceOf({ frequency: "weekly", weekdays }, "2027-01-04T09:00", LONDON), 3));
    const expected = ["2027-01-09", "2027-01-10", "2027-01-16"];
    for (const weekdays of [
      [6, 0],
      ["6", 7],
      ["Saturday", "SUN"],
      ["sa", "su"],
    ]) {
      assert.deepEqual(found(weekdays), expected);
    }
  });

  test("a start that does not fit its rule is not a slot", () => {
    assert.deepEqual(
      days(keys(recurrenceOf({ frequency: "weekly", weekdays: ["wed"] }, "2027-01-04T09:00", LONDON), 1)),
      ["2027-01-06"],
    );
    assert.deepEqual(keys(recurrenceOf({ cron: "0 10 * * *" }, "2027-01-04T10:00:30", LONDON), 1), [
      "2027-01-05T10:00",
    ]);
  });

  test("an end is inclusive, as a date, a wall time or an instant", () => {
    const last = (until: string) =>
      keys(recurrenceOf({ frequency: "daily", until }, "2027-06-01T10:00", LONDON), 99).at(-1);
    assert.equal(last("2027-06-04"), "2027-06-04T10:00");
    assert.equal(last("2027-06-04T10:00"), "2027-06-04T10:00");
    assert.equal(last("2027-06-04T09:59"), "2027-06-03T10:00");
    assert.equal(last("2027-06-04T09:00:00Z"), "2027-06-04T10:00");
    assert.equal(last("2027-06-04T09:59:59+01:00"), "2027-06-03T10:00");
  });

  test("COUNT counts times taken out, and not those added; max_occurrences counts what rings", () => {
    const dates = { exdates: ["2027-01-05"], rdates: ["2027-01-20T09:00"] };
    const counted = keys(
      recurrenceOf({ rrule: "FREQ=DAILY;COUNT=4", ...dates }, "2027-01-04T10:00", LONDON),
      9,
    );
    assert.deepEqual(counted, [
      "2027-01-04T10:00",
      "2027-01-06T10:00",
      "2027-01-07T10:00",
      "2027-01-20T09:00",
    ]);
    const most = keys(
      recurrenceOf({ rrule: "FREQ=DAILY", max_occurrences: 4, ...dates }, "2027-01-04T10:00", LONDON),
      9,
    );
    assert.deepEqual(days(most), ["2027-01-04", "2027-01-06", "2027-01-07", "2027-01-08"]);
  });

  test("dates taken out and added every minute lose no neighbour", () => {
    const input = {
      rrule: "FREQ=MINUTELY",
      exdates: ["2027-01-04T10:01", "2027-01-04T10:03"],
      rdates: ["2027-01-04T10:03"],
    };
    const found = keys(recurrenceOf(input, "2027-01-04T10:00", LONDON), 3);
    assert.deepEqual(
      found.map((key) => key.slice(11)),
      ["10:00", "10:02", "10:04"],
    );
  });

  test("a date added stays after UNTIL, and is counted", () => {
    const input = {
      rrule: "FREQ=DAILY;UNTIL=20270106T100000Z",
      rdates: ["2027-02-01T08:00", "2027-02-02T08:00:00Z"],
    };
    const recurrence = recurrenceOf(input, "2027-01-04T10:00", LONDON);
    assert.deepEqual(days(keys(recurrence, 9)), [
      "2027-01-04",
      "2027-01-05",
      "2027-01-06",
      "2027-02-01",
      "2027-02-02",
    ]);
    assert.equal(firstSlotAfter(recurrence, wall("2027-02-01T12:00"))?.number, 5);
    assert.equal(firstSlotAfter(recurrence, wall("2027-02-03T12:00")), null);
  });

  test("an earlier DTSTART anchors intervals and COUNT; slots begin with the series", () => {
    const rrule = "DTSTART;TZID=Europe/London:20270101T083000\nRRULE:FREQ=DAILY;INTERVAL=3;COUNT=4";
    const recurrence = recurrenceOf({ rrule }, "2027-01-03T10:00", LONDON);
    assert.deepEqual(keys(recurrence, 9), ["2027-01-04T08:30", "2027-01-07T08:30", "2027-01-10T08:30"]);
    assert.equal(expand(recurrence, 1)[0]?.number, 1);
  });

  test("a time of the start's own day before the start is neither a slot nor counted", () => {
    const input = { rrule: "FREQ=DAILY;BYHOUR=8,10,12;COUNT=5", exdates: ["2027-01-05T10:00"] };
    const found = keys(recurrenceOf(input, "2027-01-04T10:00", LONDON), 9);
    assert.deepEqual(found, ["2027-01-04T10:00", "2027-01-04T12:00", "2027-01-05T08:00", "2027-01-05T12:00"]);
    const late = { rrule: "DTSTART:20270101T083000\nRRULE:FREQ=DAILY" };
    assert.deepEqual(keys(recurrenceOf(late, "2027-01-04T10:00", LONDON), 1), ["2027-01-05T08:30"]);
  });

  test("a date both added and taken out is out, and one that rings anyway is one slot", () => {
    const out = { rrule: "FREQ=DAILY", rdates: ["2027-01-04T12:00"], exdates: ["2027-01-04T12:00"] };
    assert.deepEqual(days(keys(recurrenceOf(out, "2027-01-04T10:00", LONDON), 2)), [
      "2027-01-04",
      "2027-01-05",
    ]);
    const twice = { rrule: "FREQ=DAILY", rdates: ["2027-01-05T10:00:00Z", "2027-01-05T10:00"] };
    const recurrence = recurrenceOf(twice, "2027-01-04T10:00", LONDON);
    assert.deepEqual(days(keys(recurrence, 3)), ["2027-01-04", "2027-01-05", "2027-01-06"]);
    assert.equal(firstSlotAfter(recurrence, wall("2027-01-05T12:00"))?.number, 3);
  });

  test("what an hourly rule would give after its UNTIL is not counted before a date added later", () => {
    const input = { rrule: "FREQ=HOURLY;UNTIL=20270104T120000Z", rdates: ["2027-02-01T08:00"] };
    const recurrence = recurrenceOf(input, "2027-01-04T10:00", LONDON);
    assert.deepEqual(
      keys(recurrence, 9).map((key) => key.slice(5)),
      ["01-04T10:00", "01-04T11:00", "01-04T12:00", "02-01T08:00"],
    );
    assert.equal(firstSlotAfter(recurrence, wall("2027-01-10T00:00"))?.number, 4);
  });

  test("the seconds of a start are kept, and are part of the key", () => {
    const found = expand(recurrenceOf({ rrule: "FREQ=HOURLY;INTERVAL=2" }, "2027-01-04T10:00:30", LONDON), 2);
    assert.deepEqual(
      found.map(({ key }) => key),
      ["2027-01-04T10:00:30", "2027-01-04T12:00:30"],
    );
    assert.equal(found[0]?.at, wall("2027-01-04T10:00:30"));
  });

  test("folded lines, small letters and blanks around are read", () => {
    const rrule = "rrule:freq=weekly;byday=mo,\r\n we ;count=2\r\nexdate:20270104T100000\r\n";
    assert.deepEqual(keys(recurrenceOf({ rrule }, "2027-01-04T10:00", LONDON), 9), ["2027-01-06T10:00"]);
  });

  test("cron reads names, ranges, steps, lists, Sunday as 7, and either of two days", () => {
    const found = (cron: string) => keys(recurrenceOf({ cron }, "2027-01-01T00:00", LONDON), 3);
    assert.deepEqual(found("0 9 * feb SUN"), ["2027-02-07T09:00", "2027-02-14T09:00", "2027-02-21T09:00"]);
    assert.deepEqual(found("0 9 * 2 7"), found("0 9 * feb sun"));
    assert.deepEqual(found("10-30/10 9 1 1 *"), ["2027-01-01T09:10", "2027-01-01T09:20", "2027-01-01T09:30"]);
    assert.deepEqual(days(found("0 9 13 * fri")), ["2027-01-01", "2027-01-08", "2027-01-13"]);
    assert.deepEqual(days(found("0 9 */10 * fri")), ["2027-01-01", "2027-05-21", "2027-06-11"]);
    assert.deepEqual(days(found("0 9 ? * sat-sun")), ["2027-01-02", "2027-01-03", "2027-01-09"]);
    // A list of every day is not a star: either of two days, one of which is every day.
    assert.deepEqual(days(found("0 9 1-31 * mon")), ["2027-01-01", "2027-01-02", "2027-01-03"]);
    assert.deepEqual(days(found("0 9 13 * 0-6")), ["2027-01-01", "2027-01-02", "2027-01-03"]);
    assert.deepEqual(days(found("@monthly")), ["2027-01-01", "2027-02-01", "2027-03-01"]);
  });

  test("decades after its start a series is found at once and counted rightly", () => {
    const recurrence = recurrenceOf(
      { frequency: "daily", weekdays: ["mon", "tue", "wed", "thu", "fri"] },
      "1995-01-02T10:00",
      "America/New_York",
    );
    const slots = expand(recurrence, 9000);
    for (const i of [0, 1, 260, 4321, 8998]) {
      const slot = slots[i];
      assert.ok(slot !== undefined);
      assert.deepEqual(firstSlotAfter(recurrence, slot.at - 1), slot);
      assert.deepEqual(firstSlotAfter(recurrence, slot.at), slots[i + 1]);
    }
  });

  test("a rule that must ring at most so often ends there, however it is asked", () => {
    const recurrence = recurrenceOf({ frequency: "daily", max_occurrences: 2 }, "2027-01-04T10:00", LONDON);
    const [first, second] = expand(recurrence, 9);
    assert.equal(nextSlot(recurrence, second ?? null), null);
    assert.equal(firstSlotAfter(recurrence, first?.at ?? 0)?.number, 2);
    assert.equal(firstSlotAfter(recurrence, second?.at ?? 0), null);
  });

  test("a rule read with one start cannot be used with another", () => {
    const recurrence = recurrenceOf({ frequency: "daily" }, "2027-01-04T10:00", LONDON);
    assert.throws(
      () => nextSlot({ ...recurrence, startLocalMs: wall("2027-01-04T11:00") }, null),
      /another start/,
    );
  });
});

describe("what is refused", () => {
  /** The rule, where the fault is, and words of the reason. */
  const REFUSED: readonly (readonly [unknown, string, RegExp])[] = [
    [null, "", /an object with frequency, rrule or cron/],
    [[], "", /an object/],
    [{}, "", /one of frequency, rrule and cron/],
    [{ cron: "0 9 * * *", rrule: "FREQ=DAILY" }, "", /one of/],
    [{ frequency: "yearly" }, "/frequency", /daily, weekly or monthly/],
    [{ frequency: "daily", every: 2 }, "/every", /there is no "every" here/],
    [{ frequency: "daily", interval: 0 }, "/interval", /from 1 to 1000/],
    [{ frequency: "daily", interval: 1.5 }, "/interval", /whole number/],
    [{ frequency: "daily", interval: "2" }, "/interval", /whole number/],
    [{ frequency: "monthly", interval: 481 }, "/interval", /from 1 to 480/],
    [{ frequency: "weekly", weekdays: [] }, "/weekdays", /a list of weekdays/],
    [{ frequency: "weekly", weekdays: ["mon", "someday"] }, "/weekdays/1", /"someday" is no weekday/],
    [{ frequency: "weekly", weekdays: [8] }, "/weekdays/0", /no weekday/],
    [{ frequency: "monthly", weekdays: ["mon"] }, "/weekdays", /second Tuesday/],
    [{ frequency: "daily", on_missing_day: "skip" }, "/on_missing_day", /goes with monthly/],
    [{ frequency: "daily", max_occurrences: 100_001 }, "/max_occurrences", /from 1 to 100000/],
    [{ frequency: "daily", until: "2026-12-31" }, "/until", /ends before its first time/],
    [{ frequency: "daily", until: "2027-02-30" }, "/until", /2027-02-30/],
    [{ frequency: "daily", until: 5 }, "/until", /a date such as/],
    [{ frequency: "daily", until: "2027-12-31T10:00[Asia/Tokyo]" }, "/until", /another zone/],
    [{ rrule: "" }, "/rrule", /no RRULE/],
    [{ rrule: "every day" }, "/rrule", /is no rule/],
    [{ rrule: "BYDAY=MO" }, "/rrule", /needs FREQ/],
    [{ rrule: "FREQ=SECONDLY" }, "/rrule", /planned by the minute/],
    [{ rrule: "FREQ=DAILY;BYSECOND=30" }, "/rrule", /only BYSECOND=0/],
    [{ rrule: "FREQ=FORTNIGHTLY" }, "/rrule", /not known/],
    [{ rrule: "FREQ=DAILY;COUNT=3;UNTIL=20271231" }, "/rrule", /not both/],
    [{ rrule: "FREQ=DAILY;FREQ=WEEKLY" }, "/rrule", /stands twice/],
    [{ rrule: "FREQ=WEEKLY;BYDAY=2MO" }, "/rrule", /goes with MONTHLY or YEARLY/],
    [{ rrule: "FREQ=WEEKLY;BYMONTHDAY=3" }, "/rrule", /does not go with WEEKLY/],
    [{ rrule: "FREQ=MONTHLY;BYMONTHDAY=0" }, "/rrule", /BYMONTHDAY: "0"/],
    [{ rrule: "FREQ=MONTHLY;BYSETPOS=1" }, "/rrule", /BYSETPOS chooses/],
    [{ rrule: "FREQ=DAILY;INTERVAL=0" }, "/rrule", /INTERVAL is a whole number/],
    [{ rrule: "FREQ=DAILY;COUNT=1000000" }, "/rrule", /COUNT is a whole number from 1 to 100000/],
    [{ rrule: "FREQ=DAILY;UNTIL=20261231" }, "/rrule", /ends before/],
    [
      { rrule: "DTSTART;TZID=Asia/Tokyo:20270104T100000\nRRULE:FREQ=DAILY" },
      "/rrule",
      /TZID="Asia\/Tokyo" differs/,
    ],
    [{ rrule: "FREQ=DAILY;RSCALE=CHINESE" }, "/rrule", /RFC 7529/],
    [{ rrule: `FREQ=DAILY;BYMINUTE=${"1,".repeat(500)}1` }, "/rrule", /at most 1000 characters/],
    [{ rrule: "FREQ=DAILY", exdates: ["2027-01-05", "tomorrow"] }, "/exdates/1", /tomorrow/],
    [
      { rrule: "FREQ=DAILY", rdates: Array.from({ length: 1001 }, () => "2027-02-01") },
      "/rdates",
      /at most 1000/,
    ],
    [{ cron: 5 }, "/cron", /send a text/],
    [{ cron: "0 9 * *" }, "/cron", /five fields .* not 4$/],
    [{ cron: "0 0 9 * * *" }, "/cron", /not 6; seconds and years/],
    [{ cron: "60 9 * * *" }, "/cron", /"60" is no minute: numbers run from 0 to 59/],
    [{ cron: "*/90 * * * *" }, "/cron", /the step "\*\/90"/],
    [{ cron: "*/0 * * * *" }, "/cron", /the step/],
    [{ cron: "0 22-2 * * *" }, "/cron", /runs backwards/],
    [{ cron: "0 9 L * *" }, "/cron", /for the last day or the second Tuesday send an rrule/],
    [{ cron: "0 9 * * mon#2" }, "/cron", /no weekday/],
    [{ cron: "0 9 * foo *" }, "/cron", /no month: .*jan to dec/],
    [{ cron: "@reboot" }, "/cron", /known: @yearly/],
    [{ cron: "TZ=Asia/Tokyo 0 9 * * *" }, "/cron", /goes into timezone/],
    [{ cron: "0 0 30 2 *" }, "/cron", /never comes round/],
    [{ rrule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30" }, "/rrule", /never comes round/],
    [{ rrule: "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=-1MO" }, "/rrule", /never comes round/],
    [{ rrule: "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=31" }, "/rrule", /never comes round/],
  ];
  for (const [input, pointer, detail] of REFUSED) {
    test(`${JSON.stringify(input).slice(0, 70)} at "${pointer}"`, () => {
      const refusal = refusalOf(input);
      assert.equal(refusal.pointer, pointer);
      assert.match(refusal.detail, detail);
    });
  }

  test("29 February comes round, also over the year 2100, also on a Monday forty years later", () => {
    const leap = recurrenceOf({ cron: "0 0 29 2 *" }, "2095-01-01T00:00", LONDON);
    assert.deepEqual(days(keys(leap, 2)), ["2096-02-29", "2104-02-29"]);
    const input = { rrule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO" };
    assert.deepEqual(days(keys(recurrenceOf(input, "2072-03-01T00:00", LONDON), 1)), ["2112-02-29"]);
  });
});
