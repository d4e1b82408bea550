import { parentPort } from "node:worker_threads";
import { runSeed } from "./run.ts";

export type Job = { readonly seed: number; readonly days: number; readonly times: 1 | 2 };

/** What one seed came to. */
export type Outcome = {
  readonly seed: number;
  readonly calls: number;
  readonly attempts: number;
  readonly requests: number;
  readonly crashes: number;
  readonly faults: readonly (readonly [string, number])[];
  readonly edges: readonly (readonly [string, number])[];
  readonly simulatedMs: number;
  readonly cpuMs: number;
  /** The first broken promise, or null. */
  readonly failure: string | null;
};

parentPort?.on("message", (job: Job) => void work(job));

async function work({ seed, days, times }: Job): Promise<void> {
  const before = process.threadCpuUsage();
  const outcome = await run(seed, days, times);
  const { user, system } = process.threadCpuUsage(before);
  parentPort?.postMessage({ ...outcome, cpuMs: (user + system) / 1000 } satisfies Outcome);
}

async function run(seed: number, days: number, times: 1 | 2): Promise<Omit<Outcome, "cpuMs">> {
  try {
    const result = await runSeed(seed, { days, times });
    const [broken] = result.broken;
    return {
      seed,
      calls: result.calls,
      attempts: result.attempts,
      requests: result.requests,
      crashes: result.crashes,
      faults: [...result.faults],
      edges: [...result.edges],
      simulatedMs: result.simulatedMs,
      failure: broken === undefined ? null : `${broken.invariant}: ${broken.what}`,
    };
  } catch (error) {
    const nothing = { calls: 0, attempts: 0, requests: 0, crashes: 0, faults: [], edges: [], simulatedMs: 0 };
    return { seed, ...nothing, failure: `the run failed: ${String((error as Error).stack)}` };
  }
}
