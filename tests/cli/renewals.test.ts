import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { runCli } from "../../src/cli/program.ts";
import { openRenewals, phoneOf } from "../programs/renewals/house.ts";

import { fakeTerminal } from "./fake-terminal.ts";

/** The renewals behind a socket, and a folder with a file of two customers and a spoiled row. */
async function open(context: TestContext) {
  const house = await openRenewals();
  const port = await house.server.listen();
  const cwd = mkdtempSync(join(tmpdir(), "carillon-cli-"));
  const rows = [
    "name,phone,policy_number,duration_months,end_date",
    `Asha Rao,${phoneOf(1)},HP,12,2026-12-20`,
    `Ravi Iyer,${phoneOf(2)},HP,12,2026-12-05`,
    "Spoiled,12,HP,12,2026-12-05",
  ];
  writeFileSync(join(cwd, "customers.csv"), rows.join("\n"));
  context.after(async () => {
    await house.server.close(0);
    await house.engine.stop(0);
    rmSync(cwd, { recursive: true, force: true });
  });
  return {
    house,
    run: async (...argv: string[]) => {
      const terminal = fakeTerminal({ cwd, env: { CARILLON_URL: `http://127.0.0.1:${port}` } });
      const exit = await runCli(["renewals", ...argv], terminal);
      return { exit, printed: terminal.printed(), errors: terminal.errors() };
    },
  };
}

test("a file is previewed, then imported; a rejected row is named", async (context) => {
  const { house, run } = await open(context);
  const preview = await run("import", "customers.csv", "--preview");
  assert.equal(preview.exit, 0);
  assert.match(preview.printed, /^Preview, nothing was written\. 3 rows: 2 customers made/);
  assert.match(preview.printed, /\n {2}line 4: /);
  assert.deepEqual(await house.get("/api/customers"), []);
  assert.equal((await run("import", "customers.csv", "--strict")).exit, 1);
  const again = await run("import", "customers.csv", "--json");
  assert.equal((JSON.parse(again.printed) as { unchanged: number }).unchanged, 2);
});

test("the soonest are listed, and called", async (context) => {
  const { run } = await open(context);
  assert.equal((await run("pending")).printed, "Nobody is to be called.\n");
  await run("import", "customers.csv");
  const { printed } = await run("pending", "--days", "10");
  assert.match(printed, /^NAME .*\nRavi Iyer .* 2026-12-05 {2}4 /);
  assert.doesNotMatch(printed, /Asha/);
  const ran = await run("run", "--days", "10");
  assert.match(ran.printed, /^Scheduler triggered for 10 days expiry window: 1 calls \(op_/);
});

test("settings are shown and changed, and what is wrong with one is said in a sentence", async (context) => {
  const { run } = await open(context);
  const changed = await run(
    "config",
    "--time",
    "11:00",
    "--enabled",
    "off",
    "--calls-per-day",
    "100",
    "--json",
  );
  const settings = JSON.parse(changed.printed) as Record<string, unknown>;
  assert.deepEqual(
    [settings["daily_call_time"], settings["enabled"], settings["max_calls_per_day"]],
    ["11:00", false, 100],
  );
  assert.match((await run("config")).printed, /^enabled +false\ndaily_call_time +11:00\n/);
  const wrong = await run("config", "--days", "0");
  assert.equal(wrong.exit, 2);
  assert.match(wrong.errors, /days_before_expiry: Input should be greater than or equal to 1\./);
  assert.equal((await run("config", "--enabled", "perhaps")).exit, 2);
  assert.equal((await run("import", "nowhere.csv")).exit, 2);
});
