import { compactVerify, decodeProtectedHeader, importJWK } from "jose";

import type { FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import { type TokenClaims, type TokenKey, type TokenSettings, readClaims } from "../../domain/token.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Caller, DoorPorts } from "../../ports/door.ts";

/** A token has at most this many characters. */
const TOKEN_MAX = 8192;
const BEARER = /^Bearer +(\S+) *$/i;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const API_KEY = /^car_/;
const types = new Set(["jwt", "at+jwt", "application/at+jwt"]);

/**
 * Who carries a token (JWT) of a configured key: the user that it names, and nobody else's schedules. Null when tokens are
 * not configured, and for API keys. With tokens configured nobody comes in without either. Throws `unauthenticated`, in
 * one text for every fault.
 */
export async function identify(
  request: FastifyRequest,
  { settings, clock, engine, isOpen, log }: DoorPorts<Engine>,
): Promise<Caller | null> {
  const { tokens } = settings.schedule;
  if (tokens === null) return null;
  const sent = BEARER.exec(request.headers.authorization ?? "")?.[1];
  // While no key exists the gate would let in whoever sends something that looks like one.
  if (sent !== undefined && API_KEY.test(sent) && !(await isOpen())) return null;
  const reading = sent === undefined ? "there is none" : await readToken(sent, tokens, clock.now());
  if (typeof reading === "string") {
    log.debug("refused a token", { request_id: request.id, why: reading });
    throw new Refusal("unauthenticated", "The request carries neither a valid token nor a valid API key.");
  }
  const { subject, agentInstanceId } = reading;
  return {
    actor: { ...engine.defaultActor(), name: `user ${subject}` },
    scopes: ["calls:read", "calls:write", "events:read"],
    keyId: `user ${subject}`,
    owner: subject,
    ...(agentInstanceId !== null && { agent: agentInstanceId }),
  };
}

/** The claims of a genuine token at `now` (UTC ms), or why it is none: for the log, never for the caller. */
export async function readToken(
  token: string,
  settings: TokenSettings,
  now: number,
): Promise<TokenClaims | string> {
  if (token.length > TOKEN_MAX || !TOKEN.test(token)) return "it is no token";
  const header = readHeader(token);
  if (header === null) return "its header cannot be read";
  if (header.typ !== undefined && !types.has(header.typ.toLowerCase())) return "it is of another kind";
  for (const key of settings.keys) {
    // The key says which algorithm is right; the header may only agree. Where both have names, these must agree, too.
    if (key.algorithm !== header.alg) continue;
    if (key.kid !== null && header.kid !== undefined && key.kid !== header.kid) continue;
    const payload = await verified(token, key);
    if (payload === null) continue;
    const reading = readClaims(payload, now, settings);
    return reading.ok ? reading.claims : reading.why;
  }
  return "no configured key signed it";
}

function readHeader(token: string): { alg?: unknown; kid?: unknown; typ?: string } | null {
  try {
    const header: { alg?: unknown; kid?: unknown; typ?: unknown } = decodeProtectedHeader(token);
    const { typ, ...rest } = header;
    if (typ === undefined) return rest;
    return typeof typ === "string" ? { ...rest, typ } : null;
  } catch {
    // Whatever is wrong with it, it is no token of ours.
    return null;
  }
}

/** What a key signed, parsed; null when it did not sign this. Its header's own keys (jwk, jku, x5u) are not looked at. */
async function verified(token: string, key: TokenKey): Promise<unknown> {
  try {
    const imported = await imports(key);
    const { payload } = await compactVerify(token, imported, { algorithms: [key.algorithm] });
    return JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch {
    // A wrong signature, a demand that we do not know (crit), or no JSON: it is not believed.
    return null;
  }
}

type Imported = Awaited<ReturnType<typeof importJWK>>;
const imported = new WeakMap<TokenKey, Promise<Imported>>();

function imports(key: TokenKey): Promise<Imported> {
  const known = imported.get(key) ?? importJWK({ ...key.jwk }, key.algorithm);
  imported.set(key, known);
  return known;
}
