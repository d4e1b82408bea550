import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  formatLocal,
  formatUtc,
  localToInstant,
  nextTransition,
  offsetAt,
  optionsOf,
  parseDuration,
  parseWhen,
} from "../../src/domain/zone.ts";
import type { Disambiguation, LocalOptions, ZoneRules } from "../../src/domain/zone.ts";
import { loadZones } from "../../src/system/zones.ts";
import { seedOf } from "./seed.ts";

const book = loadZones({ systemDirectory: "" });

test("nine in the morning in Winnipeg on 2026-12-01 is 14:00Z, whatever Node's own tables say", () => {
  const found = localToInstant(zone("America/Winnipeg"), wall("2026-12-01T09:00"));
  assert.deepEqual(found, { at: Date.UTC(2026, 11, 1, 14) });
  assert.equal(formatLocal(zone("America/Winnipeg"), Date.UTC(2026, 11, 1, 14)), "2026-12-01T09:00:00-05:00");
});

test("a time that the clocks skip moves as the options say", () => {
  const resolve = (options?: LocalOptions) =>
    localToInstant(zone("America/New_York"), wall("2027-03-14T02:30"), options);
  assert.deepEqual(resolve(), { at: utc("2027-03-14T07:30Z"), adjusted: "gap" });
  assert.deepEqual(resolve({ gap: "next_valid" }), { at: utc("2027-03-14T07:00Z"), adjusted: "gap" });
  assert.deepEqual(resolve({ gap: "backward" }), { at: utc("2027-03-14T06:30Z"), adjusted: "gap" });
  assert.equal(resolve({ gap: "reject" }), undefined);
});

test("a time that comes twice is the first one, unless the options say otherwise", () => {
  const resolve = (options?: LocalOptions) =>
    localToInstant(zone("America/New_York"), wall("2027-11-07T01:30"), options);
  assert.deepEqual(resolve(), { at: utc("2027-11-07T05:30Z"), adjusted: "overlap" });
  assert.deepEqual(resolve({ overlap: "second" }), { at: utc("2027-11-07T06:30Z"), adjusted: "overlap" });
  assert.equal(resolve({ overlap: "reject" }), undefined);
});

test("a gap and an overlap are half open: their first minute is in, the minute at their end is out", () => {
  const newYork = zone("America/New_York");
  assert.equal(localToInstant(newYork, wall("2027-03-14T01:59:59"))?.adjusted, undefined);
  assert.equal(localToInstant(newYork, wall("2027-03-14T02:00"))?.adjusted, "gap");
  assert.equal(localToInstant(newYork, wall("2027-03-14T03:00"))?.adjusted, undefined);
  assert.equal(localToInstant(newYork, wall("2027-11-07T00:59:59"))?.adjusted, undefined);
  assert.equal(localToInstant(newYork, wall("2027-11-07T01:00"))?.adjusted, "overlap");
  assert.equal(localToInstant(newYork, wall("2027-11-07T02:00"))?.adjusted, undefined);
});

test("the day that Samoa skipped moves to the next one", () => {
  const found = localToInstant(zone("Pacific/Apia"), wall("2011-12-30T12:00"));
  assert.equal(found?.adjusted, "gap");
  assert.equal(formatLocal(zone("Pacific/Apia"), found.at), "2011-12-31T12:00:00+14:00");
});

test("gaps and overlaps resolve as Temporal resolves them, where Node's data is not behind", (context) => {
  const words: readonly Disambiguation[] = ["compatible", "earlier", "later"];
  const names = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
    "Antarctica/Troll",
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.nat(),
      fc.integer({ min: -180, max: 180 }),
      fc.constantFrom(...words),
      (name, pick, minutes, word) => {
        const rules = zone(name);
        const changes = transitions(rules, Date.UTC(2010, 0, 1), Date.UTC(2025, 0, 1));
        const change = changes[pick % changes.length] ?? 0;
        const localMs = change + offsetAt(rules, change - 1) + minutes * 60_000;
        const plain = new Date(localMs).toISOString().slice(0, -1);
        const expected = Temporal.PlainDateTime.from(plain).toZonedDateTime(name, { disambiguation: word });
        assert.equal(localToInstant(rules, localMs, optionsOf(word))?.at, expected.epochMilliseconds);
      },
    ),
    { seed: seedOf(context), numRuns: 3000 },
  );
});

test("every local time of every zone leads to an instant that shows it, or is reported as moved", (context) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...book.names()),
      fc.integer({ min: Date.UTC(1850, 0, 1), max: Date.UTC(2400, 0, 1) }),
      (name, localMs) => {
        const rules = zone(name);
        const found = localToInstant(rules, localMs);
        assert.ok(found);
        const shown = found.at + offsetAt(rules, found.at);
        if (found.adjusted === "gap") assert.ok(shown > localMs);
        else assert.equal(shown, localMs);
      },
    ),
    { seed: seedOf(context), numRuns: 5000 },
  );
});

