import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DAY_MS,
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  formatDay,
  isCivilDate,
  parseDay,
  weekdayOf,
} from "../../src/domain/civil.ts";

test("every day from 1500 to 2500 has the date and weekday that JavaScript's calendar gives it", () => {
  const last = Date.UTC(2500, 11, 31) / DAY_MS;
  for (let day = Date.UTC(1500, 0, 1) / DAY_MS; day <= last; day += 1) {
    const date = new Date(day * DAY_MS);
    const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    const civil = civilFromDays(day);
    if (civil.year !== expected.year || civil.month !== expected.month || civil.day !== expected.day) {
      assert.deepEqual(civil, expected);
    }
    if (daysFromCivil(civil.year, civil.month, civil.day) !== day) assert.fail(`${day} does not come back`);
    if (weekdayOf(day) !== date.getUTCDay()) assert.fail(`weekday of ${day}`);
  }
});

test("a date that does not exist is not a date", () => {
  assert.equal(isCivilDate(2026, 2, 29), false);
  assert.equal(isCivilDate(2028, 2, 29), true);
  assert.equal(isCivilDate(1900, 2, 29), false);
  assert.equal(isCivilDate(2026, 13, 1), false);
  assert.equal(daysInMonth(2026, 4), 30);
  assert.equal(parseDay("2026-02-30"), undefined);
  assert.equal(parseDay("2026-2-3"), undefined);
});

test("days are written and read as ISO dates", () => {
  assert.equal(formatDay(0), "1970-01-01");
  assert.equal(formatDay(-1), "1969-12-31");
  assert.equal(parseDay("2026-12-25"), Date.UTC(2026, 11, 25) / DAY_MS);
  assert.equal(formatDay(daysFromCivil(12_026, 1, 2)), "+012026-01-02");
});
