import { isUtf8 } from "node:buffer";

import { Refusal, refuseField } from "../domain/refusal.ts";

const DEPTH_MAX = 32;
const KEYS_MAX = 1000;

/**
 * Reads a JSON body. Refuses what `JSON.parse` would silently change or what only attacks need: bytes that are not
 * UTF-8, duplicate keys, integers beyond 2^53, more than 32 levels, more than 1,000 keys in one object, `__proto__`, and
 * text that no database holds (NUL, half of a surrogate pair). An empty body is undefined.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw malformed("the body is not UTF-8");
  const text = body.toString("utf8");
  const members = countMembers(text);
  const value = parse(text);
  // Every member of the text that JSON.parse did not keep had a key that came twice.
  if (countKept(value, "") !== members) throw malformed("an object has the same key twice");
  return value;
}

/** Keys in an order of their own, so that the same content gives the same text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Counts the colons outside strings, and refuses depth before anything recurses. */
function countMembers(text: string): number {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    switch (text.charCodeAt(i)) {
      case 0x22:
        i = endOfString(text, i + 1);
        break;
      case 0x3a:
        members += 1;
        break;
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > DEPTH_MAX) throw malformed(`the body is nested deeper than ${DEPTH_MAX} levels`);
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
        break;
    }
  }
  return members;
}

/** The index of the quote that closes a string; the text's length when none does. */
function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return text.length;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : "the body cannot be read");
  }
}

function countKept(value: unknown, pointer: string): number {
  if (typeof value === "string") {
    checkText(value, pointer);
    return 0;
  }
  if (typeof value === "number") {
    if (Number.isInteger(value) ? !Number.isSafeInteger(value) : !Number.isFinite(value))
      throw malformed(`the number at ${pointer === "" ? "/" : pointer} is too large to be kept exactly`);
    return 0;
  }
  if (typeof value !== "object" || value === null) return 0;
  let kept = 0;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) kept += countKept(value[i], `${pointer}/${i}`);
    return kept;
  }
  let keys = 0;
  for (const [key, inner] of Object.entries(value)) {
    keys += 1;
    if (keys > KEYS_MAX) throw malformed(`an object has more than ${KEYS_MAX} keys`);
    if (key === "__proto__") throw malformed("the key __proto__ is not allowed");
    const below = `${pointer}/${escapePointer(key)}`;
    checkText(key, below);
    kept += 1 + countKept(inner, below);
  }
  return kept;
}

function checkText(text: string, pointer: string): void {
  if (text.includes("\0") || !text.isWellFormed())
    throw refuseField("invalid_body", pointer, "a text may hold neither NUL nor half of a surrogate pair");
}

/** A member's name as a step of a JSON pointer (RFC 6901). */
export function escapePointer(key: string): string {
  return key.includes("~") || key.includes("/") ? key.replaceAll("~", "~0").replaceAll("/", "~1") : key;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(detail: string): Refusal {
  return new Refusal("malformed_json", detail);
}