test("an instant comes back from its local text, in every zone", (context) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...book.names()),
      fc.integer({ min: Date.UTC(1700, 0, 1), max: Date.UTC(2500, 0, 1) }),
      (name, at) => {
        assert.deepEqual(parseWhen(formatLocal(zone(name), at)), { kind: "instant", at });
        assert.deepEqual(parseWhen(formatUtc(at)), { kind: "instant", at });
        assert.equal(Date.parse(formatUtc(at)), at);
      },
    ),
    { seed: seedOf(context), numRuns: 5000 },
  );
});

test("times are read with an offset, without one, and with a zone in brackets", () => {
  assert.deepEqual(parseWhen("2026-12-01T10:00:00-05:00"), { kind: "instant", at: utc("2026-12-01T15:00Z") });
  assert.deepEqual(parseWhen("2026-12-01T10:00"), { kind: "local", localMs: utc("2026-12-01T10:00Z") });
  assert.deepEqual(parseWhen("2026-12-01T10:00:00.123"), {
    kind: "local",
    localMs: utc("2026-12-01T10:00:00.123Z"),
  });
  assert.deepEqual(parseWhen("2026-12-01T10:00:00.123456Z"), {
    kind: "instant",
    at: utc("2026-12-01T10:00:00.123Z"),
  });
  assert.deepEqual(parseWhen("2026-12-01T10:00:00[America/New_York]"), {
    kind: "local",
    localMs: utc("2026-12-01T10:00Z"),
    zone: "America/New_York",
  });
  assert.deepEqual(parseWhen("2026-12-01T10:00:00-08:00[America/New_York]"), {
    kind: "instant",
    at: utc("2026-12-01T18:00Z"),
    zone: "America/New_York",
  });
  assert.deepEqual(parseWhen("2026-12-01t10:00:00z"), { kind: "instant", at: utc("2026-12-01T10:00Z") });
});

test("what is no time is refused with a reason", () => {
  const refused = {
    "2026-02-30T10:00:00Z": /only 28 days/,
    "2026-13-01T10:00:00Z": /months/,
    "2026-01-00T10:00:00Z": /days run/,
    "2026-01-01T24:61:00Z": /clock/,
    "2026-01-01T24:00:00Z": /clock/,
    "2026-06-30T23:59:60Z": /leap seconds/,
    "2026-01-01T10:00:00+24:00": /offset/,
    "2026-01-01": /needs a time/,
    "1796137200": /number of seconds/,
    "2026-01-01T10:00:00[+05:30]": /name a zone/,
    " 2026-01-01T10:00:00Z": /blanks/,
    tomorrow: /not a time/,
    "": /not a time/,
    "٢٠٢٦-01-01T10:00:00Z": /not a time/,
    ["2026-01-01T10:00:00Z".padEnd(65, "0")]: /64/,
  };
  for (const [text, why] of Object.entries(refused)) {
    const when = parseWhen(text);
    assert.equal(when.kind, "invalid", text);
    assert.match(when.why, why, text);
  }
});

test("no text makes the parsers throw", (context) => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...Array.from("0123456789-:TZ+[]./ dhms")) }),
  );
  fc.assert(
    fc.property(text, (text) => {
      parseWhen(text);
      const ms = parseDuration(text);
      assert.ok(ms === undefined || (ms >= 0 && ms <= 400 * 86_400_000));
    }),
    { seed: seedOf(context), numRuns: 5000 },
  );
});

test("durations are sums of days, hours, minutes and seconds up to 400 days", () => {
  const known = {
    "90s": 90_000,
    "5m": 300_000,
    "2h": 7_200_000,
    "3d": 259_200_000,
    "1h30m": 5_400_000,
    "0s": 0,
  };
  for (const [text, ms] of Object.entries(known)) assert.equal(parseDuration(text), ms, text);
  assert.equal(parseDuration("400d"), 400 * 86_400_000);
  for (const text of [
    "",
    "401d",
    "400d1s",
    "-5m",
    "5",
    "m",
    "1.5h",
    "5M",
    "30m1h",
    "5 m",
    "1h1h",
    "9999999999s",
  ]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test("transitions come one after the other and end with Infinity", () => {
  const kolkata = zone("Asia/Kolkata");
  assert.equal(nextTransition(kolkata, Date.UTC(2026, 0, 1)), Infinity);
  const newYork = zone("America/New_York");
  const first = nextTransition(newYork, Date.UTC(2027, 0, 1));
  assert.equal(first, utc("2027-03-14T07:00Z"));
  assert.equal(nextTransition(newYork, first), utc("2027-11-07T06:00Z"));
  assert.equal(nextTransition(newYork, first - 1), first);
});

function zone(name: string): ZoneRules {
  const rules = book.zone(name);
  assert.ok(rules, name);
  return rules;
}

function utc(text: string): number {
  return Date.parse(text);
}

function wall(text: string): number {
  return Date.parse(`${text}Z`);
}

function transitions(rules: ZoneRules, from: number, to: number): number[] {
  return [...rules.untils].filter((until) => until >= from && until < to);
}
