import { parseDay } from "../../domain/civil.ts";
import { parsePhone, phoneFault } from "../../domain/phone.ts";
import type { CsvRow } from "../../ports/csv.ts";

import { refuse } from "./refusals.ts";
import { type HoldingStatus, holdingStatuses } from "./tables.ts";

/** A row of the file, as far as the file alone can tell; what a cell leaves empty stays as it is. */
export type ImportRow = {
  readonly line: number;
  readonly phone: string;
  readonly name: string | null;
  readonly customerCode: string | null;
  readonly email: string | null;
  readonly age: number | null;
  readonly city: string | null;
  readonly address: string | null;
  /** Null: the row is about the customer alone. */
  readonly policy: ImportPolicy | null;
};

export type ImportPolicy = {
  readonly number: string;
  readonly name: string | null;
  readonly type: string | null;
  readonly months: number | null;
  readonly basePremium: number | null;
  readonly baseSumAssured: number | null;
  readonly startDay: number | null;
  readonly endDay: number | null;
  readonly premiumAmount: number | null;
  readonly sumAssured: number | null;
  readonly status: HoldingStatus | null;
};

export type Rejected = { readonly line: number; readonly reason: string };

const columns = [
  "phone",
  "name",
  "customer_code",
  "email",
  "age",
  "city",
  "address",
  "policy_number",
  "policy_name",
  "policy_type",
  "duration_months",
  "base_premium",
  "base_sum_assured",
  "start_date",
  "end_date",
  "premium_amount",
  "sum_assured",
  "status",
] as const;
export type Column = (typeof columns)[number];
export type Columns = ReadonlyMap<Column, number>;

/** Other names under which the columns are met; case, blanks and dashes do not matter. */
const aliases: Readonly<Record<string, Column>> = {
  phone_number: "phone",
  mobile: "phone",
  mobile_number: "phone",
  customer_phone: "phone",
  customer_name: "name",
  full_name: "name",
  code: "customer_code",
  customer_email: "email",
  policy_no: "policy_number",
  policy_start_date: "start_date",
  policy_end_date: "end_date",
  expiry_date: "end_date",
  premium: "premium_amount",
};

/** Finds the columns by their names. Throws a refusal when one is there twice, or none holds the numbers. */
export function findColumns(header: readonly string[]): { columns: Columns; unused: readonly string[] } {
  const found = new Map<Column, number>();
  const unused: string[] = [];
  for (const [index, title] of header.entries()) {
    const word = title.toLowerCase().replaceAll(/[\s-]+/g, "_");
    const column = columns.find((one) => one === word) ?? aliases[word];
    if (column === undefined) {
      if (title !== "") unused.push(title.slice(0, 64));
      continue;
    }
    if (found.has(column)) throw refuse(`Two columns say the same: ${column}.`);
    found.set(column, index);
  }
  if (!found.has("phone")) {
    const seen = header.map((title) => JSON.stringify(title.slice(0, 64))).join(", ");
    throw refuse(`The file has no column "phone"; its columns are ${seen}.`);
  }
  return { columns: found, unused };
}

/** Reads a row, or says why it cannot be used. */
export function readRow(row: CsvRow, found: Columns, width: number): ImportRow | Rejected {
  try {
    return readCells(row, found, width);
  } catch (error) {
    if (error instanceof CellFault) return { line: row.line, reason: error.message };
    throw error;
  }
}

/** A cell cannot be read; its message is the reason. */
class CellFault extends Error {}

function readCells({ line, cells }: CsvRow, found: Columns, width: number): ImportRow {
  if (cells.slice(width).some((cell) => cell !== ""))
    throw new CellFault(
      `the row has more cells than the file has columns: put a value that has a comma in quotes`,
    );
  if (cells.some((cell) => cell.includes("\uFFFD")))
    throw new CellFault("the row is not UTF-8 text: save the file as CSV UTF-8");
  const text = (column: Column, lengthMax: number): string | null => {
    const cell = unescapeCell(cells[found.get(column) ?? -1] ?? "");
    if (cell.length > lengthMax) throw new CellFault(`${column} has more than ${lengthMax} characters`);
    return cell === "" ? null : cell;
  };
  const phone = parsePhone(text("phone", 64) ?? "");
  if (!phone.ok) throw new CellFault(phoneFault(phone));
  return {
    line,
    phone: phone.e164,
    name: text("name", 200),
    customerCode: text("customer_code", 100),
    email: readEmail(text("email", 254)),
    age: readInteger("age", text("age", 8), 0, 150),
    city: text("city", 200),
    address: text("address", 500),
    policy: readPolicy(text),
  };
}

function readPolicy(text: (column: Column, lengthMax: number) => string | null): ImportPolicy | null {
  const number = text("policy_number", 100);
  const [startDay, endDay] = [readDate("start_date", text), readDate("end_date", text)];
  if (number === null) {
    if (startDay === null && endDay === null) return null;
    throw new CellFault("policy_number is empty, and the row has dates of a policy");
  }
  if (startDay !== null && endDay !== null && endDay < startDay)
    throw new CellFault("end_date is before start_date");
  const status = text("status", 32)?.toLowerCase() ?? null;
  const known = holdingStatuses.find((one) => one === status) ?? null;
  if (status !== null && known === null)
    throw new CellFault(`status is none of ${holdingStatuses.join(", ")}`);
  return {
    number,
    name: text("policy_name", 200),
    type: text("policy_type", 100),
    months: readInteger("duration_months", text("duration_months", 8), 1, 1200),
    basePremium: readAmount("base_premium", text),
    baseSumAssured: readAmount("base_sum_assured", text),
    startDay,
    endDay,
    premiumAmount: readAmount("premium_amount", text),
    sumAssured: readAmount("sum_assured", text),
    status: known,
  };
}

type ReadText = (column: Column, lengthMax: number) => string | null;

function readDate(column: Column, text: ReadText): number | null {
  const cell = text(column, 32);
  if (cell === null) return null;
  const day = parseDay(cell);
  if (day === undefined)
    throw new CellFault(`${column} is no date such as 2027-01-15: ${JSON.stringify(cell)}`);
  return day;
}

function readAmount(column: Column, text: ReadText): number | null {
  const cell = text(column, 32);
  if (cell === null) return null;
  if (!/^\d{1,15}(\.\d{1,6})?$/.test(cell))
    throw new CellFault(`${column} is no amount such as 12500.00: ${JSON.stringify(cell)}`);
  return Number(cell);
}

function readInteger(column: Column, cell: string | null, min: number, max: number): number | null {
  if (cell === null) return null;
  const value = /^\d{1,6}$/.test(cell) ? Number(cell) : NaN;
  if (!(value >= min && value <= max))
    throw new CellFault(`${column} is no whole number from ${min} to ${max}`);
  return value;
}

function readEmail(cell: string | null): string | null {
  if (cell !== null && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(cell))
    throw new CellFault("email is no e-mail address");
  return cell;
}

/** What a spreadsheet was kept from computing by an apostrophe in front. */
function unescapeCell(cell: string): string {
  return /^'[=+@-]/.test(cell) ? cell.slice(1) : cell;
}
