import { sql } from "kysely";

import type { SqlMaker } from "../../ports/sql.ts";
import type { Tx } from "../../ports/store.ts";

/** A table and about how much is in it. On SQLite its bytes are not known; `rows` is exact up to the limit that was given. */
export type TableSize = {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number | null;
  /** Rows that were changed or deleted and still take room; null where the database has no such thing. */
  readonly dead: number | null;
};

type Catalog = {
  sqlite_master: { name: string; type: string };
  pg_stat_user_tables: {
    relname: string;
    relid: number;
    n_live_tup: number;
    n_dead_tup: number;
  };
};

/** What the databases say of themselves; each has its own catalog, so that each has its own texts. */
export function makeStatements(make: SqlMaker<Catalog>) {
  return make.dialect === "sqlite" ? sqliteStatements(make) : postgresStatements(make);
}
export type Statements = ReturnType<typeof makeStatements>;

function sqliteStatements(make: SqlMaker<Catalog>) {
  const names = make.query<object, { name: string }>((db) =>
    db
      .selectFrom("sqlite_master")
      .select("name")
      .where("type", "=", "table")
      .where("name", "not like", "sqlite_%")
      .orderBy("name"),
  );
  const pages = make.query<object, { bytes: number; free: number }>((db) =>
    db.selectNoFrom([
      sql<number>`(select page_count from pragma_page_count) * (select page_size from pragma_page_size)`.as(
        "bytes",
      ),
      sql<number>`(select freelist_count from pragma_freelist_count) * (select page_size from pragma_page_size)`.as(
        "free",
      ),
    ]),
  );
  const counts = new Map<string, (args: { limit: number }) => Tx<{ count: number }[]>>();
  // The names come out of the catalog itself, and are written as identifiers.
  const countOf = (name: string) => {
    const known = counts.get(name);
    if (known !== undefined) return known;
    const made = make.query<{ limit: number }, { count: number }>((db, arg) =>
      db.selectNoFrom(
        sql<number>`(select count(*) from (select 1 from ${sql.table(name)} limit ${arg("limit")}))`.as(
          "count",
        ),
      ),
    );
    counts.set(name, made);
    return made;
  };
  return {
    *tables(rowsMax: number): Tx<readonly TableSize[]> {
      const sizes: TableSize[] = [];
      for (const { name } of yield* names({})) {
        const [row] = yield* countOf(name)({ limit: rowsMax });
        sizes.push({ name, rows: row?.count ?? 0, bytes: null, dead: null });
      }
      return sizes;
    },
    *whole(): Tx<{ readonly bytes: number; readonly free: number | null }> {
      const [row] = yield* pages({});
      return { bytes: row?.bytes ?? 0, free: row?.free ?? 0 };
    },
  };
}

function postgresStatements(make: SqlMaker<Catalog>): ReturnType<typeof sqliteStatements> {
  const sizes = make.query<object, { name: string; rows: number; dead: number; bytes: number }>((db) =>
    db
      .selectFrom("pg_stat_user_tables")
      .select([
        "relname as name",
        "n_live_tup as rows",
        "n_dead_tup as dead",
        sql<number>`pg_total_relation_size(relid)`.as("bytes"),
      ])
      .orderBy("relname"),
  );
  const database = make.query<object, { bytes: number }>((db) =>
    db.selectNoFrom(sql<number>`pg_database_size(current_database())`.as("bytes")),
  );
  return {
    *tables(): Tx<readonly TableSize[]> {
      return yield* sizes({});
    },
    *whole(): Tx<{ readonly bytes: number; readonly free: number | null }> {
      const [row] = yield* database({});
      return { bytes: row?.bytes ?? 0, free: null };
    },
  };
}
