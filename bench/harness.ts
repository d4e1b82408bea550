import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandbox } from "../src/carriers/sandbox/kind.ts";
import { localConveyor } from "../src/conveyors/local.ts";
import { createEngine } from "../src/engine/create.ts";
import type { Actor, Engine } from "../src/engine/engine.ts";
import type { Carrier, Order } from "../src/ports/carrier.ts";
import type { Program } from "../src/ports/program.ts";
import type { Store } from "../src/ports/store.ts";
import type { StoreLocation } from "../src/store/open.ts";
import { openStore } from "../src/store/open.ts";
import { PostgresStore } from "../src/store/postgres.ts";
import { SqliteStore } from "../src/store/sqlite.ts";
import { SystemClock } from "../src/system/clock.ts";
import { readCsv } from "../src/system/csv.ts";
import { openFetch } from "../src/system/fetch.ts";
import { loadHolidays } from "../src/system/holidays.ts";
import { silentLog } from "../src/system/log.ts";
import { loadPhoneMetadata } from "../src/system/phone-metadata.ts";
import { systemRandom } from "../src/system/random.ts";
import { createSecrets } from "../src/system/secrets.ts";
import { loadZones } from "../src/system/zones.ts";
import { Tally } from "./tally.ts";

/** An engine as `carillon serve` makes it, without the HTTP server, on a database of its own. */
export type Bench = {
  readonly engine: Engine;
  readonly actor: Actor;
  readonly store: Store;
  readonly clock: SystemClock;
  /** Attempts that have ended, durably. */
  readonly ended: Tally;
  /** Bytes of the database on disk. */
  bytes(): Promise<number>;
  /** Hears of each order just before the sandbox gets it; null stops listening. */
  onPlace(listener: ((order: Order) => void) | null): void;
  close(): Promise<void>;
};

/** Where a contender of the bench keeps its data; each bench gets a fresh place. */
export type Place = { readonly name: StoreName; open(): Promise<OpenPlace> };
export type StoreName = "sqlite" | "postgres";
export type OpenPlace = {
  readonly location: StoreLocation;
  bytes(): Promise<number>;
  remove(): Promise<void>;
};

