import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { formatLocal, localToInstant, parseWhen } from "../../../src/domain/zone.ts";
import { quietOf } from "../../../src/programs/appointments/quiet.ts";
import {
  type Booking,
  type Offset,
  orderOffsets,
  planTelling,
  readOffset,
} from "../../../src/programs/appointments/rules.ts";
import { loadZones } from "../../../src/system/zones.ts";

const zone = zoneNamed("America/New_York");

type Case = {
  readonly what: string;
  /** Local times in New York. */
  readonly booked: string;
  readonly starts: string;
  readonly status?: Booking["status"];
  readonly confirms?: boolean;
  readonly reminders?: readonly string[];
  readonly quiet?: readonly [string, string];
  /** `kind at` of what is told, and `kind reason` of what is not, each in the order of kinds below. */
  readonly told: readonly string[];
  readonly not?: readonly string[];
};

const night = ["21:00", "08:00"] as const;
const cases: readonly Case[] = [
  {
    what: "booked days ahead: everything, at its time",
    booked: "2026-11-23T12:00",
    starts: "2026-11-26T10:00",
    told: ["confirmation 11-23 12:00", "24h 11-25 10:00", "2h 11-26 08:00"],
  },
  {
    what: "booked less than a day ahead: only the nearer reminder",
    booked: "2026-11-25T12:00",
    starts: "2026-11-26T10:00",
    told: ["confirmation 11-25 12:00", "2h 11-26 08:00"],
    not: ["24h too_late"],
  },
  {
    what: "booked exactly a day ahead: the confirmation says the same",
    booked: "2026-11-25T10:00",
    starts: "2026-11-26T10:00",
    told: ["confirmation 11-25 10:00", "2h 11-26 08:00"],
    not: ["24h too_late"],
  },
  {
    what: "booked less than two hours ahead: no reminder",
    booked: "2026-11-26T08:30",
    starts: "2026-11-26T10:00",
    told: ["confirmation 11-26 08:30"],
    not: ["24h too_late", "2h too_late"],
  },
  {
    what: "not yet confirmed: that it was received, and no reminder",
    booked: "2026-11-23T12:00",
    starts: "2026-11-26T10:00",
    status: "pending",
    told: ["requested 11-23 12:00"],
  },
  ...(["cancelled", "completed", "no_show", "rescheduled", "in_progress"] as const).map((status) => ({
    what: `${status}: nothing`,
    booked: "2026-11-23T12:00",
    starts: "2026-11-26T10:00",
    status,
    told: [],
  })),
  {
    what: "past when it was entered: nothing",
    booked: "2026-11-26T10:00",
    starts: "2026-11-26T10:00",
    told: [],
  },
  {
    what: "taken over from elsewhere: reminders without a confirmation",
    booked: "2026-11-23T12:00",
    starts: "2026-11-26T10:00",
    confirms: false,
    told: ["24h 11-25 10:00", "2h 11-26 08:00"],
  },
  {
    what: "a business without reminders",
    booked: "2026-11-23T12:00",
    starts: "2026-11-26T10:00",
    reminders: [],
    told: ["confirmation 11-23 12:00"],
  },
  {
    what: "offsets of a business's own",
    booked: "2026-11-20T12:00",
    starts: "2026-11-26T10:00",
    reminders: ["30m", "3d"],
    told: ["confirmation 11-20 12:00", "3d 11-23 10:00", "30m 11-26 09:30"],
  },
  {
    what: "a reminder that falls into quiet hours comes when they end",
    booked: "2026-11-23T12:00",
    starts: "2026-11-26T09:00",
    quiet: night,
    told: ["confirmation 11-23 12:00", "24h 11-25 09:00", "2h 11-26 08:00"],
  },
  {
    what: "or, when that leaves too little time, before they begin",
    booked: "2026-11-23T12:00",
    starts: "2026-11-26T08:30",
    quiet: night,
    told: ["confirmation 11-23 12:00", "24h 11-25 08:30", "2h 11-25 20:30"],
  },
  {
    what: "the farther one is left out when the nearer one was moved before it",
    booked: "2026-11-23T12:00",
    starts: "2026-11-26T08:10",
    reminders: ["11h", "2h"],
    quiet: night,
    told: ["confirmation 11-23 12:00", "2h 11-25 20:30"],
    not: ["11h next_is_near"],
  },
  {
    what: "no time at all between the booking and the appointment",
    booked: "2026-11-25T22:00",
    starts: "2026-11-26T07:00",
    quiet: night,
    told: ["confirmation 11-25 22:00"],
    not: ["24h too_late", "2h quiet_hours"],
  },
  {
    what: "booked in quiet hours: answered at once, and reminded when they end",
    booked: "2026-11-25T22:00",
    starts: "2026-11-26T09:00",
    quiet: night,
    told: ["confirmation 11-25 22:00", "2h 11-26 08:00"],
    not: ["24h too_late"],
  },
  {
    what: "quiet hours within the day",
    booked: "2026-11-23T12:00",
    starts: "2026-11-26T15:30",
    quiet: ["13:00", "14:00"],
    told: ["confirmation 11-23 12:00", "24h 11-25 15:30", "2h 11-26 14:00"],
  },
  {
    what: "24h over the spring change are 24 hours that pass",
    booked: "2026-03-01T12:00",
    starts: "2026-03-08T10:00",
    told: ["confirmation 03-01 12:00", "24h 03-07 09:00", "2h 03-08 08:00"],
  },
  {
    what: "1d over the spring change is the same time on the day before",
    booked: "2026-03-01T12:00",
    starts: "2026-03-08T10:00",
    reminders: ["1d"],
    told: ["confirmation 03-01 12:00", "1d 03-07 10:00"],
  },
  {
    what: "1d over the autumn change is the same time on the day before",
    booked: "2026-10-25T12:00",
    starts: "2026-11-01T10:00",
    reminders: ["1d", "2h"],
    told: ["confirmation 10-25 12:00", "1d 10-31 10:00", "2h 11-01 08:00"],
  },
  {
    what: "quiet hours end by the wall clock on the day of the change",
    booked: "2026-03-01T12:00",
    starts: "2026-03-08T09:00",
    quiet: night,
    told: ["confirmation 03-01 12:00", "24h 03-07 08:00", "2h 03-08 08:00"],
  },
];

