import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";

import type { Command } from "commander";

import { describeTree } from "../../src/cli/describe.ts";
import { exitCodes, exitOfStatus } from "../../src/cli/exit-codes.ts";
import { buildProgram, runCli } from "../../src/cli/program.ts";
import { fakeServer } from "./fake-server.ts";
import { fakeTerminal } from "./fake-terminal.ts";

test("nothing typed shows the help and is no mistake", async () => {
  const terminal = fakeTerminal();
  assert.equal(await runCli([], terminal), 0);
  assert.match(terminal.printed(), /Usage: carillon/);
  assert.match(terminal.printed(), /Exit status:\n  0 /);
  assert.equal(terminal.errors(), "");
});

for (const argv of [["frobnicate"], ["calls"], ["calls", "frobnicate"], ["call"], ["stats", "--frob"]]) {
  test(`carillon ${argv.join(" ")}: exit 2, and stdout stays empty`, async () => {
    const terminal = fakeTerminal();
    assert.equal(await runCli(argv, terminal), 2);
    assert.equal(terminal.printed(), "");
    assert.match(terminal.errors(), /^carillon: .+\n {2}→ .+\n$/s);
  });

  test(`carillon ${argv.join(" ")} --json: the error is JSON on stdout`, async () => {
    const terminal = fakeTerminal();
    assert.equal(await runCli([...argv, "--json"], terminal), 2);
    const problem = JSON.parse(terminal.printed()) as Record<string, unknown>;
    assert.equal(problem["exit_code"], 2);
    assert.equal(problem["code"], "usage");
    assert.equal(terminal.errors(), "");
  });
}

test("a setting that is not valid ends with exit 2 and names the variable", async () => {
  const terminal = fakeTerminal({ env: { CARILLON_URL: "nowhere" } });
  assert.equal(await runCli(["stats", "--json"], terminal), 2);
  const problem = JSON.parse(terminal.printed()) as Record<string, unknown>;
  assert.equal(problem["code"], "setting_invalid");
  assert.match(String(problem["detail"]), /CARILLON_URL is "nowhere": expected/);
});

test("no server: exit 6, with the cure", async () => {
  const gone = await fakeServer(() => ({ status: 200, body: {} }));
  await gone.close();
  const terminal = fakeTerminal({ env: { CARILLON_URL: gone.url } });
  assert.equal(await runCli(["stats"], terminal), 6);
  assert.match(terminal.errors(), /No Carillon answers at .*ECONNREFUSED/);
  assert.match(terminal.errors(), /npm start/);
});

for (const [status, exit] of [
  [400, 2],
  [401, 4],
  [403, 4],
  [404, 3],
  [409, 5],
  [412, 5],
  [422, 2],
  [429, 6],
  [500, 1],
  [503, 6],
] as const) {
  test(`HTTP ${status} of the API becomes exit ${exit}, and its problem is passed on`, async () => {
    const problem = {
      type: "/x",
      title: "T",
      status,
      code: "some_code",
      detail: "D.",
      hint: "Cure.",
      request_id: "r1",
    };
    const server = await fakeServer(() => ({ status, body: problem }));
    try {
      const plain = fakeTerminal({ env: { CARILLON_URL: server.url } });
      assert.equal(await runCli(["calls", "cancel", "call_1"], plain), exit);
      assert.equal(plain.errors(), "carillon: D.\n  → Cure.\n");
      const json = fakeTerminal({ env: { CARILLON_URL: server.url } });
      assert.equal(await runCli(["calls", "cancel", "call_1", "--json"], json), exit);
      assert.deepEqual(JSON.parse(json.printed()), { ...problem, exit_code: exit });
    } finally {
      await server.close();
    }
  });
}

test("something else than Carillon at the address is said so", async () => {
  const server = await fakeServer(() => ({ status: 404, body: { message: "nginx" } }));
  try {
    const terminal = fakeTerminal({ env: { CARILLON_URL: server.url } });
    assert.equal(await runCli(["stats"], terminal), 1);
    assert.match(terminal.errors(), /is not Carillon/);
  } finally {
    await server.close();
  }
});

test("the key is sent, and never printed", async () => {
  const server = await fakeServer(() => ({
    status: 401,
    body: { code: "unauthenticated", detail: "No key." },
  }));
  try {
    const terminal = fakeTerminal({ env: { CARILLON_URL: server.url, CARILLON_API_KEY: "car_secret" } });
    assert.equal(await runCli(["stats", "--json"], terminal), 4);
    assert.equal(server.asked[0]?.authorization, "Bearer car_secret");
    assert.doesNotMatch(terminal.printed() + terminal.errors(), /car_secret/);
  } finally {
    await server.close();
  }
});

