import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { runCarillon, startServer } from "./carillon.ts";

type Json = Record<string, unknown>;

test("a call is scheduled, shown live and explained", async (t) => {
  const { run } = await startServer(t);
  assert.equal(
    (await run("lines", "set", "sandbox", "--set", "ring_ms=500", "--set", "talk_ms=500")).code,
    0,
  );
  const watched = await run(
    "call",
    "+12125550100",
    "--in",
    "1s",
    "--script",
    "answered:confirmed",
    "--watch",
  );
  assert.equal(watched.code, 0, watched.err);
  const steps = [...watched.out.matchAll(/^ {2}\S+ {2}(due|dialing|ringing|answered|ended)\b/gm)].map(
    (found) => found[1],
  );
  assert.deepEqual(steps, ["due", "dialing", "ringing", "answered", "ended"]);
  assert.match(watched.out, /America\/New_York \(UTC-0[45]:00\)/);
  assert.match(watched.out, /✓ completed · answered_human · confirmed · .* · start delay \d+/);
  assert.ok(!watched.out.includes("\u001b"), "no escape codes off a terminal");

  const [id = ""] = /call_\w+/.exec(watched.out) ?? [];
  const explained = await run("calls", "explain", id);
  assert.equal(explained.code, 0);
  assert.ok(explained.out.split("\n").length > 3, explained.out);
  assert.equal((await run("calls", "show", id)).code, 0);
  assert.equal((await run("calls", "show", "call_nobody")).code, 3);
  const events = await run("events", "--json");
  assert.ok(
    events.out
      .trim()
      .split("\n")
      .every((line) => typeof (JSON.parse(line) as Json)["type"] === "string"),
  );
});

test("busy: says when and why it tries again, and leaves with exit 8", async (t) => {
  const { run } = await startServer(t);
  const watched = await run("call", "+12125550101", "--watch");
  assert.equal(watched.code, 8, watched.out + watched.err);
  assert.match(watched.out, /ended +busy/);
  assert.match(watched.out, /waits +.*Next: \d{4}-\d\d-\d\d/);
});

test("a cancel that comes too late: exit 5, with the attempt's id", async (t) => {
  const { run } = await startServer(t);
  const made = JSON.parse((await run("call", "+12125550113", "--json")).out) as { id: string };
  for (let tries = 0; tries < 50; tries += 1) {
    const { status } = JSON.parse((await run("calls", "show", made.id, "--json")).out) as { status: string };
    if (status === "dialing") break;
  }
  const late = await run("calls", "cancel", made.id, "--json");
  assert.equal(late.code, 5);
  const problem = JSON.parse(late.out) as Json;
  assert.equal(problem["code"], "already_dialing");
  assert.match(JSON.stringify(problem), /att_\w+/);
});

test("a call can be moved, kept back, let go, and canceled in time", async (t) => {
  const { run } = await startServer(t);
  const { id } = JSON.parse((await run("call", "+12125550100", "--in", "1h", "--json")).out) as {
    id: string;
  };
  for (const [verb, status, ...more] of [
    ["reschedule", "scheduled", "--in", "2h"],
    ["pause", "paused"],
    ["resume", "scheduled"],
    ["cancel", "canceled"],
  ] as const) {
    const { code, out, err } = await run("calls", verb, id, ...more, "--json");
    assert.equal(code, 0, `${verb}: ${out}${err}`);
    assert.equal((JSON.parse(out) as Json)["status"], status, verb);
  }
  assert.equal((await run("calls", "pause", id)).code, 5, "it has ended");
});

test("bad input is refused with its code, exit 2, and changes nothing", async (t) => {
  const { run } = await startServer(t);
  for (const [argv, code] of [
    [["call", "12125550100"], "phone_invalid"],
    [["call", "+12125550100", "--at", "2020-01-01T10:00:00Z"], "time_in_past"],
    [["call", "+12125550100", "--at", "2030-01-01T10:00:00"], "timezone_required"],
    [["call", "+12125550100", "--timezone", "Mars/Olympus"], "timezone_unknown"],
    [["call", "+12125550100", "--in", "soon"], "time_invalid"],
    [["call", "+12125550100", "--line", "none"], "line_unknown"],
    [["call", "+12125550100", "--script", "dances"], "script_invalid"],
  ] as const) {
    const refused = await run(...argv, "--json");
    const problem = JSON.parse(refused.out) as Json;
    assert.equal(refused.code, 2, argv.join(" "));
    assert.equal(problem["code"], code, argv.join(" "));
    assert.ok(String(problem["hint"]).length > 0);
  }
  const listed = JSON.parse((await run("calls", "list", "--json")).out) as { data: unknown[] };
  assert.deepEqual(listed.data, []);
});

