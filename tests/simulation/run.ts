import { checkers } from "./checkers/all.ts";
import { statusAfter } from "./checkers/accountability.ts";
import type { Violation } from "./checker.ts";
import { type Facts, factsOf } from "./facts.ts";
import { type RunPlan, planRun } from "./plan.ts";
import { type Finished, runWorld } from "./world.ts";

export type Broken = Violation & { readonly invariant: string; readonly promise: string };

export type Result = {
  readonly plan: RunPlan;
  readonly broken: readonly Broken[];
  readonly calls: number;
  readonly attempts: number;
  readonly requests: number;
  readonly letters: number;
  readonly crashes: number;
  readonly faults: ReadonlyMap<string, number>;
  /** Steps that calls took from one status to another. */
  readonly edges: ReadonlyMap<string, number>;
  /** Over all executions of the run. */
  readonly simulatedMs: number;
  readonly digest: string;
};

export type RunOptions = {
  readonly days: number;
  /** Executions whose traces are compared. */ readonly times: 1 | 2;
};

/** Runs a seed, twice to compare the traces, and judges what happened. */
export async function runSeed(seed: number, options: RunOptions): Promise<Result> {
  const plan = planRun(seed, options.days);
  const first = await runWorld(plan, false);
  const broken = [...judge(factsOf(first.history))];
  let simulatedMs = first.simulatedMs;
  if (options.times === 2) {
    const second = await runWorld(plan, false);
    simulatedMs += second.simulatedMs;
    if (second.trace.digest() !== first.trace.digest())
      broken.push({
        invariant: "replay",
        promise: "A seed always gives the same trace.",
        what: "two runs of one seed differ",
      });
  }
  const { rows, requests, letters, lives } = first.history;
  return {
    plan,
    broken,
    calls: rows.calls.length,
    attempts: rows.attempts.length,
    requests: requests.length,
    letters: letters.length,
    crashes: lives.filter((life) => life.event === "crash").length,
    faults: first.faults,
    edges: edgesOf(first),
    simulatedMs,
    digest: first.trace.digest(),
  };
}

export function* judge(facts: Facts): Generator<Broken> {
  for (const { name, promise, check } of checkers) {
    for (const violation of check(facts)) yield { ...violation, invariant: name, promise };
  }
}

function edgesOf({ history }: Finished): Map<string, number> {
  const edges = new Map<string, number>();
  const status = new Map<number, string>();
  for (const row of history.rows.ledger) {
    if (row.call_id === 0) continue;
    const before = status.get(row.call_id) ?? "new";
    const after = statusAfter[row.type] ?? before;
    status.set(row.call_id, after);
    const edge = `${before} > ${after} (${row.type.slice(5)})`;
    edges.set(edge, (edges.get(edge) ?? 0) + 1);
  }
  return edges;
}
