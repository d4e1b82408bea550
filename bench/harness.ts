import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { carriers } from "../src/carriers/index.ts";
import { localConveyor } from "../src/conveyors/local.ts";
import { createEngine } from "../src/engine/create.ts";
import type { Engine } from "../src/engine/engine.ts";
import type { Store } from "../src/ports/store.ts";
import type { StoreLocation } from "../src/store/open.ts";
import { openStore } from "../src/store/open.ts";
import { SystemClock } from "../src/system/clock.ts";
import { openFetch } from "../src/system/fetch.ts";
import { loadHolidays } from "../src/system/holidays.ts";
import { silentLog } from "../src/system/log.ts";
import { loadPhoneMetadata } from "../src/system/phone-metadata.ts";
import { systemRandom } from "../src/system/random.ts";
import { createSecrets } from "../src/system/secrets.ts";
import { loadZones } from "../src/system/zones.ts";

/** An engine as `carillon serve` makes it, without the HTTP server, on a database of its own. */
export type Bench = {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: SystemClock;
  /** Bytes of the database on disk. */
  bytes(): Promise<number>;
  close(): Promise<void>;
};

/** Where a contender of the bench keeps its data; each bench gets a fresh place. */
export type Place = { readonly name: "sqlite" | "postgres"; open(): Promise<{ location: StoreLocation; bytes(): Promise<number>; remove(): Promise<void> }> };

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

/** A fresh database on the server at `url`. */
export function postgresPlace(url: string): Place {
  return {
    name: "postgres",
    open: async () => {
      const { default: pg } = await import("pg");
      const name = `carillon_bench_${process.pid}_${Math.floor(performance.now())}`;
      const admin = async (text: string): Promise<unknown[]> => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        try {
          return (await client.query(text)).rows;
        } finally {
          await client.end();
        }
      };
      await admin(`create database ${name}`);
      const own = new URL(url);
      own.pathname = `/${name}`;
      return {
        location: { kind: "postgres", url: own.href },
        bytes: async () => Number(((await admin(`select pg_database_size('${name}') as size`))[0] as { size: string }).size),
        remove: async () => void (await admin(`drop database ${name} with (force)`)),
      };
    },
  };
}

export type BenchOptions = {
  /** Called for each attempt with how late its request was handed to the carrier (ms). */
  readonly onStartDelay?: (ms: number) => void;
  /** Begin to dial at once; else `engine.start` is up to the bench. */
  readonly start?: boolean;
};

export async function openBench(place: Place, options: BenchOptions = {}): Promise<Bench> {
  const { location, bytes, remove } = await place.open();
  const clock = new SystemClock();
  const store = await openStore(location, { clock, log: silentLog });
  const engine = await createEngine({
    store,
    clock,
    log: silentLog,
    random: systemRandom,
    meter: { startDelay: options.onStartDelay ?? (() => {}), claimed() {}, outcome() {}, error() {}, due() {}, inFlight() {} },
    secrets: createSecrets("a secret of the bench that is long enough"),
    zones: loadZones(),
    fetch: openFetch({ clock }),
    carrierKinds: carriers,
    phoneMetadata: await loadPhoneMetadata(),
    holidays: (country, region) => loadHolidays(country, region, []),
    journalPath: null,
    publicUrl: () => null,
    testClock: clock,
    conveyor: localConveyor(),
    nodeName: "bench",
    followServer: () => {},
  });
  const actor = engine.defaultActor();
  await engine.updateLine(actor, "sandbox", { slots_max: 1_000_000, settings: { answer: "at_once" } });
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  await engine.createHours(actor, { name: "nearly always", weekly: Object.fromEntries(days.map((day) => [day, ["00:00-23:59"]])) });
  await engine.updateSettings(actor, { default_hours: "nearly always" });
  if (options.start !== false) await engine.start();
  return {
    engine,
    store,
    clock,
    bytes,
    async close() {
      await engine.stop(5000);
      await store.close();
      clock.close();
      await remove();
    },
  };
}

/** A number of the fictional block that answers; `n` spreads over area codes so that zones and hashes differ. */
export function numberOf(n: number): string {
  const areas = [212, 312, 303, 213, 808, 604, 415, 617, 713, 206];
  return `+1${areas[n % areas.length]}${String(2_000_000 + (n % 7_900_000)).padStart(7, "0")}`;
}

/** Runs `work(i)` for i below `count` with so many callers at once; returns how many a second were done. */
export async function perSecond(count: number, callers: number, work: (index: number) => Promise<unknown>): Promise<number> {
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
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}
