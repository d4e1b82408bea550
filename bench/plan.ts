import { silentLog } from "../src/system/log.ts";
import { createSecrets } from "../src/system/secrets.ts";
import { loadHolidays } from "../src/system/holidays.ts";
import { loadZones } from "../src/system/zones.ts";
import { Book } from "../src/engine/book.ts";
import { Ids } from "../src/engine/ids.ts";
import { planCall } from "../src/engine/plan.ts";
import type { Figures } from "./figures.ts";
import { type Bench, benchSecret, numberOf } from "./harness.ts";

const zoneNames = [
  "America/New_York",
  "Europe/Berlin",
  "Asia/Kolkata",
  "Australia/Sydney",
  "America/Sao_Paulo",
];
const yearMs = 365 * 86_400_000;

/** Microseconds to find a call's first opening: office hours with a break, in a given zone or in those of its number. */
export async function measurePlanning(bench: Bench, scale: number): Promise<Figures> {
  const { engine, actor, store } = bench;
  const week = ["mon", "tue", "wed", "thu", "fri"].map(
    (day) => [day, ["09:00-12:00", "13:00-20:00"]] as const,
  );
  await engine.createHours(actor, { name: "office", weekly: Object.fromEntries(week) });
  const zones = loadZones();
  const ports = { store, clock: bench.clock, log: silentLog };
  const book = new Book({
    ...ports,
    secrets: createSecrets(benchSecret),
    ids: new Ids(ports),
    holidays: (country, region) => loadHolidays(country, region, []),
    takesAnyCall: () => true,
  });
  await book.load();
  const context = { book, zones, carriers: new Map() };
  const line = book.defaultLine(actor.workspaceId);
  const hoursId = book.findHours(actor.workspaceId, "office")?.row.id;
  if (line === undefined || hoursId === undefined) throw new Error("The line or the hours are missing");
  const now = engine.now();
  const micros = (count: number, given: boolean): number => {
    const started = performance.now();
    for (let n = 0; n < count; n += 1) {
      const subject = {
        workspaceId: actor.workspaceId,
        e164: numberOf(n),
        timezone: given ? (zoneNames[n % zoneNames.length] ?? null) : null,
        hoursId,
      };
      const plan = planCall(context, subject, line, now + ((n * 7_919_333) % yearMs));
      if (plan.kind !== "planned") throw new Error(`A call was held: ${plan.reason}`);
    }
    return ((performance.now() - started) * 1000) / count;
  };
  micros(20_000, true);
  micros(20_000, false);
  const count = Math.round(500_000 * scale);
  return { planGiven: micros(count, true), planNumber: micros(count, false) };
}
