import { createHmac } from "node:crypto";

const BYTES_MIN = 24;
const BYTES_MAX = 64;

/**
 * The headers of a message as Standard Webhooks says (https://www.standardwebhooks.com): a base64 HMAC-SHA-256 over
 * `id.timestamp.body` for each secret, newest first. `sentAt` in UTC ms.
 */
export function signatureHeaders(
  message: { readonly id: string; readonly body: string; readonly sentAt: number },
  secrets: readonly string[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(message.sentAt / 1000));
  const signatures = secrets.map((secret) => {
    const mac = createHmac("sha256", secretBytes(secret))
      .update(`${message.id}.${timestamp}.${message.body}`)
      .digest("base64");
    return `v1,${mac}`;
  });
  return {
    "webhook-id": message.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

/** The key in a secret: base64 after `whsec_`. Throws RangeError when it holds other than 24 to 64 bytes. */
export function secretBytes(secret: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1] ?? "";
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.length < BYTES_MIN || bytes.length > BYTES_MAX)
    throw new RangeError("A signing secret is whsec_ and the base64 of 24 to 64 bytes");
  return bytes;
}
