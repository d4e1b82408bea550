import type { Compilable, Kysely } from "kysely";
import type { Step, Tx } from "../ports/store.ts";
import type { Dialect, Tables } from "./dialect.ts";

/** A value that a statement or a row may bind. */
export type Bound = string | number | null | readonly number[] | readonly string[];

/** A statement compiled once: its text, and for each placeholder either a constant or the argument that fills it. */
export type Statement = {
  readonly text: string;
  readonly binds: readonly (Argument | Bound)[];
  readonly returns: boolean;
};

/** One text for one row on SQLite, one text for a whole column array each on Postgres. */
export type Bulk = {
  readonly text: string;
  readonly width: number;
  /** What the step answers with: rows, nothing, or one number: how many rows it changed. */
  readonly answers: "rows" | "nothing" | "count";
};

export type StoreStep =
  | { readonly kind: "one"; readonly statement: Statement; readonly args: Readonly<Record<string, unknown>> }
  | { readonly kind: "many"; readonly bulk: Bulk; readonly rows: readonly (readonly Bound[])[] };

/** Stands where an argument will be bound when the statement runs. */
export class Argument {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

type UpdateOptions = { readonly guard?: string; readonly returning?: string; readonly also?: string };
type ColumnType = "bigint" | "text" | "double precision";
export type Columns = Readonly<Record<string, ColumnType>>;

/** Makes the statements of one dialect. */
export class StatementMaker {
  readonly dialect: Dialect;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  /** A statement written with Kysely; `arg` names what is bound when it runs. Returns what it selects or returns. */
  query<Args, Row>(
    build: (db: Kysely<Tables>, arg: <K extends keyof Args & string>(name: K) => Args[K]) => Compilable<Row>,
  ): (args: Args) => Tx<Row[]> {
    // The placeholder pretends to be a value: Kysely only carries it into the list of parameters.
    const arg = <K extends keyof Args & string>(name: K): Args[K] => new Argument(name) as Args[K];
    const compiled = build(this.dialect.compiler, arg).compile();
    const statement: Statement = {
      text: compiled.sql,
      binds: compiled.parameters as readonly (Argument | Bound)[],
      returns: /^\s*(select|with)|\breturning\b/i.test(compiled.sql),
    };
    return function* run(args: Args): Tx<Row[]> {
      const step: StoreStep = { kind: "one", statement, args: args as Readonly<Record<string, unknown>> };
      return (yield step as unknown as Step) as Row[];
    };
  }

  /** Inserts many rows; `conflict` is a constant SQL tail, `returning` a constant list of columns. */
  insertMany<Row extends object, Returned = never>(
    table: keyof Tables,
    columns: Columns,
    tail: { readonly conflict?: string; readonly returning?: string } = {},
  ): (rows: readonly Row[]) => Tx<Returned[]> {
    const names = Object.keys(columns);
    const list = names.join(", ");
    const end = `${tail.conflict === undefined ? "" : ` ${tail.conflict}`}${tail.returning === undefined ? "" : ` returning ${tail.returning}`}`;
    const source =
      this.dialect.name === "sqlite"
        ? `values (${names.map(() => "?").join(", ")})`
        : `select * from unnest(${arrays(columns)})`;
    return this.#many(
      `insert into ${table} (${list}) ${source}${end}`,
      names,
      tail.returning === undefined ? "nothing" : "rows",
    );
  }

  /** Updates many rows by their key columns. `guard` is a constant SQL condition on the row as it stands. */
  updateMany<Row extends object, Returned = never>(
    table: keyof Tables,
    key: Columns,
    set: Columns,
    options: UpdateOptions = {},
  ): (rows: readonly Row[]) => Tx<Returned[]> {
    return this.#update(table, key, set, options, options.returning === undefined ? "nothing" : "rows");
  }

  /** As `updateMany`, and answers how many rows were changed. */
  countedUpdateMany<Row extends object>(
    table: keyof Tables,
    key: Columns,
    set: Columns,
    options: Omit<UpdateOptions, "returning"> = {},
  ): (rows: readonly Row[]) => Tx<number> {
    const update = this.#update<Row, number>(table, key, set, options, "count");
    return function* run(rows: readonly Row[]): Tx<number> {
      return (yield* update(rows))[0] ?? 0;
    };
  }

