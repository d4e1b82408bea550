import { parentPort } from "node:worker_threads";
import { type Job, type Outcome, failedOutcome } from "./outcome.ts";
import { runSeed } from "./run.ts";

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
      letters: result.letters,
      crashes: result.crashes,
      faults: [...result.faults],
      edges: [...result.edges],
      simulatedMs: result.simulatedMs,
      failure: broken === undefined ? null : `${broken.invariant}: ${broken.what}`,
    };
  } catch (error) {
    return failedOutcome(seed, `the run failed: ${String((error as Error).stack)}`);
  }
}
