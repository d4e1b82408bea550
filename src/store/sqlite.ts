import { closeSync, existsSync, openSync, realpathSync, statfsSync, truncateSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync, backup } from "node:sqlite";
import type { Log } from "../ports/log.ts";
import { type Store, StoreError, type Tx } from "../ports/store.ts";
import type { SqlMaker } from "../ports/sql.ts";
import type { Statements } from "../ports/statements.ts";
import { sqliteDialect } from "./dialect.ts";
import { type StoreStep, bind } from "./statement.ts";
import { programSql } from "./program-sql.ts";
import { statementsFor } from "./statements/all.ts";

const ballastBytes = 2 * 1024 * 1024;
/** Nothing new begins with less free space than this; what is under way can still be recorded. */
const floorBytes = 2 * ballastBytes;

type Plain = string | number | null;
type Prepared = { readonly statement: StatementSync; readonly columns: readonly string[] };

export type SqliteOptions = {
  /** A file, or ":memory:". */
  readonly path: string;
  readonly log: Log;
};

/** SQLite by node:sqlite: one connection, one writer, every transaction run synchronously to its end. */
export class SqliteStore implements Store {
  readonly kind = "sqlite";
  readonly singleOwner = true;
  readonly statements: Statements = statementsFor(sqliteDialect);
  readonly #db: DatabaseSync;
  readonly #lock: DatabaseSync | null;
  readonly #path: string;
  readonly #log: Log;
  readonly #prepared = new Map<string, Prepared>();
  #full = false;

  constructor(options: SqliteOptions) {
    this.#path = options.path;
    this.#log = options.log;
    this.#lock = options.path === ":memory:" ? null : takeOwnership(options.path);
    try {
      this.#db = openDatabase(options.path);
    } catch (error) {
      this.#lock?.close();
      throw error;
    }
    this.#fillBallast();
  }

  /** The open database, for migrations only. */
  get database(): DatabaseSync {
    return this.#db;
  }

  sql<DB>(): SqlMaker<DB> {
    return programSql(sqliteDialect);
  }