describe("what is told of an appointment, and when", () => {
  for (const one of cases) {
    test(one.what, () => {
      const { wanted, dropped } = planTelling(
        {
          status: one.status ?? "confirmed",
          startsAt: at(one.starts),
          toldFrom: at(one.booked),
          confirms: one.confirms ?? true,
        },
        {
          zone,
          reminders: offsets(one.reminders ?? ["24h", "2h"]),
          quiet: one.quiet === undefined ? null : quietOf(zone, ...one.quiet),
        },
      );
      const told = wanted
        .toSorted((a, b) => a.at - b.at)
        .map((planned) => `${planned.kind} ${formatLocal(zone, planned.at).slice(5, 16).replace("T", " ")}`);
      assert.deepEqual(told, one.told);
      assert.deepEqual(dropped.map(({ kind, reason }) => `${kind} ${reason}`).toSorted(), one.not ?? []);
      for (const { at: due, expiresAt } of wanted) {
        assert.ok(due < expiresAt && expiresAt <= at(one.starts), "it is of use when it is due");
      }
    });
  }
});

test("a reminder is of use until the next one says it better, the last one until shortly before the start", () => {
  const startsAt = at("2026-11-26T10:00");
  const useful = (reminders: readonly string[]) =>
    planTelling(
      { status: "confirmed", startsAt, toldFrom: at("2026-11-01T10:00"), confirms: false },
      { zone, reminders: offsets(reminders), quiet: null },
    ).wanted.map(({ kind, expiresAt }) => `${kind} ${(startsAt - expiresAt) / 60_000}`);
  assert.deepEqual(useful(["24h", "2h"]), ["2h 30", "24h 120"]);
  assert.deepEqual(useful(["1h"]), ["1h 15"]);
  assert.deepEqual(useful(["5m"]), ["5m 1.25"]);
});

test("an offset is five minutes to thirty days, in hours that pass or days of the calendar", () => {
  for (const text of ["5m", "2h", "24h", "1h30m", "1d", "1d12h", "30d"]) assert.ok(readOffset(text), text);
  for (const text of ["", "4m", "0d", "31d", "30d1h", "-1h", "1w", "h", "2"])
    assert.equal(readOffset(text), null, text);
  assert.deepEqual(
    offsets(["2h", "120m", "1d", "24h"]).map(({ kind }) => kind),
    ["1d", "2h"],
  );
});

function offsets(texts: readonly string[]): readonly Offset[] {
  return orderOffsets(texts.map(readOffset).filter((offset) => offset !== null));
}

function at(local: string): number {
  const when = parseWhen(local);
  const found = when.kind === "local" ? localToInstant(zone, when.localMs) : undefined;
  if (found === undefined) throw new Error(`${local} is no local time`);
  return found.at;
}

function zoneNamed(name: string) {
  const found = loadZones().zone(name);
  if (found === undefined) throw new Error(`no zone ${name}`);
  return found;
}
