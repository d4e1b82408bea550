import { Refusal } from "../../domain/refusal.ts";
import type { CsvTable } from "../../ports/csv.ts";
import type { Tx } from "../../ports/store.ts";

import { type Known, type Plan, planRows } from "./import-plan.ts";
import { type ImportRow, type Rejected, findColumns, readRow } from "./import-row.ts";
import type { Actor, Parts } from "./parts.ts";
import type { CustomerRow } from "./tables.ts";

const ROWS_MAX = 100_000;
/** Rows in one transaction. */
const PIECE = 250;
/** How many rejected rows are told with their reason; all are counted. */
const REJECTED_SHOWN = 1000;
const TRIES_MAX = 5;
export const IMPORT_BYTES_MAX = 64 * 1024 * 1024;

export type Imported = {
  readonly preview: boolean;
  rows: number;
  customers_created: number;
  customers_updated: number;
  policies_created: number;
  customer_policies_created: number;
  customer_policies_updated: number;
  unchanged: number;
  rejected: number;
  readonly rejected_rows: Rejected[];
  readonly unused_columns: readonly string[];
};

/**
 * Takes customers and what they hold from CSV, a piece at a time, each in a transaction of its own; a file that is sent again
 * changes nothing. A row that cannot be used is rejected, and keeps no other one from being taken. A preview writes nothing.
 */
export async function importCsv(
  parts: Parts,
  actor: Actor,
  table: CsvTable,
  preview: boolean,
): Promise<Imported> {
  const { columns, unused } = findColumns(table.header);
  const imported = nothingYet(preview, unused);
  const remembered = noneKnown();
  let piece: ImportRow[] = [];
  const flush = async (): Promise<void> => {
    const plan = await takePiece(parts, actor, piece, preview ? remembered : null);
    add(imported, plan);
    piece = [];
  };
  for await (const row of table.rows) {
    imported.rows += 1;
    if (imported.rows > ROWS_MAX)
      throw new Refusal(
        "too_many_items",
        `A file has at most ${ROWS_MAX} rows; those before were taken. Split it.`,
      );
    const reading = readRow(row, columns, table.header.length);
    if ("reason" in reading) reject(imported, [reading]);
    else piece.push(reading);
    if (piece.length === PIECE) await flush();
  }
  await flush();
  imported.rejected_rows.sort((a, b) => a.line - b.line);
  return imported;
}

async function takePiece(
  parts: Parts,
  actor: Actor,
  rows: readonly ImportRow[],
  remembered: Known | null,
): Promise<Plan> {
  if (remembered !== null) return previewPiece(parts, actor, rows, remembered);
  for (let tries = 1; ; tries += 1) {
    try {
      return await storePiece(parts, actor, rows);
    } catch (error) {
      if (!(error instanceof Raced) || tries === TRIES_MAX) throw error;
    }
  }
}

/** Somebody else made the same customer or policy meanwhile; nothing was written, and the next look finds it. */
class Raced extends Error {}

async function storePiece(parts: Parts, actor: Actor, rows: readonly ImportRow[]): Promise<Plan> {
  const { house, sql } = parts;
  const planned: { plan?: Plan } = {};
  await house.transact("import customers", actor, { rows: 3 * rows.length }, function* (tx): Tx<null> {
    const known = yield* readKnown(parts, actor, rows, true);
    const making = { parts, workspaceId: actor.workspaceId, now: tx.now, nextId: () => tx.nextId() };
    const plan = planRows(making, known, rows);
    planned.plan = plan;
    const policies = yield* sql.policies.insert(plan.newPolicies);
    const customers = yield* sql.customers.insert([...plan.newCustomers.values()]);
    if (policies.length < plan.newPolicies.length || customers.length < plan.newCustomers.size)
      throw new Raced("The same customer was made at the same time");
    yield* sql.customers.update([...plan.changedCustomers.values()]);
    yield* sql.holdings.insert([...plan.newHoldings.values()]);
    yield* sql.holdings.update([...plan.changedHoldings.values()]);
    yield* sql.customers.touch(touchedBy(plan, tx.now));
    return null;
  });
  if (planned.plan === undefined) throw new Error("A transaction ended that never ran");
  return planned.plan;
}

/** Whose policies changed, so that a selection that has read them looks again. */
function touchedBy(plan: Plan, now: number): { id: number; updated_at: number }[] {
  const held = [...plan.newHoldings.values(), ...plan.changedHoldings.values()].map((row) => row.customer_id);
  return [...new Set(held)]
    .filter((id) => !plan.newCustomers.has(id) && !plan.changedCustomers.has(id))
    .map((id) => ({ id, updated_at: now }));
}

