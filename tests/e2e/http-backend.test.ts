import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startServer } from "./carillon.ts";

const example = fileURLToPath(new URL("../../examples/http-backend/backend.ts", import.meta.url));

/** Starts the example's backend on a free port; resolves to its URL and to what it has printed so far. */
async function startBackend(t: TestContext, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [example], {
    env: { PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let printed = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      const found = /http:\S+/.exec(printed);
      if (found !== null) resolve(found[0]);
    });
    child.on("exit", (code) => reject(new Error(`the backend ended with ${code}`)));
  });
  return { url, printed: () => printed };
}

for (const secret of [undefined, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]) {
  test(`a call goes to the example's backend once and is completed by its ${secret === undefined ? "" : "signed "}callbacks`, async (t) => {
    const backend = await startBackend(t, secret === undefined ? {} : { SIGNING_SECRET: secret });
    const { run } = await startServer(t);
    const signing = secret === undefined ? [] : ["--set", `signing_secret=${secret}`];
    const added = await run(
      "lines",
      "add",
      "backend",
      "--carrier",
      "http",
      "--set",
      `url=${backend.url}`,
      "--set",
      "allow_private=true",
      "--hours",
      "always",
      ...signing,
    );
    assert.equal(added.code, 0, added.err);
    const early = await run("call", "+12125550100", "--line", "backend");
    assert.equal(early.code, 2, early.out);
    assert.match(early.err, /canary.*\n.*carillon live allow/s);
    const allowed = await run("live", "allow", "+12125550100");
    assert.equal(allowed.code, 0, allowed.err);
    const watched = await run("call", "+12125550100", "--line", "backend", "--watch");
    assert.equal(watched.code, 0, `${watched.out}\n${watched.err}`);
    assert.match(watched.out, /✓ completed · answered_human · confirmed/);
    assert.equal(backend.printed().match(/calling/g)?.length, 1);
  });
}

test("without hours of its own a line that can ring people keeps the legal floor where the recipient is", async (t) => {
  const { run, url } = await startServer(t);
  await run(
    "lines",
    "add",
    "backend",
    "--carrier",
    "http",
    "--set",
    "url=http://127.0.0.1:9/calls",
    "--set",
    "allow_private=true",
  );
  await run("live", "allow", "+12125550100");
  const answer = await fetch(`${url}/v1/calls?dry_run=true`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      to: "+12125550100",
      at: "2030-07-01T03:00:00",
      timezone: "America/New_York",
      line: "backend",
    }),
  });
  const planned = (await answer.json()) as { due_at_local: string; closes_at_local: string; reason: string };
  assert.equal(planned.due_at_local, "2030-07-01T08:00:00-04:00");
  assert.equal(planned.closes_at_local, "2030-07-01T21:00:00-04:00");
  assert.equal(planned.reason, "calling_hours");
});
