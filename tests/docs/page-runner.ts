import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

import { testPostgres } from "../support/postgres.ts";
import { freePort } from "../support/free-port.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A block of a page that is run: its script, its line in the page, and what it must print, `…` standing for anything. */
export type Block = { readonly line: number; readonly script: string; readonly prints: string | null };

/** The `sh` blocks of a page, each with the `text` block that follows it at once, if one does. */
export function blocksOf(markdown: string): readonly Block[] {
  const found = [...markdown.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? "",
    content: match[2] ?? "",
    from: match.index,
    to: match.index + match[0].length,
  }));
  return found.flatMap(({ language, content, from, to }, index) => {
    if (language !== "sh") return [];
    const next = found[index + 1];
    const isOutput = next?.language === "text" && markdown.slice(to, next.from).trim() === "";
    const line = markdown.slice(0, from).split("\n").length;
    return [{ line, script: content.trimEnd(), prints: isOutput ? next.content.trimEnd() : null }];
  });
}

/** A command that stays up: it is started, and the page goes on once it says where it is. */
const STAYS_UP =
  /^(?:npm start|carillon (?:serve|worker|manage celery:(?:worker|beat))\b.*|node examples\/\S+)$/;
const ASSIGNS = /^\s*(?:export )?([A-Z][A-Z_]*)=/gm;
/** The Postgres of the pages; there is a real one in its place. */
const DATABASE = "postgres://carillon:secret@db.example.com/carillon";
/** A page must not wait for a whole conversation at the usual pace of people. */
const BRISK = { settings: { ring_ms: 200, talk_ms: 300 } };

/** Runs a page's blocks in order, as a reader would who sits in a checkout with an empty database. */
export async function runPage(path: string): Promise<void> {
  const text = readFileSync(join(root, path), "utf8");
  const blocks = blocksOf(text);
  assert.ok(blocks.length > 0, `${path} has no block to run`);
  const page = new Page({
    ":8090": `:${await freePort()}`,
    ":9099": `:${await freePort()}`,
    ...(text.includes(DATABASE)
      ? { [DATABASE]: await (await testPostgres()).freshDatabase({ empty: true }) }
      : {}),
  });
  try {
    if (!blocks.some(({ script }) => /^(?:npm start|carillon serve)/.test(script)))
      await page.start("npm start");
    for (const block of blocks) await page.run(block, `${path}:${block.line}`);
  } finally {
    await page.close();
  }
}

class Page {
  readonly #folder = mkdtempSync(join(tmpdir(), "carillon-docs-"));
  readonly #running: ChildProcess[] = [];
  readonly #variables: Record<string, string> = {};
  readonly #places: Readonly<Record<string, string>>;

  /** `places`: what stands in the page, and what takes its place here. */
  constructor(places: Readonly<Record<string, string>>) {
    this.#places = places;
    for (const name of ["src", "node_modules", "package.json", "launcher.mjs", "migrations"]) {
      symlinkSync(join(root, name), join(this.#folder, name));
    }
    // An import writes its rejected rows beside the file.
    cpSync(join(root, "examples"), join(this.#folder, "examples"), { recursive: true });
  }

  async run({ script, prints }: Block, where: string): Promise<void> {
    const names = [...script.matchAll(ASSIGNS)].map(([, name = ""]) => name);
    const out = STAYS_UP.test(script) ? await this.start(script) : await this.#runToEnd(script, names, where);
    if (prints === null) return;
    const wanted = this.#here(prints);
    assert.match(
      out,
      patternOf(wanted),
      `${where} printed something else:\n${out}\n--- instead of ---\n${wanted}\n`,
    );
  }

  /** Starts a command that stays up, and gives what it printed until it was ready. */
  async start(script: string): Promise<string> {
    const isBackend = script.startsWith("node ");
    const child = this.#spawn(this.#here(script), {
      PORT: this.#here(isBackend ? ":9099" : ":8090").slice(1),
    });
    this.#running.push(child);
    const out = collect(child);
    const ready = isBackend ? /Backend at .*\n/ : /Try next .*\n/;
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on("data", () => {
        if (ready.test(out.stdout)) resolve();
      });
      void endOf(child).then((code) =>
        reject(new Error(`"${script}" ended with ${code}:\n${out.stdout}${out.stderr}`)),
      );
    });
    if (!isBackend) await this.#beBrisk();
    return out.stdout;
  }

  async close(): Promise<void> {
    for (const child of this.#running.toReversed()) {
      const ended = endOf(child);
      // The whole group, since npm stands between us and the server.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #runToEnd(script: string, names: readonly string[], where: string): Promise<string> {
    const keep = names.map((name) => `printf '\\n%s=%s' "${name}" "\${${name}-}" >&3`).join("\n");
    const child = this.#spawn(`set -euo pipefail\n${this.#here(script)}\n${keep}`, {});
    const out = collect(child);
    const code = await endOf(child);
    assert.equal(code, 0, `${where} ended with ${code}:\n${script}\n${out.stdout}${out.stderr}`);
    for (const line of out.kept.split("\n")) {
      const at = line.indexOf("=");
      if (at > 0 && at < line.length - 1) this.#variables[line.slice(0, at)] = line.slice(at + 1);
    }
    return out.stdout;
  }

  #spawn(script: string, env: Record<string, string>): ChildProcess {
    const { PATH = "", HOME = this.#folder } = process.env;
    return spawn("bash", ["-c", script], {
      cwd: this.#folder,
      detached: true,
      env: {
        PATH: `${join(root, "node_modules/.bin")}${delimiter}${PATH}`,
        HOME,
        NO_COLOR: "1",
        npm_config_update_notifier: "false",
        CARILLON_URL: this.#here("http://localhost:8090"),
        ...this.#variables,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
  }

  async #beBrisk(): Promise<void> {
    const answer = await fetch(this.#here("http://localhost:8090/v1/lines/sandbox"), {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(BRISK),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** The usual ports may be taken; this page has its own. */
  #here(text: string): string {
    return Object.entries(this.#places).reduce((here, [there, own]) => here.replaceAll(there, own), text);
  }
}

/** `…` inside a line is any text there, a line of its own any number of lines. */
export function patternOf(text: string): RegExp {
  const lines = text
    .split("\n")
    .map((line) =>
      line.trim() === "…"
        ? "(?:[^\\n]*\\n)*?"
        : `${line.trimEnd().split("…").map(escape).join("[^\\n]*?")}[ \\t]*(?:\\n|$)`,
    );
  return new RegExp(`^\\s*${lines.join("")}\\s*$`);
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/ +/g, " +");
}

type Output = { stdout: string; stderr: string; kept: string };

function collect(child: ChildProcess): Output {
  const output: Output = { stdout: "", stderr: "", kept: "" };
  for (const [index, name] of (["stdout", "stderr", "kept"] as const).entries()) {
    child.stdio[index + 1]?.on("data", (chunk: Buffer) => (output[name] += chunk.toString()));
  }
  return output;
}

function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.on("close", resolve);
  });
}
