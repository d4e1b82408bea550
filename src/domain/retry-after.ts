/** Retry-After is seconds or an HTTP date (RFC 9110 10.2.3): how long to wait from `now` (both ms); null when it says neither. */
export function retryAfterMs(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  const waitMs = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(waitMs) ? Math.max(waitMs, 0) : null;
}
