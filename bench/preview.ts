// `node bench/preview.ts`: what it costs to read a rule, to find its next time, and to show a thousand of them.
import process from "node:process";
import { firstSlotAfter, nextSlot, parseRule } from "../src/domain/recurrence/recurrence.ts";
import type { Recurrence } from "../src/domain/recurrence/recurrence.ts";
import { loadZones } from "../src/system/zones.ts";

const previewMostMs = 20;
const weekdays = ["mon", "tue", "wed", "thu", "fri"];
const rules: readonly (readonly [string, object])[] = [
  ["daily", { frequency: "daily" }],
  ["weekdays", { frequency: "daily", weekdays }],
  ["every second week", { frequency: "weekly", interval: 2, weekdays: ["mon", "thu"] }],
  ["monthly", { frequency: "monthly" }],
  ["cron, weekdays", { cron: "0 10 * * mon-fri" }],
  ["cron, every quarter of an hour", { cron: "*/15 * * * *" }],
  ["RRULE, second Tuesday", { rrule: "FREQ=MONTHLY;BYDAY=2TU" }],
  ["RRULE, last workday", { rrule: "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1" }],
  ["RRULE, every 90 minutes", { rrule: "FREQ=MINUTELY;INTERVAL=90" }],
  ["RRULE, week of the year", { rrule: "FREQ=YEARLY;BYWEEKNO=20,40;BYDAY=MO,TU,WE,TH,FR" }],
  ["RRULE, with 1,000 dates taken out", { rrule: "FREQ=DAILY", exdates: everyThirdDay(1000) }],
];

const zone = loadZones().zone("America/New_York");
if (zone === undefined) throw new Error("There is no New York");
const startLocalMs = Date.UTC(2027, 0, 4, 10);
let isTooSlow = false;
console.log(
  `${"rule".padEnd(36)}${["read µs", "next µs", "1,000 ms", "after 30 years µs"].map((head) => head.padStart(18)).join("")}`,
);
for (const [name, input] of rules) {
  const read = () => {
    const parsed = parseRule(input, { localMs: startLocalMs }, zone);
    if (!parsed.ok) throw new Error(`${name}: ${parsed.detail}`);
    return parsed.rule;
  };
  const recurrence: Recurrence = { rule: read(), zone, startLocalMs, gap: "forward", overlap: "first" };
  const preview = (): number => {
    let shown = 0;
    for (
      let slot = nextSlot(recurrence, null);
      slot !== null && shown < 1000;
      slot = nextSlot(recurrence, slot)
    )
      shown += 1;
    return shown;
  };
  const shown = preview();
  const late = Date.UTC(2057, 5, 1);
  const [readMs, previewMs, lateMs] = [
    measure(read, 500),
    measure(preview, 20),
    measure(() => firstSlotAfter(recurrence, late), 100),
  ];
  isTooSlow ||= previewMs > previewMostMs;
  const figures = [readMs * 1000, (previewMs * 1000) / shown, previewMs, lateMs * 1000];
  console.log(`${name.padEnd(36)}${figures.map((figure) => figure.toFixed(2).padStart(18)).join("")}`);
}
console.log(
  isTooSlow
    ? `a preview takes more than ${previewMostMs} ms`
    : `every preview takes at most ${previewMostMs} ms`,
);
if (isTooSlow) process.exitCode = 1;

/** The middle of eleven rounds, in ms for each time it is done. */
function measure(work: () => unknown, times: number): number {
  const rounds = Array.from({ length: 11 }, () => {
    const startedAt = performance.now();
    for (let i = 0; i < times; i += 1) work();
    return (performance.now() - startedAt) / times;
  });
  return rounds.sort((a, b) => a - b)[5] ?? 0;
}

function everyThirdDay(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) =>
    new Date(Date.UTC(2027, 0, 5 + i * 3)).toISOString().slice(0, 10),
  );
}
