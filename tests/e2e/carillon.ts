import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { runCli } from "../../src/cli/program.ts";
import { processTerminal } from "../../src/cli/terminal.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs one command line to its end, as a person would. */
export function runCarillon(argv: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
  const child = start(argv, options);
  return { child, ended: endOf(child) };
}

/** Starts `carillon serve` in a folder of its own, on a free port, and waits until it says where it is. */
export async function startServer(t: { after(then: () => unknown): void }, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "carillon-e2e-"));
  const child = start(["serve", "--json", "--port", "0", "--log-level", "error"], { cwd: folder, env });
  const ended = endOf(child);
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n"))
        resolve((JSON.parse(text.slice(0, text.indexOf("\n"))) as { urls: string[] }).urls[0] ?? "");
    });
    ended.then(({ err }) => reject(new Error(`the server ended: ${err}`)), reject);
  });
  const run = async (...argv: string[]): Promise<Ended> => {
    const one = await runHere(argv, folder, { CARILLON_URL: url });
    if (child.exitCode === null && child.signalCode === null) return one;
    const { code, err } = await ended;
    return { ...one, err: `${one.err}\nthe server has ended (${code ?? child.signalCode}): ${err}` };
  };
  return { url, folder, child, ended, run };
}

/** Runs one command line within this process, which is much quicker; time is real. */
export async function runHere(
  argv: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Ended> {
  let [out, err] = ["", ""];
  const code = await runCli(argv, {
    ...processTerminal(),
    env,
    cwd,
    isTty: false,
    isErrorTty: false,
    columns: 80,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  });
  return { code, out, err };
}

function start(
  argv: readonly string[],
  { cwd, env }: { cwd: string; env?: Record<string, string> },
): ChildProcess {
  const { PATH, HOME } = process.env;
  return spawn(process.execPath, [main, ...argv], {
    cwd,
    env: { ...(PATH === undefined ? {} : { PATH }), ...(HOME === undefined ? {} : { HOME }), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function endOf(child: ChildProcess): Promise<Ended> {
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}
