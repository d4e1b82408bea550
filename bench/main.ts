// `npm run bench`: how fast this machine schedules and places calls. See docs/explanation/speed.md.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { startChild, stopChildren } from "./child.ts";
import type { Measured } from "./figures.ts";
import { type StoreName, dropLeftOvers, placeOf } from "./harness.ts";
import { measureHttp } from "./http.ts";
import { readMachine } from "./machine.ts";
import type { PassHandlers, PassInput } from "./pass.ts";
import { type BenchPostgres, openPostgres } from "./postgres-server.ts";
import { type Run, headOf, markdownOf, textOf } from "./report.ts";
import { say } from "./say.ts";

const help = `npm run bench -- [--store sqlite|postgres|both] [--waiting N] [--quick] [--json | --markdown]

  --store      Which stores (default both). Postgres: the server of DATABASE_URL, else the packaged one.
  --waiting N  Measures all of it again with N calls waiting for tomorrow (default 1,000,000; 0: not again).
  --quick      A tenth of everything.
  --json       The figures as JSON.
  --markdown   The figures as tables for docs/explanation/speed.md.

Temporary files go to TMPDIR; the disk under it is part of what is measured.`;

const passMs = 30 * 60_000;

type Options = {
  readonly stores: readonly StoreName[];
  readonly waiting: number;
  readonly scale: number;
  readonly form: "text" | "json" | "markdown";
};

const options = readOptions(process.argv.slice(2));
if (options === null) process.stdout.write(`${help}\n`);
else await inTemporaryFolder((folder) => bench(options, folder));

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: "string", default: "both" },
      waiting: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const stores = { sqlite: ["sqlite"], postgres: ["postgres"], both: ["sqlite", "postgres"] } as const;
  if (!Object.hasOwn(stores, values.store))
    throw new Error(`--store ${values.store}: expected sqlite, postgres or both`);
  const scale = values.quick ? 0.1 : 1;
  const waiting =
    values.waiting === undefined ? 1_000_000 * scale : Number(values.waiting.replaceAll(/[,_]/g, ""));
  if (!Number.isSafeInteger(waiting) || waiting < 0)
    throw new Error(`--waiting ${values.waiting}: expected a number`);
  return {
    stores: stores[values.store as keyof typeof stores],
    waiting,
    scale,
    form: values.json ? "json" : values.markdown ? "markdown" : "text",
  };
}

/** Every file of a run, and of its children, is made in one folder, which is removed however the run ends. */
async function inTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const outside = tmpdir();
  const folder = mkdtempSync(join(outside, "carillon-bench-"));
  process.env["TMPDIR"] = folder;
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      process.exitCode = 130;
      stopChildren();
    });
  }
  process.once("exit", remove);
  try {
    await work(folder);
  } catch (error) {
    if (process.exitCode !== 130) throw error;
    say("Stopped.");
  }
}

async function bench(options: Options, folder: string): Promise<void> {
  const machine = readMachine(folder);
  const tag = `carillon_bench_${process.pid}`;
  const postgres = options.stores.includes("postgres") ? await postgresOrNot(folder) : null;
  const url = postgres?.url ?? null;
  try {
    const asked = options.stores.filter((store) => store === "sqlite" || url !== null);
    const stores: Run["stores"][number][] = [];
    for (const store of asked) {
      const version = store === "sqlite" ? machine.sqlite : (postgres?.what ?? "");
      const durability = await inChild("durability", { store, url, tag, waiting: 0, scale: options.scale });
      stores.push({ store, version, durability });
    }
    if (options.form === "text")
      process.stdout.write(`${headOf({ machine, stores, scale: options.scale }).join("\n")}\n\n`);
    const measured: Measured[] = [];
    for (const store of asked) {
      for (const waiting of options.waiting > 0 ? [0, options.waiting] : [0]) {
        const figures = await inChild("measure", { store, url, tag, waiting, scale: options.scale });
        say(`${store}, ${waiting.toLocaleString("en")} waiting: HTTP`);
        const http = await measureHttp(placeOf(store, url, tag), waiting, options.scale);
        measured.push({ store, waiting, figures: { ...figures, ...http } });
      }
    }
    const run: Run = { machine, stores, measured, scale: options.scale, waiting: options.waiting };
    const text = { text: textOf, json: (all: Run) => JSON.stringify(all, null, 2), markdown: markdownOf };
    process.stdout.write(`${text[options.form](run)}\n`);
  } finally {
    if (url !== null) await dropLeftOvers(url, tag);
    await postgres?.stop();
  }
}

async function postgresOrNot(folder: string): Promise<BenchPostgres | null> {
  try {
    return await openPostgres(process.env["DATABASE_URL"], folder);
  } catch (error) {
    say(
      `Postgres is left out: ${(error as Error).message}. Set DATABASE_URL to a server on which databases may be made.`,
    );
    return null;
  }
}

async function inChild<V extends keyof PassHandlers>(
  verb: V,
  input: PassInput,
): Promise<Awaited<ReturnType<PassHandlers[V]>>> {
  const child = startChild<PassHandlers>("pass.ts");
  try {
    return await child.ask(verb, input, passMs);
  } finally {
    await child.stop();
  }
}
