import { parsePhone } from "../domain/phone.ts";
import { type ZoneBook, parseWhen } from "../domain/zone.ts";
import type { CsvRow, CsvTable } from "../ports/csv.ts";
import { refused } from "./csv.ts";
import { unescapeCell } from "./csv-escape.ts";

/** A call as the API takes it in a bulk request. */
export type CallItem = {
  readonly to: string;
  readonly name?: string;
  readonly at?: string;
  readonly timezone?: string;
  readonly purpose?: string;
  readonly external_id?: string;
  readonly line?: string;
  readonly metadata?: Readonly<Record<string, string>>;
};

/** One row of the file: a call, or why it is none. */
export type ImportRow = { readonly line: number; readonly cells: readonly string[] } & (
  | { readonly ok: true; readonly item: CallItem }
  | { readonly ok: false; readonly reason: string }
);

export type ImportOptions = {
  readonly zones: ZoneBook;
  /** For rows that name none. */
  readonly timezone?: string | undefined;
  readonly line?: string | undefined;
};

export type Columns = {
  readonly phone: number;
  readonly fields: ReadonlyMap<Field, number>;
  readonly metadata: ReadonlyMap<string, number>;
  /** Columns that mean nothing to us. */
  readonly unused: readonly string[];
  readonly count: number;
};

type Field = "name" | "at" | "timezone" | "purpose" | "external_id";

/** Other names under which the columns are met; case, blanks and dashes do not matter. */
const ALIASES: Readonly<Record<string, Field | "phone">> = {
  phone: "phone",
  phone_number: "phone",
  phonenumber: "phone",
  telephone: "phone",
  tel: "phone",
  mobile: "phone",
  mobile_number: "phone",
  cell: "phone",
  cell_phone: "phone",
  to: "phone",
  name: "name",
  full_name: "name",
  customer_name: "name",
  at: "at",
  scheduled_at: "at",
  call_at: "at",
  timezone: "timezone",
  time_zone: "timezone",
  tz: "timezone",
  purpose: "purpose",
  external_id: "external_id",
  externalid: "external_id",
};

/** Finds the columns by their names. Throws `Failure` when there is no phone column, or two of one kind. */
export function findColumns(header: readonly string[]): Columns {
  const found = new Map<Field | "phone", number>();
  const metadata = new Map<string, number>();
  const unused: string[] = [];
  for (const [index, title] of header.entries()) {
    const kept = /^metadata\.(.+)$/i.exec(title)?.[1]?.trim();
    const field = ALIASES[title.toLowerCase().replaceAll(/[\s-]+/g, "_")];
    const isTwice = kept === undefined ? field !== undefined && found.has(field) : metadata.has(kept);
    if (isTwice) {
      throw refused(
        "csv_column_twice",
        `Two columns say the same: ${JSON.stringify(title)} and another one are both ${field ?? title}.`,
        "Remove or rename one of them.",
      );
    }
    if (kept !== undefined) metadata.set(kept, index);
    else if (field !== undefined) found.set(field, index);
    else if (title !== "") unused.push(title);
  }
  const phone = found.get("phone");
  if (phone === undefined) throw phoneMissing(header);
  found.delete("phone");
  const fields = found as ReadonlyMap<Field, number>;
  return { phone, fields, metadata, unused, count: header.length };
}

/**
 * The file's rows as calls. What depends on the file alone is checked here: the number, the form of the time, the zone,
 * rows that stand there twice. Whether a time has passed is the server's word, so that the same file gives the same
 * requests whenever it is sent.
 */
export async function* readCalls(
  file: CsvTable,
  columns: Columns,
  options: ImportOptions,
): AsyncGenerator<ImportRow> {
  const seen = new Map<string, number>();
  for await (const row of file.rows) {
    const reading = readRow(row, columns, options);
    if (typeof reading === "string") {
      yield { ...row, ok: false, reason: reading };
      continue;
    }
    const twice = findTwin(seen, reading, row.line);
    yield twice === undefined ? { ...row, ok: true, item: reading } : { ...row, ok: false, reason: twice };
  }
}

