import { StoreError } from "../ports/store.ts";
import { migratePostgres, migrateSqlite, readMigrations } from "./migrate.ts";
import type { OpenStorePorts, StoreLocation } from "./open.ts";

/** A process that has shown itself this recently still uses the database (ms). */
const usedWithinMs = 60_000;

/**
 * Removes everything that Carillon keeps, and makes its tables anew, empty. Throws `StoreError` with `busy` while another
 * process uses the database; tables of others in it stay.
 */
export async function resetStore(location: StoreLocation, ports: OpenStorePorts): Promise<void> {
  if (location.kind === "sqlite") await resetSqlite(location.path, ports);
  else await resetPostgres(location.url, ports);
}

async function resetSqlite(path: string, ports: OpenStorePorts): Promise<void> {
  const { SqliteStore } = await import("./sqlite.ts");
  const store = new SqliteStore({ path, log: ports.log });
  try {
    const db = store.database;
    db.exec("begin immediate");
    for (const { kind, name } of made("sqlite")) db.exec(`drop ${kind} if exists ${name}`);
    db.exec("commit");
    db.exec("vacuum");
    migrateSqlite(store, ports.clock.now());
  } finally {
    await store.close();
  }
}

async function resetPostgres(url: string, ports: OpenStorePorts): Promise<void> {
  const { PostgresStore } = await import("./postgres.ts");
  const store = new PostgresStore({ url, log: ports.log });
  try {
    const client = await store.connect();
    try {
      await client.query("begin");
      const there = await client.query<{ there: string | null }>(
        "select to_regclass('nodes')::text as there",
      );
      if (there.rows[0]?.there !== null) {
        const used = await client.query(
          "select name from nodes where stopped_at is null and seen_at > $1 limit 1",
          [ports.clock.now() - usedWithinMs],
        );
        if (used.rows.length > 0)
          throw new StoreError("busy", "The database is in use by a Carillon process; stop them all first");
      }
      for (const { kind, name } of made("postgres")) await client.query(`drop ${kind} if exists ${name}`);
      await client.query("commit");
      client.release();
    } catch (error) {
      client.release(true);
      throw error;
    }
    await migratePostgres(store, ports.clock.now());
  } finally {
    await store.close();
  }
}

/** What the migrations make, the latest first, and the list of them. */
function made(kind: "sqlite" | "postgres"): { readonly kind: "table" | "view"; readonly name: string }[] {
  const found = readMigrations(kind).flatMap(({ text }) =>
    [
      ...text.replaceAll(/--[^\n]*/g, "").matchAll(/\bcreate\s+(table|view)\s+(?:if not exists\s+)?(\w+)/gi),
    ].map(([, what = "table", name = ""]) => ({
      kind: what.toLowerCase() === "view" ? ("view" as const) : ("table" as const),
      name,
    })),
  );
  return [...found.toReversed(), { kind: "table", name: "migrations" }];
}
