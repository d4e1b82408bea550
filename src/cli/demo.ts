import { createReadStream, existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { readConfig } from "../config.ts";
import { type AddCommand, action, examples } from "./action.ts";
import { type Client, openClient } from "./client.ts";
import type { Context, Ending } from "./context.ts";
import { type Counted, countCalls, liveBlock, liveLine, morningLine, outcomeLines } from "./demo-report.ts";
import { rejectionWords } from "./import.ts";
import { type Rejected, sendImport, surveyImport } from "./import-run.ts";
import type { Call, Line, List, Stats } from "./shapes.ts";
import { type Times, openTimes, spanWords } from "./times.ts";

type Options = { readonly exit?: boolean };

/** `carillon demo`: 300 pretend people, called live by a Carillon of its own that can ring nobody. */
export const addDemo: AddCommand = (program, cli) => {
  const command = program
    .command("demo")
    .description("see it work: 300 pretend people called live, on a database of its own; rings nobody")
    .option("--exit", "end after the summary, within a minute; without it: stays up until Ctrl-C")
    .action(action<Options>(cli, demo));
  examples(command, [
    ["carillon demo", "then look at the docs and the calls of the running server"],
    ["carillon demo --exit", "for scripts"],
  ]);
};

/** With --exit, what still runs then is only counted, so that a minute is enough on any machine. */
const SETTLE_WITHIN_MS = 44_000;
const LOOK_EVERY_MS = 300;
const PRINT_EVERY_MS = 2_000;

async function demo(context: Context, options: Options): Promise<Ending> {
  const startedAt = context.terminal.now();
  const folder = await mkdtemp(join(tmpdir(), "carillon-demo-"));
  const stop = new AbortController();
  const release = context.terminal.onInterrupt(() => stop.abort());
  // The settings of the surroundings stay outside: a demo must not find its way into somebody's database.
  const zoneinfo = { ZONEINFO_DIR: context.terminal.env["ZONEINFO_DIR"] };
  const config = readConfig(zoneinfo, {
    port: "0",
    databasePath: join(folder, "demo.db"),
    logLevel: context.terminal.env["LOG_LEVEL"] === "debug" ? "debug" : "silent",
  });
  try {
    const { startCarillon } = await import("../server/start.ts");
    const carillon = await startCarillon(config);
    try {
      const client = openClient({ url: carillon.urls[0] ?? "", apiKey: null });
      const times = openTimes(config.zoneinfoDir, context.terminal.timezone);
      return await show(context, client, times, {
        startedAt,
        exit: options.exit === true,
        signal: stop.signal,
      });
    } finally {
      await carillon.stop();
    }
  } finally {
    release();
    await rm(folder, { recursive: true, force: true });
  }
}

type Run = { readonly startedAt: number; readonly exit: boolean; readonly signal: AbortSignal };

async function show(context: Context, client: Client, times: Times, run: Run): Promise<Ending> {
  const say = (words: string): void => (context.json ? undefined : context.terminal.out(`${words}\n`));
  say(
    `${context.paint("bold", "Carillon demo")}: its own database and port (${client.url}), the sandbox network, nobody's phone rings.`,
  );
  await prepare(client);
  say(
    "Everybody may be called from 09:00 to 20:00 of their own day; busy and unanswered calls are tried again in seconds.",
  );
  const { rows, rejected } = await load(client, times, context);
  say(
    `examples/renewals.csv: ${rows} rows, ${rows - rejected.length} calls scheduled, ${rejected.length} rows rejected.\n`,
  );

  const counted = await follow(context, client, run);
  const stats = await client.get<Stats>("/v1/stats");
  const elapsed = context.terminal.now() - run.startedAt;
  const result = {
    seconds: Math.round(elapsed / 100) / 10,
    rows,
    calls: counted.total,
    ...counted.tally,
    tried_again: counted.retried,
    start_delay_ms: stats.start_delay_ms,
    rejected_rows: rejected.map(({ line, reason }) => ({ line, reason })),
    url: client.url,
  };
  context.print(result, () =>
    [
      `\n${context.paint("bold", "Summary")} after ${spanWords(elapsed)}`,
      ...outcomeLines(counted, stats, context.paint),
      morningLine(counted, times),
      "",
      `${rejected.length} rows were rejected, and changed nothing:`,
      ...rejectionWords(rejected, rejected.length),
      "",
      ...nextLines(counted, client.url, run.exit),
    ].join("\n"),
  );
  if (run.signal.aborted) return "interrupted";
  if (run.exit) return "done";
  await new Promise<void>((resolve) => run.signal.addEventListener("abort", () => resolve()));
  say("\nThe demo is over; its files are gone.");
  return "done";
}

/** Calling hours, retries within seconds and a fast network, all through the public API. */
async function prepare(client: Client): Promise<void> {
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(
    (day) => [day, ["09:00-20:00"]] as const,
  );
  await client.post("/v1/hours", { name: "daytime", weekly: Object.fromEntries(days) });
  const soon = { first_delay: "3s", factor: 1, max_delay: "3s" };
  await client.post("/v1/retry-policies", {
    name: "within seconds",
    rules: {
      busy: { retries: 2, ...soon },
      no_answer: { retries: 2, ...soon },
      voicemail: { retries: 0, ...soon },
      declined: { retries: 1, ...soon },
      network_error: { retries: 3, ...soon },
    },
    jitter: 0.3,
  });
  await client.patch("/v1/settings", { default_hours: "daytime", default_retry_policy: "within seconds" });
  const { data: lines } = await client.get<List<Line>>("/v1/lines");
  const line = lines.find((one) => one.is_default) ?? lines[0];
  if (line === undefined) throw new Error("the demo's server has no line");
  await client.patch(`/v1/lines/${line.id}`, {
    slots_max: 500,
    calls_per_second: 0,
    ring_timeout_seconds: 7,
    settings: { talk_ms: 6_000 },
  });
}

async function load(
  client: Client,
  times: Times,
  context: Context,
): Promise<{ rows: number; rejected: readonly Rejected[] }> {
  const path = fileURLToPath(new URL("../../examples/renewals.csv", import.meta.url));
  if (!existsSync(path)) throw new Error(`the demo's people are missing: ${path}`);
  const source = (): AsyncIterable<Uint8Array> => createReadStream(path) as AsyncIterable<Uint8Array>;
  const options = { zones: times.zones };
  const survey = await surveyImport(source, options);
  const rejected: Rejected[] = [];
  await sendImport(client, source, survey, options, context.terminal.sleep, {
    rejected: (row) => void rejected.push(row),
    progress: () => undefined,
  });
  return { rows: survey.rows, rejected: rejected.toSorted((a, b) => a.line - b.line) };
}

/** Looks at the calls until none is on the phone or about to be tried again. */
async function follow(context: Context, client: Client, run: Run): Promise<Counted> {
  const { terminal } = context;
  const isLive = terminal.isTty && !context.json;
  let drawn = 0;
  let printedAt = 0;
  for (;;) {
    const calls: Call[] = [];
    for await (const call of client.list<Call>("/v1/calls", {}, 10_000)) calls.push(call);
    const counted = countCalls(calls, terminal.now());
    const elapsed = terminal.now() - run.startedAt;
    const isOver = counted.tally.live === 0 && counted.tally.again === 0;
    const isLate = run.exit && elapsed > SETTLE_WITHIN_MS;
    const leaves = isOver || isLate || run.signal.aborted;
    if (isLive) {
      const block = liveBlock(counted, elapsed, context.paint);
      const up = drawn === 0 ? "" : `\u001b[${drawn}A\u001b[J`;
      terminal.out(`${up}${leaves ? "" : `${block.join("\n")}\n`}`);
      drawn = block.length;
    } else if (leaves || terminal.now() - printedAt >= PRINT_EVERY_MS) {
      if (!context.json) terminal.out(`${liveLine(counted, elapsed)}\n`);
      printedAt = terminal.now();
    }
    if (leaves) return counted;
    await terminal.sleep(LOOK_EVERY_MS);
  }
}

function nextLines(counted: Counted, url: string, exits: boolean): string[] {
  const id = counted.example?.id ?? "ID";
  if (exits) {
    return [
      "Look next: npm run demo (without --exit) keeps this server up to look around;",
      "           npm start, then: npm run carillon -- call +12125550100 --in 5s --watch",
    ];
  }
  return [
    "Look next, as long as this runs (Ctrl-C ends it and removes everything):",
    `  ${url}/docs`,
    `  curl -s ${url}/v1/calls/${id}/explain`,
    `  npm run carillon -- calls explain ${id} --url ${url}`,
    `  npm run carillon -- call +12125550101 --watch --url ${url}`,
  ];
}
