import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { type Store, StoreError, type Tx } from "../ports/store.ts";

/** What it takes to run a transaction until its outcome is known. */
export type SurePorts = { readonly store: Store; readonly clock: Clock; readonly log: Log };

const triesMax = 8;

/**
 * Runs a transaction until it is known to have happened. After a commit whose answer was lost, and after a busy or
 * unreachable store, it runs again with `again` true: the verb then looks by its own ids whether it happened.
 */
export async function runSure<T>(
  context: SurePorts,
  name: string,
  verb: (again: boolean) => Tx<T>,
): Promise<T> {
  let again = false;
  for (let tried = 1; ; tried += 1) {
    try {
      const retry = again;
      return await context.store.run(name, () => verb(retry));
    } catch (error) {
      if (!(error instanceof StoreError) || tried === triesMax) throw error;
      if (error.fault === "commit_unknown") again = true;
      // The commit whose answer was lost was still under way when we looked for its rows; by now it has ended.
      else if (again && isDuplicate(error)) again = true;
      else if (error.fault !== "busy" && error.fault !== "unavailable") throw error;
      context.log.warn("A transaction is tried again.", { transaction: name, fault: error.fault, tried });
      await pause(context.clock, Math.min(2000, 25 * 2 ** tried));
    }
  }
}

function isDuplicate(error: StoreError): boolean {
  return error.fault === "broken" && (error.cause as { code?: unknown } | undefined)?.code === "23505";
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.at(clock.now() + ms, resolve);
  });
}
