import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Store } from "../ports/store.ts";
import { type MigrationPlan, migratePostgres, migrateSqlite } from "./migrate.ts";

/** Where the data is: a file (or ":memory:") for SQLite, or a URL of PostgreSQL. */
export type StoreLocation =
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "postgres"; readonly url: string };

export type OpenStorePorts = { readonly clock: Clock; readonly log: Log };

/** Opens the store and brings its schema up to date. The drivers are loaded only when they are used. */
export async function openStore(location: StoreLocation, ports: OpenStorePorts): Promise<Store> {
  return (await openAndMigrate(location, ports, false)).store;
}

/** As `openStore`, and tells what was (or with `dryRun` would be) applied. */
export async function openAndMigrate(
  location: StoreLocation,
  ports: OpenStorePorts,
  dryRun: boolean,
): Promise<{ readonly store: Store; readonly plan: MigrationPlan }> {
  if (location.kind === "sqlite") {
    const { SqliteStore } = await import("./sqlite.ts");
    const store = new SqliteStore({ path: location.path, log: ports.log });
    return {
      store,
      plan: await closingOnFailure(store, () =>
        Promise.resolve(migrateSqlite(store, ports.clock.now(), dryRun)),
      ),
    };
  }
  const { PostgresStore } = await import("./postgres.ts");
  const store = new PostgresStore({ url: location.url, log: ports.log });
  return {
    store,
    plan: await closingOnFailure(store, () => migratePostgres(store, ports.clock.now(), dryRun)),
  };
}

async function closingOnFailure<T>(store: Store, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await store.close();
    throw error;
  }
}
