import { type KeyObject, generateKeyPairSync, sign } from "node:crypto";

export type Certificate = { readonly cert: string; readonly key: string };

/** A self-signed certificate for one host name, made anew each time, valid for the whole century (X.509 v3, RFC 5280). */
export function certificateFor(host: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const body = sequence(
    explicit(0, integer(2)),
    integer(1),
    ecdsaWithSha256,
    nameOf(host),
    sequence(utcTime("260101000000Z"), utcTime("491231235959Z")),
    nameOf(host),
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(subjectAltName(host))),
  );
  const signature = sign("sha256", body, privateKey);
  const der = sequence(body, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  return { cert: pem("CERTIFICATE", der), key: pemOf(privateKey) };
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 0x80 ? Buffer.of(tag, length) : Buffer.of(tag, 0x82, Math.floor(length / 256), length % 256);
  return Buffer.concat([head, content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));
const explicit = (number: number, content: Buffer): Buffer => tagged(0xa0 + number, content);
const integer = (value: number): Buffer => tagged(0x02, Buffer.of(value));
const utcTime = (text: string): Buffer => tagged(0x17, Buffer.from(text));
const objectId = (...bytes: readonly number[]): Buffer => tagged(0x06, Buffer.from(bytes));

/** 1.2.840.10045.4.3.2 */
const ecdsaWithSha256 = sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

/** A name with nothing but a common name (2.5.4.3). */
function nameOf(host: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId(0x55, 0x04, 0x03), tagged(0x0c, Buffer.from(host)))));
}

/** 2.5.29.17, with one DNS name. */
function subjectAltName(host: string): Buffer {
  return sequence(objectId(0x55, 0x1d, 0x11), tagged(0x04, sequence(tagged(0x82, Buffer.from(host)))));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" });
}
