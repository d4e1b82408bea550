import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { type IdKind, idPrefixes } from "../domain/ids.ts";
import type { Secrets } from "../ports/secrets.ts";

const digits = "0123456789abcdefghjkmnpqrstvwxyz";
const idDigits = 10;
const macDigits = 8;
const keyMacDigits = 26;

/** An AES-256-GCM key by its id; the first one seals, all open. */
export type EncryptionKey = { readonly id: string; readonly key: Uint8Array };

/** Secrets out of the installation's secret (at least 16 characters) and, optionally, encryption keys. */
export function createSecrets(secret: string, encryptionKeys: readonly EncryptionKey[] = []): Secrets {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync("sha256", secret, "carillon", purpose, 32));
  const numberKey = derive("number");
  const idKey = derive("id");
  const attemptKeyKey = derive("attempt");
  const lookupKey = derive("lookup");
  const newest = encryptionKeys[0];

  const mac = (key: Buffer, text: string, length: number): string =>
    toDigits(createHmac("sha256", key).update(text).digest(), length);

  const publicId = (kind: IdKind, id: number): string => {
    const number = idText(id);
    return `${idPrefixes[kind]}_${number}${mac(idKey, `${kind}:${number}`, macDigits)}`;
  };
  const attemptKey = (attemptId: number): string => {
    const number = idText(attemptId);
    return number + mac(attemptKeyKey, number, keyMacDigits);
  };

  return {
    numberHash: (workspaceId, e164) =>
      createHmac("sha256", numberKey).update(`${workspaceId}|${e164}`).digest("base64url").slice(0, 16),
    publicId,
    readId(kind, text) {
      const prefix = `${idPrefixes[kind]}_`;
      if (!text.startsWith(prefix) || text.length !== prefix.length + idDigits + macDigits) return null;
      const id = readIdText(text.slice(prefix.length, prefix.length + idDigits));
      return id !== null && same(publicId(kind, id), text) ? id : null;
    },
    attemptKey,
    readAttemptKey(text) {
      if (text.length !== idDigits + keyMacDigits) return null;
      const id = readIdText(text.slice(0, idDigits));
      return id !== null && same(attemptKey(id), text) ? id : null;
    },
    keyHash: (text) => createHmac("sha256", lookupKey).update(text).digest("base64url").slice(0, 22),
    seal(text, place) {
      if (newest === undefined) return text;
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", newest.key, nonce);
      cipher.setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `enc:${newest.id}:${nonce.toString("base64url")}:${body.toString("base64url")}`;
    },
    open(sealed, place) {
      if (!sealed.startsWith("enc:")) return sealed;
      const [, keyId, nonce, body] = sealed.split(":");
      const key = encryptionKeys.find((one) => one.id === keyId);
      if (key === undefined) throw new Error(`The encryption key "${keyId}" is not configured`);
      const bytes = Buffer.from(body ?? "", "base64url");
      const decipher = createDecipheriv("aes-256-gcm", key.key, Buffer.from(nonce ?? "", "base64url"));
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString("utf8");
    },
    isCurrent: (sealed) =>
      newest === undefined ? !sealed.startsWith("enc:") : sealed.startsWith(`enc:${newest.id}:`),
  };
}

/** Reads `ENCRYPTION_KEYS`: "2026b:<base64 of 32 bytes>,2026a:<…>", newest first. Throws RangeError with what is wrong. */
export function parseEncryptionKeys(text: string): readonly EncryptionKey[] {
  return text.split(",").map((entry) => {
    const [id = "", encoded = ""] = entry.trim().split(":");
    const key = Buffer.from(encoded, "base64");
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id))
      throw new RangeError("each encryption key is id:base64, with an id of letters and digits");
    if (key.length !== 32)
      throw new RangeError(`the encryption key "${id}" does not hold 32 bytes of base64`);
    return { id, key };
  });
}

/** A fingerprint of the secret that may stand in the database, to notice a wrong secret at start. */
export function secretFingerprint(secret: string): string {
  return createHash("sha256").update(`carillon-fingerprint:${secret}`).digest("base64url").slice(0, 16);
}

function idText(id: number): string {
  let text = "";
  for (let rest = id; text.length < idDigits; rest = Math.floor(rest / 32)) text = digits[rest % 32] + text;
  return text;
}

function readIdText(text: string): number | null {
  let id = 0;
  for (const digit of text) {
    const value = digits.indexOf(digit);
    if (value === -1) return null;
    id = id * 32 + value;
  }
  return id > 0 && Number.isSafeInteger(id) ? id : null;
}

function toDigits(bytes: Uint8Array, length: number): string {
  let text = "";
  for (let at = 0; at < length; at += 1) text += digits[(bytes[at] ?? 0) & 31];
  return text;
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