  run<T>(_name: string, verb: () => Tx<T>): Promise<T> {
    try {
      return Promise.resolve(this.#transaction(verb));
    } catch (error) {
      const fault = storeError(error);
      if (fault?.fault !== "full" || this.#full) return Promise.reject(fault ?? error);
      return this.#retryWithBallast(verb);
    }
  }

  read<T>(_name: string, verb: () => Tx<T>): Promise<T> {
    try {
      return Promise.resolve(this.#drive(verb()));
    } catch (error) {
      return Promise.reject(storeError(error) ?? error);
    }
  }

  serverTime(): Promise<null> {
    return Promise.resolve(null);
  }

  roomForMore(): boolean {
    if (this.#path === ":memory:") return true;
    const space = statfsSync(dirname(this.#path));
    const free = space.bavail * space.bsize;
    if (free < floorBytes) return false;
    if (this.#full) {
      this.#full = false;
      this.#fillBallast();
      this.#log.info("There is room on the disk again; calls start again.");
    }
    return true;
  }

  scrub(): Promise<void> {
    if (this.#path !== ":memory:") this.#db.exec("pragma wal_checkpoint(truncate)");
    return Promise.resolve();
  }

  async backup(file: string): Promise<void> {
    if (existsSync(file))
      throw new StoreError("broken", `${file} exists already; a backup never overwrites a file`);
    // One step over a connection of its own sees one instant; with several steps every write would begin it anew.
    const source = new DatabaseSync(this.#path, { readOnly: true, timeout: 5000 });
    try {
      await backup(source, file, { rate: 2 ** 31 - 1 });
    } finally {
      source.close();
    }
  }

  close(): Promise<void> {
    this.#prepared.clear();
    try {
      if (this.#path !== ":memory:") this.#db.exec("pragma wal_checkpoint(truncate)");
    } catch (error) {
      // A full disk keeps the log beside the file; the next start reads it.
      this.#log.warn("The write-ahead log could not be folded into the file.", { error: error as Error });
    }
    this.#db.close();
    this.#lock?.close();
    return Promise.resolve();
  }

  #transaction<T>(verb: () => Tx<T>): T {
    this.#db.exec("begin immediate");
    try {
      const value = this.#drive(verb());
      this.#db.exec("commit");
      return value;
    } catch (error) {
      // SQLite ends the transaction by itself on some faults, such as a full disk.
      if (this.#db.isTransaction) this.#db.exec("rollback");
      throw error;
    }
  }

  /** The ballast is given back to the disk so that what is under way can still be written down. */
  #retryWithBallast<T>(verb: () => Tx<T>): Promise<T> {
    this.#full = true;
    this.#log.error(
      "The disk is full; the reserve is released to record what is under way, and no new call begins.",
    );
    try {
      truncateSync(`${this.#path}.ballast`, 0);
      return Promise.resolve(this.#transaction(verb));
    } catch (error) {
      return Promise.reject(storeError(error) ?? error);
    }
  }

  #drive<T>(tx: Tx<T>): T {
    let next = tx.next();
    while (next.done !== true) {
      next = tx.next(this.#step(next.value as unknown as StoreStep));
    }
    return next.value;
  }

  #step(step: StoreStep): unknown[] {
    if (step.kind === "one") {
      const prepared = this.#prepare(step.statement.text, step.statement.returns);
      const values = bind(step.statement, step.args) as Plain[];
      if (step.statement.returns)
        return prepared.statement.all(...values).map((row) => rowOf(prepared.columns, row));
      prepared.statement.run(...values);
      return [];
    }
    const { statement, columns } = this.#prepare(step.bulk.text, step.bulk.answers === "rows");
    if (step.bulk.answers !== "rows") {
      let changed = 0;
      for (const row of step.rows) changed += Number(statement.run(...(row as Plain[])).changes);
      return step.bulk.answers === "count" ? [changed] : [];
    }
    const answers: unknown[] = [];
    for (const row of step.rows) {
      for (const answer of statement.all(...(row as Plain[]))) answers.push(rowOf(columns, answer));
    }
    return answers;
  }

  #prepare(text: string, returns: boolean): Prepared {
    let prepared = this.#prepared.get(text);
    if (prepared === undefined) {
      const statement = this.#db.prepare(text);
      if (returns) statement.setReturnArrays(true);
      prepared = { statement, columns: returns ? statement.columns().map((column) => column.name) : [] };
      this.#prepared.set(text, prepared);
    }
    return prepared;
  }

  #fillBallast(): void {
    if (this.#path === ":memory:") return;
    const file = openSync(`${this.#path}.ballast`, "w");
    try {
      writeSync(file, Buffer.alloc(ballastBytes, 1));
    } catch (error) {
      this.#log.warn("There is no room for the reserve that a full disk would need.", {
        error: error as Error,
      });
    } finally {
      closeSync(file);
    }
  }
}

/** Rows come as arrays and become plain objects here: the driver's own objects are dictionaries, several times slower to read. */
function rowOf(columns: readonly string[], values: unknown): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let at = 0; at < columns.length; at += 1) row[columns[at] as string] = (values as unknown[])[at];
  return row;
}

/** Opens a file that is whole. One that is not is left as it is: it is evidence, and may be all that is left. */
function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 50 });
  try {
    const answer = db.prepare("pragma quick_check(1)").get() as { quick_check: string } | undefined;
    if (answer?.quick_check !== "ok") throw damaged(path, answer?.quick_check ?? "no answer");
    db.exec("pragma journal_mode = wal");
    db.exec("pragma synchronous = full");
    db.exec("pragma wal_autocheckpoint = 1000");
    db.exec("pragma journal_size_limit = 67108864");
    db.exec("pragma cache_size = -65536");
    db.exec("pragma temp_store = memory");
    db.exec("pragma foreign_keys = off");
    // What was removed is overwritten with zeros, so that a person who was erased is not left in free pages.
    db.exec("pragma secure_delete = on");
    return db;
  } catch (error) {
    db.close();
    const code = Number((error as { errcode?: unknown }).errcode) & 0xff;
    throw code === corruptCode || code === notADatabaseCode
      ? damaged(path, (error as Error).message, error)
      : (storeError(error) ?? error);
  }
}

const corruptCode = 11;
const notADatabaseCode = 26;

function damaged(path: string, what: string, cause?: unknown): StoreError {
  const why = what.replaceAll(/\s+/g, " ");
  return new StoreError(
    "broken",
    `${path} is damaged (${why}); keep it, and restore a backup beside it`,
    cause,
  );
}

/** What statfs calls NFS, SMB, CIFS, SMB2, AFS and Ceph: their locks cannot be trusted, nor can a write-ahead log. */
const networkTypes: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x00c36400,
]);

/** A lock that the operating system releases when the process dies: an exclusive transaction on a file beside the data. */
function takeOwnership(path: string): DatabaseSync {
  if (networkTypes.has(statfsSync(dirname(path)).type >>> 0)) {
    throw new StoreError(
      "broken",
      `${path} is on a network file system, where two machines could own it at once; use a local disk or Postgres`,
    );
  }
  const lock = new DatabaseSync(`${existsSync(path) ? realpathSync(path) : path}.lock`, { timeout: 0 });
  try {
    lock.exec("pragma journal_mode = delete");
    lock.exec("begin exclusive");
    return lock;
  } catch (error) {
    lock.close();
    throw new StoreError(
      "busy",
      `${path} is in use by another Carillon process; stop that one first, or use another file`,
      error,
    );
  }
}

function storeError(error: unknown): StoreError | undefined {
  if (error instanceof StoreError) return error;
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== "ERR_SQLITE_ERROR")
    return undefined;
  const code = Number((error as { errcode?: unknown }).errcode) & 0xff;
  if (code === 13) return new StoreError("full", "The disk is full", error);
  if (code === 5 || code === 6)
    return new StoreError("busy", "The database file is locked by another program", error);
  return new StoreError("broken", error.message, error);
}
