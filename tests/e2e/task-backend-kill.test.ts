import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type TestContext, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { briefStart, direct } from "../doors/tasks/house.ts";
import { freePort } from "../support/free-port.ts";
import { type TaskBackend, startTaskBackend } from "../support/task-backend.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

type Task = { taskId: string; status: string; callId: string | null; lastError: string | null };

async function serve(
  t: TestContext,
  folder: string,
  port: number,
  backend: TaskBackend,
): Promise<ChildProcess> {
  const { PATH = "" } = process.env;
  const child = spawn(
    process.execPath,
    [main, "serve", "--json", "--port", String(port), "--log-level", "error"],
    {
      cwd: folder,
      env: { PATH, HOME: folder, DEFAULT_BACKEND_BASE_URL: backend.url },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  t.after(() => end(child));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("close", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => void child.once("close", resolve));
  child.kill("SIGKILL");
  await closed;
}

async function ask<T>(url: string, body?: unknown): Promise<T> {
  const answer = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    }),
  });
  assert.ok(answer.ok, `${url}: ${answer.status}`);
  return (await answer.json()) as T;
}

for (const [mode, task] of [
  ["DIRECT", direct],
  ["BRIEF_START", briefStart],
] as const) {
  test(`${mode}: killed between the backend's acceptance and its answer, a task is started once, and ends as it was`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "carillon-task-kill-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const backend = await startTaskBackend();
    t.after(() => backend.close());
    const port = await freePort();
    const tasks = `http://127.0.0.1:${port}/tasks`;
    const accepted = Promise.withResolvers<void>();
    // The backend takes the call, and its answer finds nobody.
    backend.will("/call/start", () => accepted.resolve());

    const first = await serve(t, folder, port, backend);
    const runAtUtc = new Date(Date.now() + 1000).toISOString();
    const { taskId } = await ask<Task>(tasks, task({ runAtUtc }));
    await accepted.promise;
    await end(first);

    await serve(t, folder, port, backend);
    await wait(4000);
    const unconfirmed = await ask<Task>(`${tasks}/${taskId}`);
    assert.equal(
      unconfirmed.status,
      "RUNNING",
      "it may have been placed, so it is neither failed nor started again",
    );
    assert.equal(backend.askedFor("/call/start").length, 1);

    await ask(`http://127.0.0.1:${port}/v1/calls/${taskId}/settle`, { placed: true });
    assert.equal((await ask<Task>(`${tasks}/${taskId}`)).status, "COMPLETED");
    assert.equal(backend.askedFor("/call/start").length, 1);
  });
}

test("killed while the script was written, a task is done after the restart: nothing had left that rings somebody", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "carillon-task-kill-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const backend = await startTaskBackend();
  t.after(() => backend.close());
  const port = await freePort();
  const tasks = `http://127.0.0.1:${port}/tasks`;
  const asked = Promise.withResolvers<void>();
  backend.will("/call/brief", () => asked.resolve(), { status: 200, body: { scriptPreview: "Hello." } });

  const first = await serve(t, folder, port, backend);
  const runAtUtc = new Date(Date.now() + 1000).toISOString();
  const { taskId } = await ask<Task>(tasks, briefStart({ runAtUtc }));
  await asked.promise;
  await end(first);

  await serve(t, folder, port, backend);
  let task = await ask<Task>(`${tasks}/${taskId}`);
  for (let tries = 0; task.status !== "COMPLETED" && tries < 100; tries += 1) {
    await wait(200);
    task = await ask<Task>(`${tasks}/${taskId}`);
  }
  assert.equal(task.status, "COMPLETED");
  assert.equal(task.callId, "CA1234567890");
  assert.equal(backend.askedFor("/call/start").length, 1);
});
