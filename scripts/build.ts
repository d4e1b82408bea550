// Makes the package that is published: `npm run build`, or `node scripts/build.ts FOLDER`. The folder (dist/ by default) is the whole
// package: `npm pack` or `npm publish` runs in it.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
/** What goes along as it is: the program that starts the right Node, the schema, and what people read. */
const carried = [
  "launcher.mjs",
  "migrations",
  "examples",
  "docs",
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "LICENSE",
  "NOTICE",
];

/** Builds into `folder`, which is emptied first. */
export function build(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(
    process.execPath,
    [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", join(folder, "dist")],
    {
      stdio: "inherit",
    },
  );
  for (const name of carried) cpSync(join(root, name), join(folder, name), { recursive: true });
  chmodSync(join(folder, "launcher.mjs"), 0o755);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(published(), null, 2)}\n`);
}

/** The manifest without what only a checkout needs: development, the bundled Node, and install scripts. */
function published(): Record<string, unknown> {
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
  const { name, version, description, license, type, engines, bin, dependencies } = own;
  return {
    name,
    version,
    description,
    license,
    type,
    engines,
    bin,
    files: ["dist", ...carried],
    dependencies,
  };
}

if (import.meta.main) build(resolve(process.argv[2] ?? join(root, "dist")));
