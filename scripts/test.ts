// `npm test`: checks types, then runs every test, and ends with one line that says how it went. Arguments are test files.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const home = fileURLToPath(new URL("..", import.meta.url));
const asked = process.argv.slice(2);

/** Runs a program to its end; what it prints is passed on, and looked through by `read` line by line. */
function run(command: readonly string[], read: (line: string) => void = () => {}): Promise<number> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { cwd: home, stdio: ["ignore", "pipe", "inherit"] });
  let rest = "";
  child.stdout.on("data", (chunk: Buffer) => {
    process.stdout.write(chunk);
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) read(line);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      read(rest);
      resolve(code ?? (signal === null ? 0 : 1));
    });
  });
}

const files = asked.length > 0 ? asked : globSync("tests/**/*.test.ts", { cwd: home }).toSorted();
let failedSteps = 0;
if (asked.length === 0) {
  process.stdout.write("Types\n");
  const code = await run([process.execPath, "node_modules/typescript/bin/tsc", "--noEmit"]);
  if (code !== 0) failedSteps += 1;
}

const counts = { pass: 0, fail: 0, cancelled: 0 };
const concurrency = Math.max(2, Math.min(8, availableParallelism()));
process.stdout.write(`Tests: ${files.length} files, ${concurrency} at a time\n`);
const code = await run(
  [
    process.execPath,
    "--test",
    `--test-concurrency=${concurrency}`,
    "--test-timeout=180000",
    "--test-reporter=spec",
    ...files,
  ],
  (line) => {
    const [, name, count] = /^. (pass|fail|cancelled) (\d+)$/u.exec(stripVTControlCharacters(line)) ?? [];
    if (name !== undefined) counts[name as keyof typeof counts] = Number(count);
  },
);

const failed = counts.fail + counts.cancelled + failedSteps;
process.stdout.write(`${counts.pass} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || code !== 0 ? 1 : 0;
