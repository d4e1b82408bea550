import assert from "node:assert/strict";
import { test } from "node:test";

import { runCli } from "../../src/cli/program.ts";
import type { Attempt, Call } from "../../src/cli/shapes.ts";
import { fakeServer } from "./fake-server.ts";
import { type FakeTerminal, fakeTerminal } from "./fake-terminal.ts";

const startAt = Date.UTC(2026, 10, 22, 15, 0, 0);
const answered: Partial<Attempt> = {
  status: "ended",
  ringing_at: "2026-11-22T15:00:06Z",
  answered_at: "2026-11-22T15:00:10Z",
  ended_at: "2026-11-22T15:00:28Z",
  duration_ms: 18_000,
  outcome: "answered_human",
  disposition: "confirmed",
};

test("--watch shows due, dialing, ringing, answered, ended, both local times, the delay and the outcome: exit 0", async (t) => {
  const { run } = await setUp(t, [
    { call: call({ status: "scheduled" }), attempts: [] },
    { call: call({ status: "dialing" }), attempts: [attempt({ status: "ringing", ringing_at: iso(6_000) })] },
    {
      call: call({
        status: "completed",
        outcome: "answered_human",
        disposition: "confirmed",
        next_action_at: null,
      }),
      attempts: [attempt(answered)],
    },
  ]);
  const { code, terminal } = await run(["call", "+12125550100", "--in", "5s", "--watch"]);
  assert.equal(code, 0);
  const text = terminal.printed();
  assert.match(text, /call_1 {2}\+12125550100 \(sandbox: answers, confirmed\)/);
  assert.match(text, /recipient 2026-11-22 10:00:05 America\/New_York \(UTC-05:00\)/);
  const steps = [...text.matchAll(/^ {2}\S+ {2}(due|dialing|ringing|answered|ended)\b/gm)].map(
    (match) => match[1],
  );
  assert.deepEqual(steps, ["due", "dialing", "ringing", "answered", "ended"], "each once, in order");
  assert.match(text, /dialing +try 1, 4 ms after due/);
  assert.match(text, /✓ completed · answered_human · confirmed · 18 s · start delay 4 ms/);
});

test("a call that is not answered in the end: exit 9", async (t) => {
  const { run } = await setUp(t, [
    {
      call: call({
        status: "failed",
        outcome: "no_answer",
        reason: "retries_exhausted",
        next_action_at: null,
      }),
      attempts: [attempt({ status: "ended", ended_at: iso(9_000), outcome: "no_answer" })],
    },
  ]);
  const { code, terminal } = await run(["call", "+12125550102", "--wait"]);
  assert.equal(code, 9);
  assert.match(terminal.printed(), /✗ failed · no_answer/);
  assert.match(terminal.printed(), /Every planned attempt was made\./);
});

const busy = {
  call: call({
    status: "scheduled",
    attempts: 1,
    reason: "retry",
    outcome: "busy",
    next_action_at: iso(600_000),
  }),
  attempts: [attempt({ status: "ended", ended_at: iso(8_000), outcome: "busy" })],
};

test("busy, next try in ten minutes: --watch says when and why, and leaves with exit 8", async (t) => {
  const { run } = await setUp(t, [busy]);
  const { code, terminal } = await run(["call", "+12125550101", "--watch"]);
  assert.equal(code, 8);
  assert.match(terminal.printed(), /ended +busy/);
  assert.match(terminal.printed(), /waits +Another attempt is planned\. Next: 2026-11-22 15:10:00/);
  assert.match(terminal.printed(), /It goes on by itself/);
});

test("busy, next try in ten minutes: --watch --wait stays until it has ended", async (t) => {
  const after = {
    call: call({ status: "completed", outcome: "answered_human", next_action_at: null, attempts: 2 }),
    attempts: [attempt({ ...answered, outcome: "busy" }), attempt({ ...answered, number: 2 })],
  };
  const { run } = await setUp(t, [busy, busy, busy, after]);
  const { code, terminal } = await run(["call", "+12125550101", "--watch", "--wait"]);
  assert.equal(code, 0);
  assert.match(terminal.printed(), /try 2/);
});

test("while all calls are stopped, --watch says so once, and leaves after a minute with exit 8", async (t) => {
  const stopped = (after: number) => ({
    call: call({
      status: "queued",
      waiting_for: "dialing_stopped",
      due_at: iso(0),
      next_action_at: iso(after),
    }),
    attempts: [],
  });
  const { run } = await setUp(t, [stopped(1_000), stopped(2_000), stopped(3_000)]);
  const { code, terminal } = await run(["call", "+12125550100", "--watch"]);
  assert.equal(code, 8);
  assert.equal(terminal.printed().match(/waits +All new calls of the workspace are stopped\./g)?.length, 1);
  assert.match(terminal.printed(), /It waits for somebody/);
});

test("--wait gives up after --timeout: exit 8", async (t) => {
  const { run } = await setUp(t, [{ call: call({ status: "dialing" }), attempts: [attempt({})] }]);
  const { code } = await run(["call", "+12125550113", "--wait", "--timeout", "30s"]);
  assert.equal(code, 8);
});

