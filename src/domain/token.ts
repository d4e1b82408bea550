/** A key that signs tokens, and the one algorithm it is for: what a token's header asks for decides nothing. */
export type TokenKey = {
  readonly algorithm: "HS256" | "RS256" | "ES256";
  /** The key's name; null for a key without one. */
  readonly kid: string | null;
  /** JSON Web Key (RFC 7517). Of HS256 a secret. */
  readonly jwk: Readonly<Record<string, unknown>>;
};

/** Whose tokens are believed; null does not look at the claim. */
export type TokenSettings = {
  readonly keys: readonly TokenKey[];
  readonly issuer: string | null;
  readonly audience: string | null;
};

/** What a genuine token says of its bearer. */
export type TokenClaims = { readonly subject: string; readonly agentInstanceId: string | null };

export type TokenReading =
  | { readonly ok: true; readonly claims: TokenClaims }
  | { readonly ok: false; readonly why: string };

/** How far the issuer's clock may be from ours. */
export const tokenToleranceMs = 30_000;
const TEXT_MAX = 200;

/**
 * Judges the claims of a token (RFC 7519) whose signature is good, at `now` (UTC ms). `exp` and `sub` must be there; `nbf`
 * and `iat` must not lie ahead; `iss` and `aud` must be what is expected, where anything is.
 */
export function readClaims(
  payload: unknown,
  now: number,
  expected: Pick<TokenSettings, "issuer" | "audience">,
): TokenReading {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload))
    return no("it has no claims");
  const claims = payload as Readonly<Record<string, unknown>>;
  const { exp, nbf, iat, sub, iss, aud, agent_instance_id: agent } = claims;
  if (!isSeconds(exp)) return no("it has no exp");
  if (now >= exp * 1000 + tokenToleranceMs) return no("it has expired");
  for (const [name, from] of [
    ["nbf", nbf],
    ["iat", iat],
  ] as const) {
    if (from === undefined) continue;
    if (!isSeconds(from)) return no(`its ${name} is no time`);
    if (now < from * 1000 - tokenToleranceMs) return no("it is not valid yet");
  }
  if (expected.issuer !== null && iss !== expected.issuer) return no("another issuer made it");
  if (expected.audience !== null && ![aud].flat().includes(expected.audience))
    return no("it is meant for somebody else");
  if (!isName(sub)) return no("it has no sub");
  if (agent !== undefined && agent !== null && !isName(agent)) return no("its agent_instance_id is no text");
  return { ok: true, claims: { subject: sub, agentInstanceId: isName(agent) ? agent : null } };
}

function no(why: string): TokenReading {
  return { ok: false, why };
}

function isSeconds(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= TEXT_MAX;
}
