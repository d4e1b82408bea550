import assert from "node:assert/strict";
import { test } from "node:test";
import { outcomes } from "../../src/domain/outcome.ts";
import type { Report } from "../../src/domain/report.ts";
import { foldReports } from "../../src/domain/attempt.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { openLab } from "./lab.ts";

const seed = Math.floor(Math.random() * 1_000_000_000);
const setsMax = 400;
const storedSetsMax = 25;

test("the same set of reports gives an attempt the same state in every order, with every repetition", (context) => {
  context.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  for (let i = 0; i < setsMax; i += 1) {
    const reports = drawReports(random, 1_800_000_000_000, 1 + random.below(5));
    const expected = foldReports(reports);
    for (const order of orders(reports)) {
      assert.deepEqual(foldReports(order), expected, `seed ${seed}, set ${i}`);
      assert.deepEqual(foldReports([...order, ...order.slice(0, 2)]).outcome, expected.outcome);
    }
  }
});

test("the same set of reports gives a call the same state, in whatever order and grouping they come in", async (context) => {
  context.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed + 1);
  for (let i = 0; i < storedSetsMax; i += 1) {
    const lab = await openLab();
    try {
      const reports = drawReports(random, lab.now(), 2 + random.below(3));
      const states = [];
      for (const order of orders(reports).slice(0, 24)) {
        const attemptKey = await lab.dial();
        for (const report of order) {
          await lab.receive(attemptKey, random.float() < 0.3 ? [report, report] : [report]);
        }
        if (random.float() < 0.5) await lab.receive(attemptKey, order);
        states.push(settled(lab.stateOf(attemptKey)));
      }
      for (const state of states)
        assert.deepEqual(state, states[0], `seed ${seed}, set ${i}: ${JSON.stringify(reports)}`);
    } finally {
      await lab.close();
    }
  }
});

/**
 * A call that was called failed absorbs later evidence that another try would have been allowed, because nobody is rung
 * again on contradictory words. So between those two, and only there, the order decides.
 */
function settled(state: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isNotReached = state["status"] === "failed" || state["status"] === "scheduled";
  return isNotReached ? { ...state, status: "not reached", reason: null } : { ...state };
}

/** What a carrier might say: contradictions included, as real ones send them. */
function drawReports(random: SeededRandom, from: number, count: number): Report[] {
  return Array.from({ length: count }, (_, index): Report => {
    const at = from + random.below(5) * 1000;
    const common = { key: `report ${index}`, at, sequence: random.below(4) };
    const kind = random.pick(["unknown", "accepted", "ringing", "answered", "ended", "ended"] as const);
    if (kind === "answered")
      return { ...common, kind, answeredBy: random.pick(["human", "machine", "unknown"] as const) };
    if (kind !== "ended") return { ...common, kind, carrierRef: `ref ${random.below(2)}` };
    const outcome = random.pick(outcomes);
    return { ...common, kind, outcome, ...(random.float() < 0.3 ? { disposition: "confirmed" } : {}) };
  });
}

/** Every order of up to four reports; of five, the first 120 as well. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}
