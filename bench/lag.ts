import { setTimeout as wait } from "node:timers/promises";
import { counted, load } from "./calls.ts";
import type { Figures } from "./figures.ts";
import { type Bench, quantiles } from "./harness.ts";

/** How late calls leave at a steady rate, and when very many are due at one instant. */
export async function measureLag(bench: Bench, scale: number): Promise<Figures> {
  const steady = Math.round(5_000 * scale);
  const burst = Math.round(5_000 * scale);
  // What runs for the first time runs slowly; a server is seldom that young.
  await delays(bench, 500, (index) => index * 4);
  const even = quantiles(await delays(bench, steady, (index) => index * 4));
  const crowd = quantiles(await delays(bench, burst, () => 0));
  return {
    steadyP50: even.p50,
    steadyP95: even.p95,
    steadyP99: even.p99,
    steadyMax: even.max,
    burstP50: crowd.p50,
    burstP95: crowd.p95,
    burstP99: crowd.p99,
    burstMax: crowd.max,
  };
}

/** For each of `count` calls the time from its due instant to its order's arrival at the carrier, in ms and fractions. */
async function delays(bench: Bench, count: number, dueAfterMs: (index: number) => number): Promise<number[]> {
  const { engine, actor, clock, ended } = bench;
  const found: number[] = [];
  const seen = new Set<string>();
  const skew = skewMs();
  bench.onPlace((order) => {
    const now = performance.timeOrigin + performance.now() + skew + clock.offsetMs;
    found.push(now - Number(order.metadata["due_at"]));
    seen.add(order.attemptKey);
  });
  try {
    await counted(engine, actor, { created: count, completed: count }, async () => {
      const goal = ended.count + count;
      const base = clock.now() + 3000 + count;
      await load(engine, actor, count, (index) => base + dueAfterMs(index));
      if (clock.now() >= base) throw new Error("The calls took so long to create that they fell due");
      // An ordinary garbage collection of what was loaded belongs to the loading.
      await wait(500);
      await ended.reached(goal, base + dueAfterMs(count) - clock.now() + 60_000);
    });
  } finally {
    bench.onPlace(null);
  }
  const early = found.filter((ms) => ms < -1);
  if (found.length !== count || seen.size !== count || early.length > 0) {
    throw new Error(
      `${found.length} orders for ${count} calls, ${seen.size} different, ${early.length} early`,
    );
  }
  return found;
}

/** How far the wall clock is ahead of the steady one: read at the moment at which its millisecond changes. */
function skewMs(): number {
  const first = Date.now();
  let now = first;
  while (now === first) now = Date.now();
  return now - (performance.timeOrigin + performance.now());
}