/** What earlier pieces would have made is remembered, so that a later one does not make it again. */
async function previewPiece(
  parts: Parts,
  actor: Actor,
  rows: readonly ImportRow[],
  remembered: Known,
): Promise<Plan> {
  const stored = await parts.house.read("preview an import", () => readKnown(parts, actor, rows, false));
  for (const name of ["byPhone", "byCode", "policies", "holdings"] as const)
    merge(stored[name], remembered[name]);
  let made = 0;
  const plan = planRows(
    {
      parts,
      workspaceId: actor.workspaceId,
      now: parts.house.clock.now(),
      // Below every id of a row that exists.
      nextId: () =>
        -(remembered.byPhone.size + remembered.policies.size + remembered.holdings.size + (made += 1)),
    },
    stored,
    rows,
  );
  for (const row of plan.newCustomers.values()) {
    remembered.byPhone.set(row.phone_hash, row);
    if (row.customer_code !== null) remembered.byCode.set(row.customer_code, row);
  }
  for (const row of plan.newPolicies) remembered.policies.set(row.policy_number, row);
  for (const row of plan.newHoldings.values())
    remembered.holdings.set(row.customer_id, stored.holdings.get(row.customer_id) ?? []);
  return plan;
}

function merge(into: Map<unknown, unknown>, from: ReadonlyMap<unknown, unknown>): void {
  for (const [key, value] of from) into.set(key, value);
}

/** Reads what rows are about; with `lock`, customers are held until the transaction's end. */
function* readKnown(
  { house, sql }: Parts,
  actor: Actor,
  rows: readonly ImportRow[],
  lock: boolean,
): Tx<Known> {
  const workspace_id = actor.workspaceId;
  const hashes = unique(rows.map((row) => house.secrets.numberHash(workspace_id, row.phone)));
  const codes = unique(rows.flatMap((row) => row.customerCode ?? []));
  const numbers = unique(rows.flatMap((row) => row.policy?.number ?? []));
  const ofPhones = yield* sql.customers.byPhones(hashes.map((phone_hash) => ({ workspace_id, phone_hash })));
  const ofCodes = yield* sql.customers.byCodes(
    codes.map((customer_code) => ({ workspace_id, customer_code })),
  );
  const ids = unique([...ofPhones, ...ofCodes].map((row: CustomerRow) => row.id));
  const keys = ids.map((id) => ({ workspace_id, id }));
  const customers: CustomerRow[] = lock ? yield* sql.customers.lock(keys) : [...ofPhones, ...ofCodes];
  const policies = yield* sql.policies.byNumbers(
    numbers.map((policy_number) => ({ workspace_id, policy_number })),
  );
  const holdings = yield* sql.holdings.ofCustomers(ids.map((customer_id) => ({ customer_id })));
  const known = noneKnown();
  for (const row of customers) {
    known.byPhone.set(row.phone_hash, row);
    if (row.customer_code !== null) known.byCode.set(row.customer_code, row);
  }
  for (const row of policies) known.policies.set(row.policy_number, row);
  for (const row of holdings)
    known.holdings.set(row.customer_id, [...(known.holdings.get(row.customer_id) ?? []), row]);
  return known;
}

function noneKnown(): Known {
  return {
    byPhone: new Map(),
    byCode: new Map(),
    freed: new Set(),
    policies: new Map(),
    holdings: new Map(),
  };
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function nothingYet(preview: boolean, unused: readonly string[]): Imported {
  return {
    preview,
    rows: 0,
    customers_created: 0,
    customers_updated: 0,
    policies_created: 0,
    customer_policies_created: 0,
    customer_policies_updated: 0,
    unchanged: 0,
    rejected: 0,
    rejected_rows: [],
    unused_columns: unused,
  };
}

function add(imported: Imported, plan: Plan): void {
  imported.customers_created += plan.newCustomers.size;
  imported.customers_updated += plan.changedCustomers.size;
  imported.policies_created += plan.newPolicies.length;
  imported.customer_policies_created += plan.newHoldings.size;
  imported.customer_policies_updated += plan.changedHoldings.size;
  imported.unchanged += plan.unchanged;
  reject(imported, plan.rejected);
}

function reject(imported: Imported, rows: readonly Rejected[]): void {
  imported.rejected += rows.length;
  imported.rejected_rows.push(...rows.slice(0, Math.max(0, REJECTED_SHOWN - imported.rejected_rows.length)));
}
