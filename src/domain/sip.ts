import type { Outcome } from "./outcome.ts";

/** What the SIP status that ended a call says of it (RFC 3261, 8197, 8688); null when it says nothing. */
export function outcomeOfSip(status: number): Outcome | null {
  const known = SIP.get(status);
  if (known !== undefined) return known;
  return status >= 500 && status < 600 ? "carrier_error" : null;
}

const SIP = new Map<number, Outcome>([
  [486, "busy"],
  [600, "busy"],
  [408, "no_answer"],
  [480, "no_answer"],
  [487, "no_answer"],
  [603, "declined"],
  [607, "blocked"],
  [608, "blocked"],
  [404, "invalid_number"],
  [410, "invalid_number"],
  [484, "invalid_number"],
  [485, "invalid_number"],
  [604, "invalid_number"],
  ...([401, 402, 403, 405, 407, 415, 420, 421, 488] as const).map(
    (status) => [status, "carrier_error"] as const,
  ),
]);