  #update<Row extends object, Returned>(
    table: keyof Tables,
    key: Columns,
    set: Columns,
    options: UpdateOptions,
    answers: Bulk["answers"],
  ): (rows: readonly Row[]) => Tx<Returned[]> {
    const keys = Object.keys(key);
    const sets = Object.keys(set);
    const guard = options.guard === undefined ? "" : ` and ${options.guard}`;
    const also = options.also === undefined ? "" : `, ${options.also}`;
    const returning = options.returning === undefined ? "" : ` returning ${options.returning}`;
    if (this.dialect.name === "sqlite") {
      const text = `update ${table} set ${sets.map((name) => `${name} = ?`).join(", ")}${also} where ${keys.map((name) => `${name} = ?`).join(" and ")}${guard}${returning}`;
      return this.#many(text, [...sets, ...keys], answers);
    }
    const all = { ...set, ...key };
    const text = `update ${table} set ${sets.map((name) => `${name} = v.${name}`).join(", ")}${also} from unnest(${arrays(all)}) as v(${Object.keys(all).join(", ")}) where ${keys.map((name) => `${table}.${name} = v.${name}`).join(" and ")}${guard}${returning}`;
    return this.#many(text, [...sets, ...keys], answers);
  }

  /** Reads the rows with the given keys, in no particular order; missing ones are missing. */
  selectMany<Key extends object, Row>(
    table: keyof Tables,
    key: Columns,
    selected: string,
    options: { readonly lock?: boolean } = {},
  ): (keys: readonly Key[]) => Tx<Row[]> {
    const keys = Object.keys(key);
    if (this.dialect.name === "sqlite") {
      const text = `select ${selected} from ${table} where ${keys.map((name) => `${name} = ?`).join(" and ")}`;
      return this.#many(text, keys, "rows");
    }
    const lock =
      options.lock === true
        ? ` order by ${keys.map((name) => `${table}.${name}`).join(", ")} for update of ${table}`
        : "";
    const only = keys.length === 1 ? keys[0] : undefined;
    const text =
      only === undefined
        ? `select ${selected
            .split(", ")
            .map((name) => `${table}.${name}`)
            .join(
              ", ",
            )} from ${table} join unnest(${arrays(key)}) as k(${keys.join(", ")}) on ${keys.map((name) => `${table}.${name} = k.${name}`).join(" and ")}${lock}`
        : `select ${selected} from ${table} where ${only} = any(${arrays(key)})${lock}`;
    return this.#many(text, keys, "rows");
  }

  /** The smallest `value` for each given key that has rows: one look at the index per key, never a scan. */
  headMany<Row>(table: keyof Tables, key: string, value: string): (keys: readonly object[]) => Tx<Row[]> {
    const first = (match: string) =>
      `select ${table}.${key}, ${table}.${value} from ${table} where ${table}.${key} = ${match} order by ${table}.${value} limit 1`;
    const text =
      this.dialect.name === "sqlite"
        ? first("?")
        : `select head.* from unnest($1::bigint[]) as k(${key}) cross join lateral (${first(`k.${key}`)}) as head`;
    return this.#many(text, [key], "rows");
  }

  /** Deletes the rows with the given keys; missing ones are no fault. */
  deleteMany<Key extends object>(table: keyof Tables, key: Columns): (keys: readonly Key[]) => Tx<never[]> {
    const keys = Object.keys(key);
    const text =
      this.dialect.name === "sqlite"
        ? `delete from ${table} where ${keys.map((name) => `${name} = ?`).join(" and ")}`
        : `delete from ${table} using unnest(${arrays(key)}) as k(${keys.join(", ")}) where ${keys.map((name) => `${table}.${name} = k.${name}`).join(" and ")}`;
    return this.#many(text, keys, "nothing");
  }

  #many<Row extends object, Returned>(
    text: string,
    names: readonly string[],
    answers: Bulk["answers"],
  ): (rows: readonly Row[]) => Tx<Returned[]> {
    const bulk: Bulk = { text, width: names.length, answers };
    return function* run(rows: readonly Row[]): Tx<Returned[]> {
      if (rows.length === 0) return [];
      const values = rows.map((row) => valuesOf(row as Record<string, Bound>, names));
      const step: StoreStep = { kind: "many", bulk, rows: values };
      return (yield step as unknown as Step) as Returned[];
    };
  }
}

function valuesOf(row: Readonly<Record<string, Bound>>, names: readonly string[]): Bound[] {
  const values: Bound[] = [];
  for (const name of names) values.push(row[name] ?? null);
  return values;
}

function arrays(columns: Columns): string {
  return Object.values(columns)
    .map((type, index) => `$${index + 1}::${type}[]`)
    .join(", ");
}

/** The values of a statement's placeholders, in their order. */
export function bind(statement: Statement, args: Readonly<Record<string, unknown>>): Bound[] {
  return statement.binds.map((one) => (one instanceof Argument ? ((args[one.name] ?? null) as Bound) : one));
}
