import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { DAY_MS, parseDay } from "../../src/domain/civil.ts";
import {
  NO_CLOSED_DATES,
  closedDatesOf,
  describeHours,
  findOpening,
  isOpen,
  parseWeekly,
} from "../../src/domain/window.ts";
import type { ClosedDates, Opening, Rule, Weekly } from "../../src/domain/window.ts";
import { loadZones } from "../../src/system/zones.ts";
import { seedOf } from "./seed.ts";

const book = loadZones({ systemDirectory: "" });
const OFFICE = {
  mon: ["09:00-20:00"],
  tue: ["09:00-20:00"],
  wed: ["09:00-20:00"],
  thu: ["09:00-20:00"],
  fri: ["09:00-20:00"],
};

test("without rules every instant is open, without end", () => {
  assert.deepEqual(findOpening([], 5), { kind: "open", at: 5, closesAt: Infinity, moves: [] });
});

test("an instant inside the hours is not moved", () => {
  const opening = findOpening([rule(OFFICE)], utc("2026-12-01T15:00Z"));
  assert.deepEqual(opening, {
    kind: "open",
    at: utc("2026-12-01T15:00Z"),
    closesAt: utc("2026-12-02T01:00Z"),
    moves: [],
  });
});

test("the first instant of a range is open and its last is not", () => {
  const office = rule(OFFICE);
  assert.equal(isOpen(office, utc("2026-12-01T14:00Z")), true);
  assert.equal(isOpen(office, utc("2026-12-01T13:59:59.999Z")), false);
  assert.equal(isOpen(office, utc("2026-12-02T00:59:59.999Z")), true);
  assert.equal(isOpen(office, utc("2026-12-02T01:00Z")), false);
});

test("a window in Winnipeg closes at 20:00 there, by the rules in force since 2026-11-01", () => {
  const opening = findOpening([rule(OFFICE, "America/Winnipeg")], utc("2026-12-01T12:00Z"));
  assert.equal(open(opening).at, utc("2026-12-01T14:00Z"));
  assert.equal(open(opening).closesAt, utc("2026-12-02T01:00Z"));
});

test("each wait says why: before, between and after the hours", () => {
  const split = rule({ tue: ["09:00-12:00", "13:00-20:00"], wed: ["09:00-12:00"] });
  const reasons = (from: string) => open(findOpening([split], utc(from))).moves.map((move) => move.reason);
  assert.deepEqual(reasons("2026-12-01T13:00Z"), ["before_hours"]);
  assert.deepEqual(reasons("2026-12-01T17:30Z"), ["between_hours"]);
  assert.deepEqual(reasons("2026-12-02T03:00Z"), ["after_hours"]);
});

test("a wait over a weekend and a holiday names both", () => {
  const closed = closedOn({ "2026-09-07": "Labor Day" });
  const opening = open(findOpening([rule(OFFICE, "America/New_York", closed)], utc("2026-09-05T01:00Z")));
  assert.equal(opening.at, utc("2026-09-08T13:00Z"));
  const common = { rule: "office", zone: "America/New_York" };
  assert.deepEqual(opening.moves, [
    { reason: "after_hours", ...common, from: utc("2026-09-05T01:00Z"), to: utc("2026-09-05T04:00Z") },
    { reason: "closed_weekday", ...common, from: utc("2026-09-05T04:00Z"), to: utc("2026-09-07T04:00Z") },
    {
      reason: "holiday",
      detail: "Labor Day",
      ...common,
      from: utc("2026-09-07T04:00Z"),
      to: utc("2026-09-08T13:00Z"),
    },
  ]);
});

test("a range past midnight belongs to the day it starts, and the date at the instant decides about holidays", () => {
  const night = rule({ fri: ["22:00-02:00"] }, "Etc/UTC");
  assert.equal(isOpen(night, utc("2026-12-05T01:59Z")), true);
  assert.equal(isOpen(night, utc("2026-12-05T02:00Z")), false);
  assert.equal(isOpen(night, utc("2026-12-04T01:00Z")), false);
  const saturdayOff = {
    ...night,
    hours: { ...night.hours, closed: closedOn({ "2026-12-05": "Sinterklaas" }) },
  };
  assert.equal(open(findOpening([saturdayOff], utc("2026-12-04T20:00Z"))).closesAt, utc("2026-12-05T00:00Z"));
  const fridayOff = { ...night, hours: { ...night.hours, closed: closedOn({ "2026-12-04": "bridge day" }) } };
  assert.equal(open(findOpening([fridayOff], utc("2026-12-04T20:00Z"))).at, utc("2026-12-05T00:00Z"));
});

test("days that touch at midnight are one opening", () => {
  const round = rule({ fri: ["18:00-24:00"], sat: ["00:00-03:00"], sun: ["00:00-24:00"] }, "Etc/UTC");
  assert.equal(open(findOpening([round], utc("2026-12-04T19:00Z"))).closesAt, utc("2026-12-05T03:00Z"));
});

