// `npm run bench:renewals`: how long it takes to find whom to call among a million customers. See docs/explanation/speed.md.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

import type { House } from "../src/ports/program.ts";
import { type Parts, partsOf, todayOf } from "../src/programs/renewals/parts.ts";
import { pendingRows } from "../src/programs/renewals/pending.ts";
import { sealPerson } from "../src/programs/renewals/person.ts";
import { program } from "../src/programs/renewals/program.ts";
import { NEVER_BUSY } from "../src/programs/renewals/rules.ts";
import { selectAndCall } from "../src/programs/renewals/select.ts";
import { changeSettings } from "../src/programs/renewals/settings.ts";
import type { CustomerRow, HoldingRow } from "../src/programs/renewals/tables.ts";

import { PostgresStore } from "../src/store/postgres.ts";

import {
  type Bench,
  type StoreName,
  durabilityOf,
  numberOf,
  openBench,
  placeOf,
  quantiles,
} from "./harness.ts";
import { openPostgres } from "./postgres-server.ts";
import { say } from "./say.ts";

const help = `npm run bench:renewals -- [--customers N] [--resting N] [--store sqlite|postgres]

Fills in --customers customers (default 1,000,000) with a policy each, whose ends are spread over a year, and measures how
long pending-customers takes and how long the selection of 50; then again with --resting of those whose policies end
soonest (default 20,000) called within the last week, so that the walk has to pass over them.`;

const { values } = parseArgs({
  options: {
    customers: { type: "string", default: "1000000" },
    resting: { type: "string", default: "20000" },
    store: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const page = 5000;
const firstId = 1_000_000_000;
const looks = 1000;
const selections = 60;
const days = 30;

if (values.help) process.stdout.write(`${help}\n`);
else
  for (const store of ["sqlite", "postgres"] as const)
    if (values.store === undefined || values.store === store) await main(store);

async function main(store: StoreName): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "carillon-bench-"));
  const server = store === "postgres" ? await openPostgres(process.env["DATABASE_URL"], folder) : null;
  const plugged: { house?: House } = {};
  const bench = await openBench(placeOf(store, server?.url ?? null, "bench_renewals"), [
    { ...program, plug: (house) => program.plug((plugged.house = house)) },
  ]);
  try {
    if (plugged.house === undefined) throw new Error("The program was not plugged in");
    const parts = partsOf(plugged.house);
    say(`${store}: ${await durabilityOf(bench.store)}`);
    const started = performance.now();
    await fill(bench, parts, Number(values.customers));
    await settle(bench);
    say(`${values.customers} customers in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    // The capacity of the day is not what is measured here.
    await changeSettings(parts, bench.actor, { max_calls_per_day: 10_000, max_concurrent_calls: 1000 });
    await measure(bench, parts, "nobody rests");
    await rest(bench, parts, Number(values.resting));
    await settle(bench);
    await measure(bench, parts, `${values.resting} of the soonest rest`);
  } finally {
    await bench.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(bench: Bench, parts: Parts, count: number): Promise<void> {
  const today = todayOf(parts);
  const now = bench.engine.now();
  const stamps = { version: 1, created_at: now, updated_at: now };
  const rested = { called_day: 0, busy_day: NEVER_BUSY, done_day: 0 };
  const key = { workspace_id: bench.actor.workspaceId };
  await bench.store.run("make a policy", () =>
    parts.sql.policies.insert([
      {
        id: firstId,
        ...key,
        policy_number: "HP-12",
        policy_name: "Health Plus",
        policy_type: null,
        description: null,
        base_premium: 12_000,
        base_sum_assured: 500_000,
        duration_months: 12,
        ...stamps,
      },
    ]),
  );
  for (let from = 0; from < count; from += page) {
    const customers: CustomerRow[] = [];
    const held: HoldingRow[] = [];
    for (let index = from; index < Math.min(count, from + page); index += 1) {
      const id = firstId + 1 + index;
      const person = {
        phone: numberOf(index),
        name: `Customer ${index}`,
        email: null,
        age: null,
        city: null,
        address: null,
      };
      const sealed = sealPerson(parts.house.secrets, key.workspace_id, id, person);
      const calls = { calls: 0, called_at: null, ...rested, ...stamps };
      customers.push({ id, ...key, customer_code: `C${index}`, ...sealed, ...calls });
      held.push({
        id,
        ...key,
        customer_id: id,
        policy_id: firstId,
        status: "active",
        start_day: today - 300,
        // Spread over a year, in no order of ids.
        end_day: today + ((index * 7919) % 365),
        premium_amount: 12_000,
        sum_assured: 500_000,
        ...rested,
        ...stamps,
      });
    }
    await bench.store.run("fill", function* () {
      yield* parts.sql.customers.insert(customers);
      yield* parts.sql.holdings.insert(held);
    });
  }
}

/** Those who would be called next were called yesterday. */
async function rest(bench: Bench, parts: Parts, count: number): Promise<void> {
  const today = todayOf(parts);
  let left = count;
  while (left > 0) {
    const rows = await pendingRows(parts, bench.actor, {
      days: 365,
      limit: Math.min(left, page),
      skipDays: 7,
    });
    if (rows.length === 0) return;
    await bench.store.run("rest", () =>
      parts.sql.holdings.setRest(
        rows.map((row) => ({
          customer_id: row.customer_id,
          called_day: today - 1,
          busy_day: NEVER_BUSY,
          done_day: 0,
        })),
      ),
    );
    left -= rows.length;
  }
}

/** What a server does by itself some minutes after a bulk load. */
async function settle({ store }: Bench): Promise<void> {
  if (!(store instanceof PostgresStore)) return;
  const client = await store.connect();
  await client.query("vacuum analyze");
  client.release();
}

async function measure(bench: Bench, parts: Parts, what: string): Promise<void> {
  const lookTimes = await timesOf(looks, () =>
    pendingRows(parts, bench.actor, { days, limit: 50, skipDays: 7 }),
  );
  say(`  pending-customers, ${what}: ${wordsOf(lookTimes)}`);
  const selectTimes: number[] = [];
  for (let index = 0; index < selections; index += 1) {
    // The calls of the one before are over: a day has one selection, or a few.
    await bench.engine.idle();
    const asked = {
      days,
      callsMax: 50,
      source: "trigger" as const,
      taskId: `bench-${index}`,
      reason: "expiring_policy",
    };
    const started = performance.now();
    const { queued } = await selectAndCall(parts, bench.actor, asked);
    selectTimes.push(performance.now() - started);
    if (queued !== 50) throw new Error(`Only ${queued} were left to select: take more --customers`);
  }
  say(`  selection of 50, ${what}: ${wordsOf(selectTimes)}`);
}

async function timesOf(count: number, work: (index: number) => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const started = performance.now();
    await work(index);
    times.push(performance.now() - started);
  }
  return times;
}

function wordsOf(times: readonly number[]): string {
  const { p50, p99, max } = quantiles(times);
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`;
}
