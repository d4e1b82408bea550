import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expand, keys, recurrenceOf } from "./expand.ts";

const WORK_HOURS = [9, 10, 11, 12, 13, 14, 15, 16];

/**
 * The examples of RFC 5545 3.8.5.3 by name: DTSTART's date (09:00 in New York), the rule, and the dates it gives, written as
 * there: "1997 9/2 4" is 2 and 4 September 1997, "3-5" a range. A rule without an end is compared as far as it is written.
 */
const EXAMPLES: readonly (readonly [string, string, string, string])[] = [
  ["Daily for 10 occurrences", "19970902", "FREQ=DAILY;COUNT=10", "1997 9/2-11"],
  [
    "Every other day - forever",
    "19970902",
    "FREQ=DAILY;INTERVAL=2",
    "1997 9/2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 10/2",
  ],
  ["Every 10 days, 5 occurrences", "19970902", "FREQ=DAILY;INTERVAL=10;COUNT=5", "1997 9/2 12 22 10/2 12"],
  [
    "Every day in January, for 3 years",
    "19980101",
    "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
    "1998 1/1-31 1999 1/1-31 2000 1/1-31",
  ],
  [
    "Every day in January, in another way",
    "19980101",
    "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
    "1998 1/1-31 1999 1/1-31 2000 1/1-31",
  ],
  ["Weekly for 10 occurrences", "19970902", "FREQ=WEEKLY;COUNT=10", "1997 9/2 9 16 23 30 10/7 14 21 28 11/4"],
  [
    "Weekly until December 24, 1997",
    "19970902",
    "FREQ=WEEKLY;UNTIL=19971224T000000Z",
    "1997 9/2 9 16 23 30 10/7 14 21 28 11/4 11 18 25 12/2 9 16 23",
  ],
  [
    "Every other week - forever",
    "19970902",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
    "1997 9/2 16 30 10/14 28 11/11 25 12/9 23 1998 1/6 20 2/3 17",
  ],
  [
    "Weekly on Tuesday and Thursday for five weeks",
    "19970902",
    "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
    "1997 9/2 4 9 11 16 18 23 25 30 10/2",
  ],
  [
    "Weekly on Tuesday and Thursday, by count",
    "19970902",
    "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
    "1997 9/2 4 9 11 16 18 23 25 30 10/2",
  ],
  [
    "Every other week on Monday, Wednesday, and Friday until December 24, 1997",
    "19970901",
    "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
    "1997 9/1 3 5 15 17 19 29 10/1 3 13 15 17 27 29 31 11/10 12 14 24 26 28 12/8 10 12 22",
  ],
  [
    "Every other week on Tuesday and Thursday, for 8 occurrences",
    "19970902",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
    "1997 9/2 4 16 18 30 10/2 14 16",
  ],
  [
    "Monthly on the first Friday for 10 occurrences",
    "19970905",
    "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
    "1997 9/5 10/3 11/7 12/5 1998 1/2 2/6 3/6 4/3 5/1 6/5",
  ],
  [
    "Monthly on the first Friday until December 24, 1997",
    "19970905",
    "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
    "1997 9/5 10/3 11/7 12/5",
  ],
  [
    "Every other month on the first and last Sunday for 10 occurrences",
    "19970907",
    "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
    "1997 9/7 28 11/2 30 1998 1/4 25 3/1 29 5/3 31",
  ],
  [
    "Monthly on the second-to-last Monday for 6 months",
    "19970922",
    "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
    "1997 9/22 10/20 11/17 12/22 1998 1/19 2/16",
  ],
  [
    "Monthly on the third-to-the-last day of the month, forever",
    "19970928",
    "FREQ=MONTHLY;BYMONTHDAY=-3",
    "1997 9/28 10/29 11/28 12/29 1998 1/29 2/26",
  ],
  [
    "Monthly on the 2nd and 15th for 10 occurrences",
    "19970902",
    "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
    "1997 9/2 15 10/2 15 11/2 15 12/2 15 1998 1/2 15",
  ],
  [
    "Monthly on the first and last day for 10 occurrences",
    "19970930",
    "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
    "1997 9/30 10/1 31 11/1 30 12/1 31 1998 1/1 31 2/1",
  ],
  [
    "Every 18 months on the 10th thru 15th for 10 occurrences",
    "19970910",
    "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
    "1997 9/10-15 1999 3/10-13",
  ],
  [
    "Every Tuesday, every other month",
    "19970902",
    "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
    "1997 9/2 9 16 23 30 11/4 11 18 25 1998 1/6 13 20 27 3/3 10 17 24 31",
  ],
  [
    "Yearly in June and July for 10 occurrences",
    "19970610",
    "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
    "1997 6/10 7/10 1998 6/10 7/10 1999 6/10 7/10 2000 6/10 7/10 2001 6/10 7/10",
  ],
  [
    "Every other year in January, February, and March for 10 occurrences",
    "19970310",
    "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
    "1997 3/10 1999 1/10 2/10 3/10 2001 1/10 2/10 3/10 2003 1/10 2/10 3/10",
  ],
  [
    "Every third year on the 1st, 100th, and 200th day for 10 occurrences",
    "19970101",
    "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
    "1997 1/1 4/10 7/19 2000 1/1 4/9 7/18 2003 1/1 4/10 7/19 2006 1/1",
  ],
  [
    "Every 20th Monday of the year, forever",
    "19970519",
    "FREQ=YEARLY;BYDAY=20MO",
    "1997 5/19 1998 5/18 1999 5/17",
  ],
  [
    "Monday of week number 20, forever",
    "19970512",
    "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
    "1997 5/12 1998 5/11 1999 5/17",
  ],
  [
    "Every Thursday in March, forever",
    "19970313",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
    "1997 3/13 20 27 1998 3/5 12 19 26 1999 3/4 11 18 25",
  ],
  [
    "Every Thursday, but only during June, July, and August, forever",
    "19970605",
    "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
    "1997 6/5 12 19 26 7/3 10 17 24 31 8/7 14 21 28 1998 6/4 11 18 25 7/2 9 16 23 30 8/6 13 20 27",
  ],
  [
    "Every Friday the 13th, forever",
    "19970902",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13\nEXDATE;TZID=America/New_York:19970902T090000",
    "1998 2/13 3/13 11/13 1999 8/13 2000 10/13",
  ],
  [
    "The first Saturday that follows the first Sunday of the month, forever",
    "19970913",
    "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
    "1997 9/13 10/11 11/8 12/13 1998 1/10 2/7 3/7 4/11 5/9 6/13",
  ],
  [
    "U.S. Presidential Election day",
    "19961105",
    "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
    "1996 11/5 2000 11/7 2004 11/2",
  ],
  [
    "The third instance into the month of one of Tuesday, Wednesday, or Thursday, for the next 3 months",
    "19970904",
    "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
    "1997 9/4 10/7 11/6",
  ],
  [
    "The second-to-last weekday of the month",
    "19970929",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
    "1997 9/29 10/30 11/27 12/30 1998 1/29 2/26 3/30",
  ],
  [
    "An example where the days generated makes a difference because of WKST: Monday",
    "19970805",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
    "1997 8/5 10 19 24",
  ],
  [
    "An example where the days generated makes a difference because of WKST: Sunday",
    "19970805",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
    "1997 8/5 17 19 31",
  ],
  [
    "An example where an invalid date (i.e., February 30) is ignored",
    "20070115",
    "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
    "2007 1/15 30 2/15 3/15 30",
  ],
];

