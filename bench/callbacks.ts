// `npm run bench:callbacks`: carriers' reports at a steady rate against a real server. See docs/explanation/speed.md.
import { loadavg } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { DatabaseSync } from "node:sqlite";
import {
  type CallbackLoadHandlers,
  type CarrierName,
  type LoadResult,
  twilioAccount,
  twilioToken,
} from "./callbacks-load.ts";
import type { CallbackServerHandlers } from "./callbacks-server.ts";
import { startChild } from "./child.ts";
import { sqlitePlace } from "./harness.ts";
import { say } from "./say.ts";

const help = `npm run bench:callbacks -- [--carrier http|twilio|both] [--per-second N] [--seconds N] [--json]

  --carrier       Whose reports (default both). The bench plays the carrier, on loopback.
  --per-second N  Reports a second (default 1000), sent evenly whether or not they are answered.
  --seconds N     For how long (default 30).
  --json          The figures as JSON.

Every report must be answered 2xx and found in the store afterwards; the process ends with status 1 otherwise.`;

const aimP99Ms = 50;
const stepsOfACall = 3;
const connections = 64;
const minuteMs = 60_000;

type Figures = LoadResult & {
  readonly carrier: CarrierName;
  readonly stored: number;
  readonly completed: number;
  readonly calls: number;
  readonly serverMb: number;
  /** Processor time of the server for each report. */
  readonly cpuMicros: number;
};

const { values } = parseArgs({
  options: {
    carrier: { type: "string", default: "both" },
    "per-second": { type: "string", default: "1000" },
    seconds: { type: "string", default: "30" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) process.stdout.write(`${help}\n`);
else await main();

async function main(): Promise<void> {
  const perSecond = Number(values["per-second"]);
  const calls = Math.ceil((perSecond * Number(values.seconds)) / stepsOfACall);
  if (!(perSecond > 0) || !(calls > 0)) throw new Error("--per-second and --seconds must be numbers over 0");
  const [load = 0] = loadavg();
  say(
    `load average ${load.toFixed(1)}${load > 1 ? ": something else runs, so the latencies are not the server's own" : ""}`,
  );
  const all: Figures[] = [];
  for (const carrier of ["http", "twilio"] as const) {
    if (values.carrier !== "both" && values.carrier !== carrier) continue;
    say(`${carrier}: placing ${calls} calls`);
    const figures = await measure(carrier, perSecond, calls);
    all.push(figures);
    if (!values.json) process.stdout.write(`${wordsOf(figures)}\n`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  if (all.length === 0) throw new Error(`--carrier ${values.carrier}: expected http, twilio or both`);
  if (!all.every(isWhole)) process.exitCode = 1;
}

async function measure(carrier: CarrierName, perSecond: number, calls: number): Promise<Figures> {
  const open = await sqlitePlace.open();
  const server = startChild<CallbackServerHandlers>("callbacks-server.ts");
  const load = startChild<CallbackLoadHandlers>("callbacks-load.ts");
  try {
    const { url } = await load.ask("open", { carrier }, minuteMs);
    await server.ask(
      "start",
      { location: open.location, carrier, settings: settingsFor(carrier, url) },
      minuteMs,
    );
    await server.ask("place", { count: calls }, 4 * minuteMs);
    const input = { perSecond, count: calls * stepsOfACall, connections };
    say(`${carrier}: ${input.count} reports, ${perSecond} a second`);
    const cpuBefore = await server.ask("cpu", undefined, minuteMs);
    const result = await load.ask("run", input, 10 * minuteMs);
    const cpuMs = (await server.ask("cpu", undefined, minuteMs)) - cpuBefore;
    const completed = await server.ask("completed", undefined, minuteMs);
    const serverMb = await server.ask("memory", undefined, minuteMs);
    await server.ask("stop", undefined, minuteMs);
    const stored = storedIn(open.location.kind === "sqlite" ? open.location.path : "");
    return {
      ...result,
      carrier,
      stored,
      completed,
      calls,
      serverMb,
      cpuMicros: (1000 * cpuMs) / result.sent,
    };
  } finally {
    await load.stop();
    await server.stop();
    await open.remove();
  }
}

function settingsFor(carrier: CarrierName, url: string): Record<string, unknown> {
  if (carrier === "http") return { url: `${url}/calls`, allow_private: true };
  return {
    account_sid: twilioAccount,
    auth_token: twilioToken,
    base_url: url,
    allow_private: true,
    say: "Hello.",
  };
}

/** What the closed database holds of them: for each attempt that it rang, was answered and ended, once each. */
function storedIn(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const row = db
      .prepare(
        "select count(*) as count from (select distinct attempt_id, json_extract(body, '$.kind') as kind from reports where json_extract(body, '$.kind') in ('ringing', 'answered', 'ended'))",
      )
      .get();
    return Number(row?.["count"]);
  } finally {
    db.close();
  }
}

function isWhole(figures: Figures): boolean {
  const { sent, taken, stored, completed, calls } = figures;
  return taken === sent && stored === sent && completed === calls;
}

function wordsOf(figures: Figures): string {
  const { carrier, sent, taken, stored, completed, calls, ms, others, serverMb, cpuMicros } = figures;
  const { p50, p95, p99, max } = figures;
  const words = [
    `${carrier}: ${sent} reports in ${(ms / 1000).toFixed(1)} s (${Math.round((sent / ms) * 1000)} a second)`,
    `  answered p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (aim ${aimP99Ms} ms: ${p99 <= aimP99Ms ? "met" : "missed"}), max ${max.toFixed(1)} ms`,
    `  answered 2xx ${taken}, stored ${stored}, calls completed ${completed} of ${calls}`,
    `  the server used ${Math.round(cpuMicros)} µs of processor time for each, and ${Math.round(serverMb)} MB`,
  ];
  if (Object.keys(others).length > 0) words.push(`  other answers: ${JSON.stringify(others)}`);
  if (!isWhole(figures)) words.push("  LOST: not every report was answered, stored and folded");
  return words.join("\n");
}
