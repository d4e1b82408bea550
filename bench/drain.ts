import { counted, load } from "./calls.ts";
import type { Figures } from "./figures.ts";
import type { Bench } from "./harness.ts";

const minuteMs = 60_000;
const withinMs = 300_000;

/** How fast a backlog is claimed, placed, answered and settled, with the sandbox answering at once. */
export async function measureDrain(bench: Bench, scale: number): Promise<Figures> {
  const ordered = Math.round(100_000 * scale);
  const scattered = Math.round(400_000 * scale);
  await drain(bench, Math.round(5_000 * Math.max(scale, 0.4)), (index) => index);
  const inOrder = await drain(bench, ordered, (index) => index);
  const atRandom = await drain(bench, scattered, () => Math.floor(Math.random() * 10 * minuteMs));
  return {
    drainOrdered: inOrder.perSecond,
    drainCpu: inOrder.cpuMicros,
    drainScattered: atRandom.perSecond,
    createScattered: atRandom.loadedPerSecond,
    bytesDone: (inOrder.bytes + atRandom.bytes) / (ordered + scattered),
  };
}

type Drained = {
  readonly perSecond: number;
  readonly loadedPerSecond: number;
  /** CPU time of this process per call, both kinds. */
  readonly cpuMicros: number;
  /** By how much the database grew. */
  readonly bytes: number;
};

/**
 * Loads calls that fall due in a quarter of an hour, then moves the clock past the last one: all are due at once, each
 * with its own instant, and the loop finds out by its timer as it would on any day.
 */
async function drain(bench: Bench, count: number, dueAfterMs: (index: number) => number): Promise<Drained> {
  const { engine, actor, clock, ended } = bench;
  const bytesBefore = await bench.bytes();
  const drained = await counted(engine, actor, { created: count, completed: count }, async () => {
    const base = clock.now() + 15 * minuteMs;
    let last = base;
    const loadedPerSecond = await load(engine, actor, count, (index) => {
      const dueAt = base + dueAfterMs(index);
      last = Math.max(last, dueAt);
      return dueAt;
    });
    if (clock.now() >= base) throw new Error("The backlog took so long to load that calls fell due");
    const goal = ended.count + count;
    const cpu = process.cpuUsage();
    const started = performance.now();
    clock.restore(clock.offsetMs + last + 1 - clock.now());
    // Arms the one real timer anew, for an instant that has just passed.
    clock.follow(0);
    const ms = (await ended.reached(goal, withinMs)) - started;
    const { user, system } = process.cpuUsage(cpu);
    return { perSecond: (count / ms) * 1000, loadedPerSecond, cpuMicros: (user + system) / count };
  });
  return { ...drained, bytes: (await bench.bytes()) - bytesBefore };
}
