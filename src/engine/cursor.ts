import { Refusal } from "../domain/refusal.ts";

/**
 * A cursor is the last id of a page and a mark of the filters it belongs to, so that it cannot be used with others.
 * Opaque to callers. Throws `invalid_cursor`.
 */
export function writeCursor(id: number, mark: string): string {
  return Buffer.from(`${id}.${check(mark)}`).toString("base64url");
}

export function readCursor(cursor: string, mark: string): number {
  const [id = "", own = ""] = Buffer.from(cursor.slice(0, 100), "base64url").toString("latin1").split(".");
  const value = Number(id);
  if (own !== String(check(mark)) || !Number.isSafeInteger(value) || value <= 0) {
    throw new Refusal("invalid_cursor", "The cursor does not belong to this list and these filters.");
  }
  return value;
}

function check(mark: string): number {
  let sum = 0;
  for (const letter of mark) sum = (Math.imul(sum, 31) + (letter.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}
