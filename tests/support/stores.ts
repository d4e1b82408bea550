import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../src/ports/store.ts";
import { openStore } from "../../src/store/open.ts";
import { FakeClock } from "./fake-clock.ts";
import { testPostgres } from "./postgres.ts";
import { silentLog } from "./silent.ts";

export type OpenedStore = { readonly store: Store; close(): Promise<void> };
export const storeNames = ["sqlite in memory", "sqlite on file", "postgres"] as const;
export type StoreName = (typeof storeNames)[number];

/** A new, empty store of each kind there is. */
export async function openEmpty(name: StoreName): Promise<OpenedStore> {
  const ports = { clock: new FakeClock(), log: silentLog };
  if (name === "postgres") {
    const server = await testPostgres();
    const store = await openStore({ kind: "postgres", url: await server.freshDatabase() }, ports);
    return { store, close: () => store.close() };
  }
  if (name === "sqlite in memory") {
    const store = await openStore({ kind: "sqlite", path: ":memory:" }, ports);
    return { store, close: () => store.close() };
  }
  const folder = mkdtempSync(join(tmpdir(), "carillon-store-"));
  const store = await openStore({ kind: "sqlite", path: join(folder, "carillon.db") }, ports);
  return {
    store,
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
