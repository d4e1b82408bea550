import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export type Server = {
  readonly url: string;
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
};

/** A folder that several processes serve from, one after the other. */
export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "carillon-kill-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts the server in a folder, and waits until it says where it is. */
export async function serve(t: TestContext, folder: string, port: number): Promise<Server> {
  const { PATH = "" } = process.env;
  const child = spawn(
    process.execPath,
    [main, "serve", "--json", "--port", String(port), "--log-level", "error"],
    { cwd: folder, env: { PATH, HOME: folder }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = new Promise<number | null>((resolve) => void child.once("close", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    ended.then((code) => reject(new Error(`the server ended with ${code}`)), reject);
  });
  return { url: `http://127.0.0.1:${port}`, child, ended };
}

/** A request to the API that must succeed. */
export async function ask<T>(url: string, method = "GET", body?: unknown): Promise<T> {
  const answer = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  assert.ok(answer.ok, `${method} ${url}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
  return (await answer.json()) as T;
}