describe("RFC 5545 3.8.5.3", () => {
  for (const [name, date, rule, dates] of EXAMPLES) {
    test(name, () => {
      const expected = readDates(dates);
      const isBounded = /COUNT|UNTIL/.test(rule);
      const found = keys(newYork(date, rule), expected.length + (isBounded ? 1 : 0));
      assert.deepEqual(found, expected);
    });
  }

  test("Daily until December 24, 1997", () => {
    const found = keys(newYork("19970902", "FREQ=DAILY;UNTIL=19971224T000000Z"), 1000);
    assert.deepEqual([found.length, found[0], found.at(-1)], [113, "1997-09-02T09:00", "1997-12-23T09:00"]);
  });

  test("the examples cross from summer to winter time at the same wall time", () => {
    const slots = expand(newYork("19970902", "FREQ=WEEKLY;COUNT=10"), 10);
    assert.equal(slots[7]?.at, Date.parse("1997-10-21T13:00Z"));
    assert.equal(slots[8]?.at, Date.parse("1997-10-28T14:00Z"));
  });

  test("Every 3 hours from 9:00 AM to 5:00 PM on a specific day", () => {
    // The RFC's UNTIL is 17:00Z, 13:00 in New York; its erratum 3883 corrects it.
    const found = keys(newYork("19970902", "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z"), 9);
    assert.deepEqual(found, ["1997-09-02T09:00", "1997-09-02T12:00", "1997-09-02T15:00"]);
  });

  test("Every 15 minutes for 6 occurrences", () => {
    const found = keys(newYork("19970902", "FREQ=MINUTELY;INTERVAL=15;COUNT=6"), 9);
    assert.deepEqual(
      found,
      ["09:00", "09:15", "09:30", "09:45", "10:00", "10:15"].map((clock) => `1997-09-02T${clock}`),
    );
  });

  test("Every hour and a half for 4 occurrences", () => {
    const found = keys(newYork("19970902", "FREQ=MINUTELY;INTERVAL=90;COUNT=4"), 9);
    assert.deepEqual(
      found,
      ["09:00", "10:30", "12:00", "13:30"].map((clock) => `1997-09-02T${clock}`),
    );
  });

  for (const rule of [
    "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
    "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
  ]) {
    test(`Every 20 minutes from 9:00 AM to 4:40 PM every day: ${rule.slice(5, 13)}`, () => {
      const clocks = WORK_HOURS.flatMap((hour) =>
        ["00", "20", "40"].map((minute) => `${String(hour).padStart(2, "0")}:${minute}`),
      );
      const expected = ["02", "03"].flatMap((day) => clocks.map((clock) => `1997-09-${day}T${clock}`));
      assert.deepEqual(keys(newYork("19970902", rule), 48), expected);
    });
  }
});

function newYork(date: string, rule: string) {
  const start = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T09:00`;
  const text = `DTSTART;TZID=America/New_York:${date}T090000\nRRULE:${rule}`;
  return recurrenceOf({ rrule: text }, start, "America/New_York");
}

/** "1997 9/2-4 10/1" as keys at 09:00. */
function readDates(text: string): string[] {
  let [year, month] = ["", ""];
  return text.split(" ").flatMap((word) => {
    if (/^\d{4}$/.test(word)) {
      year = word;
      return [];
    }
    const [first = "", second] = word.split("/");
    if (second !== undefined) month = first.padStart(2, "0");
    const [from = 0, to = from] = (second ?? first).split("-").map(Number);
    return Array.from(
      { length: to - from + 1 },
      (_, i) => `${year}-${month}-${String(from + i).padStart(2, "0")}T09:00`,
    );
  });
}
