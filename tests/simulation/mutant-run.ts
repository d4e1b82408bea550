import { startedWord } from "./outcome.ts";
import { runSeed } from "./run.ts";

// Run in a copy of the sources with a mistake in it: looks for the first seed that notices, and prints what it noticed.
const seedsMax = Number(process.argv[2] ?? "200");

async function noticed(seed: number): Promise<string | null> {
  try {
    const [broken] = (await runSeed(seed, { days: 1, times: 1 })).broken;
    return broken === undefined ? null : `${broken.invariant}: ${broken.what}`;
  } catch (error) {
    return `the run failed: ${(error as Error).message}`;
  }
}

console.log(startedWord);
let answer: { seed: number; what: string } | null = null;
for (let seed = 1; seed <= seedsMax && answer === null; seed += 1) {
  const what = await noticed(seed);
  if (what !== null) answer = { seed, what };
}
console.log(JSON.stringify(answer));
