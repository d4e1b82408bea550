import type { Compilable, Kysely } from "kysely";

import type { Tx } from "./store.ts";

/** Columns by name, with the type in which PostgreSQL takes many values of them at once. */
export type SqlColumns = Readonly<Record<string, "bigint" | "text" | "double precision">>;

/**
 * Makes the statements of a program over its own tables `DB` (a type of rows by table), for the database at hand. Each is
 * written once, with Kysely, in what SQLite and PostgreSQL share; values are bound, and none is a date or a boolean.
 */
export interface SqlMaker<DB> {
  /** `sqlite` or `postgres`, for the few statements that need a text for each. */
  readonly dialect: "sqlite" | "postgres";
  /** A statement; `arg` names what is bound when it runs. Answers what it selects or returns. */
  query<Args, Row>(
    build: (db: Kysely<DB>, arg: <K extends keyof Args & string>(name: K) => Args[K]) => Compilable<Row>,
  ): (args: Args) => Tx<Row[]>;
  /** Inserts many rows; `conflict` is a constant SQL tail (`on conflict … do nothing`), `returning` a list of columns. */
  insertMany<Row extends object, Returned = never>(
    table: keyof DB & string,
    columns: SqlColumns,
    tail?: { readonly conflict?: string; readonly returning?: string },
  ): (rows: readonly Row[]) => Tx<Returned[]>;
  /** Updates many rows by their key columns; `guard` is a constant condition on the row as it stands. */
  updateMany<Row extends object, Returned = never>(
    table: keyof DB & string,
    key: SqlColumns,
    set: SqlColumns,
    options?: { readonly guard?: string; readonly returning?: string; readonly also?: string },
  ): (rows: readonly Row[]) => Tx<Returned[]>;
  /** As `updateMany`, and answers how many rows were changed: how compare-and-set is written. */
  countedUpdateMany<Row extends object>(
    table: keyof DB & string,
    key: SqlColumns,
    set: SqlColumns,
    options?: { readonly guard?: string; readonly also?: string },
  ): (rows: readonly Row[]) => Tx<number>;
  /** Reads the rows with the given keys, in no particular order; with `lock` until the transaction's end. */
  selectMany<Key extends object, Row>(
    table: keyof DB & string,
    key: SqlColumns,
    selected: string,
    options?: { readonly lock?: boolean },
  ): (keys: readonly Key[]) => Tx<Row[]>;
  /** Deletes the rows with the given keys; missing ones are no fault. */
  deleteMany<Key extends object>(
    table: keyof DB & string,
    key: SqlColumns,
  ): (keys: readonly Key[]) => Tx<never[]>;
}
