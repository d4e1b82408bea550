/** A line's counters as they stand in the store. Instants in UTC ms. */
export type LineCounters = {
  readonly slotsUsed: number;
  /** When the next call may start, by the generic cell rate algorithm; fractions of a millisecond are kept. */
  readonly nextFreeAt: number;
  /** The carrier asked for silence until then; 0 when it did not. */
  readonly backoffUntil: number;
  /** The local day (days since 1970-01-01) that `dayUsed` counts. */
  readonly day: number;
  readonly dayUsed: number;
};

export type LineLimits = {
  readonly slotsMax: number;
  /** Calls per second, may be below one; 0 means without limit. */
  readonly callsPerSecond: number;
  /** How many may start at one instant after a pause. */
  readonly burst: number;
  /** Calls a day; 0 means without limit. */
  readonly dailyMax: number;
};

export type Allowance = {
  readonly count: number;
  /** Why not more, when less than `wanted` was allowed. */
  readonly waitingFor: "capacity" | "rate_limit" | "carrier_backoff" | "daily_cap" | null;
  /** When more may be allowed (UTC ms), or null when only an ended call can tell. */
  readonly until: number | null;
};

/** How many of `wanted` calls may start at `now`. `today` is the line's local day, `tomorrowAt` when the next one begins. */
export function allow(
  limits: LineLimits,
  counters: LineCounters,
  wanted: number,
  now: number,
  today: number,
  tomorrowAt: number,
): Allowance {
  if (counters.backoffUntil > now)
    return { count: 0, waitingFor: "carrier_backoff", until: counters.backoffUntil };
  const free = Math.max(0, limits.slotsMax - counters.slotsUsed);
  const usedToday = counters.day === today ? counters.dayUsed : 0;
  const leftToday = limits.dailyMax === 0 ? Infinity : Math.max(0, limits.dailyMax - usedToday);
  const paced = pacedCount(limits, counters, now);
  const count = Math.min(wanted, free, leftToday, paced);
  if (count === wanted) return { count, waitingFor: null, until: null };
  if (count === leftToday) return { count, waitingFor: "daily_cap", until: tomorrowAt };
  if (count === free) return { count, waitingFor: "capacity", until: null };
  return { count, waitingFor: "rate_limit", until: nextPacedAt(limits, counters, count, now) };
}

/** The counters after `count` calls have been claimed at `now`. */
export function take(
  limits: LineLimits,
  counters: LineCounters,
  count: number,
  now: number,
  today: number,
): LineCounters {
  return {
    slotsUsed: counters.slotsUsed + count,
    nextFreeAt:
      limits.callsPerSecond === 0
        ? counters.nextFreeAt
        : Math.max(now, counters.nextFreeAt) + count * (1000 / limits.callsPerSecond),
    backoffUntil: counters.backoffUntil,
    day: today,
    dayUsed: (counters.day === today ? counters.dayUsed : 0) + count,
  };
}

function pacedCount(limits: LineLimits, counters: LineCounters, now: number): number {
  if (limits.callsPerSecond === 0) return Infinity;
  const interval = 1000 / limits.callsPerSecond;
  const ahead = Math.max(now, counters.nextFreeAt) - now;
  return Math.max(0, Math.floor((limits.burst * interval - ahead) / interval + 1e-9));
}

function nextPacedAt(limits: LineLimits, counters: LineCounters, count: number, now: number): number {
  const interval = 1000 / limits.callsPerSecond;
  const busyUntil = Math.max(now, counters.nextFreeAt) + count * interval;
  return Math.max(now + 1, Math.ceil(busyUntil - (limits.burst - 1) * interval));
}

/** `max` dials to one number within any `windowMs`. */
export type NumberCap = { readonly max: number; readonly windowMs: number };

/** When the number may be dialed next, given its last dials (UTC ms, ascending): `now` itself when at once. */
export function numberFreeAt(caps: readonly NumberCap[], dials: readonly number[], now: number): number {
  let free = now;
  for (const cap of caps) {
    const nth = dials[dials.length - cap.max];
    if (nth !== undefined) free = Math.max(free, nth + cap.windowMs);
  }
  return free;
}
