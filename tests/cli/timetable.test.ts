import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";

import { monitorPage } from "../../src/cli/monitor-page.ts";
import { runCli } from "../../src/cli/program.ts";
import { loadZones } from "../../src/system/zones.ts";
import { type Asked, type Answer, fakeServer } from "./fake-server.ts";
import { fakeTerminal } from "./fake-terminal.ts";

const run = {
  id: "run_1",
  job: "generate-daily-statistics",
  queue: "maintenance",
  status: "waiting",
  trigger: "open",
  at: "2026-11-22T12:00:00Z",
  coalesced: 0,
  started_at: null,
  ended_at: null,
  duration_ms: null,
  tries: 0,
  result: null,
  error: null,
};
const done = {
  ...run,
  status: "succeeded",
  started_at: "2026-11-22T12:00:00Z",
  ended_at: "2026-11-22T12:00:01Z",
  duration_ms: 1000,
  tries: 1,
  result: { appointments_completed: 12, by: { cut: 3 } },
};
const failed = { ...done, job: "cleanup-stale-chatrooms", status: "failed", result: null, error: "no room" };

/** A server on which runs wait at first, and then are as `ends` says. */
async function serverOf(
  t: TestContext,
  ends: (job: string) => object,
  answer?: (asked: Asked) => Answer | null,
) {
  const looked = new Map<string, number>();
  const server = await fakeServer((asked) => {
    const own = answer?.(asked);
    if (own !== undefined && own !== null) return own;
    const [, , , first = "", id = ""] = asked.path.split("/");
    if (asked.method === "POST") return { status: 202, body: { ...run, job: first, id: `of-${first}` } };
    const times = (looked.get(id) ?? 0) + 1;
    looked.set(id, times);
    const job = id.replace(/^of-/, "");
    return {
      status: 200,
      body: times < 3 ? { ...run, job, id, status: "running" } : { ...ends(job), job, id },
    };
  });
  t.after(() => server.close());
  return server;
}

test("a task is run to its end, and what came of it is shown", async (t) => {
  const server = await serverOf(t, () => done);
  const terminal = fakeTerminal({ env: { CARILLON_URL: server.url } });
  assert.equal(await runCli(["manage", "task:stats"], terminal), 0);
  assert.match(
    terminal.printed(),
    /job +generate-daily-statistics\nstatus +succeeded\n[^]+took +1\.0 s\n\nappointments completed +12\nby cut +3\n/,
  );
  assert.equal(server.asked.filter(({ method }) => method === "POST").length, 1);
});

test("every cleanup has its turn, and one that failed makes the exit 1", async (t) => {
  const server = await serverOf(t, (job) => (job === failed.job ? failed : done));
  const terminal = fakeTerminal({ env: { CARILLON_URL: server.url } });
  assert.equal(await runCli(["manage", "task:cleanup"], terminal), 1);
  assert.deepEqual(
    server.asked.filter(({ method }) => method === "POST").map(({ path }) => path.split("/")[3]),
    ["cleanup-old-notifications", "cleanup-expired-appointments", "cleanup-stale-chatrooms"],
  );
  assert.match(terminal.printed(), /job +cleanup-stale-chatrooms\nstatus +failed\n[^]+error +no room\n/);
});

test("a run that is under way already is followed", async (t) => {
  const server = await serverOf(
    t,
    () => done,
    ({ method }) =>
      method === "POST"
        ? {
            status: 409,
            body: {
              title: "It runs",
              code: "job_running",
              detail: "It runs.",
              run_id: "of-send",
              status: 409,
            },
          }
        : null,
  );
  const terminal = fakeTerminal({ env: { CARILLON_URL: server.url } });
  assert.equal(await runCli(["timetable", "run", "send", "--json"], terminal), 0);
  assert.equal((JSON.parse(terminal.printed()) as { id: string }).id, "of-send");
});

test("a run that no worker takes is waited for ten minutes, and the exit is 8 with the cure", async (t) => {
  const server = await fakeServer(() => ({ status: 200, body: run }));
  t.after(() => server.close());
  const terminal = fakeTerminal({ env: { CARILLON_URL: server.url } });
  assert.equal(await runCli(["manage", "task:stats", "--json"], terminal), 8);
  const problem = JSON.parse(terminal.printed()) as Record<string, string>;
  assert.match(problem["hint"] ?? "", /carillon worker --queues maintenance/);
});

test("a task needs a running server: exit 6, with the cure", async () => {
  const gone = await fakeServer(() => ({ status: 200, body: {} }));
  await gone.close();
  const terminal = fakeTerminal({ env: { CARILLON_URL: gone.url } });
  assert.equal(await runCli(["manage", "task:send-reminders"], terminal), 6);
  assert.match(terminal.errors(), /No Carillon answers/);
});

