import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Store } from "../../src/ports/store.ts";
import { openStore } from "../../src/store/open.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { callRow, documentRow, workspaceRow } from "../support/rows.ts";
import { silentLog } from "../support/silent.ts";

const holder = fileURLToPath(new URL("../support/hold-store.ts", import.meta.url));

function fileFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "carillon-file-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "carillon.db");
}

function open(path: string): Promise<Store> {
  return openStore({ kind: "sqlite", path }, { clock: new FakeClock(), log: silentLog });
}

/** Starts a process that opens the file, and waits until it has it. */
async function holdFile(path: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [holder, path], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`the holder ended with ${code}`)));
  });
  return child;
}

void test("a second process on the same file is refused, until the first has died, however it died", async (t) => {
  const path = fileFor(t);
  const child = await holdFile(path);
  const ended = new Promise((resolve) => child.once("close", resolve));
  await assert.rejects(open(path), {
    name: "StoreError",
    fault: "busy",
    message: /is in use by another Carillon process/,
  });
  child.kill("SIGKILL");
  await ended;
  const store = await open(path);
  await store.close();
});

void test("a file is owned once, also under another name for it", async (t) => {
  const path = fileFor(t);
  const store = await open(path);
  const roundabout = join(path, "..", "..", path.split("/").at(-2) ?? "", "carillon.db");
  await assert.rejects(open(roundabout), { fault: "busy" });
  symlinkSync(path, `${path}.link`);
  await assert.rejects(open(`${path}.link`), { fault: "busy" });
  await store.close();
});

void test("every commit is flushed, the log is bounded, and nobody waits long for a lock", (t) => {
  const store = new SqliteStore({ path: fileFor(t), log: silentLog });
  const value = (name: string): unknown =>
    Object.values(store.database.prepare(`pragma ${name}`).get() ?? {})[0];
  assert.equal(value("journal_mode"), "wal");
  assert.equal(value("synchronous"), 2);
  assert.equal(value("journal_size_limit"), 64 * 1024 * 1024);
  assert.ok(Number(value("wal_autocheckpoint")) > 0);
  assert.ok(Number(value("busy_timeout")) <= 50);
  return store.close();
});

void test("a transaction takes the write lock at its start, so that a reading one never fails half-way", async (t) => {
  const path = fileFor(t);
  const store = await open(path);
  const other = new DatabaseSync(path);
  other.exec("begin immediate");
  const read = store.run("only reads", () => store.statements.workspaces.all({}));
  await assert.rejects(read, { name: "StoreError", fault: "busy" });
  other.exec("rollback");
  other.close();
  assert.deepEqual(await store.run("only reads", () => store.statements.workspaces.all({})), []);
  await store.close();
});

async function filledFile(path: string): Promise<void> {
  const store = await open(path);
  await store.run("fill", function* () {
    const rows = Array.from({ length: 2000 }, (_, index) => callRow(index + 1));
    yield* store.statements.calls.insert(rows);
    yield* store.statements.documents.insert(rows.map((row) => documentRow(row.id)));
  });
  await store.close();
}

void test("a damaged file is refused with a word on what to do, and is left as it is", async (t) => {
  const path = fileFor(t);
  await filledFile(path);
  const middle = Math.floor(statSync(path).size / 2 / 4096) * 4096;
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(8192, 0xa5), 0, 8192, middle);
  closeSync(file);
  const evidence = readFileSync(path);
  for (let again = 0; again < 2; again += 1) {
    await assert.rejects(open(path), {
      name: "StoreError",
      fault: "broken",
      message: /is damaged.*restore a backup/,
    });
  }
  assert.ok(evidence.equals(readFileSync(path)));
});

void test("a file that is no database is refused with the same clear word", async (t) => {
  const path = fileFor(t);
  writeFileSync(path, "This was a letter, once.\n".repeat(500));
  const before = readFileSync(path);
  await assert.rejects(open(path), {
    name: "StoreError",
    fault: "broken",
    message: /is damaged.*restore a backup/,
  });
  assert.ok(before.equals(readFileSync(path)));
});

void test("a copy made while calls are written opens, is whole, and holds what was there before", async (t) => {
  const path = fileFor(t);
  const store = await open(path);
  const write = (id: number) =>
    store.run("write", function* () {
      yield* store.statements.calls.insert([callRow(id)]);
      yield* store.statements.documents.insert([documentRow(id)]);
    });
  for (let id = 1; id <= 300; id += 1) await write(id);
  const copy = `${path}.copy`;
  let copied = false;
  const backup = store.backup(copy).then(() => (copied = true));
  let id = 300;
  do {
    id += 1;
    await write(id);
    await new Promise((resolve) => setImmediate(resolve));
  } while (!copied);
  await backup;
  await assert.rejects(store.backup(copy), /exists already/);
  await store.close();
  const restored = await open(copy);
  const ids = Array.from({ length: id }, (_, index) => ({ id: index + 1 }));
  const calls = await restored.read("read", () => restored.statements.calls.byIds(ids));
  const documents = await restored.read("read", () =>
    restored.statements.documents.byIds(ids.map((one) => ({ call_id: one.id }))),
  );
  assert.ok(calls.length >= 300);
  assert.equal(documents.length, calls.length, "a transaction was copied by half");
  await restored.close();
});

void test("what is full is said to be full, keeps what it had, and goes on once there is room", async (t) => {
  const path = fileFor(t);
  const store = new SqliteStore({ path, log: silentLog });
  await store.close();
  await filledFile(path);
  const full = new SqliteStore({ path, log: silentLog });
  const pages = Object.values(full.database.prepare("pragma page_count").get() ?? {})[0];
  full.database.exec(`pragma max_page_count = ${Number(pages)}`);
  const more = () =>
    full.run("more", () =>
      full.statements.calls.insert(Array.from({ length: 2000 }, (_, index) => callRow(5000 + index))),
    );
  await assert.rejects(more(), { name: "StoreError", fault: "full" });
  await assert.rejects(more(), { name: "StoreError", fault: "full" });
  const there = await full.read("read", () => full.statements.calls.byIds([{ id: 1 }, { id: 5000 }]));
  assert.deepEqual(
    there.map((row) => row.id),
    [1],
  );
  full.database.exec("pragma max_page_count = 1000000");
  await more();
  await full.run("small", () => full.statements.workspaces.insert([workspaceRow(1)]));
  await full.close();
});
