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

test("10,000 orders of one call's reports, doubled, late and contradicting ones among them, come to one state", (context) => {
  context.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed + 2);
  const reports = oneCall(1_800_000_000_000);
  const expected = foldReports(reports);
  assert.deepEqual([expected.status, expected.outcome], ["ended", "answered_human"]);
  const seen = new Set<string>();
  for (let i = 0; i < 10_000; i += 1) {
    const order = shuffled(random, [...reports, random.pick(reports), random.pick(reports)]);
    seen.add(order.map(({ key }) => key).join());
    assert.deepEqual(foldReports(order), expected, `seed ${seed}, order ${i}`);
    // Seen from the middle it may stand elsewhere, but the rest always brings it to the same end.
    const half = order.slice(0, order.length >> 1);
    assert.deepEqual(foldReports([...order.slice(order.length >> 1), ...half]), expected);
  }
  assert.ok(seen.size > 9_900, `only ${seen.size} different orders`);
});

/** Everything that a carrier says of a call that was answered: twice, out of step, and with an end that denies it. */
function oneCall(from: number): Report[] {
  const said = (second: number, report: Omit<Report, "at">): Report => ({
    at: from + second * 1000,
    ...report,
  });
  return [
    said(0, { key: "placing", kind: "unknown", detail: "time-out" }),
    said(1, { key: "initiated", kind: "accepted", carrierRef: "CA1", sequence: 0 }),
    said(1, { key: "found", kind: "accepted", carrierRef: "CA1" }),
    said(3, { key: "ringing", kind: "ringing", sequence: 1 }),
    said(4, { key: "ringing again", kind: "ringing", sequence: 1 }),
    said(9, { key: "in-progress", kind: "answered", answeredBy: "unknown", sequence: 2 }),
    said(11, { key: "amd", kind: "answered", answeredBy: "human" }),
    said(8, { key: "review", kind: "review", detail: "nobody could be asked" }),
    said(40, {
      key: "completed",
      kind: "ended",
      outcome: "answered_unknown",
      durationMs: 31_000,
      sequence: 3,
    }),
    said(41, {
      key: "completed again",
      kind: "ended",
      outcome: "answered_human",
      disposition: "confirmed",
      sequence: 3,
    }),
    said(42, { key: "no-answer", kind: "ended", outcome: "no_answer", sequence: 4 }),
    said(43, { key: "failed", kind: "ended", outcome: "carrier_error", detail: "30001" }),
  ];
}

function shuffled<T>(random: SeededRandom, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as T);
}

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
    if (kind === "answered") {
      const answeredBy = random.pick(["human", "machine", "unknown", "not said"] as const);
      return { ...common, kind, ...(answeredBy !== "not said" && { answeredBy }) };
    }
    if (kind !== "ended") return { ...common, kind, carrierRef: `ref ${random.below(2)}` };
    if (random.float() < 0.2) return { ...common, kind, outcome: "answered_unknown", answererFollows: true };
    if (random.float() < 0.2) return { ...common, kind, outcome: "no_answer", isCanceled: true };
    const outcome = random.pick(outcomes);
    return { ...common, kind, outcome, ...(random.float() < 0.3 ? { disposition: "confirmed" } : {}) };
  });
}

/** Every order of up to four reports; of five, the first 120 as well. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}
