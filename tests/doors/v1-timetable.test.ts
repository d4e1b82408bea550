import assert from "node:assert/strict";
import { test } from "node:test";

import { openHouse } from "../support/open-house.ts";
import { playChores, sweep } from "../support/chores.ts";

const hour = 3_600_000;
const path = `/v1/timetable/${sweep.name}`;

test("the timetable shows each job with its last and next run", async () => {
  const chores = playChores();
  const t = await openHouse({ programs: [chores.program] });
  await t.advance(hour);
  const page = (await t.ask("GET", "/v1/timetable")).json();
  const [{ last_run: run, ...job }] = page.data;
  assert.deepEqual(job, {
    name: "sweep-floors",
    title: "Sweeps the floors.",
    program: "chores",
    queue: "maintenance",
    rule: "0 * * * *",
    description: "every hour, UTC",
    timezone: "UTC",
    enabled: true,
    driven_by: null,
    edited: false,
    next_run_at: "2026-12-01T17:00:00Z",
    version: 1,
  });
  const { id, ...rest } = run;
  assert.match(id, /^run_/);
  assert.deepEqual(rest, {
    job: "sweep-floors",
    queue: "maintenance",
    status: "succeeded",
    trigger: "schedule",
    at: "2026-12-01T16:00:00Z",
    coalesced: 0,
    started_at: "2026-12-01T16:00:00Z",
    ended_at: "2026-12-01T16:00:00Z",
    duration_ms: 0,
    tries: 1,
    result: { done: 0 },
    error: null,
  });
  assert.deepEqual((await t.ask("GET", `/v1/timetable/runs/${id}`)).json(), run);
  assert.equal((await t.ask("GET", "/v1/timetable/wash-cars")).statusCode, 404);
});

test("a job is edited with its ETag, paused and resumed", async () => {
  const t = await openHouse({ programs: [playChores().program] });
  const got = await t.ask("GET", path);
  assert.equal(got.headers["etag"], '"1"');
  const patch = { rule: "30 6 * * 1-5", timezone: "Asia/Kolkata" };
  const edited = await t.ask("PATCH", path, patch, { "if-match": '"1"' });
  assert.equal(edited.statusCode, 200, edited.body);
  assert.deepEqual(
    [edited.json().description, edited.json().next_run_at, edited.json().edited],
    ["weekdays at 06:30, Asia/Kolkata", "2026-12-02T01:00:00Z", true],
  );
  assert.equal((await t.ask("PATCH", path, patch, { "if-match": '"1"' })).statusCode, 412);
  const wrong = await t.ask("PATCH", path, { rule: "every now and then" });
  assert.deepEqual([wrong.statusCode, wrong.json().errors[0].pointer], [422, "/rule"]);
  const paused = (await t.ask("POST", `${path}/pause`)).json();
  assert.deepEqual([paused.enabled, paused.next_run_at], [false, null]);
  const resumed = (await t.ask("POST", `${path}/resume`)).json();
  assert.deepEqual([resumed.enabled, resumed.next_run_at], [true, "2026-12-02T01:00:00Z"]);
  const back = (await t.ask("PATCH", path, { rule: null, timezone: null })).json();
  assert.equal(back.description, "every hour, UTC");
});

test("a job that a setting of its program drives says where it is edited", async () => {
  const driven = { ...sweep, drivenBy: "PUT /api/scheduler/config sets it" };
  const t = await openHouse({ programs: [playChores([driven]).program] });
  const refused = await t.ask("POST", `${path}/pause`);
  assert.deepEqual([refused.statusCode, refused.json().code], [409, "job_driven"]);
  assert.match(refused.json().detail, /PUT \/api\/scheduler\/config sets it/);
});

test("a run is asked for once at a time, and can be followed to its end", async () => {
  const chores = playChores();
  const t = await openHouse({ programs: [chores.program] });
  const release = chores.hold(sweep.name);
  const asked = await t.ask("POST", `${path}/run-now`);
  assert.equal(asked.statusCode, 202, asked.body);
  const where = asked.headers["location"] as string;
  assert.equal((await t.ask("GET", where)).json().status, "running");
  const again = await t.ask("POST", `${path}/run-now`);
  assert.deepEqual(
    [again.statusCode, again.json().code, again.json().run_id],
    [409, "job_running", asked.json().id],
  );
  const running = (await t.ask("GET", "/v1/timetable/runs?status=running")).json().data;
  assert.deepEqual(
    running.map((run: { id: string }) => run.id),
    [asked.json().id],
  );
  const [worker] = (await t.ask("GET", "/v1/workers")).json().data;
  assert.deepEqual(
    [worker.status, worker.calls, worker.concurrency, worker.running.length],
    ["alive", true, 4, 1],
  );
  release();
  await t.drain();
  assert.equal((await t.ask("GET", where)).json().status, "succeeded");
});

test("the history comes in pages, newest first", async () => {
  const t = await openHouse({ programs: [playChores().program] });
  await t.advance(3 * hour);
  const first = (await t.ask("GET", `${path}/runs?limit=2`)).json();
  assert.deepEqual(
    [first.data.map((run: { at: string }) => run.at), first.has_more],
    [["2026-12-01T18:00:00Z", "2026-12-01T17:00:00Z"], true],
  );
  const rest = (await t.ask("GET", `${path}/runs?limit=2&cursor=${first.next_cursor}`)).json();
  assert.deepEqual([rest.data.length, rest.has_more], [1, false]);
  const foreign = await t.ask("GET", `/v1/timetable/runs?cursor=${first.next_cursor}`);
  assert.deepEqual([foreign.statusCode, foreign.json().code], [400, "invalid_cursor"]);
  const stats = (await t.ask("GET", "/v1/workers/stats")).json();
  assert.deepEqual(stats.jobs, [
    {
      name: "sweep-floors",
      queue: "maintenance",
      succeeded: 3,
      failed: 0,
      missed: 0,
      average_ms: 0,
      longest_ms: 0,
    },
  ]);
});

test("another workspace has the jobs too, and sees no run but its own", async () => {
  const chores = playChores();
  const t = await openHouse({ programs: [chores.program] });
  const run = await t.engine.runJobNow(t.actor, sweep.name);
  const { secret } = await t.engine.createKey(t.actor, {
    name: "other",
    scopes: ["timetable:read"],
    workspace: "elsewhere",
  });
  const bearer = { authorization: `Bearer ${secret}` };
  const jobs = (await t.ask("GET", "/v1/timetable", undefined, bearer)).json().data;
  assert.deepEqual(
    jobs.map((job: { name: string; last_run: unknown }) => [job.name, job.last_run]),
    [["sweep-floors", null]],
  );
  assert.equal((await t.ask("GET", `/v1/timetable/runs/${run.id}`, undefined, bearer)).statusCode, 404);
  assert.deepEqual((await t.ask("GET", "/v1/timetable/runs", undefined, bearer)).json().data, []);
  assert.equal((await t.ask("POST", `${path}/run-now`, undefined, bearer)).statusCode, 403);
  await t.advance(hour);
  assert.equal(chores.begun.filter(({ at }) => at === "2026-12-01T16:00:00.000Z").length, 2);
});
