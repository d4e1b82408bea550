import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../support/free-port.ts";
import { ask, folderFor, serve } from "./serve.ts";

const callCount = 300;

type Call = { id: string; status: string; attempts: number; outcome: string | null };

/** A line on which nothing takes longer than a second, and calls to people who answer, are busy once, or never report. */
async function prepare(url: string): Promise<void> {
  await ask(`${url}/v1/retry-policies`, "POST", {
    name: "at once",
    rules: { network_error: { retries: 9, first_delay: "1s", factor: 1 } },
  });
  await ask(`${url}/v1/lines/sandbox`, "PATCH", {
    retry_policy: "at once",
    settings: { ring_ms: 150, talk_ms: 350 },
    slots_max: 60,
    ring_timeout_seconds: 5,
  });
}

function requests(): unknown[] {
  const scripts = [["answered:confirmed"], ["answered"], ["duplicate"], ["out_of_order"], ["timeout_rang"]];
  return Array.from({ length: callCount }, (_, index) => ({
    to: `+1212555${String(2000 + index)}`,
    external_id: `person ${index}`,
    sandbox: { script: scripts[index % scripts.length] },
  }));
}

async function allCalls(url: string): Promise<Call[]> {
  const calls: Call[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: { data: Call[]; next_cursor: string | null } = await ask(`${url}/v1/calls?limit=100${query}`);
    calls.push(...page.data);
    cursor = page.next_cursor;
  }
  return calls;
}

/** Attempt keys in the order in which the network took them: its journal outlives every process. */
function taken(folder: string): string[] {
  const lines = readFileSync(join(folder, "carillon.db.sandbox"), "utf8").split("\n");
  return lines.flatMap((line) => {
    const key: unknown =
      line === "" ? undefined : (JSON.parse(line) as { attemptKey?: unknown; k?: unknown }).attemptKey;
    return typeof key === "string" ? [key] : [];
  });
}

void test("killed again and again among 300 calls, every call ends once and nobody is rung twice", async (t) => {
  const folder = folderFor(t);
  const port = await freePort();
  let server = await serve(t, folder, port);
  await prepare(server.url);
  const { data } = await ask<{ data: { status: number }[] }>(`${server.url}/v1/calls/bulk`, "POST", {
    calls: requests(),
  });
  assert.deepEqual(new Set(data.map((item) => item.status)), new Set([201]));
  for (const afterMs of [350, 900, 1300, 500, 1700]) {
    await wait(afterMs);
    server.child.kill("SIGKILL");
    await server.ended;
    server = await serve(t, folder, port);
  }
  const open = (call: Call) => !["completed", "failed", "needs_review"].includes(call.status);
  let calls = await allCalls(server.url);
  for (let tried = 0; calls.some(open) && tried < 200; tried += 1) {
    await wait(400);
    calls = await allCalls(server.url);
  }
  assert.equal(calls.length, callCount);
  const wrong = calls.filter((call) => call.status !== "completed");
  const explained: unknown[] = [];
  for (const { id } of wrong.slice(0, 3)) explained.push(await ask(`${server.url}/v1/calls/${id}/explain`));
  assert.deepEqual(
    wrong.map(({ id, status, attempts, outcome }) => ({ id, status, attempts, outcome })),
    [],
    JSON.stringify(explained, null, 1),
  );
  const keys = taken(folder);
  assert.equal(new Set(keys).size, keys.length, "an attempt was placed twice");
  assert.equal(keys.length, callCount, "a call was rung more or less than once");
});

void test("a signal ends the server in good order: nothing new is dialed, what runs is recorded", async (t) => {
  const folder = folderFor(t);
  const port = await freePort();
  const first = await serve(t, folder, port);
  await prepare(first.url);
  await ask(`${first.url}/v1/calls/bulk`, "POST", { calls: requests() });
  await wait(600);
  const began = performance.now();
  first.child.kill("SIGTERM");
  await wait(100);
  const dialed = taken(folder).length;
  assert.ok(dialed > 0 && dialed < callCount, `${dialed} calls were dialed before the signal`);
  assert.equal(await first.ended, 0);
  assert.ok(performance.now() - began < 10_000);
  assert.equal(taken(folder).length, dialed, "a call was dialed after the signal");
  const second = await serve(t, folder, port);
  const statuses = (await allCalls(second.url)).map((call) => call.status);
  assert.equal(statuses.length, callCount);
});
