import assert from "node:assert/strict";
import { test } from "node:test";

import {
  type Budget,
  type Charge,
  type Spending,
  costOf,
  formatAmount,
  limitReached,
  parseAmount,
  priceOf,
  settleCharge,
  usedOf,
} from "../../src/domain/spend.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { seedOf } from "./seed.ts";

const none: Spending = { reserved: 0, spent: 0, overspent: 0 };
const minute = 60_000;

void test("amounts are read and written exactly, and nothing else is read", () => {
  for (const [text, micros] of [
    ["0", 0],
    ["0.0145", 14_500],
    ["20", 20_000_000],
    ["0.000001", 1],
    ["999999999.999999", 999_999_999_999_999],
  ] as const)
    assert.equal(parseAmount(text), micros);
  for (const text of ["", "-1", "1e3", "0.0000001", ".5", "1,5", " 1", "1000000000", "NaN", "٣"])
    assert.equal(parseAmount(text), undefined, text);
  assert.equal(formatAmount(14_500), "0.0145");
  assert.equal(formatAmount(20_000_000), "20.00");
  assert.equal(formatAmount(1), "0.000001");
});

void test("the longest beginning of a number gives its price, and every started minute counts in full", () => {
  const prices = [
    { prefix: "+44", perMinute: 20 },
    { prefix: "+447", perMinute: 50 },
    { prefix: "+4", perMinute: 1 },
  ];
  const budget = { perMinute: 10, prices };
  assert.equal(priceOf(budget, "+447911123456"), 50);
  assert.equal(priceOf(budget, "+442079460958"), 20);
  assert.equal(priceOf(budget, "+12125550100"), 10);
  assert.deepEqual(
    [0, 1, minute, minute + 1].map((ms) => costOf(10, ms)),
    [0, 10, 10, 20],
  );
});

void test("a settled charge gives its reservation back once, and later news only adds", () => {
  const reserved: Charge = { perMinute: 10, reserved: 50, spent: 0, settled: false };
  const ended = settleCharge(reserved, { durationMs: 2 * minute, wasAnswered: true });
  assert.deepEqual(ended.change, { reserved: -50, spent: 20, overspent: 0 });
  assert.deepEqual(settleCharge(ended.charge, { durationMs: 2 * minute, wasAnswered: true }).change, none);
  assert.deepEqual(settleCharge(ended.charge, { durationMs: 0, wasAnswered: false }).change, none);
  assert.deepEqual(settleCharge(ended.charge, { durationMs: 3 * minute, wasAnswered: true }).change, {
    reserved: 0,
    spent: 0,
    overspent: 10,
  });
});

void test("what nobody can tell costs nothing until somebody tells; a talk of unknown length costs the worst", () => {
  const reserved: Charge = { perMinute: 10, reserved: 50, spent: 0, settled: false };
  const review = settleCharge(reserved, null);
  assert.deepEqual(review.change, { reserved: -50, spent: 0, overspent: 0 });
  assert.deepEqual(settleCharge(review.charge, { durationMs: null, wasAnswered: true }).change, {
    reserved: 0,
    spent: 0,
    overspent: 50,
  });
  assert.equal(settleCharge(reserved, { durationMs: null, wasAnswered: false }).change.spent, 0);
});

void test("whatever happens to calls, what is reserved and spent never exceeds the maximums", (context) => {
  const seed = seedOf(context);
  const random = new SeededRandom(seed);
  const dice = (max: number): number => Math.floor(random.float() * max);
  for (let run = 0; run < 200; run += 1) {
    const budget: Budget = {
      perMinute: 1 + dice(30),
      prices: [],
      callMax: dice(2) * dice(300),
      hourMax: dice(2) * dice(500),
      dayMax: dice(2) * dice(1000),
    };
    let hour: Spending = none;
    let day: Spending = none;
    const open: { charge: Charge; hours: number }[] = [];
    for (let step = 0, hours = 0; step < 60; step += 1) {
      if (dice(15) === 0) {
        hours += 1;
        hour = none;
      }
      const amount = costOf(budget.perMinute, dice(10) * minute);
      if (limitReached(budget, hour, day, amount) === null) {
        assert.ok(budget.callMax === 0 || amount <= budget.callMax, `seed ${seed}`);
        hour = plus(hour, { ...none, reserved: amount });
        day = plus(day, { ...none, reserved: amount });
        open.push({
          charge: { perMinute: budget.perMinute, reserved: amount, spent: 0, settled: false },
          hours,
        });
      }
      const one = open[dice(open.length)];
      if (one !== undefined && dice(2) === 0) {
        const ending =
          dice(6) === 0
            ? null
            : { durationMs: dice(5) === 0 ? null : dice(15 * minute), wasAnswered: dice(2) === 0 };
        const settled = settleCharge(one.charge, ending);
        one.charge = settled.charge;
        day = plus(day, settled.change);
        if (one.hours === hours) hour = plus(hour, settled.change);
      }
      for (const [spending, max] of [
        [hour, budget.hourMax],
        [day, budget.dayMax],
      ] as const) {
        assert.ok(Math.min(spending.reserved, spending.spent, spending.overspent) >= 0, `seed ${seed}`);
        assert.ok(max === 0 || spending.reserved + spending.spent <= max, `seed ${seed}`);
      }
    }
    const held = open
      .filter(({ charge }) => !charge.settled)
      .reduce((sum, { charge }) => sum + charge.reserved, 0);
    assert.equal(day.reserved, held, `seed ${seed}: the reservations that are open are the ones that count`);
    assert.ok(usedOf(day) >= day.spent);
  }
});

function plus(a: Spending, b: Spending): Spending {
  return {
    reserved: a.reserved + b.reserved,
    spent: a.spent + b.spent,
    overspent: a.overspent + b.overspent,
  };
}
