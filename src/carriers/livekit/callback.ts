import { asObject, readObject } from "../../domain/json-object.ts";
import { createHash, timingSafeEqual } from "node:crypto";

import type { Callback, CallbackReading } from "../../ports/carrier.ts";
import { countIn, member, textIn } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { endOf, readPhone, stateOf } from "./participant.ts";
import { attemptKeyOfIdentity } from "./room.ts";
import { keysOf } from "./settings.ts";
import type { LiveKitDefaults, LiveKitSettings } from "./settings.ts";
import { readToken } from "./token.ts";

const BODY_BYTES_MAX = 262_144;
const LEFT: readonly string[] = ["participant_left", "participant_connection_aborted"];

/** Which attempt an event is about, by what it says; nobody has verified it. */
export function attemptKeyOf(callback: Callback): string | null {
  const event = eventOf(callback);
  return event === null ? null : keyIn(event);
}

/**
 * Verifies and reads an event (https://docs.livekit.io/home/server/webhooks). It is genuine when `Authorization` holds a
 * token signed by one of the line's keys, and in it the SHA-256 of the body.
 */
export function readCallback(
  callback: Callback,
  settings: LiveKitSettings,
  defaults: LiveKitDefaults,
  now: number,
): CallbackReading {
  if (callback.rawBody.length > BODY_BYTES_MAX)
    return { kind: "unreadable", detail: "The body is over 256 KiB." };
  const token = (callback.headers["authorization"] ?? "").replace(/^Bearer\s+/i, "");
  const claims = readToken(token, keysOf(settings, defaults), now);
  if (claims === null)
    return { kind: "forged", detail: "Authorization is no token of one of the line's keys." };
  if (!isHashOf(callback.rawBody, claims["sha256"]))
    return { kind: "forged", detail: "The token's sha256 is not that of the body." };
  const event = eventOf(callback);
  if (event === null) return { kind: "unreadable", detail: "The body is no JSON object." };
  const attemptKey = keyIn(event);
  // What was signed for the one address must not be taken at another, where the path names the attempt.
  if (callback.url.startsWith("/callbacks/") && callback.url !== `/callbacks/${attemptKey ?? ""}`)
    return { kind: "forged", detail: "The event is about another attempt." };
  return { kind: "reports", reports: attemptKey === null ? [] : reportsIn(event, settings, now) };
}

function reportsIn(event: Fields, settings: LiveKitSettings, now: number) {
  const phone = readPhone(asObject(member(event, "participant")) ?? {});
  const name = textIn(event, "event");
  const createdAt = countIn(event, "created_at") * 1000;
  // Unique for the event; LiveKit writes whole seconds, and nothing happened later than now.
  const key = textIn(event, "id") || `${phone.callRef}:${name}:${createdAt}`;
  const at = createdAt === 0 ? now : createdAt;
  if (name === "participant_joined") return stateOf(phone, Math.min(at, now), key);
  if (LEFT.includes(name)) return endOf(phone, Math.min(at + 999, now), key, settings);
  return [];
}

function eventOf({ rawBody }: Callback): Fields | null {
  return rawBody.length > BODY_BYTES_MAX ? null : readObject(new TextDecoder().decode(rawBody));
}

function keyIn(event: Fields): string | null {
  return attemptKeyOfIdentity(textIn(asObject(member(event, "participant")), "identity"));
}

function isHashOf(rawBody: Uint8Array, claim: unknown): boolean {
  if (typeof claim !== "string") return false;
  const [given, expected] = [Buffer.from(claim, "base64"), createHash("sha256").update(rawBody).digest()];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
