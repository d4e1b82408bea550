import { startedWord } from "./outcome.ts";
import { planRun } from "./plan.ts";
import { runSeed } from "./run.ts";

// Run in a copy of the sources with a mistake in it: looks for the first seed that notices, and prints what it noticed.
const seedsMax = Number(process.argv[2] ?? "200");
/** Only seeds with appointments are run. */
const withBookings = process.argv[3] === "bookings";

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
  if (withBookings && planRun(seed, 1).bookings === 0) continue;
  const what = await noticed(seed);
  if (what !== null) answer = { seed, what };
}
console.log(JSON.stringify(answer));
