import { createHmac, timingSafeEqual } from "node:crypto";
import { secretBytes } from "./settings.ts";

/** How far a callback's time may be from ours. */
const TOLERANCE_MS = 300_000;
const SIGNATURES_MAX = 10;

export type Signed = {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Uint8Array;
};

/**
 * Verifies a message as Standard Webhooks says (https://www.standardwebhooks.com): `webhook-signature` holds, among others
 * separated by spaces, `v1,` and the base64 HMAC-SHA-256 of `id.timestamp.body`. Null when it is genuine, else the reason.
 * `now` in UTC ms.
 */
export function whyForged(message: Signed, secret: string, now: number): string | null {
  const id = message.headers["webhook-id"];
  const timestamp = message.headers["webhook-timestamp"];
  const signatures = message.headers["webhook-signature"];
  if (id === undefined || timestamp === undefined || signatures === undefined) {
    return "It is not signed: webhook-id, webhook-timestamp and webhook-signature are needed.";
  }
  // With a dot in the id, the boundary between id and timestamp would be anybody's choice.
  if (id === "" || id.includes(".")) return "webhook-id must be a text without dots.";
  if (!/^\d{1,12}$/.test(timestamp)) return "webhook-timestamp must be seconds since 1970.";
  if (Math.abs(Number(timestamp) * 1000 - now) > TOLERANCE_MS)
    return "webhook-timestamp is more than 5 min from now.";
  const expected = createHmac("sha256", secretBytes(secret))
    .update(`${id}.${timestamp}.`)
    .update(message.rawBody)
    .digest();
  const genuine = signatures
    .split(" ", SIGNATURES_MAX)
    .filter((signature) => signature.startsWith("v1,"))
    .map((signature) => Buffer.from(signature.slice(3), "base64"))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
  return genuine ? null : "The signature does not match.";
}
