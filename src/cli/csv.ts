import { Refusal, refusals } from "../domain/refusal.ts";
import type { CsvTable } from "../ports/csv.ts";
import { readCsv } from "../system/csv.ts";

import { Failure } from "./failure.ts";

/** As `readCsv`, with failures as a terminal shows them. Throws `Failure` where that throws a refusal. */
export async function openCsv(bytes: AsyncIterable<Uint8Array>): Promise<CsvTable> {
  const { header, rows } = await told(() => readCsv(bytes));
  const iterator = rows[Symbol.asyncIterator]();
  return { header, rows: { [Symbol.asyncIterator]: () => ({ next: () => told(() => iterator.next()) }) } };
}

async function told<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refused(error.code, error.message, refusals[error.code].cure);
  }
}

/** A file that cannot be imported at all; nothing of it was. */
export function refused(code: string, detail: string, hint: string): Failure {
  return new Failure("usage", { title: "The file cannot be imported", code, detail, hint });
}
