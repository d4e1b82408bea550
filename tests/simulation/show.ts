import { factsOf } from "./facts.ts";
import type { History } from "./history.ts";
import { planRun } from "./plan.ts";
import { type Broken, judge } from "./run.ts";
import { runWorld } from "./world.ts";

const aroundLines = 14;
const shownMax = 6;

/**
 * Runs a seed again and prints what it broke, with the part of the trace around it (or all of it) and how to see it again.
 * True when it broke something.
 */
export async function showFailure(seed: number, days: number, all: boolean): Promise<boolean> {
  const plan = planRun(seed, days);
  const { history, trace } = await runWorld(plan, true);
  const broken = [...judge(factsOf(history))];
  if (all) for (const line of trace.lines) console.log(line);
  console.log(
    `\nSeed ${seed}: faults ${plan.classes.join(", ") || "none"}${plan.buggify ? ", one at a time" : ""}`,
  );
  for (const one of firstOfEach(broken)) {
    console.log(
      `  ${one.invariant} ${one.promise}\n     ${one.callId === undefined ? "" : `call ${one.callId} `}${one.what}`,
    );
    for (const line of around(history, trace.lines, one)) console.log(`       ${line}`);
  }
  if (broken.length > 0)
    console.log(`  Again: npm run sim -- --seed ${seed} --days ${days}   (all of it: --trace)`);
  else console.log("  It keeps every promise.");
  return broken.length > 0;
}

function firstOfEach(broken: readonly Broken[]): Broken[] {
  const seen = new Set<string>();
  return broken.filter((one) => !seen.has(one.invariant) && seen.add(one.invariant)).slice(0, shownMax);
}

/** The lines that name the call or its attempts, else those around the instant. */
function around(history: History, lines: readonly string[], { at, callId }: Broken): string[] {
  const names = [
    ...(callId === undefined ? [] : [history.callIdOf(callId)]),
    ...history.requests
      .filter((one) => callId !== undefined && one.callId === history.callIdOf(callId))
      .map((one) => one.attemptId),
  ];
  const own = names.length === 0 ? [] : lines.filter((line) => names.some((name) => line.includes(name)));
  if (at === undefined) return own.slice(-aroundLines);
  const moment = at - history.plan.startAt;
  const index = lines.findIndex((line) => Number(line.slice(0, line.indexOf(" "))) >= moment);
  const near = lines.slice(Math.max(0, index - aroundLines), index + 3);
  return [...own.slice(-aroundLines), "...", ...near];
}
