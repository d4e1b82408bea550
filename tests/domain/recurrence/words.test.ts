import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeRule } from "../../../src/domain/recurrence/recurrence.ts";
import { recurrenceOf, wall } from "./expand.ts";

const START = "2027-01-31T10:00";
const WORKDAYS = ["mon", "tue", "wed", "thu", "fri"];

/** A rule (a text of five fields is cron, another text an RRULE) and its words, without the zone. */
const WORDS: readonly (readonly [object | string, string])[] = [
  [{ frequency: "daily" }, "every day at 10:00"],
  [{ frequency: "daily", weekdays: WORKDAYS }, "weekdays at 10:00"],
  [{ frequency: "daily", weekdays: [0, "sat"] }, "every Saturday and Sunday at 10:00"],
  [
    { frequency: "daily", interval: 2, weekdays: ["mon", "fri"] },
    "every 2 days, when it is Monday or Friday, at 10:00",
  ],
  [{ frequency: "weekly" }, "every Sunday at 10:00"],
  [
    { frequency: "weekly", interval: 2, weekdays: ["thu", "mon"] },
    "every 2 weeks on Monday and Thursday at 10:00",
  ],
  [
    { frequency: "weekly", weekdays: ["mon", "thu"], until: "2027-12-31" },
    "every Monday and Thursday at 10:00, ZONE, until 31 December 2027",
  ],
  [{ frequency: "monthly" }, "on the last day of every month at 10:00"],
  [{ frequency: "monthly", interval: 3 }, "every 3 months on the last day at 10:00"],
  [{ frequency: "monthly", on_missing_day: "skip" }, "on the 31st of every month at 10:00"],
  [
    { frequency: "daily", until: "2027-12-31T18:00", max_occurrences: 5 },
    "every day at 10:00, ZONE, until 31 December 2027 18:00, 5 times",
  ],
  [
    { frequency: "daily", until: "2027-12-31T18:00Z", max_occurrences: 1 },
    "every day at 10:00, ZONE, until 31 December 2027 18:00 UTC, once",
  ],
  [
    { rrule: "FREQ=DAILY;COUNT=3", exdates: ["2027-02-01"], rdates: ["2027-03-01T12:00"] },
    "every day at 10:00, ZONE, 3 times, without 1 date and with 1 more",
  ],
  [
    { rrule: "FREQ=DAILY;UNTIL=20271231", until: "2028-06-30" },
    "every day at 10:00, ZONE, until 31 December 2027",
  ],
  [{ rrule: "FREQ=DAILY;COUNT=3", max_occurrences: 9 }, "every day at 10:00, ZONE, 3 times"],
  ["FREQ=YEARLY", "on the 31st of January every year at 10:00"],
  ["FREQ=YEARLY;BYDAY=20MO", "on the 20th Monday of every year at 10:00"],
  ["FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "on Monday of week 20 of every year at 10:00"],
  [
    "FREQ=YEARLY;INTERVAL=3;BYYEARDAY=100,1,-1",
    "every 3 years on days 1, 100 and the last of the year at 10:00",
  ],
  [
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
    "every 4 years on the 2nd to the 8th of November, when it is Tuesday, at 10:00",
  ],
  ["FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "on the 13th of every month, when it is Friday, at 10:00"],
  ["FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "on the last weekday of every month at 10:00"],
  ["FREQ=MONTHLY;BYDAY=2TU,-1FR", "on the second Tuesday and the last Friday of every month at 10:00"],
  ["FREQ=MONTHLY;BYMONTHDAY=1,-3", "on the 1st and the third to last day of every month at 10:00"],
  ["FREQ=HOURLY;INTERVAL=3", "every 3 hours, counted from 2027-01-31 10:00"],
  [
    "FREQ=MINUTELY;INTERVAL=90;BYHOUR=9,10,11,12",
    "every 90 minutes, counted from 2027-01-31 10:00, of these only 09:00 to 12:59",
  ],
  ["0 10 * * 1-5", "weekdays at 10:00"],
  ["*/15 9-17 * * mon-fri", "weekdays every 15 minutes from 09:00 to 17:45"],
  ["30 8 13 * fri", "on the 13th of every month or on any Friday at 08:30"],
  ["0 9 1,15 jan-mar *", "on the 1st and the 15th of January, February and March at 09:00"],
  ["5 * * * *", "every hour at :05"],
  ["*/15 * * * *", "every 15 minutes"],
  ["* * * * *", "every minute"],
  ["17 3,4,5,9,11,14,15,19,22 * * *", "every day 9 times from 03:17 to 22:17"],
];

describe("a rule in words", () => {
  for (const [given, words] of WORDS) {
    const input =
      typeof given !== "string" ? given : given.startsWith("FREQ") ? { rrule: given } : { cron: given };
    test(JSON.stringify(given), () => {
      const { rule } = recurrenceOf(input, START, "Asia/Kolkata");
      const expected = words.includes("ZONE")
        ? words.replace("ZONE", "Asia/Kolkata")
        : `${words}, Asia/Kolkata`;
      assert.equal(describeRule(rule, wall(START), "Asia/Kolkata"), expected);
    });
  }

  test("a day that some months lack is said to be the last there", () => {
    const { rule } = recurrenceOf({ frequency: "monthly" }, "2027-01-30T09:30", "Europe/London");
    assert.equal(
      describeRule(rule, wall("2027-01-30T09:30"), "Europe/London"),
      "on the 30th (or the last day) of every month at 09:30, Europe/London",
    );
  });
});
