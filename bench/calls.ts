import type { Actor, CallRequest, Engine, Stats } from "../src/engine/engine.ts";
import { numberOf } from "./harness.ts";

export const bulkMax = 1000;

/** A request of about 300 bytes, such as a clinic or an insurer would send. */
export function requestOf(n: number, dueAt: number): CallRequest {
  return {
    to: numberOf(n),
    at: new Date(dueAt).toISOString(),
    purpose: "renewal",
    expires_after: "12h",
    metadata: {
      due_at: dueAt,
      customer: `customer-${n}`,
      policy: "household contents and liability",
      note: "asked to be called before the old contract ends, prefers short calls in the morning",
    },
  };
}

/** Schedules `count` calls in batches of 1,000; each must be taken. Returns calls per second. */
export async function load(
  engine: Engine,
  actor: Actor,
  count: number,
  dueAt: (index: number) => number,
): Promise<number> {
  const started = performance.now();
  for (let first = 0; first < count; first += bulkMax) {
    const requests = Array.from({ length: Math.min(bulkMax, count - first) }, (_, index) =>
      requestOf(first + index, dueAt(first + index)),
    );
    const { items } = await engine.scheduleMany(actor, requests);
    const refused = items.find((item) => !item.ok);
    if (refused?.ok === false) throw new Error(`A call was refused: ${refused.refusal.message}`);
    // As a server would between two requests.
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return (count / (performance.now() - started)) * 1000;
}

/** What a phase must have done, by the engine's own counts; anything else makes its figure worthless. */
export async function counted<T>(
  engine: Engine,
  actor: Actor,
  expected: { readonly created: number; readonly completed: number },
  phase: () => Promise<T>,
): Promise<T> {
  const before = await engine.stats(actor);
  const value = await phase();
  await engine.idle();
  const after = await engine.stats(actor);
  const found = {
    created: total(after) - total(before),
    completed: after.calls.completed - before.calls.completed,
  };
  const unfinished = after.calls.dialing + after.inFlight + after.dueNow;
  if (found.created !== expected.created || found.completed !== expected.completed || unfinished > 0) {
    throw new Error(
      `Expected ${JSON.stringify(expected)} and nothing under way, found ${JSON.stringify(found)} and ${unfinished} under way`,
    );
  }
  return value;
}

function total(stats: Stats): number {
  return Object.values(stats.calls).reduce((sum, count) => sum + count, 0);
}
