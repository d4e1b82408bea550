// One pass over one store, in a process of its own: a young heap, its own memory figures, and no trace of the pass before.
import process from "node:process";
import { answerParent } from "./child.ts";
import { load } from "./calls.ts";
import { measureCreates } from "./creates.ts";
import { measureDrain } from "./drain.ts";
import type { Figures } from "./figures.ts";
import { type Bench, type StoreName, durabilityOf, openBench, placeOf } from "./harness.ts";
import { measureLag } from "./lag.ts";
import { measurePlanning } from "./plan.ts";
import { say } from "./say.ts";

export type PassInput = {
  readonly store: StoreName;
  /** The server, for Postgres; and how its databases are to be called. */
  readonly url: string | null;
  readonly tag: string;
  readonly waiting: number;
  readonly scale: number;
};
export type PassHandlers = typeof handlers;

const dayMs = 86_400_000;
const eightHoursMs = 28_800_000;

const handlers = answerParent({
  /** Everything that needs no HTTP. */
  measure: async (input: PassInput): Promise<Figures> => {
    const { scale } = input;
    return {
      ...(await onBench(input, "creates", (bench) => measureCreates(bench, scale))),
      ...(await onBench(input, "start delays, drains and plans", async (bench) => ({
        ...(await measureLag(bench, scale)),
        ...(await measureDrain(bench, scale)),
        ...(await measurePlanning(bench, scale)),
      }))),
      engineMb: process.resourceUsage().maxRSS / 1024,
    };
  },
  /** What keeps a commit of this store, read back. */
  durability: async (input: PassInput): Promise<string> => {
    const bench = await openBench(placeOf(input.store, input.url, input.tag));
    try {
      return await durabilityOf(bench.store);
    } finally {
      await bench.close();
    }
  },
});

async function onBench(
  input: PassInput,
  what: string,
  measure: (bench: Bench) => Promise<Figures>,
): Promise<Figures> {
  const bench = await openBench(placeOf(input.store, input.url, input.tag));
  try {
    if (input.waiting > 0) {
      say(`${input.store}: loading ${input.waiting.toLocaleString("en")} calls for tomorrow`);
      const tomorrow = bench.engine.now() + dayMs;
      await load(
        bench.engine,
        bench.actor,
        input.waiting,
        () => tomorrow + Math.floor(Math.random() * eightHoursMs),
      );
    }
    say(`${input.store}, ${input.waiting.toLocaleString("en")} waiting: ${what}`);
    return await measure(bench);
  } finally {
    await bench.close();
  }
}
