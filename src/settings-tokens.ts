import { type KeyObject, createPublicKey } from "node:crypto";

import type { TokenKey, TokenSettings } from "./domain/token.ts";
import { type Reading, type Setting, optional, text, withDefault } from "./setting.ts";

/** The settings of tokens (JWT) that other systems issue to their users. */
export const tokenSettings = {
  jwtSecret: optional(
    {
      name: "JWT_SECRET",
      secret: true,
      meaning:
        "Schedule module: the secret of tokens (JWT) signed with HS256; 32 characters or more are as strong as the signature. With this or `JWT_PUBLIC_KEYS` its door asks for a token or an API key, also on loopback.",
    },
    {
      expected: "a text that is no key in PEM or JSON",
      // A public key that is taken for a secret lets everybody sign.
      read: (value) => (/-----BEGIN|^\s*\{/.test(value) ? { ok: false } : { ok: true, value }),
    },
  ),
  jwtPublicKeys: withDefault(
    {
      name: "JWT_PUBLIC_KEYS",
      meaning:
        "Schedule module: the public keys of tokens (JWT) signed with RS256 (RSA, 2048 bits or more) or ES256 (P-256). The kind of a key fixes its algorithm.",
    },
    "",
    {
      expected:
        "public keys in PEM, one after another, or a JSON Web Key Set; at most 20, each kid once, no private key",
      read: readPublicKeys,
    },
  ),
  jwtIssuer: optional(
    { name: "JWT_ISSUER", meaning: "Schedule module: a token's `iss` must be this. Without it: anything." },
    text,
  ),
  jwtAudience: optional(
    {
      name: "JWT_AUDIENCE",
      meaning: "Schedule module: a token's `aud` must hold this. Without it: anything.",
    },
    text,
  ),
} as const satisfies Record<string, Setting<unknown>>;

type TokenValues = { readonly [K in keyof typeof tokenSettings]: (typeof tokenSettings)[K]["absent"] };

const SECRET_MIN = 32;

/** What the operator should know of these settings, in sentences. */
export function tokenWarnings({ jwtSecret }: Pick<TokenValues, "jwtSecret">): string[] {
  if (jwtSecret === null || jwtSecret.length >= SECRET_MIN) return [];
  return [
    `JWT_SECRET is shorter than ${SECRET_MIN} characters: whoever has one token can find it by trying, and then sign others.`,
  ];
}

/** Null when no key is configured: then tokens are not read. */
export function tokenSettingsOf(values: TokenValues): TokenSettings | null {
  const { jwtSecret, jwtPublicKeys, jwtIssuer: issuer, jwtAudience: audience } = values;
  const keys = [...(jwtSecret === null ? [] : [secretKey(jwtSecret)]), ...jwtPublicKeys];
  return keys.length === 0 ? null : { keys, issuer, audience };
}

function secretKey(secret: string): TokenKey {
  const k = Buffer.from(secret, "utf8").toString("base64url");
  return { algorithm: "HS256", kid: null, jwk: { kty: "oct", k } };
}

const KEYS_MAX = 20;
const RSA_BITS_MIN = 2048;
const PEM = /-----BEGIN (?:PUBLIC KEY|CERTIFICATE)-----[^-]+-----END (?:PUBLIC KEY|CERTIFICATE)-----/g;

function readPublicKeys(value: string): Reading<readonly TokenKey[]> {
  const trimmed = value.trim();
  if (trimmed === "") return { ok: true, value: [] };
  const keys = trimmed.startsWith("{") ? readKeySet(trimmed) : readPems(trimmed);
  if (keys === null || keys.length === 0 || keys.length > KEYS_MAX) return { ok: false };
  const kids = keys.flatMap(({ kid }) => kid ?? []);
  return new Set(kids).size === kids.length ? { ok: true, value: keys } : { ok: false };
}

function readPems(value: string): TokenKey[] | null {
  // In an environment variable the line ends are often written as \n.
  const lines = value.replaceAll("\\n", "\n");
  const pems = lines.match(PEM) ?? [];
  if (lines.replaceAll(PEM, "").trim() !== "") return null;
  return allOrNone(pems.map((pem) => keyOf(() => createPublicKey(pem), null)));
}

function readKeySet(value: string): TokenKey[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    // Said by the null: the setting's own words tell what is expected.
    return null;
  }
  const { keys = [parsed] } = parsed as { keys?: unknown };
  return Array.isArray(keys) ? allOrNone(keys.map(readJwk)) : null;
}

function readJwk(jwk: unknown): TokenKey | null {
  if (typeof jwk !== "object" || jwk === null || "d" in jwk || "k" in jwk) return null;
  const { kid = null, alg, use } = jwk as { kid?: unknown; alg?: unknown; use?: unknown };
  if ((kid !== null && typeof kid !== "string") || (use !== undefined && use !== "sig")) return null;
  const key = keyOf(() => createPublicKey({ key: jwk, format: "jwk" }), kid);
  return alg === undefined || alg === key?.algorithm ? key : null;
}

/** The key's kind fixes its algorithm; null for kinds that are not taken. */
function keyOf(read: () => KeyObject, kid: string | null): TokenKey | null {
  try {
    const key = read();
    const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
    const jwk = { ...key.export({ format: "jwk" }) };
    if (key.asymmetricKeyType === "rsa" && modulusLength >= RSA_BITS_MIN)
      return { algorithm: "RS256", kid, jwk };
    if (key.asymmetricKeyType === "ec" && namedCurve === "prime256v1")
      return { algorithm: "ES256", kid, jwk };
    return null;
  } catch {
    // Said by the null, like every other fault of the setting.
    return null;
  }
}

function allOrNone(keys: readonly (TokenKey | null)[]): TokenKey[] | null {
  return keys.includes(null) ? null : keys.filter((key) => key !== null);
}
