import assert from "node:assert/strict";
import { test } from "node:test";
import { findOpening, isOpen } from "../../src/domain/window.ts";
import type { Hours, Range, Rule } from "../../src/domain/window.ts";
import type { ZoneRules } from "../../src/domain/zone.ts";
import { loadZones } from "../../src/system/zones.ts";

const MINUTE = 60_000;
const AROUND = 27 * 60;

/** One change of the clocks, wherever in the world it happens. */
type Change = {
  readonly at: number;
  readonly before: number;
  readonly after: number;
  readonly zone: ZoneRules;
};

test("around every change of the clocks from 2020 to 2037, every minute of every window is right", (context) => {
  const changes = distinctChanges();
  context.diagnostic(`${changes.length} distinct changes`);
  assert.ok(changes.length > 500);
  for (const change of changes) for (const hours of hoursAround(change)) checkAround(change, hours);
});

/** Compares with a table made minute by minute, from which the answers are read backwards. */
function checkAround(change: Change, hours: Hours): void {
  const rule: Rule = { hours, zone: change.zone };
  const rules = [rule];
  const start = change.at - AROUND * MINUTE;
  const size = 2 * AROUND;
  const isOpenAt: boolean[] = [];
  for (let i = 0; i < size; i += 1) isOpenAt.push(isOpenAtMinute(change, hours, start + i * MINUTE));
  let opensAt = size;
  let shutsAt = size;
  const shutsAfter: number[] = Array.from({ length: size + 1 }, () => size);
  for (let i = size - 1; i >= 0; i -= 1) {
    if (isOpenAt[i]) opensAt = i;
    else shutsAt = i;
    shutsAfter[i] = shutsAt;
    if (Math.abs(i - AROUND) > 150 && i % 17 !== 0) continue;
    const where = () => `${change.zone.name} ${hours.name} ${new Date(start + i * MINUTE).toISOString()}`;
    if (isOpen(rule, start + i * MINUTE) !== isOpenAt[i]) assert.fail(`isOpen: ${where()}`);
    const opening = findOpening(rules, start + i * MINUTE);
    const found = opening.kind === "open" ? (opening.at - start) / MINUTE : Infinity;
    if (opensAt === size ? found < size : found !== opensAt) assert.fail(`opens at ${found}: ${where()}`);
    if (opening.kind === "never" || opensAt === size) continue;
    const closes = (opening.closesAt - start) / MINUTE;
    const expected = shutsAfter[opensAt] ?? size;
    if (expected === size ? closes < size : closes !== expected)
      assert.fail(`closes at ${closes}: ${where()}`);
  }
}

/** Open or shut by the letter of the rule: the clock as text, compared with texts. */
function isOpenAtMinute({ at: changeAt, before, after }: Change, hours: Hours, at: number): boolean {
  const local = at + (at < changeAt ? before : after);
  const day = Math.floor(local / 86_400_000);
  if (hours.closed.has(day) !== undefined) return false;
  const weekday = (((day + 4) % 7) + 7) % 7;
  const minute = Math.floor(local / MINUTE) - day * 1440;
  const isIn = (ranges: readonly Range[], value: number) =>
    ranges.some((range) => value >= range.from && value < range.to);
  return (
    isIn(hours.weekly[weekday] ?? [], minute) || isIn(hours.weekly[(weekday + 6) % 7] ?? [], minute + 1440)
  );
}

/** Hours that lie beside, over, inside and astride the change, with and without a holiday. */
function hoursAround({ at, before, after }: Change): Hours[] {
  const old = (((at + before) % 86_400_000) + 86_400_000) % 86_400_000;
  const minute = Math.floor(old / MINUTE);
  const none = new Map<number, string>();
  const date = Math.floor((at + Math.max(before, after)) / 86_400_000);
  const week = (
    name: string,
    ranges: Hours["weekly"][number],
    closed: ReadonlyMap<number, string>,
  ): Hours => ({
    name,
    weekly: [ranges, ranges, ranges, ranges, ranges, ranges, ranges],
    closed: { has: (day) => closed.get(day) },
  });
  const inDay = (value: number) => Math.min(Math.max(value, 0), 1439);
  return [
    week(
      "office",
      [
        { from: 540, to: 720 },
        { from: 780, to: 1200 },
      ],
      none,
    ),
    week("night", [{ from: 1320, to: 1440 + 123 }], new Map([[date, "holiday"]])),
    week("astride", [{ from: inDay(minute - 45), to: inDay(minute - 45) + 61 }], none),
    week(
      "beside",
      [
        { from: inDay(minute + 7), to: inDay(minute + 7) + 16 },
        { from: 30, to: 31 },
      ],
      none,
    ),
    week("all day", [{ from: 0, to: 1440 }], new Map([date, date + 4].map((day) => [day, "holiday"]))),
  ];
}

/** Every change of every zone, each combination of instant and offsets once; none is near another of its zone. */
function distinctChanges(): Change[] {
  const book = loadZones({ systemDirectory: "" });
  const [from, to] = [Date.UTC(2020, 0, 1), Date.UTC(2038, 0, 1)];
  const changes = new Map<string, Change>();
  for (const name of book.names()) {
    const zone = book.zone(name);
    assert.ok(zone, name);
    zone.untils.forEach((at, i) => {
      if (at < from || at >= to) return;
      const [before, after] = [zone.offsetsMs[i] ?? Number.NaN, zone.offsetsMs[i + 1] ?? Number.NaN];
      assert.equal(at % MINUTE, 0);
      assert.ok(
        (zone.untils[i + 1] ?? Infinity) - at > AROUND * MINUTE,
        `${name} changes twice within 27 hours`,
      );
      changes.set(`${at} ${before} ${after}`, { at, before, after, zone });
    });
  }
  return [...changes.values()];
}
