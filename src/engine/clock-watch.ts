import type { Context } from "./context.ts";

const jumpMs = 1000;
const stableMs = 30_000;

/** Where the wall clock and the steady one stood when they were last compared (ms). */
export type ClockAnchor = { wall: number; mono: number };

/**
 * Compares the wall clock with the one that never jumps, at each heartbeat, before each claim and before each request. When they have moved
 * apart by more than a second (a suspended machine, an operator, NTP), nothing is dialed until they have been steady for
 * half a minute; what was due meanwhile is judged by the new time. True while nothing may be dialed.
 */
export function isClockFenced(context: Context): boolean {
  const { anchor } = context.state;
  const wall = context.clock.now();
  const mono = context.clock.mono();
  const drift = wall - anchor.wall - (mono - anchor.mono);
  anchor.wall = wall;
  anchor.mono = mono;
  if (Math.abs(drift) > jumpMs) {
    context.state.fencedUntil = wall + stableMs;
    // What was to be looked at again was an instant of the clock as it was before.
    context.state.blocked.clear();
    context.log.warn("The clock jumped; no call is started until it has been steady for half a minute.", {
      jumpedMs: Math.round(drift),
    });
    context.wake("dispatch", context.state.fencedUntil);
  }
  return wall < context.state.fencedUntil;
}
