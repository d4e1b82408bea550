import type { StoreName } from "./harness.ts";

/** What a figure should be at least or at most. */
export type Aim = { readonly atLeast: number } | { readonly atMost: number };

export type Definition = {
  readonly title: string;
  readonly unit: string;
  readonly decimals: number;
  readonly aims: Readonly<Partial<Record<StoreName, Aim>>>;
  /** How much worse it may be (%) when very many calls wait; absent: it says nothing about speed. */
  readonly worseMax?: number;
};

const rate = { unit: "/s", decimals: 0, worseMax: 20 } as const;
const lag = { unit: "ms", decimals: 1 } as const;
const both = (aim: Aim): Definition["aims"] => ({ sqlite: aim, postgres: aim });

/** Every figure, in the order in which it is printed, with what it should be. */
export const definitions = {
  createOne: { ...rate, title: "Creates, 1 caller", aims: {} },
  create64: {
    ...rate,
    title: "Creates, 64 callers",
    aims: { sqlite: { atLeast: 45_000 }, postgres: { atLeast: 20_000 } },
  },
  createKeyed: {
    ...rate,
    title: "Creates, 64 callers, random Idempotency-Key each",
    aims: { sqlite: { atLeast: 28_000 } },
  },
  createBatches: { ...rate, title: "Creates, batches of 1,000", aims: { sqlite: { atLeast: 70_000 } } },
  createScattered: { ...rate, title: "Creates, batches of 1,000, random due instants", aims: {} },
  drainOrdered: {
    ...rate,
    title: "Drain of 100,000, due in the order of creation",
    aims: { sqlite: { atLeast: 40_000 }, postgres: { atLeast: 30_000 } },
  },
  drainCpu: { title: "CPU of the process per drained call", unit: "µs", decimals: 1, aims: {} },
  drainScattered: {
    ...rate,
    title: "Drain of 400,000, due at random instants",
    aims: { sqlite: { atLeast: 25_000 } },
  },
  steadyP50: { ...lag, title: "Start delay at 250/s, p50", aims: {} },
  steadyP95: { ...lag, title: "Start delay at 250/s, p95", aims: {} },
  steadyP99: { ...lag, title: "Start delay at 250/s, p99", aims: both({ atMost: 8 }), worseMax: 20 },
  steadyMax: { ...lag, title: "Start delay at 250/s, max", aims: {} },
  burstP50: { ...lag, title: "Start delay of 5,000 at one instant, p50", aims: {} },
  burstP95: { ...lag, title: "Start delay of 5,000 at one instant, p95", aims: {} },
  burstP99: {
    ...lag,
    title: "Start delay of 5,000 at one instant, p99",
    aims: both({ atMost: 120 }),
    worseMax: 20,
  },
  burstMax: { ...lag, title: "Start delay of 5,000 at one instant, max", aims: {} },
  planGiven: { title: "Planning a call, zone given", unit: "µs", decimals: 2, aims: both({ atMost: 5 }) },
  planNumber: {
    title: "Planning a call, zones of its number",
    unit: "µs",
    decimals: 2,
    aims: both({ atMost: 5 }),
  },
  httpCreate: {
    ...rate,
    title: "HTTP creates, 64 connections",
    aims: both({ atLeast: 10_000 }),
  },
  httpP50: { ...lag, title: "HTTP create, p50", aims: {} },
  httpP99: { ...lag, title: "HTTP create, p99", aims: {} },
  httpKeyed: { ...rate, title: "HTTP creates, 64 connections, random Idempotency-Key each", aims: {} },
  besideP50: { ...lag, title: "HTTP create beside a full drain, p50", aims: {} },
  besideP99: { ...lag, title: "HTTP create beside a full drain, p99", aims: both({ atMost: 25 }) },
  besideCreate: { title: "HTTP creates beside a full drain", unit: "/s", decimals: 0, aims: {} },
  besideDrain: { title: "Drain beside HTTP creates", unit: "/s", decimals: 0, aims: {} },
  serverMb: {
    title: "Memory of the server, most at any time (RSS)",
    unit: "MB",
    decimals: 0,
    aims: both({ atMost: 300 }),
  },
  engineMb: {
    title: "Memory of engine and bench in one process (RSS)",
    unit: "MB",
    decimals: 0,
    aims: {},
  },
  bytesWaiting: { title: "Database, per waiting call", unit: "bytes", decimals: 0, aims: {} },
  bytesDone: { title: "Database, per completed call", unit: "bytes", decimals: 0, aims: {} },
} as const satisfies Record<string, Definition>;

export type FigureName = keyof typeof definitions;
export type Figures = Partial<Record<FigureName, number>>;

/** What was measured on one store: with (almost) nothing else in the database, and with `waiting` calls that wait. */
export type Measured = { readonly store: StoreName; readonly waiting: number; readonly figures: Figures };

export function verdict(value: number, aim: Aim): "met" | "missed" {
  const reached = "atLeast" in aim ? value >= aim.atLeast : value <= aim.atMost;
  return reached ? "met" : "missed";
}

/** Change in % of a figure between two passes; positive is a greater number. */
export function changeOf(before: number, after: number): number {
  return before === 0 ? 0 : ((after - before) / before) * 100;
}

/** Did it become no worse than it may? More per second is better; more of anything else is worse. */
export function changeVerdict(definition: Definition, change: number): "met" | "missed" | null {
  if (definition.worseMax === undefined) return null;
  const worse = definition.unit === "/s" ? -change : change;
  return worse < definition.worseMax ? "met" : "missed";
}
