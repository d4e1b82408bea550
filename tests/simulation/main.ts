import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { showFailure } from "./show.ts";
import { type Job, type Outcome, failedOutcome } from "./outcome.ts";

const help = `npm run sim -- [--seed N] [--runs N] [--days N] [--trace] [--once] [--jobs N]

Runs the engine over the real SQLite store in virtual time: --runs seeds from --seed on (default 20 from 1), each of --days
days of trouble (default 1) and a healed world after them, each twice to compare the traces. Ends with status 1 at the first
broken promise and says how to see it again. --trace prints a run's whole trace, --once runs each seed once.`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string" },
    days: { type: "string", default: "1" },
    jobs: { type: "string" },
    trace: { type: "boolean", default: false },
    once: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const failuresMax = 5;

if (values.help) console.log(help);
else process.exitCode = await main();

async function main(): Promise<number> {
  const first = number(values.seed, "--seed");
  const days = number(values.days, "--days");
  const runs =
    values.runs === undefined ? (process.argv.includes("--seed") ? 1 : 20) : number(values.runs, "--runs");
  if (values.trace) return (await showFailure(first, days, true)) ? 1 : 0;
  const jobs = Math.min(
    runs,
    values.jobs === undefined ? availableParallelism() : number(values.jobs, "--jobs"),
  );
  console.log(
    `Seeds ${first} to ${first + runs - 1}, ${days} days of trouble each, ${values.once ? "once" : "twice"}.`,
  );
  const startedAt = performance.now();
  const outcomes = await runAll({ first, runs, days, times: values.once ? 1 : 2 }, jobs);
  report(outcomes, performance.now() - startedAt);
  const failed = outcomes.filter((one) => one.failure !== null).toSorted((a, b) => a.seed - b.seed);
  for (const { seed, failure } of failed.slice(0, failuresMax)) {
    if (failure?.startsWith("the run ") === true) console.log(`\nSeed ${seed}: ${failure}`);
    else await showFailure(seed, days, false);
  }
  if (failed.length > failuresMax)
    console.log(
      `And the seeds ${failed
        .slice(failuresMax)
        .map(({ seed }) => seed)
        .join(", ")}.`,
    );
  return failed.length > 0 ? 1 : 0;
}

/** Lets each worker take the next seed when it is free; stops early after a few failures. */
function runAll(
  range: { first: number; runs: number; days: number; times: 1 | 2 },
  jobs: number,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  let failures = 0;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("worker.ts", import.meta.url), {
        resourceLimits: { maxOldGenerationSizeMb: 1000 },
      });
      let seed = 0;
      const give = (): void => {
        if (next >= range.runs || failures >= 3 * failuresMax) {
          void worker.terminate().then(() => resolve());
          return;
        }
        const job: Job = { seed: range.first + next, days: range.days, times: range.times };
        next += 1;
        seed = job.seed;
        worker.postMessage(job);
      };
      worker.on("message", (outcome: Outcome) => {
        outcomes.push(outcome);
        if (outcome.failure !== null) failures += 1;
        if (outcomes.length % 100 === 0) console.log(`${outcomes.length} runs, ${failures} failed`);
        give();
      });
      worker.on("error", (error) => {
        outcomes.push(failedOutcome(seed, `the run died: ${String(error)}`));
        failures += 1;
        one().then(resolve, reject);
      });
      give();
    });
  return Promise.all(Array.from({ length: jobs }, one)).then(() => outcomes);
}

function report(outcomes: readonly Outcome[], wallMs: number): void {
  const sum = (pick: (one: Outcome) => number): number =>
    outcomes.reduce((total, one) => total + pick(one), 0);
  const hours = sum((one) => one.simulatedMs) / 3_600_000;
  const cpuSeconds = sum((one) => one.cpuMs) / 1000;
  console.log(
    `${outcomes.length} runs: ${sum((one) => one.calls)} calls, ${sum((one) => one.attempts)} attempts, ` +
      `${sum((one) => one.requests)} requests to the network, ${sum((one) => one.letters)} letters, ${sum((one) => one.crashes)} crashes.`,
  );
  console.log(
    `${Math.round(hours)} simulated hours in ${Math.round(cpuSeconds)} CPU seconds (${(hours / cpuSeconds).toFixed(1)} hours a CPU second), ` +
      `${Math.round(wallMs / 1000)} s by the clock on the wall.`,
  );
  console.log(`Faults: ${listed(outcomes.map((one) => one.faults))}`);
  console.log(`Steps of calls: ${listed(outcomes.map((one) => one.edges))}`);
}

function listed(counts: readonly (readonly (readonly [string, number])[])[]): string {
  const total = new Map<string, number>();
  for (const [name, count] of counts.flat()) total.set(name, (total.get(name) ?? 0) + count);
  return [...total]
    .toSorted((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

function number(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`${option} takes a whole number`);
  return value;
}
