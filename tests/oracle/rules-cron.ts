import type { Spec } from "./brute.ts";
import { anyDay, at } from "./place.ts";
import type { OracleRule, Place } from "./place.ts";

const DAY = 86_400_000;
const NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Expressions of cron. */
export function cronRules(place: Place): OracleRule[] {
  const { mid, midMs, hour, minute, of } = place;
  const cron = (
    text: string,
    minuteOf: (minute: number) => boolean,
    day: Spec["day"] = anyDay,
    everyHour = false,
    back = 1,
  ): OracleRule => ({
    name: `cron ${text}`,
    input: { cron: text },
    startLocalMs: midMs - back * DAY,
    spec: { day, minute: minuteOf, everyHour },
  });
  const [isOf, h] = [at(of), (value: number) => Math.floor(value / 60)];
  return [
    cron("*/15 * * * *", (m) => m % 15 === 0, anyDay, true),
    cron("0 * * * *", (m) => m % 60 === 0, anyDay, true),
    cron("@hourly", (m) => m % 60 === 0, anyDay, true),
    cron(`${minute} * * * *`, (m) => m % 60 === minute, anyDay, true),
    cron("*/7 0-23 * * *", (m) => (m % 60) % 7 === 0, anyDay, true),
    cron(`${minute} ${hour} * * *`, isOf),
    cron(`${minute} ${hour} * * ${NAMES[mid.weekday]}`, isOf, (day) => day.weekday === mid.weekday, false, 8),
    cron(`${minute} ${hour} ${mid.date} * *`, isOf, (day) => day.date === mid.date, false, 20),
    cron(
      `${minute} ${hour} ${mid.date} * fri`,
      isOf,
      (day) => day.date === mid.date || day.weekday === 5,
      false,
      9,
    ),
    cron(
      `${minute} ${hour} */2 * 6-7`,
      isOf,
      (day) => day.date % 2 === 1 && (day.weekday === 6 || day.weekday === 0),
      false,
      20,
    ),
    cron(`${minute} ${hour} * ${mid.month} *`, isOf, (day) => day.month === mid.month, false, 5),
    cron(`*/10 ${hour} * * *`, (m) => h(m) === hour && m % 10 === 0),
    cron("0,30 */2 * * *", (m) => h(m) % 2 === 0 && m % 30 === 0),
    cron("15,45 0-4 * * *", (m) => h(m) <= 4 && m % 30 === 15),
    cron("0 0 * * *", (m) => m === 0),
    cron("@daily", (m) => m === 0),
    cron("59 23 * * *", (m) => m === 1439),
    cron(
      "0,30 1,2,3 * * sat,sun",
      (m) => [1, 2, 3].includes(h(m)) && m % 30 === 0,
      (day) => day.weekday === 6 || day.weekday === 0,
    ),
    cron("5-55/25 0-23/3 * * *", (m) => h(m) % 3 === 0 && [5, 30, 55].includes(m % 60)),
  ];
}
