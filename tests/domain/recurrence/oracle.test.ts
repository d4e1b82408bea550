import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { loadZones } from "../../../src/system/zones.ts";
import { distinctChanges } from "../../oracle/changes.ts";
import type { Change } from "../../oracle/changes.ts";
import { POLICIES, compareAround } from "../../oracle/compare.ts";
import type { Tally } from "../../oracle/compare.ts";
import { rulesAround } from "../../oracle/rules.ts";
import { seedOf } from "../seed.ts";

const { changes } = distinctChanges(loadZones({ systemDirectory: "" }));
const DEFAULT = POLICIES.filter(({ gap, overlap }) => gap === "forward" && overlap === "first");

/** Changes that are unlike the others: half hours, two hours, midnight, a day's end; each in 2027 where it has one. */
const UNUSUAL = [
  "Australia/Lord_Howe",
  "Antarctica/Troll",
  "Africa/Cairo",
  "America/Nuuk",
  "America/New_York",
];

test("slots around changes of the clocks are those of an oracle that looks at every minute (a sample)", (context) => {
  const seed = seedOf(context);
  const tally: Tally = { rules: 0, comparisons: 0, slots: 0, mismatches: [] };
  for (const change of UNUSUAL.flatMap(changesOf2027)) compareAround(change, POLICIES, tally);
  const sampled = fc.sample(fc.constantFrom(...changes), { seed, numRuns: 25 });
  for (const change of sampled) compareAround(change, DEFAULT, tally);
  context.diagnostic(`${tally.comparisons} comparisons of ${tally.slots} slots; npm run oracle does all`);
  assert.deepEqual(tally.mismatches.slice(0, 5), []);
});

test("the oracle covers every zone with at least sixty rules", () => {
  const [first] = changes;
  assert.ok(first !== undefined && changes.length > 500);
  assert.ok(new Set(rulesAround(first).map(({ name }) => name)).size >= 60);
  const covered = new Set(changes.flatMap(({ names }) => names));
  assert.ok(covered.has("America/New_York") && covered.has("US/Eastern") && covered.has("Australia/LHI"));
});

function changesOf2027(name: string): readonly Change[] {
  const year = [Date.UTC(2027, 0, 1), Date.UTC(2028, 0, 1)] as const;
  return changes.filter((one) => one.names.includes(name) && one.at >= year[0] && one.at < year[1]);
}