function readRow(row: CsvRow, columns: Columns, options: ImportOptions): CallItem | string {
  const cells = row.cells.map(unescapeCell);
  const extra = cells.slice(columns.count).filter((cell) => cell !== "");
  if (extra.length > 0) {
    return `the row has ${cells.length} cells and the file ${columns.count} columns: put a value that has a comma in quotes`;
  }
  if (cells.some((cell) => cell.includes("\uFFFD"))) {
    return "the row is not UTF-8 text: save the file as CSV UTF-8";
  }
  const phone = parsePhone(cells[columns.phone] ?? "");
  if (!phone.ok) return `${phone.detail}: ${phone.hint}`;
  const field = (name: Field): string | undefined => filled(cells[columns.fields.get(name) ?? -1]);
  const timezone = field("timezone") ?? options.timezone;
  const at = field("at");
  const wrong = whyNotWhen(at, timezone, options.zones);
  if (wrong !== undefined) return wrong;
  const metadata = [...columns.metadata].flatMap(([key, index]) => {
    const value = filled(cells[index]);
    return value === undefined ? [] : [[key, value] as const];
  });
  const [name, purpose, externalId] = [field("name"), field("purpose"), field("external_id")];
  return {
    to: phone.e164,
    ...(name === undefined ? {} : { name }),
    ...(at === undefined ? {} : { at }),
    ...(timezone === undefined ? {} : { timezone }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(externalId === undefined ? {} : { external_id: externalId }),
    ...(options.line === undefined ? {} : { line: options.line }),
    ...(metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) }),
  };
}

function whyNotWhen(
  at: string | undefined,
  timezone: string | undefined,
  zones: ZoneBook,
): string | undefined {
  if (timezone !== undefined && zones.zone(timezone) === undefined) {
    return `the time zone ${JSON.stringify(timezone)} is not known: write a name such as America/New_York`;
  }
  if (at === undefined) return undefined;
  const when = parseWhen(at);
  if (when.kind === "invalid") return `at cannot be read: ${when.why}`;
  if (when.zone !== undefined && zones.zone(when.zone) === undefined) {
    return `the time zone ${JSON.stringify(when.zone)} is not known: write a name such as America/New_York`;
  }
  if (when.kind === "local" && when.zone === undefined && timezone === undefined) {
    return "at is a local time without its zone: fill the timezone column, or add an offset to the time";
  }
  return undefined;
}

/** Why the row must not be called again, when an earlier one already does. */
function findTwin(seen: Map<string, number>, item: CallItem, line: number): string | undefined {
  const same = `${item.to}\n${item.at ?? ""}\n${item.timezone ?? ""}\n${item.purpose ?? ""}`;
  const keys = item.external_id === undefined ? [same] : [same, `id\n${item.external_id}`];
  for (const key of keys) {
    const earlier = seen.get(key);
    if (earlier === undefined) continue;
    return key === same
      ? `the same call stands on line ${earlier} already`
      : `external_id ${JSON.stringify(item.external_id)} stands on line ${earlier} already`;
  }
  for (const key of keys) seen.set(key, line);
  return undefined;
}

function filled(cell: string | undefined): string | undefined {
  return cell === undefined || cell === "" ? undefined : cell;
}

function phoneMissing(header: readonly string[]) {
  const isData = header.some((cell) => parsePhone(unescapeCell(cell)).ok);
  return refused(
    "csv_phone_missing",
    isData
      ? "The first line holds a phone number, not the names of the columns."
      : `The file has no column "phone"; its columns are ${header.map((one) => JSON.stringify(one)).join(", ")}.`,
    isData
      ? "Put a line such as phone,name,timezone on top."
      : "Name the column with the numbers phone; the others may be name, at, timezone, purpose, external_id and metadata.*.",
  );
}
