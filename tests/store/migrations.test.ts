import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type Migration, forDialect, planMigrations, readMigrations } from "../../src/store/migrate.ts";
import { openAndMigrate } from "../../src/store/open.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { testPostgres } from "../support/postgres.ts";
import { silentLog } from "../support/silent.ts";

/** What has been released. A line is added for a new migration; none is ever changed. */
const frozen: Readonly<Record<string, string>> = {
  "0001_calls": "58057bc8b406271c0fa44787220f1647ad7dc82a90ebe6edd37424e71329389b",
  "0002_owners_and_series": "a08c585aabe6683d0ba19423e4b6597e8fda0e6f28d21ff20d0b601579329139",
  "0003_series": "ed00a410583545dc65bd6b3bc553b33a63406d1270e8109ff7efaaacf0b76f47",
  "0004_webhooks": "00885779461ddf6d71de434ecdc5a3b8d51c4bbd631c13433a122ef28c5f8f94",
  "0005_live_safety": "0b12bd61ebe2b864953545a0fb50afd8f0912a7ceb259808303b0c4d5d6b6203",
  "0006_agents": "57354bb60ed349e8ddd6a33f696a225284ba98c88ad744194111f3ee83fce51e",
  "0007_programs": "4d4fad8d9033a75ab9220b8315e5f0c016a0c8de1aac34884655ca907f9825f6",
  "0008_notifications": "2092538bea5952b0766b7c7be6498045099a4c5065d521362d09bcf68116ed08",
  "0009_timetable": "e42365a7eefe3e061935bb27ed8d13851e1ce7097ec9169674f8fb4457425c48",
  "0010_renewals": "3976710b3849214e58756e06ba431bcb6d42c9ec7f31b5d89879af5972f58600",
  "0011_appointments": "e10411965ed11f0fcce1c0a78e44b5a9be6c51065c5619abbeba2ebb31e95b4d",
  "0012_erasures": "851d07b0758dbef642e6b81b2e0a1c9fb46375bbf2c0d469fbddac7503f51e93",
};

const ports = { clock: new FakeClock(), log: silentLog };
const names = readMigrations("sqlite").map((one) => one.name);

void test("a migration that was released is never changed, and none is added without freezing it", () => {
  for (const kind of ["sqlite", "postgres"] as const) {
    const known = readMigrations(kind);
    assert.deepEqual(
      Object.fromEntries(known.map((one) => [one.name, one.checksum])),
      frozen,
      "A migration differs from what was released: write a new one instead",
    );
    assert.deepEqual(
      known.map((one) => one.number),
      known.map((_, index) => index + 1),
    );
  }
});

void test("a word that is meant for one database is a comment in the other", () => {
  const text = "create table t (id /*sqlite integer*/ /*postgres bigint*/) /*sqlite without rowid*/;";
  assert.equal(forDialect(text, "sqlite"), "create table t (id integer ) without rowid;");
  assert.equal(forDialect(text, "postgres"), "create table t (id  bigint) ;");
});

void test("data of a newer Carillon and a changed migration are refused in plan", () => {
  const known: Migration[] = [{ number: 1, name: "0001_a", text: "", checksum: "x" }];
  const row = { number: 1, name: "0001_a", checksum: "x" };
  assert.deepEqual(planMigrations([], known), { applied: [], pending: ["0001_a"] });
  assert.deepEqual(planMigrations([row], known), { applied: ["0001_a"], pending: [] });
  assert.throws(
    () => planMigrations([row, { number: 2, name: "0002_b", checksum: "y" }], known),
    /newer Carillon.*0002_b/,
  );
  assert.throws(() => planMigrations([{ ...row, checksum: "z" }], known), /0001_a was changed/);
});

/** One database as migrations see it: how to open it, and how to tamper with what was applied. */
type Bench = {
  open(dryRun: boolean): ReturnType<typeof openAndMigrate>;
  tamper(sql: string): Promise<unknown>;
  close(): void;
};

async function onSqlite(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-migrate-"));
  const path = join(folder, "carillon.db");
  return Promise.resolve({
    open: (dryRun) => openAndMigrate({ kind: "sqlite", path }, ports, dryRun),
    tamper: async (sql) => {
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  });
}

async function onPostgres(): Promise<Bench> {
  const server = await testPostgres();
  const url = await server.freshDatabase({ empty: true });
  return {
    open: (dryRun) => openAndMigrate({ kind: "postgres", url }, ports, dryRun),
    tamper: (sql) => server.query(url, sql),
    close: () => {},
  };
}

for (const [kind, bench] of [
  ["sqlite", onSqlite],
  ["postgres", onPostgres],
] as const) {
  void test(`${kind}: a dry run tells what would be applied and applies nothing`, async () => {
    const { open, close } = await bench();
    for (const dryRun of [true, true, false]) {
      const { store, plan } = await open(dryRun);
      await store.close();
      assert.deepEqual(plan, { applied: [], pending: names });
    }
    const { store, plan } = await open(true);
    await store.close();
    assert.deepEqual(plan, { applied: names, pending: [] });
    close();
  });

  void test(`${kind}: data of a newer Carillon is refused, and left as it is`, async () => {
    const { open, tamper, close } = await bench();
    await (await open(false)).store.close();
    await tamper(
      "insert into migrations (number, name, checksum, applied_at) values (9999, '9999_later', 'x', 1)",
    );
    await assert.rejects(open(false), { name: "StoreError", message: /newer Carillon.*9999_later/ });
    await tamper("delete from migrations where number = 9999");
    await (await open(false)).store.close();
    close();
  });

  void test(`${kind}: a migration that was changed after it had been applied is refused`, async () => {
    const { open, tamper, close } = await bench();
    await (await open(false)).store.close();
    await tamper("update migrations set checksum = 'other' where number = 1");
    await assert.rejects(open(false), { name: "StoreError", message: /0001_calls was changed/ });
    close();
  });
}

void test("postgres: nodes that start together migrate once", async () => {
  const { open } = await onPostgres();
  const opened = await Promise.all([open(false), open(false), open(false), open(false)]);
  const applied = opened.map(({ plan }) => plan.pending.length);
  await Promise.all(opened.map(({ store }) => store.close()));
  assert.deepEqual(
    applied.toSorted((a, b) => a - b),
    [0, 0, 0, names.length],
  );
});