test("an import schedules the good rows, and run again it creates nothing twice", async (t) => {
  const { run, folder } = await startServer(t);
  const text =
    "phone,name,timezone,at\n+12125550100,Ann,,\n12125550101,Bob,,\n+12125550102,Cy,Europe/London,2024-01-01T10:00:00\n";
  writeFileSync(join(folder, "people.csv"), text);
  const dry = JSON.parse((await run("import", "people.csv", "--dry-run", "--json")).out) as Json;
  assert.deepEqual([dry["would_schedule"], dry["rejected"]], [1, 2]);
  const first = await run("import", "people.csv");
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /3 rows: 1 scheduled, 2 rejected/);
  assert.match(readFileSync(join(folder, "people.rejected.csv"), "utf8"), /days ago/);
  const again = await run("import", "people.csv");
  assert.match(again.out, /3 rows: 0 scheduled, 1 were there already, 2 rejected/);
  const listed = JSON.parse((await run("calls", "list", "--json")).out) as { data: unknown[] };
  assert.equal(listed.data.length, 1);
});

test("the rest of the nouns work against a real server", async (t) => {
  const { run } = await startServer(t);
  for (const argv of [
    ["lines", "list"],
    [
      "lines",
      "add",
      "slow",
      "--carrier",
      "sandbox",
      "--slots",
      "2",
      "--rate",
      "0.5",
      "--set",
      "talk_ms=1000",
    ],
    ["lines", "show", "slow"],
    ["lines", "set", "slow", "--slots", "3"],
    ["lines", "pause", "slow", "--reason", "tired"],
    ["lines", "resume", "slow"],
    ["lines", "check", "slow"],
    ["lines", "remove", "slow"],
    [
      "hours",
      "add",
      "day",
      "--open",
      "mon-fri 09:00-12:00,13:00-20:00",
      "--open",
      "sat 10:00-14:00",
      "--default",
    ],
    ["hours", "list"],
    ["suppressions", "add", "+12125550110", "--reason", "asked"],
    ["suppressions", "list"],
    ["dialing", "stop", "--reason", "test"],
    ["dialing", "status"],
    ["dialing", "resume"],
    ["stats"],
    ["sandbox", "clock"],
    ["sandbox", "numbers"],
    ["sandbox", "advance", "1h"],
    ["backup", "copy.db"],
    ["doctor"],
    ["keys", "list"],
  ]) {
    const { code, out, err } = await run(...argv);
    assert.equal(code, 0, `${argv.join(" ")}: ${out}${err}`);
    assert.ok(out.length > 0, argv.join(" "));
  }
});

test("once there is a key, the CLI needs it: exit 4", async (t) => {
  const { run, folder, url } = await startServer(t);
  const created = await run("keys", "create", "me");
  assert.equal(created.code, 0, created.err);
  const secret = created.out.trim();
  assert.match(secret, /^car_/);
  assert.equal((await run("stats")).code, 4);
  const env = { CARILLON_URL: url, CARILLON_API_KEY: secret };
  assert.equal((await runCarillon(["stats"], { cwd: folder, env }).ended).code, 0);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} ends the server in good order: exit 0 within 10 s`, async (t) => {
    const { child, ended, run } = await startServer(t);
    await run("call", "+12125550113");
    const at = Date.now();
    child.kill(signal);
    const { code, err } = await ended;
    assert.equal(code, 0, err);
    assert.ok(Date.now() - at < 10_000);
  });
}

test("a second server on the same file is refused", async (t) => {
  const { folder } = await startServer(t);
  const { code, err } = await runCarillon(["serve", "--port", "0"], { cwd: folder }).ended;
  assert.equal(code, 6, err);
  assert.match(err, /in use by another Carillon/);
});

test("a port that is taken, and a public address without keys, are refused with the cure", async (t) => {
  const { url, folder } = await startServer(t);
  const { port } = new URL(url);
  const other = join(folder, "other.db");
  const taken = await runCarillon(["serve", "--port", port, "--database-path", other], { cwd: folder }).ended;
  assert.equal(taken.code, 1);
  assert.match(taken.err, /is taken by another program/);
  const open = ["serve", "--host", "0.0.0.0", "--port", "0", "--database-path", other];
  const refused = await runCarillon(open, { cwd: folder }).ended;
  assert.equal(refused.code, 1);
  assert.match(refused.err, /without an API key/);
});
