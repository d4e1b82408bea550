import { createHash } from "node:crypto";
import pg from "pg";
import type { Log } from "../ports/log.ts";
import { type Store, StoreError, type Tx } from "../ports/store.ts";
import type { SqlMaker } from "../ports/sql.ts";
import type { Statements } from "../ports/statements.ts";
import { postgresDialect } from "./dialect.ts";
import { type StoreStep, bind } from "./statement.ts";
import { programSql } from "./program-sql.ts";
import { statementsFor } from "./statements/all.ts";

export type PostgresOptions = {
  /** postgres://…; `?pgbouncer=true` switches named statements off, for poolers in transaction mode. */
  readonly url: string;
  readonly log: Log;
  readonly poolSize?: number;
};

const repeatable: ReadonlySet<string> = new Set(["40001", "40P01", "55P03"]);
const triesMax = 10;

/** PostgreSQL by `pg`: one connection per transaction, statements named so that the server parses them once. */
export class PostgresStore implements Store {
  readonly kind = "postgres";
  readonly singleOwner = false;
  readonly statements: Statements = statementsFor(postgresDialect);
  readonly #pool: pg.Pool;
  readonly #named: boolean;
  readonly #names = new Map<string, string>();

  constructor(options: PostgresOptions) {
    const url = new URL(options.url);
    this.#named = url.searchParams.get("pgbouncer") !== "true";
    url.searchParams.delete("pgbouncer");
    this.#pool = new pg.Pool({
      connectionString: url.href,
      max: options.poolSize ?? 6,
      types: {
        getTypeParser: (oid: number, format?: "text" | "binary") =>
          oid === 20 ? Number : pg.types.getTypeParser(oid, format),
      },
      connectionTimeoutMillis: 5000,
      keepAlive: true,
    });
    // A connection may be cut while it is lent out, between two statements: the next one fails and says so. Without a
    // listener that event would end the process.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
    this.#pool.on("error", (error) =>
      options.log.warn("An idle connection to the database was lost.", { error }),
    );
  }

  /** A connection, for migrations only. */
  connect(): Promise<pg.PoolClient> {
    return this.#pool.connect();
  }

  sql<DB>(): SqlMaker<DB> {
    return programSql(postgresDialect);
  }

  async run<T>(name: string, verb: () => Tx<T>): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      const client = await this.#client();
      try {
        return await this.#transaction(client, verb);
      } catch (error) {
        if (mayRepeat(error) && tried < triesMax) continue;
        throw storeError(name, error);
      }
    }
  }

  async read<T>(name: string, verb: () => Tx<T>): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      const client = await this.#client();
      let broken = true;
      try {
        const value = await this.#drive(client, verb());
        broken = false;
        return value;
      } catch (error) {
        if (mayRepeat(error) && tried < triesMax) continue;
        throw storeError(name, error);
      } finally {
        client.release(broken);
      }
    }
  }

  async serverTime(): Promise<number> {
    const answer = await this.#pool.query<{ now: number }>(postgresDialect.serverTime ?? "");
    const row = answer.rows[0];
    if (row === undefined) throw new StoreError("broken", "The database did not tell the time");
    return row.now;
  }

  roomForMore(): boolean {
    return true;
  }

  /** Autovacuum overwrites old versions in its time; there is no sure way to do it from here. */
  scrub(): Promise<void> {
    return Promise.resolve();
  }

  backup(): Promise<void> {
    return Promise.reject(
      new StoreError("broken", "Back up PostgreSQL with its own tools, such as pg_dump or pg_basebackup"),
    );
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #client(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw new StoreError(
        "unavailable",
        `The database cannot be reached: ${(error as Error).message}`,
        error,
      );
    }
  }

  async #transaction<T>(client: pg.PoolClient, verb: () => Tx<T>): Promise<T> {
    let broken = true;
    try {
      await client.query("begin");
      const value = await this.#drive(client, verb());
      await commit(client);
      broken = false;
      return value;
    } catch (error) {
      if (!(error instanceof StoreError)) broken = !(await rolledBack(client));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async #drive<T>(client: pg.PoolClient, tx: Tx<T>): Promise<T> {
    let next = tx.next();
    while (next.done !== true) {
      next = tx.next(await this.#step(client, next.value as unknown as StoreStep));
    }
    return next.value;
  }

  async #step(client: pg.PoolClient, step: StoreStep): Promise<unknown[]> {
    const text = step.kind === "one" ? step.statement.text : step.bulk.text;
    const values =
      step.kind === "one" ? bind(step.statement, step.args) : transpose(step.rows, step.bulk.width);
    const answer = await client.query(
      this.#named ? { name: this.#nameOf(text), text, values } : { text, values },
    );
    return step.kind === "many" && step.bulk.answers === "count" ? [answer.rowCount ?? 0] : answer.rows;
  }

  #nameOf(text: string): string {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = createHash("sha256").update(text).digest("hex").slice(0, 24);
      this.#names.set(text, name);
    }
    return name;
  }
}

/** Nothing was written, and another try, on another connection, may fare better at once. */
function mayRepeat(error: unknown): boolean {
  if (error instanceof StoreError) return false;
  const code = (error as { code?: unknown }).code;
  return (typeof code === "string" && repeatable.has(code)) || lostConnection(error);
}

/** The connection ended under us before a commit was sent: a restart, an administrator, a network. */
function lostConnection(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (
    (typeof code === "string" && /^(57P|08)/.test(code)) ||
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    (typeof message === "string" && /Connection terminated|is not queryable|Client was closed/.test(message))
  );
}

/**
 * Once the word has been sent, a lost answer says nothing about the outcome; nor does a server that ends the session, for
 * it may do so right after it has committed. Only an error of the commit itself is certain.
 */
async function commit(client: pg.PoolClient): Promise<void> {
  try {
    await client.query("commit");
  } catch (error) {
    if (isSqlState((error as { code?: unknown }).code) && !lostConnection(error)) throw error;
    throw new StoreError("commit_unknown", "The answer to the commit was lost", error);
  }
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query("rollback");
    return true;
  } catch {
    // The connection is gone, and with it the transaction; the pool drops it.
    return false;
  }
}

function transpose(rows: readonly (readonly unknown[])[], width: number): unknown[][] {
  const columns: unknown[][] = Array.from({ length: width }, () => []);
  for (const row of rows) {
    for (let index = 0; index < width; index += 1) columns[index]?.push(row[index]);
  }
  return columns;
}

/** PostgreSQL's codes are five characters with a digit among them, unlike EPIPE. */
function isSqlState(code: unknown): code is string {
  return typeof code === "string" && /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

function storeError(name: string, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const code = (error as { code?: unknown }).code;
  if (code === "53100") return new StoreError("full", "The database's disk is full", error);
  if (
    typeof code === "string" &&
    (code.startsWith("08") || code.startsWith("57P") || code === "25006" || code === "53300")
  ) {
    return new StoreError("unavailable", `The database refused ${name}: ${(error as Error).message}`, error);
  }
  if (code === "ECONNREFUSED" || lostConnection(error)) {
    return new StoreError("unavailable", `The connection was lost during ${name}`, error);
  }
  if (isSqlState(code)) {
    return new StoreError("broken", `${name}: ${(error as Error).message}`, error);
  }
  return error;
}
