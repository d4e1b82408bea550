import assert from "node:assert/strict";
import { test } from "node:test";
import { keptSeeds } from "./kept-seeds.ts";
import { runSeed } from "./run.ts";

const budgetMs = 24_000;
/** As many as a slow machine can do; a fast one does them all. */
const freshMax = 40;

/** Kept seeds, then fresh ones until the budget is spent; each twice, so that the trace is known to repeat. */
test("whatever goes wrong, every call is placed once, in its hours, under its limits, and ends", async (context) => {
  const startedAt = performance.now();
  const first = Math.floor(Math.random() * 1_000_000_000);
  const fresh = Array.from({ length: freshMax }, (_, index) => first + index);
  const done: number[] = [];
  // In turns, so that a slow machine tries some of both.
  const seeds = fresh.flatMap((seed, index) => {
    const kept = keptSeeds[index];
    return kept === undefined ? [seed] : [kept.seed, seed];
  });
  for (const seed of seeds) {
    if (performance.now() - startedAt > budgetMs) break;
    const { broken } = await runSeed(seed, { days: 1, times: done.length % 2 === 0 ? 2 : 1 });
    done.push(seed);
    assert.deepEqual(
      broken.slice(0, 3).map((one) => `${one.invariant}: ${one.what}`),
      [],
      `seed ${seed} breaks a promise; see it with: npm run sim -- --seed ${seed}`,
    );
  }
  context.diagnostic(`seeds ${done.join(", ")}`);
});