test("every command has a description, its own help and an example", async () => {
  const program = buildProgram({ terminal: fakeTerminal(), ending: "done" });
  for (const leaf of leavesOf(program)) {
    const terminal = fakeTerminal();
    const path = pathOf(leaf);
    assert.equal(await runCli([...path, "--help"], terminal), 0, path.join(" "));
    assert.ok(leaf.description().length > 5, path.join(" "));
    assert.match(terminal.printed(), /Examples:\n {2}\$ /, path.join(" "));
    assert.match(terminal.printed(), /--json/, path.join(" "));
  }
});

test("commands --json describes every command and the exit codes", async () => {
  const terminal = fakeTerminal();
  assert.equal(await runCli(["commands", "--json"], terminal), 0);
  const { commands, exit_codes: codes } = JSON.parse(terminal.printed()) as {
    commands: { command: string }[];
    exit_codes: typeof exitCodes;
  };
  const names = commands.map(({ command }) => command);
  for (const name of ["demo", "serve", "call", "calls explain", "import", "lines check", "sandbox advance"]) {
    assert.ok(names.includes(`carillon ${name}`), name);
  }
  assert.equal(names.length, describeTree(buildProgram({ terminal, ending: "done" }), "carillon").length);
  assert.deepEqual(codes, exitCodes);
});

test("the exit codes are those that are promised", () => {
  const codes = Object.values(exitCodes).map(({ code }) => code);
  assert.deepEqual(codes, [0, 1, 2, 3, 4, 5, 6, 8, 9, 130]);
  assert.equal(exitOfStatus(200), "done");
});

test("off a terminal, and with NO_COLOR, no escape code is printed", async () => {
  const stats = {
    calls: { completed: 3 },
    outcomes: {},
    attempts: 3,
    in_flight: 0,
    due_now: 0,
    oldest_due_at: null,
    start_delay_ms: { count: 3, p50: 1, p95: 2, p99: 3, max: 3 },
  };
  const server = await fakeServer(({ path }) =>
    path === "/health"
      ? { status: 200, body: { status: "healthy", version: "1", problems: [] } }
      : { status: 200, body: path === "/v1/stats" ? stats : { data: [], next_cursor: null } },
  );
  try {
    for (const argv of [["stats"], ["doctor"], ["calls", "list"], ["lines", "list"], ["--help"]]) {
      const plain = fakeTerminal({ env: { CARILLON_URL: server.url }, cwd: tmpdir() });
      const colorless = fakeTerminal({
        cwd: tmpdir(),
        env: { CARILLON_URL: server.url, NO_COLOR: "1" },
        isTty: true,
        isErrorTty: true,
      });
      for (const terminal of [plain, colorless]) {
        assert.equal(await runCli(argv, terminal), 0, argv.join(" "));
        assert.ok(!(terminal.printed() + terminal.errors()).includes("\u001b"));
      }
    }
    const colored = fakeTerminal({ env: { CARILLON_URL: server.url }, isTty: true, isErrorTty: true });
    await runCli(["doctor"], colored);
    assert.ok(colored.printed().includes("\u001b[32m✓"));
  } finally {
    await server.close();
  }
});

test("names of strangers cannot move the cursor or color the terminal", async () => {
  const call = {
    id: "call_1",
    to: "+12125550100",
    name: "\u001b[2Jgotcha\nline",
    status: "scheduled",
    outcome: null,
    waiting_for: null,
    timezone: null,
    due_at: "2026-12-01T10:00:00Z",
    attempts: 0,
  };
  const server = await fakeServer(() => ({ status: 200, body: { data: [call], next_cursor: null } }));
  try {
    const terminal = fakeTerminal({ env: { CARILLON_URL: server.url } });
    await runCli(["calls", "list"], terminal);
    assert.ok(!terminal.printed().includes("\u001b"));
    assert.equal(terminal.printed().trim().split("\n").length, 2);
  } finally {
    await server.close();
  }
});

test("a list asks for page after page, and no more than wanted", async () => {
  const server = await fakeServer(({ path }) => {
    const limit = Number(new URL(path, "http://x").searchParams.get("limit"));
    return { status: 200, body: { data: Array.from({ length: limit }, () => ({})), next_cursor: "more" } };
  });
  try {
    const terminal = fakeTerminal({ env: { CARILLON_URL: server.url } });
    await runCli(["calls", "list", "--limit", "250", "--json"], terminal);
    assert.equal((JSON.parse(terminal.printed()) as { data: unknown[] }).data.length, 250);
    assert.deepEqual(
      server.asked.map(({ path }) => new URL(path, "http://x").search),
      ["?limit=200", "?limit=50&cursor=more"],
    );
  } finally {
    await server.close();
  }
});

function leavesOf(command: Command): Command[] {
  return command.commands.flatMap((child) => (child.commands.length > 0 ? leavesOf(child) : [child]));
}

function pathOf(command: Command): string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}
