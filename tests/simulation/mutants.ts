import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Mutation, mutations } from "./mutations.ts";
import { startedWord } from "./outcome.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const seedsMax = 200;
const copied = [
  "src",
  "tests/simulation",
  "tests/oracle",
  "tests/support",
  "migrations",
  "package.json",
] as const;

type Verdict = {
  readonly mutation: Mutation;
  readonly found: { readonly seed: number; readonly what: string } | null | string;
};

/** Makes each mistake in a copy of the sources and lets the simulation look for it. Status 1 when one is not found. */
async function main(): Promise<number> {
  const wanted = mutations.filter(
    ({ name }) => process.argv.length < 3 || name.includes(process.argv[2] ?? ""),
  );
  const waiting = [...wanted];
  const verdicts: Verdict[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const verdict = await judge(next);
      verdicts.push(verdict);
      console.log(lineOf(verdict));
    }
  };
  console.log(`${wanted.length} mistakes, up to ${seedsMax} seeds each`);
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const missed = verdicts.filter(({ found }) => found === null || typeof found === "string");
  console.log(
    missed.length === 0
      ? "Every mistake was found."
      : `${missed.length} not found: ${missed.map((one) => one.mutation.name).join("; ")}`,
  );
  return missed.length === 0 ? 0 : 1;
}

async function judge(mutation: Mutation): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-mutant-"));
  try {
    for (const path of copied) cpSync(join(root, path), join(folder, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    for (const patch of mutation.patches) {
      const file = join(folder, patch.file);
      const parts = readFileSync(file, "utf8").split(patch.from);
      if (parts.length !== 2)
        return {
          mutation,
          found: `the text to be changed stands ${parts.length - 1} times in ${patch.file}`,
        };
      writeFileSync(file, parts.join(patch.to));
    }
    return { mutation, found: await run(folder, mutation.isOfBookings === true) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(folder: string, withBookings: boolean): Promise<Verdict["found"]> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        join(folder, "tests/simulation/mutant-run.ts"),
        String(seedsMax),
        ...(withBookings ? ["bookings"] : []),
      ],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let out = "";
    let complaints = "";
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (complaints += data.toString()));
    child.on("close", (code) => {
      const last = out.trim().split("\n").at(-1) ?? "";
      if (!out.startsWith(startedWord)) resolve(`it does not start: ${complaints.trim().slice(0, 300)}`);
      // A program that dies of the mistake has shown it as well.
      else if (code !== 0)
        resolve({ seed: 0, what: `the run died: ${complaints.trim().split("\n").at(-1)?.slice(0, 100)}` });
      else resolve(JSON.parse(last) as Verdict["found"]);
    });
  });
}

function lineOf({ mutation, found }: Verdict): string {
  const name = mutation.name.padEnd(56);
  if (typeof found === "string") return `${name} NOT APPLIED  ${found}`;
  return found === null
    ? `${name} NOT FOUND`
    : `${name} seed ${String(found.seed).padStart(3)}  ${found.what.slice(0, 90)}`;
}

process.exitCode = await main();
