import { plainDay } from "./brute.ts";
import type { Slot, Spec } from "./brute.ts";
import type { Change } from "./changes.ts";
import { anyDay, at } from "./place.ts";
import type { OracleRule, Place } from "./place.ts";
import { cronRules } from "./rules-cron.ts";
import { dailyRrules, dateRrules } from "./rules-rrule.ts";
import { simpleRules } from "./rules-simple.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** At least sixty rules set around one change: in the hour that is missing or doubled, beside it, and astride. */
export function rulesAround(change: Change): OracleRule[] {
  const low = Math.floor((change.at + Math.min(change.before, change.after)) / MINUTE) * MINUTE;
  const length = Math.abs(change.after - change.before) / MINUTE;
  const midMs = low + Math.floor(length / 2) * MINUTE;
  const of = Math.floor((midMs % DAY) / MINUTE);
  const mid = plainDay(midMs);
  const place: Place = { change, low, length, midMs, mid, of, hour: Math.floor(of / 60), minute: of % 60 };
  return [
    ...simpleRules(place),
    ...dailyRrules(place),
    ...dateRrules(place),
    ...boundRules(place),
    ...cronRules(place),
  ];
}

function boundRules({ mid, midMs, of, change }: Place): OracleRule[] {
  const local = new Date(midMs).toISOString().slice(0, 16);
  const short = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replaceAll(/[-:]/g, "")}00`;
  const startLocalMs = midMs - 3 * DAY;
  const all: Spec = { day: anyDay, minute: at(of) };
  const rule = (name: string, input: object, edit: NonNullable<Spec["edit"]>): OracleRule => ({
    name,
    input,
    startLocalMs,
    spec: { ...all, edit },
  });
  const isNot = (slot: Slot) => slot.localMs !== midMs;
  const changeAt = new Date(change.at).toISOString();
  return [
    rule("max_occurrences", { frequency: "daily", max_occurrences: 4 }, (slots) => slots.slice(0, 4)),
    rule("until a time", { frequency: "daily", until: local }, (slots) =>
      slots.filter((slot) => slot.localMs <= midMs),
    ),
    rule("until a date", { frequency: "daily", until: local.slice(0, 10) }, (slots) =>
      slots.filter((slot) => slot.localMs < (mid.index + 1) * DAY),
    ),
    rule("until an instant", { frequency: "daily", until: changeAt }, (slots) =>
      slots.filter((slot) => slot.at <= change.at),
    ),
    rule("COUNT", { rrule: "FREQ=DAILY;COUNT=4" }, (slots) => slots.slice(0, 4)),
    rule("UNTIL in UTC", { rrule: `FREQ=DAILY;UNTIL=${short(change.at)}Z` }, (slots) =>
      slots.filter((slot) => slot.at <= change.at),
    ),
    rule("EXDATE", { rrule: `RRULE:FREQ=DAILY\nEXDATE:${short(midMs)}` }, (slots) => slots.filter(isNot)),
    rule("exdates by day", { rrule: "FREQ=DAILY", exdates: [local.slice(0, 10)] }, (slots) =>
      slots.filter(isNot),
    ),
    rule(
      "exdates by instant",
      { rrule: "FREQ=DAILY", exdates: [new Date(midMs - change.before).toISOString()] },
      (slots) => slots.filter((slot) => slot.at !== midMs - change.before),
    ),
    rule(
      "RDATE",
      {
        rrule: `DTSTART:${short(startLocalMs + 5 * MINUTE)}\nRRULE:FREQ=DAILY;INTERVAL=900\nRDATE:${short(midMs)}`,
      },
      (_, resolve) => [...resolve(startLocalMs + 5 * MINUTE), ...resolve(midMs)],
    ),
  ];
}
