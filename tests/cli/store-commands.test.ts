import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import { runCli } from "../../src/cli/program.ts";
import { fakeTerminal } from "./fake-terminal.ts";

test("migrate --dry-run lists what is missing and makes no file", async (t) => {
  const { folder, run } = setUp(t);
  const { code, result } = await run(["migrate", "--dry-run"]);
  assert.equal(code, 0);
  assert.ok((result["pending"] as string[]).includes("0001_calls"));
  assert.deepEqual(readdirSync(folder), []);
});

test("migrate applies everything once", async (t) => {
  const { run } = setUp(t);
  assert.ok(((await run(["migrate"])).result["pending"] as string[]).length > 0);
  const { result } = await run(["migrate"]);
  assert.deepEqual(result["pending"], []);
  assert.ok((result["applied"] as string[]).includes("0001_calls"));
});

test("backup copies the database while another process writes it", async (t) => {
  const { folder, path, run } = setUp(t);
  await run(["migrate"]);
  const writer = new DatabaseSync(path);
  t.after(() => writer.close());
  writer.exec("create table notes (text text); insert into notes values ('before')");
  writer.exec("begin immediate; insert into notes values ('not committed')");
  const { code, result } = await run(["backup", "copy.db"]);
  writer.exec("commit");
  assert.equal(code, 0);
  assert.equal(result["file"], join(folder, "copy.db"));
  const copy = new DatabaseSync(join(folder, "copy.db"), { readOnly: true });
  t.after(() => copy.close());
  assert.deepEqual(
    copy
      .prepare("select text from notes")
      .all()
      .map((row) => ({ ...row })),
    [{ text: "before" }],
  );
});

test("backup never overwrites a file (exit 5), and needs a database (exit 3)", async (t) => {
  const { folder, run } = setUp(t);
  assert.equal((await run(["backup", "copy.db"])).code, 3);
  assert.ok(!existsSync(join(folder, "copy.db")));
  await run(["migrate"]);
  assert.equal((await run(["backup", "copy.db"])).code, 0);
  assert.equal((await run(["backup", "copy.db"])).code, 5);
});

test("backup leaves Postgres to its own tools: exit 2", async (t) => {
  const { run } = setUp(t);
  assert.equal((await run(["backup", "copy.db", "--database-url", "postgres://h/d"])).code, 2);
});

test("a database that cannot be reached: exit 6", async (t) => {
  const { run } = setUp(t);
  const { code, result } = await run(["migrate", "--database-url", "postgres://127.0.0.1:1/d"]);
  assert.equal(code, 6);
  assert.equal(result["code"], "store_unavailable");
});

test("a database that another process has open: exit 6", async (t) => {
  const { path, run } = setUp(t);
  const owner = new DatabaseSync(`${path}.lock`);
  t.after(() => owner.close());
  owner.exec("begin exclusive");
  const { code, result } = await run(["migrate"]);
  assert.equal(code, 6);
  assert.match(String(result["detail"]), /in use by another Carillon/);
});

test("doctor without a server: exit 6, with every finding", async (t) => {
  const { run } = setUp(t);
  const { code, result } = await run(["doctor", "--url", "http://127.0.0.1:1"]);
  assert.equal(code, 6);
  const findings = result["findings"] as { check: string; state: string }[];
  const states = Object.fromEntries(findings.map(({ check, state }) => [check, state]));
  assert.equal(states["time zones"], "ok");
  assert.equal(states["database"], "ok");
  assert.equal(states["server"], "unavailable");
});

function setUp(t: { after(then: () => void): void }) {
  const folder = mkdtempSync(join(tmpdir(), "carillon-test-"));
  const path = join(folder, "test.db");
  t.after(() => rmSync(folder, { recursive: true }));
  const run = async (argv: readonly string[]) => {
    const terminal = fakeTerminal({ cwd: folder, env: { DATABASE_PATH: path, LOG_LEVEL: "silent" } });
    const code = await runCli([...argv, "--json"], terminal);
    return { code, result: JSON.parse(terminal.printed()) as Record<string, unknown> };
  };
  return { folder, path, run };
}
