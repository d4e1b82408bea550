import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { openStore } from "../../src/store/open.ts";
import { loadZones } from "../../src/system/zones.ts";
import { type TestEngine, startEngine } from "../support/engine.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { silentLog } from "../support/silent.ts";

const minute = 60_000;
const iso = (at: number): string => new Date(at).toISOString();

function databaseOf(t: TestEngine): DatabaseSync {
  assert.ok(t.store.inner instanceof SqliteStore);
  return t.store.inner.database;
}

void test("changed calling hours plan every waiting call anew, and what may be called earlier is", async () => {
  const t = await startEngine();
  await t.engine.createHours(t.actor, { name: "day", weekly: { wed: ["09:00-11:00"] } });
  const call = await t.call({ in: "1h", hours: "day" });
  assert.equal(iso(call.dueAt), "2026-12-02T14:00:00.000Z");
  await t.engine.updateHours(t.actor, "day", { weekly: { tue: ["09:00-18:00"] } });
  await t.advance(minute);
  const moved = await t.look(call);
  assert.equal(moved.dueAt, call.requestedAt);
  const events = await t.engine.listCallEvents(t.actor, call.id);
  assert.equal(events.at(-1)?.reason, "hours_changed");
  await t.engine.updateHours(t.actor, "day", { weekly: { thu: ["09:00-18:00"] } });
  await t.advance(2 * 3_600_000);
  assert.equal(t.network.witness().length, 0, "nobody is dialed in hours that were closed meanwhile");
  assert.equal(iso((await t.look(call)).dueAt), "2026-12-03T14:00:00.000Z");
});

void test("new zone data plans every waiting call anew at the next start", async () => {
  const t = await startEngine();
  await t.engine.createHours(t.actor, { name: "day", weekly: { wed: ["09:00-11:00"] } });
  const call = await t.call({ in: "1h", hours: "day" });
  const book = loadZones();
  const moscow = book.zone("Europe/Moscow");
  assert.ok(moscow);
  const next = await t.afterKill({
    zones: {
      ...book,
      version: "2099z",
      names: () => book.names(),
      zone: (name) => (name === "America/New_York" ? { ...moscow, name } : book.zone(name)),
    },
  });
  await next.advance(minute);
  assert.equal(iso((await next.look(call)).dueAt), "2026-12-02T06:00:00.000Z");
});

void test("a row that cannot be read is parked with its reason and never blocks its neighbours", async () => {
  const t = await startEngine();
  await t.engine.createHours(t.actor, {
    name: "all week",
    weekly: Object.fromEntries(
      ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((day) => [day, ["00:00-24:00"]]),
    ),
  });
  const calls = [];
  for (let index = 0; index < 9; index += 1)
    calls.push(await t.call({ in: "10m", to: "+12125550100", hours: "all week" }));
  const spoil = (index: number, text: string) =>
    databaseOf(t)
      .prepare(
        "update call_documents set document = ? where call_id = (select call_id from call_documents order by call_id limit 1 offset ?)",
      )
      .run(text, index);
  spoil(2, "{");
  spoil(4, "null");
  spoil(6, '{"metadata":3}');
  await t.advance(15 * minute);
  const statuses = await Promise.all(calls.map(async (call) => (await t.look(call)).status));
  assert.equal(statuses.filter((status) => status === "completed").length, 6, statuses.join());
  for (const index of [2, 4, 6]) {
    assert.equal(statuses[index], "needs_review", `call ${index}`);
    assert.equal((await t.engine.getCall(t.actor, calls[index]?.id ?? "")).reason, "undecodable");
  }
  assert.equal((await t.engine.getLine(t.actor, "sandbox")).slotsUsed, 0);
  const { data } = await t.engine.listCalls(t.actor, {}, { limit: 20 });
  assert.equal(data.length, 9);
  const canceled = await t.engine.cancel(t.actor, calls[2]?.id ?? "");
  assert.equal(canceled.status, "canceled");
});

void test("unreadable rows are also parked when calling hours change", async () => {
  const t = await startEngine();
  await t.engine.createHours(t.actor, { name: "day", weekly: { wed: ["09:00-11:00"] } });
  const bad = await t.call({ in: "1h", hours: "day" });
  databaseOf(t).exec("update call_documents set document = 'garbage'");
  const good = await t.call({ in: "1h", hours: "day" });
  await t.engine.updateHours(t.actor, "day", { weekly: { tue: ["09:00-18:00"] } });
  await t.advance(minute);
  assert.equal((await t.look(bad)).reason, "undecodable");
  assert.equal((await t.look(good)).dueAt, good.requestedAt);
});

void test("with encryption on, no number and no word of a call stands in the files, and all can be read", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "carillon-sealed-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "carillon.db");
  const store = await openStore({ kind: "sqlite", path }, { clock: new FakeClock(), log: silentLog });
  const encryptionKeys = [{ id: "k1", key: new Uint8Array(32).fill(7) }];
  const t = await startEngine({ store, encryptionKeys, journalPath: join(folder, "journal") });
  const secret = { to: "+12125557733", name: "Zerlina Quux", metadata: { policy: "planted-4711" } };
  const call = await t.call(secret);
  await t.engine.createSuppression(t.actor, { to: "+12125557744" });
  await t.advance(2 * minute);
  const view = await t.look(call);
  assert.deepEqual(
    [view.status, view.to, view.name, view.metadata],
    ["completed", secret.to, secret.name, secret.metadata],
  );
  const found = await t.engine.listCalls(t.actor, { to: secret.to }, { limit: 5 });
  assert.equal(found.data.length, 1);
  await t.store.close();
  for (const file of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, file)).toString("latin1");
    for (const word of ["2125557733", "2125557744", "Zerlina", "planted-4711"])
      assert.ok(!bytes.includes(word), `${word} stands in ${file}`);
  }
  const wrongKey = await startEngine({
    store: await openStore({ kind: "sqlite", path }, { clock: new FakeClock(), log: silentLog }),
    encryptionKeys: [{ id: "k2", key: new Uint8Array(32).fill(9) }],
    startAt: t.clock.now(),
  });
  assert.equal((await wrongKey.look(call)).to, "", "another key opens nothing and breaks nothing");
  await wrongKey.store.close();
});
