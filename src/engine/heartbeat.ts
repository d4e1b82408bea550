import { isClockFenced } from "./clock-watch.ts";
import type { Context } from "./context.ts";

const beatMs = 1000;
const lookedAt = [
  "dispatch",
  "recur",
  "expire",
  "reconcile",
  "deliver",
  "fan-out",
  "deliver-events",
  "jobs",
] as const;
const seenEveryMs = 10_000;
/** Where nobody else takes over, being seen only dates an outage. */
const seenAloneMs = 60_000;
/** While a test clock is being moved nobody waits for real, so months may pass in seconds. */
const seenMovedMs = 6 * 3_600_000;

/** The duty that watches the clock, shows that this node lives, and finds what another duty's lost wake left undone. */
export function makeHeartbeat(
  context: Context,
  refresh: () => Promise<void>,
  follow: (offsetMs: number) => void,
): () => Promise<number> {
  let seenAt = -Infinity;
  const everyMs = context.store.singleOwner ? seenAloneMs : seenEveryMs;
  return async () => {
    isClockFenced(context);
    const wall = context.clock.now();
    if (wall - seenAt >= everyMs || wall < seenAt) {
      seenAt = wall;
      await context.store.run("heartbeat", () =>
        context.store.statements.nodes.seen({ id: context.nodeId, seen_at: wall }),
      );
      // Whatever was left undone when a duty's wake was lost with a failed transaction is found here.
      for (const duty of lookedAt) context.wake(duty);
      if (!context.store.singleOwner) {
        await followServer(context, follow);
        await refresh();
      }
    }
    if (context.state.isMoved) return wall + seenMovedMs;
    return wall + (context.store.singleOwner ? seenAloneMs : beatMs);
  };
}

/** All nodes follow the database server's clock; half the round trip is the error. */
async function followServer(context: Context, follow: (offsetMs: number) => void): Promise<void> {
  const before = context.clock.now();
  const server = await context.store.serverTime();
  if (server === null) return;
  const after = context.clock.now();
  // A test clock is ahead on purpose.
  const offset = server + (context.testClock?.offsetMs ?? 0) - (before + after) / 2;
  if (Math.abs(offset) > 50 && Math.abs(offset) > after - before) follow(offset);
}
