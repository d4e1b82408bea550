import type { Faults } from "../../src/carriers/sandbox/settings.ts";
import { SeededRandom } from "../support/seeded-random.ts";

export const faultClasses = ["crash", "store", "pause", "carrier", "clock", "conveyor", "disk"] as const;
export type FaultClass = (typeof faultClasses)[number];

export type LinePlan = {
  readonly name: string;
  readonly slots: number;
  readonly perSecond: number;
  readonly burst: number;
  readonly daily: number;
  readonly timezone: string;
  readonly hours: string | null;
  readonly ringTimeoutSeconds: number;
  readonly maxDurationSeconds: number;
  readonly faults: Faults;
  /** Prices and maximums as text, or null where no money is counted. */
  readonly budget: BudgetPlan | null;
};

export type BudgetPlan = { readonly perMinute: string; readonly perHour: string; readonly perDay: string };

/** What a seed makes of a run. */
export type RunPlan = {
  readonly seed: number;
  readonly days: number;
  readonly startAt: number;
  readonly classes: readonly FaultClass[];
  /** Batches of one, one request at a time: bugs of order show. */
  readonly buggify: boolean;
  readonly calls: number;
  readonly lines: readonly LinePlan[];
  readonly withHours: boolean;
  readonly withCaps: boolean;
  readonly withSwitches: boolean;
  readonly expiresAfter: string;
  readonly fastRetries: boolean;
  readonly onFile: boolean;
  /** How many series are begun. */
  readonly series: number;
  /** How many appointments people book; 0: there is no program for them. */
  readonly bookings: number;
};

/** Ordinary days, and days on which the clocks change somewhere (UTC ms). */
const starts = [
  Date.UTC(2026, 11, 1, 15),
  Date.UTC(2026, 11, 24, 20),
  Date.UTC(2027, 2, 13, 21),
  Date.UTC(2027, 2, 27, 18),
  Date.UTC(2027, 3, 3, 9),
  Date.UTC(2027, 9, 2, 10),
  Date.UTC(2027, 9, 30, 20),
  Date.UTC(2027, 10, 6, 22),
] as const;

const zonesOfLines = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"] as const;

/** Half of the runs have one class of faults or none; bugs hide in quiet runs. */
export function planRun(seed: number, days: number): RunPlan {
  const random = new SeededRandom(seed * 7919 + 17);
  const classes = drawClasses(random);
  const hasCarrierFaults = classes.includes("carrier");
  // Dice of their own, so that older seeds keep the rest of their plan.
  const purse = new SeededRandom(seed * 104_729 + 5);
  const agenda = new SeededRandom(seed * 6151 + 29);
  return {
    seed,
    days,
    startAt: random.pick(starts) + random.below(3_600_000),
    classes,
    buggify: random.float() < 0.25,
    calls: Math.round((60 + random.below(180)) * Math.min(3, days)),
    lines: Array.from({ length: 1 + random.below(3) }, (_, index) =>
      drawLine(random, index, hasCarrierFaults),
    ).map((line) => ({ ...line, budget: drawBudget(purse, line.maxDurationSeconds) })),
    withHours: random.float() < 0.6,
    withCaps: random.float() < 0.3,
    withSwitches: random.float() < 0.6,
    expiresAfter: random.pick(["1h", "1h", "10m", "6h", "1d"]),
    fastRetries: random.float() < 0.5,
    onFile: random.float() < 0.05,
    series: random.pick([0, 0, 1, 2, 4]),
    bookings: agenda.pick([0, 0, 0, 10, 40]),
  };
}

function drawClasses(random: SeededRandom): FaultClass[] {
  const kind = random.float();
  if (kind < 0.08) return [];
  if (kind < 0.5) return [random.pick(faultClasses)];
  return faultClasses.filter(() => random.float() < 0.55);
}

/** Enough for some calls of the worst length within an hour, and for a few times as many within a day. */
function drawBudget(random: SeededRandom, maxDurationSeconds: number): BudgetPlan | null {
  if (random.float() < 0.6) return null;
  const cents = random.pick([1, 3, 7]);
  const worst = cents * Math.ceil(maxDurationSeconds / 60);
  const perHour = worst * (1 + random.below(12));
  return {
    perMinute: inUnits(cents),
    perHour: inUnits(perHour),
    perDay: inUnits(perHour * (1 + random.below(6))),
  };
}

function inUnits(cents: number): string {
  return (cents / 100).toFixed(2);
}

function drawLine(random: SeededRandom, index: number, hasFaults: boolean): Omit<LinePlan, "budget"> {
  const paced = random.float() < 0.4;
  return {
    name: `line ${index + 1}`,
    slots: random.pick([1, 2, 3, 5, 20, 50]),
    perSecond: paced ? random.pick([0.2, 0.5, 1, 1, 3]) : 0,
    burst: random.pick([1, 1, 2, 5]),
    daily: random.float() < 0.25 ? 5 + random.below(40) : 0,
    timezone: random.pick(zonesOfLines),
    hours: null,
    ringTimeoutSeconds: random.pick([20, 30, 60]),
    maxDurationSeconds: random.pick([30, 120, 900, 3600]),
    faults: hasFaults ? drawFaults(random) : {},
  };
}

function drawFaults(random: SeededRandom): Faults {
  const some = (most: number): number => (random.float() < 0.5 ? random.float() * most : 0);
  return {
    lose_callbacks: some(0.4),
    duplicate_callbacks: some(0.5),
    delay_callbacks_ms: random.float() < 0.3 ? random.below(120_000) : 0,
    reorder_callbacks: some(0.5),
    answer_delay_ms: random.float() < 0.3 ? random.below(20_000) : 0,
    time_out: some(0.3),
    lose_requests: some(0.2),
    error_rate: some(0.2),
    limit_rate: some(0.2),
  };
}
