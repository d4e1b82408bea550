/** What a key may do. `x:write` includes `x:read`; `*` is everything. */
export const scopes = [
  "*",
  "calls:read",
  "calls:write",
  "series:read",
  "series:write",
  "agents:read",
  "agents:write",
  "queues:read",
  "queues:write",
  "lines:read",
  "lines:write",
  "hours:read",
  "hours:write",
  "retry-policies:read",
  "retry-policies:write",
  "suppressions:read",
  "suppressions:write",
  "settings:read",
  "settings:write",
  "dialing:read",
  "dialing:write",
  "live:read",
  "live:write",
  "events:read",
  "stats:read",
  "metrics:read",
  "webhook-endpoints:read",
  "webhook-endpoints:write",
  "notification-handlers:read",
  "notification-handlers:write",
  "deliveries:read",
  "deliveries:write",
  "keys:read",
  "keys:write",
  "sandbox:read",
  "sandbox:write",
] as const;
export type Scope = (typeof scopes)[number];

/** True when one of the granted scopes covers the needed one. */
export function covers(granted: readonly string[], needed: Scope): boolean {
  if (granted.includes("*") || granted.includes(needed)) return true;
  return needed.endsWith(":read") && granted.includes(`${needed.slice(0, -":read".length)}:write`);
}
