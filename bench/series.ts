// `npm run bench:series`: what a million series cost, and how long a preview takes. See docs/explanation/speed.md.
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { formatWall, offsetAt } from "../src/domain/zone.ts";
import type { SeriesInput } from "../src/engine/series-api.ts";
import type { SeriesRow } from "../src/ports/rows.ts";
import { loadZones } from "../src/system/zones.ts";
import { type Bench, durabilityOf, openBench, placeOf } from "./harness.ts";
import { say } from "./say.ts";

const help = `npm run bench:series -- [--waiting N] [--due N]

Makes --due series (default 20,000) whose slot comes at once, alone and then beside --waiting others (default 1,000,000) that
wait for their next weekday at 10:00, on SQLite with durability on; and previews 1,000 occurrences of several rules.`;

const { values } = parseArgs({
  options: {
    waiting: { type: "string", default: "1000000" },
    due: { type: "string", default: "20000" },
    help: { type: "boolean", default: false },
  },
});
const page = 5000;
const hourMs = 3_600_000;

if (values.help) process.stdout.write(`${help}\n`);
else await main(Number(values.waiting), Number(values.due));

async function main(waiting: number, due: number): Promise<void> {
  const bench = await openBench(placeOf("sqlite", null, "bench"));
  try {
    say(await durabilityOf(bench.store));
    await previews(bench);
    const model = await modelOf(bench);
    const alone = await measure(bench, model, due, 1_000_000);
    say(`${due} due occurrences, no others: ${alone.perSecond}/s, ${alone.cpuMicros} µs CPU each`);
    const before = await bench.bytes();
    await fill(bench, model, waiting, 10_000_000, bench.engine.now() + 12 * hourMs, hourMs);
    say(`${waiting} more series wait: ${Math.round(((await bench.bytes()) - before) / waiting)} bytes each`);
    const beside = await measure(bench, model, due, 2_000_000);
    say(`${due} due occurrences beside them: ${beside.perSecond}/s, ${beside.cpuMicros} µs CPU each`);
    say(`Memory: ${Math.round(process.memoryUsage().rss / 1_048_576)} MB`);
  } finally {
    await bench.close();
  }
}

async function previews({ engine, actor }: Bench): Promise<void> {
  const rules: readonly SeriesInput["rule"][] = [
    { frequency: "weekly", weekdays: ["mon", "tue", "wed", "thu", "fri"] },
    { frequency: "monthly" },
    { rrule: "FREQ=MONTHLY;BYDAY=-1FR" },
    { cron: "*/15 9-17 * * mon-fri" },
  ];
  for (const rule of rules) {
    const input = { start_at: "2027-01-04T10:00:00", timezone: "America/New_York", rule };
    await engine.previewSeries(actor, input, 1000);
    const started = performance.now();
    const { data } = await engine.previewSeries(actor, input, 1000);
    say(
      `Preview of ${data.length} of ${JSON.stringify(rule)}: ${(performance.now() - started).toFixed(1)} ms`,
    );
  }
}

/** The row of a weekday series as the engine writes it: the others are made in its image. */
async function modelOf(bench: Bench): Promise<SeriesRow> {
  const zone = loadZones().zone("America/New_York");
  if (zone === undefined) throw new Error("The zone is missing");
  const startAt = bench.engine.now() - 7 * 24 * hourMs;
  const { series } = await bench.engine.createSeries(bench.actor, {
    to: "+12125550100",
    start_at: formatWall(startAt + offsetAt(zone, startAt)),
    timezone: zone.name,
    rule: { frequency: "weekly", weekdays: ["mon", "tue", "wed", "thu", "fri"] },
  });
  const rows = await bench.store.read("read the model", () =>
    bench.store.statements.series.after({ id: 0, limit: 10 }),
  );
  await bench.engine.endSeries(bench.actor, series.id);
  const row = rows.at(-1);
  if (row === undefined) throw new Error("The model is missing");
  return row;
}

async function fill(
  bench: Bench,
  model: SeriesRow,
  count: number,
  firstId: number,
  wakeAt: number,
  spreadMs: number,
): Promise<void> {
  for (let from = 0; from < count; from += page) {
    const rows = Array.from({ length: Math.min(page, count - from) }, (_, index): SeriesRow => {
      const id = firstId + from + index;
      return { ...model, id, call_id: null, wake_at: wakeAt + ((from + index) % spreadMs) };
    });
    await bench.store.run("fill", () => bench.store.statements.series.insert(rows));
  }
}

/** How fast due slots get their next calls: from the instant that wakes the duty until none is left. */
async function measure(
  bench: Bench,
  model: SeriesRow,
  due: number,
  firstId: number,
): Promise<{ perSecond: number; cpuMicros: number }> {
  const wakeAt = bench.engine.now() + 4000;
  await fill(bench, model, due, firstId, wakeAt, 1);
  const startAt = new Date(wakeAt).toISOString();
  // Its slot wakes the duty.
  const { series } = await bench.engine.createSeries(bench.actor, {
    to: "+12125550100",
    start_at: startAt,
    timezone: "UTC",
    rule: { frequency: "daily" },
  });
  const left = async (): Promise<number> =>
    (
      await bench.store.read("look", () =>
        bench.store.statements.series.toWake({ now: bench.engine.now(), limit: 1 }),
      )
    ).length;
  if (bench.engine.now() >= wakeAt) throw new Error("The series were not made in time");
  while (bench.engine.now() < wakeAt) await wait(1);
  const cpu = process.cpuUsage();
  const started = performance.now();
  while ((await left()) > 0) await wait(5);
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  await bench.engine.endSeries(bench.actor, series.id);
  return {
    perSecond: Math.round(due / seconds),
    cpuMicros: Math.round((used.user + used.system) / due),
  };
}
