import assert from "node:assert/strict";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { test } from "node:test";

import type { Program } from "../../src/ports/program.ts";
import { openStore } from "../../src/store/open.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { openHouse } from "../support/open-house.ts";
import { silentLog } from "../support/silent.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/how-to/add-a-program.md"), "utf8");

/** The files that the page shows, by their paths. */
function files(): ReadonlyMap<string, string> {
  const blocks = [...page.matchAll(/```(?:ts|sql)\n(?:\/\/|--) (\S+)\n([\s\S]*?)```/g)];
  return new Map(blocks.map(([, path = "", text = ""]) => [path, text]));
}

test("the program of the page works as the page says", async (context) => {
  const made = mkdtempSync(join(root, ".made-"));
  context.after(() => rmSync(made, { recursive: true }));
  for (const [path, text] of files()) {
    if (!path.startsWith("src/programs/wakeups/")) continue;
    const target = join(made, path);
    mkdirSync(dirname(target), { recursive: true });
    const source = pathToFileURL(join(root, "src/")).href;
    writeFileSync(target, text.replaceAll(/"\.\.\/\.\.\/(ports|domain)\//g, `"${source}$1/`));
  }
  const { program } = (await import(pathToFileURL(join(made, "src/programs/wakeups/program.ts")).href)) as {
    program: Program;
  };
  const store = await openStore(
    { kind: "sqlite", path: ":memory:" },
    { clock: { now: () => 0 } as never, log: silentLog },
  );
  assert.ok(store instanceof SqliteStore);
  store.database.exec(files().get("migrations/0100_wakeups.sql") ?? "");

  const house = await openHouse({ store, programs: [program] });
  const wake = (room: string, to: string) => house.ask("POST", "/v1/wakeups/", { room, to, in_minutes: 30 });
  const answer = await wake("12", "+12125550100");
  assert.equal(answer.statusCode, 201, answer.body);
  assert.equal((await wake("13", "+12125550102")).statusCode, 201);
  assert.equal((await house.ask("POST", "/v1/wakeups/", { room: "14" })).statusCode, 422);
  const up = async () =>
    (await house.ask("GET", "/v1/wakeups/")).json<{ data: { room: string; is_up: boolean }[] }>().data;
  assert.deepEqual(await up(), [
    { room: "13", is_up: false },
    { room: "12", is_up: false },
  ]);
  await house.advance(40 * 60_000);
  assert.equal((await up()).find(({ room }) => room === "12")?.is_up, true);
  const asked = await house.ask("POST", "/v1/timetable/count-sleepers/run-now", {});
  assert.ok(asked.statusCode < 300, asked.body);
  await house.advance(1000);
  const run = await house.ask("GET", "/v1/timetable/count-sleepers/runs");
  assert.equal(run.json<{ data: { status: string }[] }>().data[0]?.status, "succeeded", run.body);
});
