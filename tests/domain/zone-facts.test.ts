import assert from "node:assert/strict";
import { test } from "node:test";
import { formatWall, localToInstant, nextTransition, offsetAt } from "../../src/domain/zone.ts";
import type { ZoneRules } from "../../src/domain/zone.ts";
import { loadZones } from "../../src/system/zones.ts";

const book = loadZones({ systemDirectory: "" });

/** Zone → its changes in 2027: the instant (month-day hour:minute UTC), the wall clock just before, and after. */
const CHANGES: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  "America/New_York": [
    ["03-14T07:00", "03-14T02:00", "03-14T03:00"],
    ["11-07T06:00", "11-07T02:00", "11-07T01:00"],
  ],
  "Europe/London": [
    ["03-28T01:00", "03-28T01:00", "03-28T02:00"],
    ["10-31T01:00", "10-31T02:00", "10-31T01:00"],
  ],
  "Europe/Dublin": [
    ["03-28T01:00", "03-28T01:00", "03-28T02:00"],
    ["10-31T01:00", "10-31T02:00", "10-31T01:00"],
  ],
  "Europe/Chisinau": [
    ["03-28T01:00", "03-28T03:00", "03-28T04:00"],
    ["10-31T01:00", "10-31T04:00", "10-31T03:00"],
  ],
  "Australia/Lord_Howe": [
    ["04-03T15:00", "04-04T02:00", "04-04T01:30"],
    ["10-02T15:30", "10-03T02:00", "10-03T02:30"],
  ],
  "Pacific/Chatham": [
    ["04-03T14:00", "04-04T03:45", "04-04T02:45"],
    ["09-25T14:00", "09-26T02:45", "09-26T03:45"],
  ],
  "Africa/Cairo": [
    ["04-29T22:00", "04-30T00:00", "04-30T01:00"],
    ["10-28T21:00", "10-29T00:00", "10-28T23:00"],
  ],
  "Asia/Beirut": [
    ["03-27T22:00", "03-28T00:00", "03-28T01:00"],
    ["10-30T21:00", "10-31T00:00", "10-30T23:00"],
  ],
  // Havana keeps summer time through the winter of 2026-27.
  "America/Havana": [["11-07T05:00", "11-07T01:00", "11-07T00:00"]],
  "America/Santiago": [
    ["04-04T03:00", "04-04T00:00", "04-03T23:00"],
    ["09-05T04:00", "09-05T00:00", "09-05T01:00"],
  ],
  "America/Nuuk": [
    ["03-28T01:00", "03-27T23:00", "03-28T00:00"],
    ["10-31T01:00", "10-31T00:00", "10-30T23:00"],
  ],
  "Antarctica/Troll": [
    ["03-28T01:00", "03-28T01:00", "03-28T03:00"],
    ["10-31T01:00", "10-31T03:00", "10-31T01:00"],
  ],
  "Asia/Gaza": [
    ["03-27T00:00", "03-27T02:00", "03-27T03:00"],
    ["10-29T23:00", "10-30T02:00", "10-30T01:00"],
  ],
  "America/St_Johns": [
    ["03-14T05:30", "03-14T02:00", "03-14T03:00"],
    ["11-07T04:30", "11-07T02:00", "11-07T01:00"],
  ],
};

/** Zones without a change in 2027, and their offset in minutes. */
const STEADY: Readonly<Record<string, number>> = {
  "Africa/Casablanca": 0,
  "America/Vancouver": -420,
  "America/Edmonton": -360,
  "America/Asuncion": -180,
  "America/Sao_Paulo": -180,
  "Asia/Kolkata": 330,
  "Asia/Kathmandu": 345,
  "America/Winnipeg": -300,
  "America/Inuvik": -360,
};

for (const [name, changes] of Object.entries(CHANGES)) {
  test(`${name} changes its clocks in 2027 when it says it does`, () => {
    const rules = zone(name);
    let at = Date.UTC(2027, 0, 1);
    for (const [instant, before, after] of changes) {
      at = nextTransition(rules, at);
      assert.equal(formatWall(at), `2027-${instant}:00`);
      assert.equal(formatWall(at + offsetAt(rules, at - 1)), `2027-${before}:00`);
      assert.equal(formatWall(at + offsetAt(rules, at)), `2027-${after}:00`);
    }
    assert.ok(nextTransition(rules, at) >= Date.UTC(2028, 0, 1));
  });

  test(`${name}: the first skipped minute moves by the gap, and the first repeated minute is the first of two`, () => {
    const rules = zone(name);
    for (const [instant, before, after] of changes) {
      const at = wall(`2027-${instant}`);
      const [old, fresh] = [wall(`2027-${before}`), wall(`2027-${after}`)];
      const isGap = fresh > old;
      const found = localToInstant(rules, isGap ? old : fresh);
      assert.deepEqual(found, { at: isGap ? at : at - (old - fresh), adjusted: isGap ? "gap" : "overlap" });
      const second = localToInstant(rules, Math.min(old, fresh), { gap: "next_valid", overlap: "second" });
      assert.equal(second?.at, at);
    }
  });
}

for (const [name, minutes] of Object.entries(STEADY)) {
  test(`${name} keeps ${minutes} minutes all through 2027`, () => {
    const rules = zone(name);
    assert.equal(offsetAt(rules, Date.UTC(2027, 0, 1)), minutes * 60_000);
    assert.ok(nextTransition(rules, Date.UTC(2027, 0, 1)) >= Date.UTC(2028, 0, 1));
  });
}

function zone(name: string): ZoneRules {
  const rules = book.zone(name);
  assert.ok(rules, name);
  return rules;
}

function wall(text: string): number {
  return Date.parse(`${text}:00Z`);
}
