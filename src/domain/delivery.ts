import { DAY_MS, HOUR_MS, MINUTE_MS } from "./civil.ts";

/** How long to wait after each try that failed (ms), as Standard Webhooks proposes: about three days in all. */
export const deliveryLadder = [
  5000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  DAY_MS,
] as const;

const jitter = 0.2;
const askedMaxMs = DAY_MS;

/**
 * When a message is tried again after `step` failures before this one, or null when it is given up. Each wait of the
 * ladder is up to a fifth longer, so that what failed together does not come again together; a receiver that asks for
 * more time (`askedMs`) gets up to a day. Times in ms, `random` in [0, 1).
 */
export function nextTryAt(step: number, now: number, random: number, askedMs: number | null): number | null {
  const wait = deliveryLadder[step];
  if (wait === undefined) return null;
  return now + Math.max(Math.round(wait * (1 + jitter * random)), Math.min(askedMs ?? 0, askedMaxMs));
}
