import { readObject } from "../../domain/json-object.ts";
import { createHmac, timingSafeEqual } from "node:crypto";

/** What a token allows (https://docs.livekit.io/home/get-started/authentication): as little as one request needs. */
export type Grants = {
  readonly video?: {
    readonly roomCreate?: true;
    readonly roomList?: true;
    readonly roomAdmin?: true;
    readonly room?: string;
  };
  readonly sip?: { readonly call?: true; readonly admin?: true };
};

/** A key of a project, and what it signs with. */
export type Key = { readonly key: string; readonly secret: string };

/** A LiveKit server takes a token this long after its `exp`, and this long before its `nbf`. */
export const LEEWAY_MS = 60_000;

const HEADER = encoded(JSON.stringify({ alg: "HS256", typ: "JWT" }));

/** A token (RFC 7519, HS256) that expires at `expiresAt` (UTC ms, a whole second or the one before). */
export function mint({ key, secret }: Key, grants: Grants, expiresAt: number): string {
  const claims = { iss: key, exp: Math.floor(expiresAt / 1000), ...grants };
  const signed = `${HEADER}.${encoded(JSON.stringify(claims))}`;
  return `${signed}.${signatureOf(signed, secret).toString("base64url")}`;
}

/**
 * The claims of a token that one of the keys has signed and that is valid at `now` (UTC ms); null when there is none. The key
 * is the one that the token names as its issuer, and the algorithm is ours to choose, not the token's.
 */
export function readToken(
  token: string,
  keys: readonly Key[],
  now: number,
): Readonly<Record<string, unknown>> | null {
  const [header = "", payload = "", signature = "", ...more] = token.split(".");
  if (more.length > 0 || readObject(decoded(header))?.["alg"] !== "HS256") return null;
  const claims = readObject(decoded(payload));
  if (claims === null) return null;
  const given = Buffer.from(signature, "base64url");
  const isSigned = keys.some(({ key, secret }) => {
    const expected = signatureOf(`${header}.${payload}`, secret);
    return claims["iss"] === key && given.length === expected.length && timingSafeEqual(given, expected);
  });
  const { exp, nbf } = claims;
  const isValid =
    typeof exp === "number" &&
    now < exp * 1000 + LEEWAY_MS &&
    (nbf === undefined || (typeof nbf === "number" && now >= nbf * 1000 - LEEWAY_MS));
  return isSigned && isValid ? claims : null;
}

function signatureOf(signed: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(signed).digest();
}

function encoded(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function decoded(part: string): string {
  return Buffer.from(part, "base64url").toString("utf8");
}
