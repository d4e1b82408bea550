import { Readable } from "node:stream";

import { parse } from "csv-parse";

import { Refusal } from "../domain/refusal.ts";
import type { CsvRow, CsvTable } from "../ports/csv.ts";

const FIRST_LINE_MAX = 64 * 1024;
const ROW_MAX = 64 * 1024;

/** See `CsvReader`. */
export async function readCsv(bytes: AsyncIterable<Uint8Array>): Promise<CsvTable> {
  const chunks = decode(bytes)[Symbol.asyncIterator]();
  let head = "";
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    head += next.value;
    if (/[^\r\n][\r\n]+[^\r\n]/.test(head) || head.length > FIRST_LINE_MAX) break;
  }
  const declared = /^sep=([,;\t|])\r?\n/i.exec(head);
  if (declared !== null) head = head.slice(declared[0].length);
  const delimiter = declared?.[1] ?? likeliestDelimiter(head);
  const records = parsed(joined(head, chunks), delimiter)[Symbol.asyncIterator]();
  const first = await records.next();
  if (first.done === true) throw new Refusal("csv_empty", "The file is empty.");
  return { header: first.value.cells, rows: { [Symbol.asyncIterator]: () => records } };
}

async function* parsed(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<CsvRow> {
  const parser = Readable.from(text).pipe(
    parse({
      delimiter,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: ROW_MAX,
      record_delimiter: ["\r\n", "\n", "\r"],
    }),
  );
  try {
    for await (const { info, record } of parser as AsyncIterable<{
      info: { lines: number };
      record: string[];
    }>) {
      const cells = record.map((cell) => cell.trim());
      if (cells.some((cell) => cell !== "")) yield { line: info.lines, cells };
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const line = error instanceof Error && "lines" in error ? Number(error.lines) : undefined;
    if (code === "CSV_QUOTE_NOT_CLOSED" || code === "CSV_MAX_RECORD_SIZE") {
      throw new Refusal(
        "csv_quote_open",
        `A quote is opened and never closed: the row that ends at line ${line ?? "?"} has no end.`,
      );
    }
    throw error;
  }
}

/** The separator that the first line has most of, outside quotes. */
function likeliestDelimiter(head: string): string {
  const line = (/^[\r\n]*([^\r\n]*)/.exec(head)?.[1] ?? "").replaceAll(/"[^"]*"/g, "");
  const counts = [",", ";", "\t", "|"].map((one) => ({ one, count: line.split(one).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).one;
}

async function* joined(head: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  if (head !== "") yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Text out of bytes; what is not UTF-8 becomes U+FFFD, and its row is refused later. */
async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let held: Uint8Array = new Uint8Array();
  for await (const chunk of bytes) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    // A byte order mark is two or three bytes; chunks may be one.
    if (decoder === undefined && held.length < 3) continue;
    decoder ??= new TextDecoder(encodingOf(held));
    const text = decoder.decode(held, { stream: true });
    held = new Uint8Array();
    if (text !== "") yield text;
  }
  decoder ??= new TextDecoder(encodingOf(held));
  const text = decoder.decode(held);
  if (text !== "") yield text;
}

function encodingOf(start: Uint8Array): string {
  if (start[0] === 0xff && start[1] === 0xfe) return "utf-16le";
  if (start[0] === 0xfe && start[1] === 0xff) return "utf-16be";
  return "utf-8";
}
