// `npm run oracle`: every change of the clocks of every zone from 2020 to 2037, with every rule of the oracle and every policy.
import process from "node:process";
import { loadZones } from "../../src/system/zones.ts";
import { distinctChanges } from "./changes.ts";
import { POLICIES, compareAround } from "./compare.ts";
import type { Tally } from "./compare.ts";
import { rulesAround } from "./rules.ts";

const book = loadZones();
const { changes, zones, all } = distinctChanges(book);
const rulesEach = changes[0] === undefined ? 0 : rulesAround(changes[0]).length;
console.log(
  `time-zone data ${book.version} (${book.source}): ${zones} zones with ${all} changes 2020-2037, ${changes.length} of them distinct; ${rulesEach} rules, 9 policies`,
);
const startedAt = performance.now();
const tally: Tally = { rules: 0, comparisons: 0, slots: 0, mismatches: [] };
let told = startedAt;
for (const [i, change] of changes.entries()) {
  compareAround(change, POLICIES, tally);
  if (performance.now() - told < 10_000) continue;
  told = performance.now();
  console.log(`${i + 1} changes, ${tally.comparisons} comparisons, ${tally.mismatches.length} mismatches`);
}
for (const mismatch of tally.mismatches.slice(0, 20)) console.log(mismatch);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  `${tally.comparisons} comparisons of ${tally.slots} slots around ${changes.length} distinct changes (${all} in all): ${tally.mismatches.length} mismatches, ${seconds} s`,
);
process.exitCode = tally.mismatches.length > 0 ? 1 : 0;
