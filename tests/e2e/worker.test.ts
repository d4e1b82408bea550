import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { testPostgres } from "../support/postgres.ts";
import { freePort } from "../support/free-port.ts";
import { runCarillon, runHere } from "./carillon.ts";

/** A process that stays up, once it has said that it is. */
async function started(t: TestContext, argv: readonly string[], cwd: string, env: Record<string, string>) {
  const one = runCarillon([...argv, "--json", "--log-level", "error"], { cwd, env });
  t.after(async () => {
    one.child.kill("SIGKILL");
    await one.ended;
  });
  await new Promise<void>((resolve, reject) => {
    one.child.stdout?.once("data", () => resolve());
    one.ended.then(({ err }) => reject(new Error(`${argv.join(" ")} ended: ${err}`)), reject);
  });
  return one;
}

test("beside a server that only answers, a worker runs the jobs of its queues, and leaves the others and the calls", async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), "carillon-worker-"));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  const port = String(await freePort());
  const env = {
    DATABASE_URL: await (await testPostgres()).freshDatabase(),
    CARILLON_SECRET: "a secret for tests alone, long enough",
    CARILLON_URL: `http://127.0.0.1:${port}`,
  };
  await started(t, ["serve", "--port", port, "--queues", "none"], cwd, env);
  const worker = await started(t, ["worker", "--queues", "maintenance"], cwd, env);
  const run = async <T>(...argv: string[]): Promise<T> => {
    const { code, out, err } = await runHere([...argv, "--json"], cwd, env);
    assert.equal(code, 0, `${argv.join(" ")}: ${out}${err}`);
    return JSON.parse(out) as T;
  };
  const done = await run<{ status: string; tries: number }>("timetable", "run", "generate-daily-statistics");
  assert.deepEqual([done.status, done.tries], ["succeeded", 1]);
  await run("timetable", "run", "check-appointment-reminders", "--no-wait");
  const call = await run<{ id: string }>("call", "+12125550100");
  await run("timetable", "run", "check-database-health");
  const { waiting } = await run<{ waiting: { job: string }[] }>("workers", "scheduled");
  assert.deepEqual(
    waiting.map(({ job }) => job),
    ["check-appointment-reminders"],
  );
  assert.equal((await run<{ attempts: number }>("calls", "show", call.id)).attempts, 0);
  const { data } = await run<{ data: { calls: boolean; queues: string[] }[] }>("workers", "list");
  assert.deepEqual(
    data.map(({ calls, queues }) => [calls, queues]),
    [
      [false, []],
      [false, ["maintenance"]],
    ],
  );
  worker.child.kill("SIGTERM");
  assert.equal((await worker.ended).code, 0);
  assert.equal((await run<{ data: unknown[] }>("workers", "list")).data.length, 1);
});