test("hours all day, every day, never close", () => {
  const always = rule(
    Object.fromEntries(
      ["sun", "mon", "tue", "wed", "thu", "fri", "sat"].map((day) => [day, ["00:00-24:00"]]),
    ),
  );
  assert.deepEqual(findOpening([always], 7), { kind: "open", at: 7, closesAt: Infinity, moves: [] });
});

test("several zones give the hours that all of them share", () => {
  const zones = ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu"];
  const opening = open(
    findOpening(
      zones.map((name) => rule(OFFICE, name)),
      utc("2026-12-01T14:00Z"),
    ),
  );
  assert.equal(opening.at, utc("2026-12-01T19:00Z"));
  assert.equal(opening.closesAt, utc("2026-12-02T01:00Z"));
  assert.deepEqual(
    opening.moves.map((move) => [move.reason, move.zone]),
    [
      ["before_hours", "America/Los_Angeles"],
      ["before_hours", "Pacific/Honolulu"],
    ],
  );
});

test("hours that no instant shares are told apart from hours that never open", () => {
  const morning = rule({ mon: ["08:00-10:00"] });
  const evening = rule({ mon: ["18:00-20:00"] });
  const apart = findOpening([morning, evening], utc("2026-12-01T12:00Z"));
  assert.equal(apart.kind === "never" && apart.reason, "no_common_hours");
  assert.equal(apart.moves.length, 16);
  const empty = findOpening([morning, rule({})], utc("2026-12-01T12:00Z"));
  assert.equal(empty.kind === "never" && empty.reason, "never_open");
  const strike = rule(OFFICE, "America/New_York", { has: () => "strike" });
  const shut = findOpening([strike], utc("2026-12-01T12:00Z"));
  assert.equal(shut.kind === "never" && shut.reason, "never_open");
  assert.deepEqual(shut.moves[0]?.detail, "strike");
});

test("an instant that is no number is never open", () => {
  for (const at of [Number.NaN, Infinity, -Infinity, 1e300]) {
    assert.equal(findOpening([rule(OFFICE)], at).kind, "never");
    assert.equal(isOpen(rule(OFFICE), at), false);
  }
  assert.equal(findOpening([], Number.NaN).kind, "never");
});

test("a range that the clocks skip does not open that day", () => {
  const gap = rule({ sun: ["02:00-03:00"] });
  assert.equal(open(findOpening([gap], utc("2027-03-14T00:00Z"))).at, utc("2027-03-21T06:00Z"));
  const early = rule({ fri: ["00:00-01:00"] }, "Africa/Cairo");
  assert.equal(open(findOpening([early], utc("2027-04-29T12:00Z"))).at, utc("2027-05-06T21:00Z"));
});

test("a range that the clocks repeat opens twice", () => {
  const twice = rule({ sun: ["01:15-01:45"] });
  const first = open(findOpening([twice], utc("2027-11-07T00:00Z")));
  assert.deepEqual([first.at, first.closesAt], [utc("2027-11-07T05:15Z"), utc("2027-11-07T05:45Z")]);
  const second = open(findOpening([twice], first.closesAt));
  assert.deepEqual([second.at, second.closesAt], [utc("2027-11-07T06:15Z"), utc("2027-11-07T06:45Z")]);
});

test("an end that the clocks jump over closes at the jump", () => {
  const half = rule({ sun: ["01:00-02:15"] }, "Australia/Lord_Howe");
  assert.equal(open(findOpening([half], utc("2027-10-02T14:45Z"))).closesAt, utc("2027-10-02T15:30Z"));
});

test("the date that Samoa skipped is never open", () => {
  const friday = rule({ fri: ["00:00-24:00"] }, "Pacific/Apia");
  const opening = open(findOpening([friday], utc("2011-12-30T08:00Z")));
  assert.equal(opening.at, utc("2012-01-05T10:00Z"));
});

