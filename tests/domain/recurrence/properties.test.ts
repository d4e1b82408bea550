import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  describeRule,
  firstSlotAfter,
  nextSlot,
  parseRule,
} from "../../../src/domain/recurrence/recurrence.ts";
import type { Recurrence, Rule } from "../../../src/domain/recurrence/recurrence.ts";
import { offsetAt } from "../../../src/domain/zone.ts";
import { seedOf } from "../seed.ts";
import { zoneOf } from "./expand.ts";

const DAY = 86_400_000;
const LONGEST_MS = 50;
const ZONES = [
  "America/New_York",
  "Australia/Lord_Howe",
  "Africa/Cairo",
  "Africa/Casablanca",
  "Antarctica/Troll",
  "UTC",
];
const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

const startLocalMs = fc.integer({ min: 25_000 * 1440, max: 40_000 * 1440 }).map((minute) => minute * 60_000);
const setting = fc.record({
  zone: fc.constantFrom(...ZONES),
  startLocalMs,
  gap: fc.constantFrom("forward", "next_valid", "skip"),
  overlap: fc.constantFrom("first", "second", "both"),
});

/** A part such as "BYMONTH=1,2", or nothing. */
function part(name: string, item: fc.Arbitrary<string | number>, most: number): fc.Arbitrary<string> {
  const list = fc
    .uniqueArray(item, { minLength: 1, maxLength: most })
    .map((items) => `;${name}=${items.join(",")}`);
  return fc.option(list, { freq: 2, nil: "" });
}

const fromEither = (most: number) =>
  fc.oneof(fc.integer({ min: 1, max: most }), fc.integer({ min: -most, max: -1 }));
const weekday = fc.constantFrom(...WEEKDAYS);
const rrule = fc
  .tuple(
    fc.constantFrom("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY").map((one) => `FREQ=${one}`),
    fc.oneof(
      fc.constant(""),
      fc.constantFrom(1, 2, 3, 7, 40, 45, 480, 999, 1000).map((one) => `;INTERVAL=${one}`),
    ),
    part("BYMONTH", fc.integer({ min: 1, max: 12 }), 4),
    part("BYMONTHDAY", fromEither(31), 10),
    part("BYYEARDAY", fromEither(366), 60),
    part("BYWEEKNO", fromEither(53), 20),
    part(
      "BYDAY",
      fc.oneof(
        weekday,
        fc.tuple(fromEither(53), weekday).map(([nth, day]) => `${nth}${day}`),
      ),
      7,
    ),
    part("BYHOUR", fc.integer({ min: 0, max: 23 }), 24),
    part("BYMINUTE", fc.integer({ min: 0, max: 59 }), 60),
    part("BYSETPOS", fromEither(366), 50),
    fc.oneof(
      fc.constant(""),
      fc.integer({ min: 1, max: 100_000 }).map((count) => `;COUNT=${count}`),
    ),
  )
  .map((parts) => parts.join(""));
const cronField = fc.oneof(
  fc.constantFrom("*", "*/2", "*/15", "0", "1-5", "29", "30", "1,15"),
  fc.constantFrom("mon-fri", "feb", "7", "31", "0-23/3", "59"),
);
const cron = fc
  .tuple(cronField, cronField, cronField, cronField, cronField)
  .map((fields) => fields.join(" "));
/** An RRULE, perhaps with hundreds of dates, which are made of it only when it is used (and printed). */
type Given =
  | { readonly rrule: string; readonly dates: boolean }
  | { readonly cron: string }
  | { readonly frequency: string };
const input: fc.Arbitrary<Given> = fc.oneof(
  fc.record({ rrule, dates: fc.boolean() }),
  fc.record({ cron }),
  fc.record({
    frequency: fc.constantFrom("daily", "weekly", "monthly"),
    interval: fc.integer({ min: 1, max: 480 }),
    max_occurrences: fc.integer({ min: 1, max: 1000 }),
  }),
);

function withDates(given: Given, ms: number): unknown {
  if (!("rrule" in given)) return given;
  if (!given.dates) return { rrule: given.rrule };
  const text = (at: number, length: number) => new Date(at).toISOString().slice(0, length);
  return {
    rrule: given.rrule,
    exdates: Array.from({ length: 1000 }, (_, i) => text(ms + i * DAY, i % 2 === 0 ? 16 : 10)),
    rdates: Array.from({ length: 300 }, (_, i) => text(ms + i * 7 * DAY + 60_000, 16)),
  };
}

