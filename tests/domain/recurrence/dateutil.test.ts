import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keys, recurrenceOf, refusalOf } from "./expand.ts";

/** The examples of python-dateutil's documentation that RFC 5545 does not have, or not so: start, rule, first times. */
const EXAMPLES: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    "Every other day, 5 occurrences",
    "1997-09-02",
    "FREQ=DAILY;INTERVAL=2;COUNT=5",
    ["1997-09-02", "1997-09-04", "1997-09-06", "1997-09-08", "1997-09-10"],
  ],
  [
    "Every other week, 6 occurrences",
    "1997-09-02",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=6",
    ["1997-09-02", "1997-09-16", "1997-09-30", "1997-10-14", "1997-10-28", "1997-11-11"],
  ],
  [
    "Monthly on the third to the last day of the month, for 6 months",
    "1997-09-28",
    "FREQ=MONTHLY;COUNT=6;BYMONTHDAY=-3",
    ["1997-09-28", "1997-10-29", "1997-11-28", "1997-12-29", "1998-01-29", "1998-02-26"],
  ],
  [
    "Monthly on the first and last day of the month",
    "1997-09-02",
    "FREQ=MONTHLY;COUNT=5;BYMONTHDAY=-1,1",
    ["1997-09-30", "1997-10-01", "1997-10-31", "1997-11-01", "1997-11-30"],
  ],
  [
    "Every Tuesday, every other month, 6 occurrences",
    "1997-09-02",
    "FREQ=MONTHLY;INTERVAL=2;COUNT=6;BYDAY=TU",
    ["1997-09-02", "1997-09-09", "1997-09-16", "1997-09-23", "1997-09-30", "1997-11-04"],
  ],
  [
    "Yearly in June and July",
    "1997-06-10",
    "FREQ=YEARLY;COUNT=4;BYMONTH=6,7",
    ["1997-06-10", "1997-07-10", "1998-06-10", "1998-07-10"],
  ],
  [
    "Every 3rd year on the 1st, 100th and 200th day for 4 occurrences",
    "1997-01-01",
    "FREQ=YEARLY;COUNT=4;INTERVAL=3;BYYEARDAY=1,100,200",
    ["1997-01-01", "1997-04-10", "1997-07-19", "2000-01-01"],
  ],
  [
    "Monday of week number 20, 3 occurrences",
    "1997-05-12",
    "FREQ=YEARLY;COUNT=3;BYWEEKNO=20;BYDAY=MO",
    ["1997-05-12", "1998-05-11", "1999-05-17"],
  ],
  [
    "The week number 1 may be in the last year",
    "1997-09-02",
    "FREQ=WEEKLY;COUNT=3;BYWEEKNO=1;BYDAY=MO",
    ["1997-12-29", "1999-01-04", "2000-01-03"],
  ],
  [
    "And the week numbers greater than 51 may be in the next year",
    "1997-09-02",
    "FREQ=WEEKLY;COUNT=3;BYWEEKNO=52;BYDAY=SU",
    ["1997-12-28", "1998-12-27", "2000-01-02"],
  ],
  [
    "Only some years have week number 53",
    "1997-09-02",
    "FREQ=WEEKLY;COUNT=3;BYWEEKNO=53;BYDAY=MO",
    ["1998-12-28", "2004-12-27", "2009-12-28"],
  ],
  [
    "Every Friday the 13th, 4 occurrences",
    "1997-09-02",
    "FREQ=YEARLY;COUNT=4;BYDAY=FR;BYMONTHDAY=13",
    ["1998-02-13", "1998-03-13", "1998-11-13", "1999-08-13"],
  ],
  [
    "Every four years, the first Tuesday after a Monday in November",
    "1996-11-05",
    "FREQ=YEARLY;INTERVAL=4;COUNT=3;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
    ["1996-11-05", "2000-11-07", "2004-11-02"],
  ],
  [
    "The 2nd to last weekday of the month, 3 occurrences",
    "1997-09-29",
    "FREQ=MONTHLY;COUNT=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
    ["1997-09-29", "1997-10-30", "1997-11-27"],
  ],
  [
    "Weekly, for 4 weeks, plus one time on day 7, and not on day 16",
    "1997-09-02",
    "FREQ=WEEKLY;COUNT=4\nRDATE:19970907T090000\nEXDATE:19970916T090000",
    ["1997-09-02", "1997-09-07", "1997-09-09", "1997-09-23"],
  ],
  [
    "Daily, for 7 days, jumping Saturday and Sunday occurrences (as dates taken out)",
    "1997-09-02",
    "FREQ=DAILY;COUNT=7\nEXDATE;VALUE=DATE:19970906,19970907",
    ["1997-09-02", "1997-09-03", "1997-09-04", "1997-09-05", "1997-09-08"],
  ],
];

describe("the examples of python-dateutil", () => {
  for (const [name, date, rule, dates] of EXAMPLES) {
    test(name, () => {
      const recurrence = recurrenceOf({ rrule: `RRULE:${rule}` }, `${date}T09:00`, "UTC");
      assert.deepEqual(
        keys(recurrence, dates.length + 1),
        dates.map((one) => `${one}T09:00`),
      );
    });
  }

  test("Every 20 minutes from 9:00 AM to 4:40 PM for two days", () => {
    const rule = "FREQ=MINUTELY;INTERVAL=20;COUNT=48;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40";
    const found = keys(recurrenceOf({ rrule: rule }, "1997-09-02T09:00", "UTC"), 49);
    assert.equal(found.length, 48);
    assert.deepEqual(
      [found[1], found[23], found[24], found[47]],
      ["1997-09-02T09:20", "1997-09-02T16:40", "1997-09-03T09:00", "1997-09-03T16:40"],
    );
  });

  test("Every 10 days, 5 occurrences, from a text with DTSTART and from the rule alone", () => {
    const expected = [
      "1997-09-02T09:00",
      "1997-09-12T09:00",
      "1997-09-22T09:00",
      "1997-10-02T09:00",
      "1997-10-12T09:00",
    ];
    const whole = "\nDTSTART:19970902T090000\nRRULE:FREQ=DAILY;INTERVAL=10;COUNT=5\n";
    assert.deepEqual(keys(recurrenceOf({ rrule: whole }, "1997-09-02T09:00", "UTC"), 9), expected);
    assert.deepEqual(
      keys(recurrenceOf({ rrule: "FREQ=DAILY;INTERVAL=10;COUNT=5" }, "1997-09-02T09:00", "UTC"), 9),
      expected,
    );
  });

  test("what a set of rules would need is refused with a reason", () => {
    const two = refusalOf({
      rrule: "RRULE:FREQ=DAILY;INTERVAL=10;COUNT=5\nRRULE:FREQ=DAILY;INTERVAL=5;COUNT=3",
    });
    assert.match(two.detail, /one RRULE; two rules are two series/);
    assert.match(
      refusalOf({ rrule: "RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY" }).detail,
      /"EXRULE" is not supported/,
    );
    assert.match(refusalOf({ rrule: "FREQ=YEARLY;BYEASTER=0" }).detail, /BYEASTER.* is no part of a rule/);
  });
});
