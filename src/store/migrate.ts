import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { StoreError } from "../ports/store.ts";
import type { PostgresStore } from "./postgres.ts";
import type { SqliteStore } from "./sqlite.ts";

export type Migration = {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
};
export type MigrationPlan = { readonly applied: readonly string[]; readonly pending: readonly string[] };

const folder = new URL("../../migrations/", import.meta.url);

/** The migrations of one database, in order; `NNNN_name.sqlite.sql` stands in for `NNNN_name.sql` where there is one. */
export function readMigrations(kind: "sqlite" | "postgres", from: URL = folder): readonly Migration[] {
  return readdirSync(from)
    .filter(
      (file) => file.endsWith(".sql") && !file.endsWith(kind === "sqlite" ? ".postgres.sql" : ".sqlite.sql"),
    )
    .toSorted()
    .map((file) => {
      const text = readFileSync(new URL(file, from), "utf8");
      return {
        number: Number(file.slice(0, 4)),
        name: file.replace(/(\.(sqlite|postgres))?\.sql$/, ""),
        text: forDialect(text, kind),
        checksum: createHash("sha256").update(text).digest("hex"),
      };
    });
}

/** Opens the comments that are meant for this database: `/*sqlite without rowid*\/` becomes `without rowid` there, and nothing elsewhere. */
export function forDialect(text: string, kind: "sqlite" | "postgres"): string {
  return text.replaceAll(/\/\*(sqlite|postgres) ([^]*?)\*\//g, (_all, name: string, words: string) =>
    name === kind ? words : "",
  );
}

const table =
  "create table if not exists migrations (number bigint not null primary key, name text not null, checksum text not null, applied_at bigint not null)";

type AppliedRow = { number: number; name: string; checksum: string };

/** Compares what was applied with what this program knows. Throws when the data is newer, or a frozen migration was changed. */
export function planMigrations(applied: readonly AppliedRow[], known: readonly Migration[]): MigrationPlan {
  for (const row of applied) {
    const own = known.find((one) => one.number === row.number);
    if (own === undefined) {
      throw new StoreError(
        "broken",
        `The database was written by a newer Carillon (migration ${row.name}); use that version or a backup`,
      );
    }
    if (own.checksum !== row.checksum) {
      throw new StoreError(
        "broken",
        `Migration ${row.name} was changed after it had been applied; a migration is frozen once it is released`,
      );
    }
  }
  const done = new Set(applied.map((row) => row.number));
  return {
    applied: applied.map((row) => row.name),
    pending: known.filter((one) => !done.has(one.number)).map((one) => one.name),
  };
}

export function migrateSqlite(store: SqliteStore, now: number, dryRun = false): MigrationPlan {
  const db = store.database;
  const known = readMigrations("sqlite");
  const exists =
    db.prepare("select 1 from sqlite_master where type = 'table' and name = 'migrations'").get() !==
    undefined;
  const applied = exists
    ? (db.prepare("select number, name, checksum from migrations order by number").all() as AppliedRow[])
    : [];
  const plan = planMigrations(applied, known);
  if (dryRun || plan.pending.length === 0) return plan;
  db.exec("begin immediate");
  try {
    db.exec(table);
    for (const migration of known.filter((one) => plan.pending.includes(one.name))) {
      db.exec(migration.text);
      db.prepare("insert into migrations (number, name, checksum, applied_at) values (?, ?, ?, ?)").run(
        migration.number,
        migration.name,
        migration.checksum,
        now,
      );
    }
    db.exec("commit");
  } catch (error) {
    if (db.isTransaction) db.exec("rollback");
    throw new StoreError(
      "broken",
      `A migration failed and nothing of it remains: ${(error as Error).message}`,
      error,
    );
  }
  return plan;
}

/** A number that means "Carillon migrates" to PostgreSQL's advisory locks, so that nodes that start together take turns. */
const migrationLock = 4_269_217;

export async function migratePostgres(
  store: PostgresStore,
  now: number,
  dryRun = false,
): Promise<MigrationPlan> {
  const known = readMigrations("postgres");
  const client = await store.connect();
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock($1)", [migrationLock]);
    const exists = await client.query<{ there: string | null }>(
      "select to_regclass('migrations')::text as there",
    );
    const applied =
      exists.rows[0]?.there === null
        ? []
        : (await client.query<AppliedRow>("select number, name, checksum from migrations order by number"))
            .rows;
    const plan = planMigrations(applied, known);
    if (!dryRun && plan.pending.length > 0) {
      await client.query(table);
      for (const migration of known.filter((one) => plan.pending.includes(one.name))) {
        await client.query(migration.text);
        await client.query(
          "insert into migrations (number, name, checksum, applied_at) values ($1, $2, $3, $4)",
          [migration.number, migration.name, migration.checksum, now],
        );
      }
    }
    await client.query(dryRun ? "rollback" : "commit");
    client.release();
    return plan;
  } catch (error) {
    client.release(true);
    throw error;
  }
}