test("Ctrl-C while watching: exit 130, and the call goes on", async (t) => {
  const { run } = await setUp(t, [{ call: call({ status: "dialing" }), attempts: [attempt({})] }]);
  const { code, terminal } = await run(["call", "+12125550113", "--watch"], (one) =>
    setTimeout(one.interrupt, 50),
  );
  assert.equal(code, 130);
  assert.match(terminal.errors(), /goes on without you/);
});

test("at night for the recipient, a warning says so", async (t) => {
  const night = { due_at: "2026-11-22T08:00:00Z", next_action_at: null, status: "completed" } as const;
  const { run } = await setUp(t, [{ call: call(night), attempts: [] }]);
  const { terminal } = await run(["call", "+12125550100", "--watch"]);
  assert.match(
    terminal.printed(),
    /⚠ It will be night for the recipient: 2026-11-22 03:00:00 America\/New_York/,
  );
});

test("--watch --json prints one JSON document a line, and ends with the call", async (t) => {
  const { run } = await setUp(t, [
    { call: call({ status: "completed", next_action_at: null }), attempts: [attempt(answered)] },
  ]);
  const { code, terminal } = await run(["call", "+12125550100", "--watch", "--json"]);
  assert.equal(code, 0);
  const lines = terminal
    .printed()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map((line) => line["step"] ?? line["status"]),
    ["completed", "due", "dialing", "ringing", "answered", "ended", "completed"],
  );
});

test("what is typed is what is sent", async (t) => {
  const { run, asked } = await setUp(t, [{ call: call({}), attempts: [] }]);
  await run(
    "call +12125550100 --at 2026-12-01T10:00:00 --timezone Europe/London --line sandbox --purpose renewal --name Ann --metadata a=1 --metadata b=x=y --dedupe-key k --script busy,answered:confirmed --dry-run".split(
      " ",
    ),
  );
  assert.equal(asked[0]?.path, "/v1/calls?dry_run=true");
  assert.deepEqual(asked[0]?.body, {
    to: "+12125550100",
    at: "2026-12-01T10:00:00",
    timezone: "Europe/London",
    line: "sandbox",
    purpose: "renewal",
    name: "Ann",
    metadata: { a: "1", b: "x=y" },
    dedupe_key: "k",
    sandbox: { script: ["busy", "answered:confirmed"] },
  });
});

for (const argv of [
  ["--in", "5s", "--at", "2026-12-01T10:00:00Z"],
  ["--metadata", "novalue"],
  ["--dry-run", "--watch"],
  ["--wait", "--timeout", "soon"],
]) {
  test(`${argv.join(" ")} is a mistake: exit 2, and nothing is sent`, async (t) => {
    const { run, asked } = await setUp(t, [{ call: call({}), attempts: [] }]);
    assert.equal((await run(["call", "+12125550100", ...argv])).code, 2);
    assert.deepEqual(asked, []);
  });
}

type Scene = { readonly call: Call; readonly attempts: readonly Attempt[] };

/** A server on which a call goes from scene to scene, one at each look; the last one stays. */
async function setUp(t: { after(then: () => unknown): void }, scenes: readonly Scene[]) {
  let look = 0;
  const scene = (): Scene => scenes[Math.min(look, scenes.length - 1)] as Scene;
  const server = await fakeServer(({ method, path }) => {
    if (method === "POST") return { status: 201, body: scene().call };
    if (path.startsWith("/v1/lines/")) return { status: 200, body: { real: false } };
    if (path === "/v1/sandbox/numbers") {
      return { status: 200, body: { data: [{ number: "+12125550100", script: ["answered:confirmed"] }] } };
    }
    if (path.endsWith("/attempts")) return { status: 200, body: { data: scene().attempts } };
    const { call: now } = scene();
    look += 1;
    return { status: 200, body: now };
  });
  t.after(() => server.close());
  const run = async (
    argv: readonly string[],
    begin: (terminal: FakeTerminal) => unknown = () => undefined,
  ) => {
    const terminal = fakeTerminal({ env: { CARILLON_URL: server.url }, startAt });
    begin(terminal);
    return { code: await runCli([...argv], terminal), terminal };
  };
  return { run, asked: server.asked };
}

function iso(afterMs: number): string {
  return new Date(startAt + afterMs).toISOString();
}

function call(given: Partial<Call>): Call {
  return {
    id: "call_1",
    status: "scheduled",
    reason: "requested",
    waiting_for: null,
    to: "+12125550100",
    name: null,
    timezone: null,
    requested_at: iso(5_000),
    due_at: iso(5_000),
    closes_at: null,
    expires_at: null,
    next_action_at: iso(5_000),
    line: { id: "line_1", name: "sandbox" },
    purpose: null,
    metadata: {},
    external_id: null,
    attempts: 0,
    outcome: null,
    disposition: null,
    ended_at: null,
    created_at: iso(0),
    ...given,
  };
}

function attempt(given: Partial<Attempt>): Attempt {
  return {
    id: "att_1",
    number: 1,
    status: "placing",
    due_at: iso(5_000),
    claimed_at: iso(5_004),
    accepted_at: null,
    ringing_at: null,
    answered_at: null,
    ended_at: null,
    duration_ms: null,
    outcome: null,
    disposition: null,
    detail: null,
    waited_for: null,
    start_delay_ms: 4,
    ...given,
  };
}