test("any rules, any instant: the answer is the first common minute, found by trying them all", (context) => {
  const minute = fc.integer({ min: 0, max: 1439 });
  const range = fc
    .tuple(minute, fc.integer({ min: 1, max: 1440 }))
    .map(([from, size]) => ({ from, to: from + size }));
  const weekly = fc.array(fc.array(range, { maxLength: 3 }), { minLength: 7, maxLength: 7 });
  const rules = fc.array(
    fc.record({ weekly, zone: fc.constantFrom(...book.names()), off: fc.nat({ max: 9 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  const start = fc.integer({ min: Date.UTC(2020, 0, 1) / 60_000, max: Date.UTC(2037, 0, 1) / 60_000 });
  fc.assert(
    fc.property(rules, start, (drawn, startMinute) => {
      const from = startMinute * 60_000;
      const holiday = Math.floor(from / DAY_MS);
      const made = drawn.map(({ weekly, zone, off }) => ({
        hours: { name: zone, weekly, closed: closedDatesOf(new Map([[holiday + off, "holiday"]])) },
        zone: zoneOf(zone),
      }));
      const isAllOpen = (at: number) => made.every((each) => isOpenByHand(each, at));
      const opening = findOpening(made, from);
      const horizon = from + 9 * DAY_MS;
      let at = from;
      while (at < horizon && !isAllOpen(at)) at += 60_000;
      if (opening.kind === "never" || opening.at >= horizon) return assert.equal(at, horizon);
      assert.equal(opening.at, at);
      while (at < horizon && isAllOpen(at)) at += 60_000;
      if (at < horizon) assert.equal(opening.closesAt, at);
      else assert.ok(opening.closesAt >= horizon);
      const sorted = opening.moves.every(
        (move, i) => move.from === (i === 0 ? from : opening.moves[i - 1]?.to),
      );
      assert.ok(sorted && (opening.moves.length === 16 || (opening.moves.at(-1)?.to ?? from) === opening.at));
    }),
    { seed: seedOf(context), numRuns: 200 },
  );
});

test("a week of hours is read from text", () => {
  assert.deepEqual(parsed({ mon: ["09:00-12:00", "13:00-20:00"], fri: ["22:00-02:00"] }), [
    [],
    [
      { from: 540, to: 720 },
      { from: 780, to: 1200 },
    ],
    [],
    [],
    [],
    [{ from: 1320, to: 1560 }],
    [],
  ]);
  assert.deepEqual(parsed({ sun: ["00:00-24:00"] })[0], [{ from: 0, to: 1440 }]);
  assert.deepEqual(parsed({ sun: ["09:00-12:00", "11:00-13:00", "13:00-14:00"] })[0], [
    { from: 540, to: 840 },
  ]);
});

test("a mistake in the hours is refused with its place", () => {
  const cases: [Record<string, string[]>, string, RegExp][] = [
    [{ monday: ["09:00-12:00"] }, "monday", /sun, mon/],
    [{ mon: ["09:00-12:00", "9-5"] }, "mon[1]", /09:00-17:00/],
    [{ mon: ["25:00-26:00"] }, "mon[0]", /starts between/],
    [{ mon: ["24:00-02:00"] }, "mon[0]", /starts between/],
    [{ mon: ["09:00-24:30"] }, "mon[0]", /ends between/],
    [{ mon: ["09:60-12:00"] }, "mon[0]", /starts between/],
    [{ mon: Array.from({ length: 25 }, () => "09:00-10:00") }, "mon", /at most 24/],
  ];
  for (const [spec, path, detail] of cases) {
    const result = parseWeekly(spec);
    assert.equal(result.ok, false);
    assert.equal(result.path, path);
    assert.match(result.detail, detail);
  }
});

test("hours are described in words", () => {
  assert.equal(describeHours(parsed(OFFICE)), "Mon-Fri 09:00-20:00; Sat-Sun closed");
  assert.equal(describeHours(parsed({})), "always closed");
  assert.equal(
    describeHours(parsed({ fri: ["22:00-02:00"], sat: ["00:00-24:00"] })),
    "Mon-Thu closed; Fri 22:00-02:00; Sat all day; Sun closed",
  );
});

function rule(
  spec: Record<string, string[]>,
  zone = "America/New_York",
  closed: ClosedDates = NO_CLOSED_DATES,
): Rule {
  return { hours: { name: "office", weekly: parsed(spec), closed }, zone: zoneOf(zone) };
}

function parsed(spec: Record<string, string[]>): Weekly {
  const result = parseWeekly(spec);
  assert.ok(result.ok);
  return result.weekly;
}

function zoneOf(name: string): Rule["zone"] {
  const zone = book.zone(name);
  assert.ok(zone, name);
  return zone;
}

function closedOn(names: Record<string, string>): ClosedDates {
  return closedDatesOf(
    new Map(Object.entries(names).map(([date, name]) => [parseDay(date) ?? Number.NaN, name])),
  );
}

function open(opening: Opening): Extract<Opening, { kind: "open" }> {
  assert.equal(opening.kind, "open");
  return opening;
}

function utc(text: string): number {
  return Date.parse(text);
}

/** The definition of "open", word for word, with JavaScript's calendar. */
function isOpenByHand({ hours, zone }: Rule, at: number): boolean {
  const local = new Date(at + (zone.offsetsMs[zone.untils.findIndex((until) => at < until)] ?? Number.NaN));
  if (hours.closed.has(Math.floor(local.getTime() / DAY_MS)) !== undefined) return false;
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
  const today = hours.weekly[local.getUTCDay()] ?? [];
  const yesterday = hours.weekly[(local.getUTCDay() + 6) % 7] ?? [];
  const earlier = hours.weekly[(local.getUTCDay() + 5) % 7] ?? [];
  return (
    today.some(({ from, to }) => from <= minute && minute < to) ||
    yesterday.some(({ from, to }) => from <= minute + 1440 && minute + 1440 < to) ||
    earlier.some(({ from, to }) => from <= minute + 2880 && minute + 2880 < to)
  );
}
