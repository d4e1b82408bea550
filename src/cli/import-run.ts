import { createHash } from "node:crypto";

import type { Client } from "./client.ts";
import { openCsv } from "./csv.ts";
import {
  type CallItem,
  type Columns,
  type ImportOptions,
  type ImportRow,
  findColumns,
  readCalls,
} from "./csv-calls.ts";
import { Failure } from "./failure.ts";

/** A file that can be read more than once. */
export type Source = () => AsyncIterable<Uint8Array>;

/** What the first reading found: nothing was sent yet. */
export type Survey = {
  readonly header: readonly string[];
  readonly columns: Columns;
  readonly rows: number;
  readonly good: number;
  /** Of the content, for the Idempotency-Keys. */
  readonly hash: string;
};

export type Rejected = { readonly line: number; readonly cells: readonly string[]; readonly reason: string };
export type ImportTotals = {
  readonly scheduled: number;
  readonly present: number;
  readonly rejected: number;
};

export type ImportEvents = {
  rejected(row: Rejected): void;
  progress(rowsDone: number): void;
};

const CHUNK_ROWS = 500;
const CHUNK_BYTES = 3 * 1024 * 1024;
const TRIES = 5;

/**
 * Reads the whole file once without sending anything, so that a file that is broken in the middle changes nothing.
 * Throws `Failure` (exit 2) when it cannot be imported at all. `row` sees every row.
 */
export async function surveyImport(
  source: Source,
  options: ImportOptions,
  row: (row: ImportRow) => void = () => undefined,
): Promise<Survey> {
  const digest = createHash("sha256");
  const file = await openCsv(tapped(source(), (chunk) => digest.update(chunk)));
  const columns = findColumns(file.header);
  let rows = 0;
  let good = 0;
  for await (const one of readCalls(file, columns, options)) {
    rows += 1;
    if (one.ok) good += 1;
    row(one);
  }
  return { header: file.header, columns, rows, good, hash: digest.digest("hex") };
}

/**
 * Sends the good rows in groups. Each group's Idempotency-Key is made of the file's content, its place and its rows, so that the same import run again creates nothing twice; each row's dedupe_key (its external_id, else number, time and
 * purpose) does the same for a file that was corrected, as long as the earlier call has not ended.
 */
export async function sendImport(
  client: Client,
  source: Source,
  survey: Survey,
  options: ImportOptions,
  sleep: (ms: number) => Promise<void>,
  events: ImportEvents,
): Promise<ImportTotals> {
  const file = await openCsv(source());
  const columns = findColumns(file.header);
  const totals = { scheduled: 0, present: 0, rejected: 0 };
  const seed = `${survey.hash}\n${options.line ?? ""}\n${options.timezone ?? ""}`;
  let done = 0;
  const reject = (row: Rejected): void => {
    totals.rejected += 1;
    events.rejected(row);
  };
  const flush = async (group: readonly Good[], index: number): Promise<void> => {
    const calls = group.map(({ item }) => ({ ...item, dedupe_key: dedupeKey(item), on_duplicate: "return" }));
    const key = `import-${sha256(`${seed}\n${index}\n${JSON.stringify(calls)}`).slice(0, 40)}`;
    const { data, replayed } = await sendGroup(client, calls, key, done, sleep);
    for (const [i, row] of group.entries()) {
      const result = data[i];
      if (result?.call === undefined) reject({ ...row, reason: reasonOf(result) });
      else if (replayed || result.status === 200) totals.present += 1;
      else totals.scheduled += 1;
    }
    done += group.length;
    events.progress(done);
  };
  let group: Good[] = [];
  let bytes = 0;
  let index = 0;
  for await (const row of readCalls(file, columns, options)) {
    if (!row.ok) {
      done += 1;
      reject(row);
      continue;
    }
    const size = JSON.stringify(row.item).length * 3;
    if (group.length >= CHUNK_ROWS || (bytes + size > CHUNK_BYTES && group.length > 0)) {
      await flush(group, index++);
      group = [];
      bytes = 0;
    }
    group.push(row);
    bytes += size;
  }
  if (group.length > 0) await flush(group, index);
  return totals;
}

type Good = ImportRow & { readonly ok: true };

type BulkResult = {
  readonly status: number;
  readonly call?: { readonly id: string };
  readonly error?: { readonly detail?: string; readonly title?: string; readonly hint?: string };
};

/** Sends one group, and again with the same key while the server is away for a moment. */
async function sendGroup(
  client: Client,
  calls: readonly object[],
  key: string,
  done: number,
  sleep: (ms: number) => Promise<void>,
): Promise<{ data: readonly BulkResult[]; replayed: boolean }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { body, headers } = await client.exchange("/v1/calls/bulk", { calls }, key);
      const { data } = body as { data: readonly BulkResult[] };
      return { data, replayed: headers.get("idempotent-replayed") === "true" };
    } catch (error) {
      if (!(error instanceof Failure) || error.exit !== "unavailable") throw error;
      if (attempt === TRIES) {
        const hint = `${done} rows are done. Run the same command again: nothing is created twice.`;
        throw new Failure(error.exit, { ...error.problem, hint }, { cause: error });
      }
      await sleep(500 * 2 ** attempt);
    }
  }
}

function dedupeKey(item: CallItem): string {
  const same =
    item.external_id ?? `${item.to}\n${item.at ?? ""}\n${item.timezone ?? ""}\n${item.purpose ?? ""}`;
  return `import-${sha256(same).slice(0, 40)}`;
}

function reasonOf(result: BulkResult | undefined): string {
  const error = result?.error;
  const detail = error?.detail ?? error?.title ?? "the server gave no answer for this row";
  return error?.hint === undefined ? detail : `${detail} ${error.hint}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function* tapped(
  bytes: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    see(chunk);
    yield chunk;
  }
}