describe("any rule", () => {
  test("goes forward only, tells the wall time, and is found again from any instant", (context) => {
    const seed = seedOf(context);
    let taken = 0;
    const property = fc.property(
      input,
      setting,
      fc.integer({ min: 0, max: 40 * 366 }),
      (given, { zone: name, ...policy }, later) => {
        const zone = zoneOf(name);
        const parsed = parseRule(
          withDates(given, policy.startLocalMs),
          { localMs: policy.startLocalMs },
          zone,
        );
        if (!parsed.ok) return;
        taken += 1;
        const recurrence = { rule: parsed.rule, zone, ...policy };
        const jump = firstSlotAfter(recurrence, policy.startLocalMs + later * DAY);
        for (const start of [nextSlot(recurrence, null), jump]) checkSome(recurrence, start);
      },
    );
    fc.assert(property, { seed, numRuns: 500 });
    assert.ok(taken > 100, `${taken} rules were taken`);
  });

  test("is read, expanded and said in words within 50 ms", (context) => {
    const seed = seedOf(context);
    const property = fc.property(input, startLocalMs, (given, localMs) => {
      checkSpeed(withDates(given, localMs), localMs);
    });
    fc.assert(property, { seed, numRuns: 500 });
  });
});

describe("any text", () => {
  test("is read or refused with a sentence, and never crashes or takes long", (context) => {
    const seed = seedOf(context);
    const garbage = fc.oneof(
      fc.string({ maxLength: 1200, unit: "binary" }),
      fc
        .array(
          fc.constantFrom(
            "FREQ=",
            "DAILY",
            ";",
            ",",
            "BYDAY",
            "=",
            "-1",
            "MO",
            "*",
            "/",
            "0",
            " ",
            "\n",
            ":",
            "EXDATE",
            "@",
            "99999",
            "T",
            "Z",
          ),
          { maxLength: 200 },
        )
        .map((words) => words.join("")),
      fc.constantFrom(
        "*/",
        ",",
        "1-",
        "FREQ=DAILY;",
        "\r\n ",
        "((((",
        "٣",
        "1,".repeat(30_000),
        " ".repeat(50_000),
        "\n".repeat(50_000),
        "EXDATE:,".repeat(5000),
      ),
      fc
        .tuple(rrule, fc.nat(200), fc.string({ maxLength: 3 }))
        .map(([text, at, extra]) => text.slice(0, at) + extra + text.slice(at + 1)),
    );
    const anything = fc.oneof(
      garbage.map((text) => ({ rrule: text })),
      garbage.map((text) => ({ cron: text })),
      garbage.map((text) => ({ frequency: "daily", until: text })),
      fc.dictionary(
        fc.constantFrom(
          "frequency",
          "rrule",
          "cron",
          "until",
          "weekdays",
          "interval",
          "exdates",
          "__proto__",
        ),
        fc.anything(),
      ),
      fc.anything(),
    );
    const property = fc.property(anything, startLocalMs, (given, localMs) => {
      checkSpeed(given, localMs);
    });
    fc.assert(property, { seed, numRuns: 2000 });
  });

  test("a start that is no time is refused", () => {
    for (const localMs of [Number.NaN, Infinity, -Infinity, 8.64e15, -6e13]) {
      const parsed = parseRule({ frequency: "daily" }, { localMs }, zoneOf("UTC"));
      assert.ok(!parsed.ok && parsed.detail.includes("1900"));
    }
  });
});

function checkSome(recurrence: Recurrence, start: ReturnType<typeof nextSlot>): void {
  let slot = start;
  for (let i = 0; i < 4 && slot !== null; i += 1) {
    assert.deepEqual(firstSlotAfter(recurrence, slot.at - 1), slot);
    const isMoved = slot.at + offsetAt(recurrence.zone, slot.at) !== slot.localMs;
    assert.equal(
      isMoved,
      slot.notes.some((note) => note.startsWith("moved")),
    );
    const next = nextSlot(recurrence, slot);
    if (next !== null)
      assert.ok(next.at > slot.at && next.number === slot.number + 1 && next.key !== slot.key);
    slot = next;
  }
}

/** Everything that is done with a rule, step by step, in time of the processor; a slow step is repeated, because memory may be swept meanwhile. */
function checkSpeed(given: unknown, localMs: number): void {
  const zone = zoneOf("America/New_York");
  let rule: Rule | undefined;
  const steps: readonly (() => unknown)[] = [
    () => {
      const parsed = parseRule(given, { localMs }, zone);
      if (parsed.ok) rule = parsed.rule;
      else
        assert.ok(parsed.detail.length > 5 && parsed.detail.length < 300 && /^(\/|$)/.test(parsed.pointer));
    },
    () => rule && nextSlot({ rule, zone, startLocalMs: localMs, gap: "skip", overlap: "both" }, null),
    () =>
      rule &&
      firstSlotAfter(
        { rule, zone, startLocalMs: localMs, gap: "forward", overlap: "first" },
        localMs + 20 * 366 * DAY,
      ),
    () => rule && describeRule(rule, localMs, zone.name),
  ];
  for (const step of steps) {
    let least = Infinity;
    for (let i = 0; i < 4 && least > LONGEST_MS; i += 1) {
      const before = process.threadCpuUsage();
      step();
      const { user, system } = process.threadCpuUsage(before);
      least = Math.min(least, (user + system) / 1000);
    }
    assert.ok(least <= LONGEST_MS, `${least} ms for ${JSON.stringify(given)?.slice(0, 300)}`);
  }
}