test("db:reset asks on a terminal, needs --yes elsewhere, and empties the database", async (t) => {
  const { path, env } = folderFor(t);
  const say = (input: string, isTty: boolean) => fakeTerminal({ env, input, isTty });
  assert.equal(await runCli(["migrate"], say("", false)), 0);
  const db = new DatabaseSync(path);
  db.exec(
    "insert into workspaces (id, name, stopped_at, stopped_reason, plan_version, created_at) values (7, 'kept', null, null, 1, 0)",
  );
  const kept = (): number => Number(db.prepare("select count(*) as count from workspaces").get()?.["count"]);
  const silent = say("", false);
  assert.equal(await runCli(["manage", "db:reset"], silent), 2);
  assert.match(silent.errors(), /--yes/);
  const unsure = say("no", true);
  assert.equal(await runCli(["manage", "db:reset"], unsure), 1);
  assert.match(unsure.errors(), /Type "reset" to go on/);
  assert.equal(kept(), 1);
  db.close();
  writeFileSync(`${path}.sandbox`, "");
  assert.equal(await runCli(["manage", "db:reset"], say("reset", true)), 0);
  assert.ok(!existsSync(`${path}.sandbox`));
  const after = new DatabaseSync(path);
  t.after(() => after.close());
  assert.equal(after.prepare("select count(*) as count from workspaces").get()?.["count"], 0);
  assert.ok(Number(after.prepare("select count(*) as count from migrations").get()?.["count"]) >= 9);
});

test("db:reset, and a second worker, leave a file alone that another process has", async (t) => {
  const { path, env } = folderFor(t);
  const owner = new DatabaseSync(`${path}.lock`);
  t.after(() => owner.close());
  owner.exec("begin exclusive");
  assert.equal(await runCli(["manage", "db:reset", "--yes"], fakeTerminal({ env })), 6);
  const terminal = fakeTerminal({ env });
  assert.equal(await runCli(["worker", "--queues", "reviews"], terminal), 5);
  assert.match(terminal.errors(), /does this work itself/);
  assert.match(terminal.errors(), /set DATABASE_URL/);
});

test("a queue that is none, and a concurrency that is none, are refused before anything starts", async () => {
  const terminal = fakeTerminal();
  assert.equal(await runCli(["worker", "--queues", "reviews,naps"], terminal), 2);
  assert.match(terminal.errors(), /--queues has "naps"/);
  assert.equal(await runCli(["worker", "--concurrency", "0"], fakeTerminal()), 2);
});

test("the monitoring page answers on this machine alone, shows runs as text, and passes health on", async (t) => {
  const answers: Readonly<Record<string, unknown>> = {
    "/v1/workers": { data: [] },
    "/v1/timetable": { data: [] },
    "/v1/workers/stats": { since: run.at, queues: [], jobs: [] },
    "/health": { status: "healthy" },
  };
  const server = await fakeServer(({ path }) => {
    const [asked = ""] = path.split("?");
    return { status: 200, body: answers[asked] ?? { data: [{ ...failed, error: "<b>no</b> room" }] } };
  });
  t.after(() => server.close());
  const started = Promise.withResolvers<string>();
  const terminal = fakeTerminal({
    env: { CARILLON_URL: server.url },
    out: (text) => started.resolve((JSON.parse(text) as { url: string }).url),
  });
  const ended = runCli(["manage", "celery:flower", "--port", "0", "--json"], terminal);
  const { port } = new URL(await started.promise);
  const page = await fetch(`http://127.0.0.1:${port}/`);
  const html = await page.text();
  assert.equal(page.status, 200);
  assert.match(html, /<td>&lt;b&gt;no&lt;\/b&gt; room<\/td>/);
  assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.deepEqual(await (await fetch(`http://127.0.0.1:${port}/health`)).json(), { status: "healthy" });
  assert.equal((await fetch(`http://127.0.0.1:${port}/`, { method: "POST" })).status, 405);
  const { request } = await import("node:http");
  const foreign = await new Promise<number>((resolve) => {
    request({ port, host: "127.0.0.1", headers: { host: "evil.example" } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    }).end();
  });
  assert.equal(foreign, 403);
  terminal.interrupt();
  assert.equal(await ended, 0);
});

test("the monitoring page says how often jobs succeed and how long they take", () => {
  const utc = loadZones().zone("UTC");
  assert.ok(utc !== undefined);
  const html = monitorPage(
    {
      url: "http://localhost:8090",
      workers: [],
      active: [],
      history: [],
      jobs: [
        {
          name: "sweep",
          title: "",
          program: "chores",
          queue: "maintenance",
          rule: "0 * * * *",
          description: "every hour, UTC",
          timezone: "UTC",
          enabled: true,
          driven_by: null,
          edited: false,
          next_run_at: "2026-11-22T13:00:00Z",
          last_run: null,
          version: 1,
        },
      ],
      stats: {
        since: run.at,
        queues: [],
        jobs: [
          {
            name: "sweep",
            queue: "maintenance",
            succeeded: 3,
            failed: 1,
            missed: 0,
            average_ms: 1500,
            longest_ms: 4000,
          },
        ],
      },
    },
    Date.UTC(2026, 10, 22, 12),
    utc,
  );
  assert.match(html, /<td>sweep<\/td>.*<td>75 %<\/td><td>1\.5 s<\/td><td>4\.0 s<\/td>/);
});

function folderFor(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "carillon-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "test.db");
  return { path, env: { DATABASE_PATH: path, LOG_LEVEL: "silent" } };
}