export const sqlitePlace: Place = {
  name: "sqlite",
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), "carillon-bench-"));
    const path = join(folder, "bench.db");
    return {
      location: { kind: "sqlite", path },
      bytes: async () => statSync(path).size,
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

/** A fresh database on the server at `url`; its name begins with `tag`, so that what a killed run left can be found. */
export function postgresPlace(url: string, tag: string): Place {
  return {
    name: "postgres",
    open: async () => {
      const name = `${tag}_${process.pid}_${Math.floor(performance.now())}`;
      await query(url, `create database ${name}`);
      const own = new URL(url);
      own.pathname = `/${name}`;
      return {
        location: { kind: "postgres", url: own.href },
        bytes: async () =>
          Number((await query(url, `select pg_database_size('${name}') as size`))[0]?.["size"]),
        remove: async () => void (await query(url, `drop database if exists ${name} with (force)`)),
      };
    },
  };
}

/** Where a store's databases are made; `url` is that of the Postgres server. */
export function placeOf(store: StoreName, url: string | null, tag: string): Place {
  if (store === "sqlite") return sqlitePlace;
  if (url === null) throw new Error("Postgres needs the URL of a server");
  return postgresPlace(url, tag);
}

/** Removes the databases that a run which was cut short has left on the server. */
export async function dropLeftOvers(url: string, tag: string): Promise<void> {
  const rows = await query(url, `select datname from pg_database where datname like '${tag}\\_%'`);
  for (const { datname } of rows) await query(url, `drop database if exists ${String(datname)} with (force)`);
}

/** Runs one statement on a connection of its own. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** The secret of every database of the bench. */
export const benchSecret = "a secret of the bench that is long enough";

const hourMs = 3_600_000;

/**
 * Opens a fresh place and an engine on it that dials. Its clock begins at the next 15:00 UTC, when everybody's calling
 * hours are open for hours to come, so that a run measures the same at any time of the day.
 */
export async function openBench(place: Place, programs: readonly Program[] = []): Promise<Bench> {
  const { location, bytes, remove } = await place.open();
  const clock = new SystemClock();
  clock.restore(untilAfternoon(clock.now()));
  const store = await openStore(location, { clock, log: silentLog });
  const ended = new Tally();
  let listener: ((order: Order) => void) | null = null;
  const engine = await createEngine({
    store,
    clock,
    log: silentLog,
    random: systemRandom,
    meter: {
      startDelay() {},
      claimed() {},
      outcome: (_outcome, count = 1) => ended.add(count),
      error: (duty) => ended.fail(new Error(`The duty ${duty} failed`)),
      due() {},
      missed() {},
      inFlight() {},
      jobRan() {},
    },
    secrets: createSecrets(benchSecret),
    zones: loadZones(),
    fetch: openFetch({ clock }),
    carrierKinds: {
      sandbox: () =>
        Promise.resolve({
          ...sandbox,
          connect: (ports) => heard(sandbox.connect(ports), (order) => listener?.(order)),
        }),
    },
    phoneMetadata: await loadPhoneMetadata(),
    holidays: (country, region) => loadHolidays(country, region, []),
    journalPath: null,
    publicUrl: () => null,
    testClock: clock,
    conveyor: localConveyor(),
    nodeName: "bench",
    followServer: () => {},
    programs: {
      all: programs,
      settings: { renewals: { timezone: "Asia/Kolkata" }, timezone: "UTC" },
      readCsv,
    },
  });
  const actor = engine.defaultActor();
  await prepare(engine, actor);
  await engine.start();
  return {
    engine,
    actor,
    store,
    clock,
    ended,
    bytes: () => (store instanceof SqliteStore ? Promise.resolve(pagesOf(store)) : bytes()),
    onPlace: (next) => void (listener = next),
    async close() {
      await engine.stop(5000);
      await store.close();
      clock.close();
      await remove();
    },
  };
}

/** A sandbox that answers at once and never runs out of lines, and calling hours that have to be looked at. */
export async function prepare(engine: Engine, actor: Actor): Promise<void> {
  await engine.updateLine(actor, "sandbox", { slots_max: 1_000_000, settings: { answer: "at_once" } });
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  const weekly = Object.fromEntries(days.map((day) => [day, ["00:00-23:59"]]));
  await engine.createHours(actor, { name: "nearly always", weekly });
  await engine.updateSettings(actor, { default_hours: "nearly always" });
}

/** Bytes of an SQLite database, whether its pages are in the file yet or still in the log. */
function pagesOf(store: SqliteStore): number {
  const row = store.database
    .prepare("select page_count * page_size as bytes from pragma_page_count, pragma_page_size")
    .get();
  return Number(row?.["bytes"]);
}

/** What makes a commit durable, read back from the connection that the engine uses. Throws when any of it is off. */
export async function durabilityOf(store: Store): Promise<string> {
  if (store instanceof SqliteStore) {
    const pragma = (name: string): string =>
      String(Object.values(store.database.prepare(`pragma ${name}`).get() ?? {})[0]);
    const found = `journal_mode=${pragma("journal_mode")} synchronous=${pragma("synchronous")}`;
    if (found !== "journal_mode=wal synchronous=2") throw new Error(`SQLite is not durable: ${found}`);
    return `${found} (FULL)`;
  }
  if (!(store instanceof PostgresStore)) throw new Error("Nobody knows how durable this store is");
  const client = await store.connect();
  try {
    const names = ["fsync", "full_page_writes", "synchronous_commit"];
    const found: string[] = [];
    for (const name of names) {
      const { rows } = await client.query<Record<string, string>>(`show ${name}`);
      found.push(`${name}=${rows[0]?.[name]}`);
    }
    if (found.some((one) => one.endsWith("=off")))
      throw new Error(`PostgreSQL is not durable: ${found.join(" ")}`);
    return found.join(" ");
  } finally {
    client.release();
  }
}

function untilAfternoon(now: number): number {
  const day = 24 * hourMs;
  return (15 * hourMs - (now % day) + day) % day;
}

function heard(carrier: Carrier, hear: (order: Order) => void): Carrier {
  return {
    place: (order) => {
      hear(order);
      return carrier.place(order);
    },
    lookup: (order) => carrier.lookup(order),
    hangUp: (order) => carrier.hangUp(order),
    check: (settings, line) => carrier.check(settings, line),
    close: () => carrier.close(),
  };
}

/** A number of the fictional block that answers; `n` spreads over area codes so that zones and hashes differ. */
export function numberOf(n: number): string {
  const areas = [212, 312, 303, 213, 808, 604, 415, 617, 713, 206];
  return `+1${areas[n % areas.length]}${String(2_000_000 + (n % 7_900_000)).padStart(7, "0")}`;
}

/** Runs `work(i)` for i below `count` with so many callers at once; returns how many a second were done. */
export async function perSecond(
  count: number,
  callers: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < count) {
        next += 1;
        await work(next);
      }
    }),
  );
  return (count / (performance.now() - started)) * 1000;
}

export function quantiles(values: readonly number[]): { p50: number; p95: number; p99: number; max: number } {
  const sorted = Float64Array.from(values).toSorted();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}
