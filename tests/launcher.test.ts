import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../launcher.mjs", import.meta.url));

/** A Node that is too old, where this machine has one. */
function oldNode(): string | undefined {
  const candidates = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node"));
  return candidates.filter(existsSync).find((file) => {
    const [major = ""] = spawnSync(file, ["--version"], { encoding: "utf8" }).stdout.slice(1).split(".");
    return Number(major) >= 18 && Number(major) < 26;
  });
}

for (const [what, node] of [
  ["a new Node", process.execPath],
  ["an old Node", oldNode()],
] as const) {
  const skip = node === undefined && "this machine has no old Node";

  test(`under ${what} the program runs, with its output and exit status`, { skip }, () => {
    const good = spawnSync(node ?? "", [launcher, "--version"], { encoding: "utf8" });
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, /^\d+\.\d+\.\d+\n$/);
    const bad = spawnSync(node ?? "", [launcher, "frobnicate"], { encoding: "utf8" });
    assert.equal(bad.status, 2);
    assert.match(bad.stderr, /unknown command/);
  });

  test(`under ${what} a signal reaches the program, which stops in good order`, { skip }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "carillon-test-"));
    const argv = [launcher, "serve", "--json", "--port", "0", "--log-level", "silent"];
    const child = spawn(node ?? "", argv, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    });
    const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
  });
}
