import type { RuleInput } from "../../src/domain/recurrence/recurrence.ts";
import { type Spec, plainDay, weekNumber } from "../oracle/brute.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const anyDay = (): boolean => true;

/** A rule of one of the forms that `specOf` can read. Often one whose times lie where clocks are changed. */
export function drawRule(random: SeededRandom): RuleInput {
  const minute = random.pick([0, 0, 7, 15, 30, 30, 45]);
  switch (random.below(6)) {
    case 0:
      return { frequency: "daily" };
    case 1:
      return { frequency: "weekly", weekdays: weekdays.filter(() => random.float() < 0.6).concat("sun") };
    case 2:
      return { cron: `${minute} * * * *` };
    case 3:
      return { cron: `${minute} ${random.pick(["*/2", "*/3", "0-6", "8-20", "1,2,3"])} * * *` };
    case 4:
      return { cron: `${random.pick(["*/20", "*/15", "5,35"])} ${random.pick(["1-3", "0-12", "*"])} * * *` };
    default:
      return { rrule: `FREQ=DAILY;BYHOUR=${random.pick(["2", "1,2,14", "9,12,15,18"])};BYMINUTE=${minute}` };
  }
}

/** What a rule of these forms says, read a second time and plainly, for the oracle. */
export function specOf(rule: RuleInput, startLocalMs: number): Spec {
  const start = plainDay(startLocalMs);
  const startMinute = Math.floor((startLocalMs % 86_400_000) / 60_000);
  if ("frequency" in rule) {
    const named = rule.weekdays?.map((name) => weekdays.indexOf(name as (typeof weekdays)[number]));
    const isOf = (minute: number): boolean => minute === startMinute;
    if (rule.frequency === "daily") return { day: anyDay, minute: isOf };
    return {
      day: (day) =>
        (named ?? [start.weekday]).includes(day.weekday) && weekNumber(day, 1) >= weekNumber(start, 1),
      minute: isOf,
    };
  }
  if ("cron" in rule) {
    const [minutes = "", hours = ""] = rule.cron.split(" ");
    return { day: anyDay, minute: timesOf(minutes, hours), everyHour: hours === "*" };
  }
  const part = (name: string): string => new RegExp(`${name}=([0-9,]+)`).exec(rule.rrule)?.[1] ?? "";
  return { day: anyDay, minute: timesOf(part("BYMINUTE"), part("BYHOUR")) };
}

function timesOf(minutes: string, hours: string): (minute: number) => boolean {
  const times = new Set<number>();
  for (let minute = 0; minute < 1440; minute += 1) {
    if (isIn(minutes, minute % 60) && isIn(hours, Math.floor(minute / 60))) times.add(minute);
  }
  return (minute) => times.has(minute);
}

/** A field of cron: `*`, `*\/n`, `a-b` or a list. */
function isIn(field: string, value: number): boolean {
  if (field === "*") return true;
  if (field.startsWith("*/")) return value % Number(field.slice(2)) === 0;
  if (field.includes("-")) {
    const [from = 0, to = 0] = field.split("-").map(Number);
    return value >= from && value <= to;
  }
  return field.split(",").map(Number).includes(value);
}
