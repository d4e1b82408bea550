import type { Context } from "./context.ts";

const beatMs = 1000;
const seenEveryMs = 10_000;
const jumpMs = 1000;
const stableMs = 30_000;

/**
 * The duty that watches the clock and shows that this node lives. When the wall clock moves against the one that never
 * jumps by more than a second (a suspended machine, an operator, NTP), nothing is dialed until it has been steady for
 * half a minute; what was due meanwhile is judged by the new time.
 */
export function makeHeartbeat(
  context: Context,
  refresh: () => Promise<void>,
  follow: (offsetMs: number) => void,
): () => Promise<number> {
  let wall = context.clock.now();
  let mono = context.clock.mono();
  let seenAt = -Infinity;
  return async () => {
    const drift = context.clock.now() - wall - (context.clock.mono() - mono);
    wall = context.clock.now();
    mono = context.clock.mono();
    if (Math.abs(drift) > jumpMs) {
      context.state.fencedUntil = wall + stableMs;
      context.log.warn("The clock jumped; no call is started until it has been steady for half a minute.", {
        jumpedMs: Math.round(drift),
      });
      context.wake("dispatch", context.state.fencedUntil);
    }
    if (wall - seenAt >= seenEveryMs || wall < seenAt) {
      seenAt = wall;
      await context.store.run("heartbeat", () =>
        context.store.statements.nodes.seen({ id: context.nodeId, seen_at: wall }),
      );
      // Whatever was left undone when a duty's wake was lost with a failed transaction is found here.
      for (const duty of ["expire", "reconcile", "deliver"] as const) context.wake(duty);
      if (!context.store.singleOwner) {
        await followServer(context, follow);
        await refresh();
      }
    }
    return wall + (context.store.singleOwner ? seenEveryMs : beatMs);
  };
}

/** All nodes follow the database server's clock; half the round trip is the error. */
async function followServer(context: Context, follow: (offsetMs: number) => void): Promise<void> {
  const before = context.clock.now();
  const server = await context.store.serverTime();
  if (server === null) return;
  const after = context.clock.now();
  const offset = server - (before + after) / 2;
  if (Math.abs(offset) > 50 && Math.abs(offset) > after - before) follow(offset);
}
