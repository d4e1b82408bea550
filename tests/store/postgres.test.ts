import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import type { Store } from "../../src/ports/store.ts";
import { PostgresStore } from "../../src/store/postgres.ts";
import { startEngine } from "../support/engine.ts";
import { testPostgres } from "../support/postgres.ts";
import { postgresProxy } from "../support/postgres-proxy.ts";
import { ledgerRow, workspaceRow } from "../support/rows.ts";
import { keptLog, silentLog } from "../support/silent.ts";

const terminate =
  "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";

async function eventIds(store: Store, after = { commit_id: -1, id: 0 }): Promise<number[]> {
  const rows = await store.read("events", () =>
    store.statements.ledger.after({ workspace_id: 1, ...after, limit: 100 }),
  );
  return rows.map((row) => row.id);
}

void test("no event is read before an elder transaction that may still write one has ended", async () => {
  const server = await testPostgres();
  const url = await server.freshDatabase();
  const store = new PostgresStore({ url, log: silentLog });
  const slow = new pg.Client({ connectionString: url });
  await slow.connect();
  try {
    await slow.query("begin");
    await slow.query("insert into ledger (id, workspace_id, call_id, at, type) values (1, 1, 1, 1, 'slow')");
    await store.run("fast", () => store.statements.ledger.insert([ledgerRow(2)]));
    assert.deepEqual(await eventIds(store), []);
    assert.deepEqual(await store.read("last", () => store.statements.ledger.last({ workspace_id: 1 })), []);
    await slow.query("commit");
    assert.deepEqual(await eventIds(store), [1, 2]);
  } finally {
    await slow.end();
    await store.close();
  }
});

void test("behind a pooler no statement is named; without one the server parses each text once", async () => {
  const server = await testPostgres();
  const proxy = await postgresProxy(await server.freshDatabase());
  const readTwice = async (url: string): Promise<string[]> => {
    const store = new PostgresStore({ url, log: silentLog, poolSize: 1 });
    for (let i = 0; i < 2; i += 1) await store.read("read", () => store.statements.workspaces.all({}));
    await store.close();
    return proxy.prepared.splice(0);
  };
  try {
    assert.deepEqual(await readTwice(`${proxy.url}?pgbouncer=true`), []);
    const named = await readTwice(proxy.url);
    assert.equal(named.length, 1);
    assert.match(named[0] ?? "", /^[0-9a-f]{24}$/);
  } finally {
    await proxy.close();
  }
});

void test("a commit whose answer is lost is told from one that failed, and the store goes on", async () => {
  const server = await testPostgres();
  const proxy = await postgresProxy(await server.freshDatabase());
  const store = new PostgresStore({ url: proxy.url, log: silentLog });
  try {
    proxy.cutAfterCommit(1);
    await assert.rejects(
      store.run("lost answer", () => store.statements.workspaces.insert([workspaceRow(1)])),
      { name: "StoreError", fault: "commit_unknown" },
    );
    assert.equal((await store.read("read", () => store.statements.workspaces.all({}))).length, 1);
  } finally {
    await store.close();
    await proxy.close();
  }
});

void test("an idle connection that the server ends is a warning, never the end of the process", async () => {
  const server = await testPostgres();
  const url = await server.freshDatabase();
  const { log } = keptLog();
  const store = new PostgresStore({ url, log });
  await store.read("read", () => store.statements.workspaces.all({}));
  await server.query(url, terminate);
  // The first may meet the dead connection; the second gets a new one.
  await store.read("read", () => store.statements.workspaces.all({})).catch(() => {});
  assert.deepEqual(await store.read("read", () => store.statements.workspaces.all({})), []);
  await store.close();
});

void test("creates are neither lost nor doubled while every connection is ended again and again", async () => {
  const server = await testPostgres();
  const url = await server.freshDatabase();
  const t = await startEngine({ store: new PostgresStore({ url, log: silentLog }) });
  try {
    await survivesLoad(t, 100, (round) =>
      round % 2 === 0 ? server.query(url, terminate) : Promise.resolve(),
    );
  } finally {
    await t.store.close();
  }
});

void test("creates are neither lost nor doubled when the answers to their commits are lost", async () => {
  const server = await testPostgres();
  const proxy = await postgresProxy(await server.freshDatabase());
  const t = await startEngine({ store: new PostgresStore({ url: proxy.url, log: silentLog }) });
  try {
    await survivesLoad(t, 100, () => Promise.resolve(proxy.cutAfterCommit(1)));
    assert.ok(proxy.cuts > 3, `only ${proxy.cuts} commits were cut`);
  } finally {
    await t.store.close();
    await proxy.close();
  }
});

/** Schedules calls while `disturb` is run; each must be there once, and be rung once. */
async function survivesLoad(
  t: Awaited<ReturnType<typeof startEngine>>,
  count: number,
  disturb: (round: number) => Promise<unknown>,
): Promise<void> {
  let answered = 0;
  const asked: Promise<string | null>[] = [];
  for (let round = 0; round < 10; round += 1) {
    for (let i = 0; i < count / 10; i += 1) {
      const external_id = `x${asked.length}`;
      const asking = t.call({ external_id, dedupe_key: external_id });
      asked.push(asking.then(() => null, String).finally(() => (answered += 1)));
    }
    await disturb(round);
    for (let step = 0; step < 3; step += 1) await t.advance(60);
  }
  await t.runUntil(() => answered === count, 120_000);
  const failed = (await Promise.all(asked)).filter((one) => one !== null);
  assert.deepEqual(failed, []);
  await t.runUntil(
    async () =>
      t.network.witness().length >= count && (await t.engine.stats(t.actor)).calls.completed === count,
    600_000,
  );
  for (let i = 0; i < count; i += 10) {
    const { data } = await t.engine.listCalls(t.actor, { externalId: `x${i}` }, { limit: 10 });
    assert.equal(data.length, 1, `x${i}`);
  }
  const stats = await t.engine.stats(t.actor);
  assert.equal(
    Object.values(stats.calls).reduce((sum, one) => sum + one, 0),
    count,
  );
  const keys = t.network.witness().map((one) => one.attemptKey);
  assert.equal(new Set(keys).size, keys.length, "one attempt was placed twice");
  assert.equal(keys.length, count);
}
