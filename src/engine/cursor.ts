import { Refusal } from "../domain/refusal.ts";
import type { Page, PageRequest } from "./engine.ts";

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

/** Where a page of a list begins whose ids descend: below this one. */
export function beforeOf(page: PageRequest, mark: string): number {
  return page.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(page.cursor, mark);
}

/** The rows of a page, out of which one more than asked for was read to see whether another page follows. */
export function cutPage<Row extends { readonly id: number }>(
  rows: readonly Row[],
  page: PageRequest,
  mark: string,
): Page<Row> {
  const data = rows.slice(0, page.limit);
  const last = data.at(-1);
  return {
    data,
    nextCursor: rows.length > page.limit && last !== undefined ? writeCursor(last.id, mark) : null,
  };
}

/** As `cutPage`, with each row as it is shown. */
export function pageOf<Row extends { readonly id: number }, View>(
  rows: readonly Row[],
  page: PageRequest,
  mark: string,
  view: (row: Row) => View,
): Page<View> {
  const { data, nextCursor } = cutPage(rows, page, mark);
  return { data: data.map(view), nextCursor };
}

function check(mark: string): number {
  let sum = 0;
  for (const letter of mark) sum = (Math.imul(sum, 31) + (letter.codePointAt(0) ?? 0)) >>> 0;
  return sum;
}
