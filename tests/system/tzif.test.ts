import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import * as fc from "fast-check";
import { nextTransition, offsetAt } from "../../src/domain/zone.ts";
import type { ZoneRules } from "../../src/domain/zone.ts";
import { readTzif } from "../../src/system/tzif.ts";
import { directoryBook, loadZones } from "../../src/system/zones.ts";
import { seedOf } from "../domain/seed.ts";
import { tzifBytes } from "./tzif-bytes.ts";

const HOUR = 3600;
const packed = loadZones({ systemDirectory: "" });

test("changes are read with 64-bit and with 32-bit times", () => {
  for (const version of [1, 2] as const) {
    const rules = readTzif(
      "A/B",
      tzifBytes({
        first: -30,
        changes: [
          [-1e9, HOUR],
          [1e9, 2 * HOUR],
        ],
        version,
      }),
    );
    assert.equal(offsetAt(rules, -1e12 - 1), -30_000);
    assert.equal(offsetAt(rules, -1e12), HOUR * 1000);
    assert.equal(offsetAt(rules, 1e12), 2 * HOUR * 1000);
    assert.equal(nextTransition(rules, 1e12), Infinity);
  }
});

test("changes of the name alone are no transitions, but the footer still starts after them", () => {
  const changes = [
    [0, HOUR],
    [Date.UTC(2020, 11, 1) / 1000, HOUR],
  ] as const;
  const rules = readTzif("A/B", tzifBytes({ first: 0, changes, footer: "CET-1CEST,M3.5.0,M10.5.0/3" }));
  assert.equal(nextTransition(rules, 0), Date.UTC(2021, 2, 28, 1));
  assert.equal(offsetAt(rules, Date.UTC(2020, 6, 1)), HOUR * 1000);
});

/** Footer → a packed zone with the same rule. Between them they have every form that POSIX and RFC 9636 know. */
const FOOTERS: Readonly<Record<string, string>> = {
  "EST5EDT,M3.2.0,M11.1.0": "America/New_York",
  "IST-1GMT0,M10.5.0,M3.5.0/1": "Europe/Dublin",
  "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0": "Australia/Lord_Howe",
  "<-02>2<-01>,M3.5.0/-1,M10.5.0/0": "America/Nuuk",
  "EET-2EEST,M4.5.5/0,M10.5.4/24": "Africa/Cairo",
  "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3": "Antarctica/Troll",
  "IST-2IDT,M3.4.4/26,M10.5.0": "Asia/Jerusalem",
  "<-04>4<-03>,M9.1.6/24,M4.1.6/24": "America/Santiago",
  "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45": "Pacific/Chatham",
  "<+0545>-5:45": "Asia/Kathmandu",
};

for (const [footer, name] of Object.entries(FOOTERS)) {
  test(`the footer ${footer} gives the changes of ${name} from 2028 to 2099`, () => {
    const expected = packed.zone(name);
    assert.ok(expected);
    const start = Date.UTC(2028, 0, 1);
    const rules = readTzif(
      name,
      tzifBytes({ first: 0, changes: [[start / 1000, offsetAt(expected, start) / 1000]], footer }),
    );
    assert.deepEqual(
      changesOf(rules, start + 1, Date.UTC(2099, 0, 1)),
      changesOf(expected, start + 1, Date.UTC(2099, 0, 1)),
    );
  });
}

test("days of the year count 29 February or not, as the footer says", () => {
  const changes = [[Date.UTC(2026, 0, 1) / 1000, 0]] as const;
  const of = (footer: string) => readTzif("A/B", tzifBytes({ first: -1, changes, footer }));
  const julian = of("AAA0BBB,J60/0,J300/0");
  assert.equal(nextTransition(julian, Date.UTC(2028, 0, 1)), Date.UTC(2028, 2, 1));
  assert.equal(nextTransition(julian, Date.UTC(2027, 0, 1)), Date.UTC(2027, 2, 1));
  const zero = of("AAA0BBB,59/0,300/0");
  assert.equal(nextTransition(zero, Date.UTC(2028, 0, 1)), Date.UTC(2028, 1, 29));
  assert.equal(nextTransition(zero, Date.UTC(2027, 0, 1)), Date.UTC(2027, 2, 1));
});

test("summer time all the year is one offset", () => {
  const changes = [[Date.UTC(2026, 0, 1) / 1000, -4 * HOUR]] as const;
  const rules = readTzif("A/B", tzifBytes({ first: 0, changes, footer: "XXX3EDT4,0/0,J365/23" }));
  for (let year = 2027; year < 2060; year += 1)
    assert.equal(offsetAt(rules, Date.UTC(year, 0, 1, 3, 30)), -4 * HOUR * 1000);
});

test("files that are cut, foreign, or count leap seconds are refused", () => {
  const whole = tzifBytes({
    first: 0,
    changes: [
      [0, HOUR],
      [1, 0],
    ],
    footer: "UTC0",
  });
  for (let size = 0; size < whole.length; size += 1)
    assert.throws(() => readTzif("A/B", whole.subarray(0, size)));
  assert.throws(() => readTzif("A/B", Buffer.from("# tzdb data for Africa and environs")), /not a TZif/);
  assert.throws(() => readTzif("A/B", tzifBytes({ first: 0, leaps: 1 })), /leap seconds/);
  assert.throws(() => readTzif("A/B", tzifBytes({ first: 0, footer: "nonsense" })), /POSIX/);
});

test("damaged bytes give an error or zone rules in order, never a hang", (context) => {
  const whole = tzifBytes({
    first: 0,
    changes: [
      [0, HOUR],
      [1e6, 0],
    ],
    footer: "EST5EDT,M3.2.0,M11.1.0",
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      (damage) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of damage) bytes[at] = value;
        let rules: ZoneRules;
        try {
          rules = readTzif("A/B", bytes);
        } catch {
          return;
        }
        assert.equal(rules.untils.at(-1), Infinity);
        assert.ok(rules.untils.every((until, i) => i === 0 || until > (rules.untils[i - 1] ?? Infinity)));
      },
    ),
    { seed: seedOf(context), numRuns: 2000 },
  );
});

const SYSTEM = "/usr/share/zoneinfo";

test(
  "the operating system's files agree with the packed data on the past",
  { skip: !existsSync(`${SYSTEM}/tzdata.zi`) },
  () => {
    const system = directoryBook(SYSTEM);
    // Releases differ in what is to come; 2026a also corrected Moldova from 2022 on.
    const corrected = new Set(["Europe/Chisinau", "Europe/Tiraspol"]);
    const [from, to] = [Date.UTC(2000, 0, 1), Date.UTC(2025, 0, 1)];
    let compared = 0;
    for (const name of system.names()) {
      const [theirs, ours] = [system.zone(name), packed.zone(name)];
      if (theirs === undefined || ours === undefined || corrected.has(name)) continue;
      assert.deepEqual(changesOf(ours, from, to), changesOf(theirs, from, to), name);
      compared += 1;
    }
    assert.ok(compared > 400);
  },
);

function changesOf(rules: ZoneRules, from: number, to: number): string[] {
  const changes: string[] = [];
  for (let at = nextTransition(rules, from); at < to; at = nextTransition(rules, at)) {
    changes.push(`${new Date(at).toISOString()} ${offsetAt(rules, at) / 60_000}`);
  }
  return changes;
}
