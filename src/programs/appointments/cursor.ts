import { Refusal } from "../../domain/refusal.ts";

/** A place in a list: the last row's numbers, and a mark of the filters that it belongs to. Opaque to callers. */
export function writeCursor(place: readonly number[], filters: unknown): string {
  return Buffer.from([...place, markOf(filters)].join(".")).toString("base64url");
}

/** Throws `invalid_cursor` for what is none, or belongs to other filters. */
export function readCursor(cursor: string, count: number, filters: unknown): readonly number[] {
  const parts = Buffer.from(cursor.slice(0, 200), "base64url").toString("latin1").split(".");
  const numbers = parts.map(Number);
  if (
    parts.length !== count + 1 ||
    numbers.at(-1) !== markOf(filters) ||
    !numbers.every(Number.isSafeInteger)
  )
    throw new Refusal("invalid_cursor", "The cursor does not belong to this list and these filters.");
  return numbers.slice(0, count);
}

function markOf(filters: unknown): number {
  let sum = 0;
  for (const letter of JSON.stringify(filters))
    sum = (Math.imul(sum, 31) + (letter.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}
