import assert from "node:assert/strict";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";

import { startServer } from "./carillon.ts";

/** A voice backend that takes every call, says that it is over, and remembers whom it was to ring. */
async function startBackend(t: TestContext): Promise<{ url: string; rung: string[] }> {
  const rung: string[] = [];
  const server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      // Doctor only looks whether somebody answers.
      if (text !== "") rung.push((JSON.parse(text) as { to: string }).to);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ callId: `c${rung.length}` }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/calls`, rung };
}

test("from the first line to the last call, live safety is worked from the command line", async (t) => {
  const backend = await startBackend(t);
  const { run } = await startServer(t);
  const added = await run(
    ...typed(`lines add voice --carrier http --hours always --caller-id +12125550199`),
    ...typed(`--set url=${backend.url} --set allow_private=true --set completion=at_once`),
  );
  assert.equal(added.code, 0, added.err);
  const status = await run("live", "status");
  assert.match(status.out, /canary: only the 0 numbers/);
  assert.match(status.out, /! Nothing limits what the line "voice" may spend/);

  assert.match(
    (await run("doctor")).out,
    /! live +canary: only the 0 numbers.*\n.*live open --confirm default/,
  );

  const refused = await run("call", "+14155552671", "--line", "voice");
  assert.equal(refused.code, 2);
  assert.match(refused.err, /carillon live allow NUMBER/);
  assert.equal((await run("live", "open")).code, 2);
  const wrong = await run("live", "open", "--confirm", "production");
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /Send the name of the workspace: "default"/);

  const allowed = await run("live", "allow", "+12125550100", "--note", "mine");
  assert.equal(allowed.code, 0, allowed.err);
  assert.equal((await run("call", "+12125550100", "--line", "voice", "--watch")).code, 0);
  assert.deepEqual(backend.rung, ["+12125550100"]);
  assert.match((await run("live", "list")).out, /\+12125550100 {2}mine/);

  const opened = await run("live", "open", "--confirm", "default");
  assert.equal(opened.code, 0, opened.err);
  assert.match(opened.out, /open since .* \(open\)/);
  assert.equal((await run("call", "+14155552671", "--line", "voice", "--watch")).code, 0);
  assert.deepEqual(backend.rung, ["+12125550100", "+14155552671"]);
  const premium = await run("call", "+19005551234", "--line", "voice");
  assert.equal(premium.code, 2);
  assert.match(premium.err, /premium-rate/);

  const waiting = await run("call", "+442079460958", "--line", "voice", "--json");
  assert.equal(waiting.code, 0, waiting.err);
  assert.match(waiting.out, /carillon live country GB allow/);
  assert.match((await run("live", "status")).out, /GB waiting/);
  assert.equal((await run("live", "country", "GB", "maybe")).code, 2);
  assert.match((await run("live", "country", "GB", "allow")).out, /Calls to GB are allowed/);
  const { id } = JSON.parse(waiting.out) as { id: string };
  await until(async () => /"completed"/.test((await run("calls", "show", id, "--json")).out));
  assert.equal(backend.rung.at(-1), "+442079460958");

  const budget = await run(
    ...typed("live budget voice --price 0.50 --price-to +44=1 --per-call 10 --per-day 12"),
  );
  assert.equal(budget.code, 0, budget.err);
  const costly = await run("call", "+12125550100", "--line", "voice");
  assert.equal(costly.code, 2, "the line lets a call last an hour, which costs more than one call may");
  assert.match(costly.err, /could cost 30\.00 USD/);
});

test("closing is immediate for what waits, and a budget is shown and checked", async (t) => {
  const backend = await startBackend(t);
  const { run } = await startServer(t);
  await run(
    ...typed(`lines add voice --carrier http --hours always --max-duration 120`),
    ...typed(`--set url=${backend.url} --set allow_private=true`),
  );
  await run("live", "open", "--confirm", "default");
  await run("live", "country", "US", "allow");
  const budget = await run(
    "live",
    "budget",
    "voice",
    "--currency",
    "EUR",
    "--price",
    "0.50",
    "--per-day",
    "1.50",
  );
  assert.equal(budget.code, 0, budget.err);
  assert.match(budget.out, /a minute +0\.50 EUR/);
  await run("call", "+14155552671", "--line", "voice");
  const second = await run("call", "+14155552672", "--line", "voice", "--json");
  const { id } = JSON.parse(second.out) as { id: string };
  await until(async () => /spend_cap/.test((await run("calls", "show", id, "--json")).out));
  assert.match((await run("live", "budget", "voice")).out, /0\.00 spent, 1\.00 reserved; at most 1\.50/);
  assert.deepEqual(backend.rung, ["+14155552671"]);
  assert.equal((await run("live", "close")).code, 0);
  await run("live", "budget", "voice", "--per-day", "none");
  await until(async () => /not_on_allow_list/.test((await run("calls", "show", id, "--json")).out));
  assert.deepEqual(backend.rung, ["+14155552671"]);
  assert.equal((await run("live", "budget", "voice", "--price", "free")).code, 2);
  assert.equal((await run("live", "rules")).code, 2);
  assert.match((await run("live", "rules", "--block-hour-max", "0")).out, /per block +no limit/);
});

/** What somebody types, as arguments. */
function typed(line: string): string[] {
  return line.split(" ");
}

/** The server works in real time: asks again until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries += 1) assert.ok(tries < 300, "it did not happen");
}
