import type { SealedTable } from "../ports/program.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { Store } from "../ports/store.ts";

const page = 500;

type Row = { id: number } & Record<string, string | number | null>;

/** Seals anew what programs keep sealed in tables of their own. Returns how many rows were rewritten. */
export async function rotatePrograms(
  store: Store,
  secrets: Secrets,
  reseal: (text: string, place: string) => string,
  tables: readonly SealedTable[],
): Promise<number> {
  let rewritten = 0;
  for (const one of tables) rewritten += await rotateTable(store, secrets, reseal, one);
  return rewritten;
}

async function rotateTable(
  store: Store,
  secrets: Secrets,
  reseal: (text: string, place: string) => string,
  { table, columns }: SealedTable,
): Promise<number> {
  const make = store.sql<Record<string, Row>>();
  const after = make.query<{ id: number; limit: number }, Row>((db, arg) =>
    db
      .selectFrom(table)
      .select(["id", ...columns])
      .where("id", ">", arg("id"))
      .orderBy("id")
      .limit(arg("limit")),
  );
  const types = Object.fromEntries(columns.map((column) => [column, "text" as const]));
  const write = make.updateMany<Row>(table, { id: "bigint" }, types);
  let rewritten = 0;
  for (let id = 0; ;) {
    const rows = await store.read("read what a program sealed", () => after({ id, limit: page }));
    const last = rows.at(-1);
    if (last === undefined) return rewritten;
    id = last.id;
    const old = rows.filter((row) => columns.some((column) => !isCurrent(secrets, row[column])));
    const sealed = old.map((row) => resealed(row, columns, table, reseal));
    await store.run("seal a program's rows anew", () => write(sealed));
    rewritten += sealed.length;
  }
}

function isCurrent(secrets: Secrets, text: string | number | null | undefined): boolean {
  return typeof text !== "string" || secrets.isCurrent(text);
}

function resealed(
  row: Row,
  columns: readonly string[],
  table: string,
  reseal: (text: string, place: string) => string,
): Row {
  const after: Row = { ...row };
  for (const column of columns) {
    const text = row[column];
    if (typeof text === "string") after[column] = reseal(text, `${table}.${column}:${row.id}`);
  }
  return after;
}
