import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import type { Command } from "commander";

import { type AddCommand, action, examples } from "./action.ts";
import { collectPair, valuesIn } from "./call.ts";
import type { Context } from "./context.ts";
import { Failure, usage } from "./failure.ts";
import type { Line, List } from "./shapes.ts";
import { fields, table } from "./table.ts";

type Options = {
  readonly carrier?: string;
  readonly set?: Record<string, string>;
  readonly settings?: string;
  readonly callerId?: string;
  readonly slots?: string;
  readonly rate?: string;
  readonly burst?: string;
  readonly dailyMax?: string;
  readonly ringTimeout?: string;
  readonly maxDuration?: string;
  readonly timezone?: string;
  readonly hours?: string;
  readonly retryPolicy?: string;
};

/** `carillon lines …`: the carrier accounts that calls go out through. */
export const addLines: AddCommand = (program, cli) => {
  const group = program.command("lines").description("the lines that calls go out through");
  examples(group.command("list").description("list the lines").action(action(cli, listLines)), [
    ["carillon lines list", "slots, rates and what each one waits for"],
  ]);
  const show = named(group, "show", "show one line").action(
    action(cli, async (context, _options, name = "") => {
      printLine(context, await context.client().get<Line>(pathOf(name)));
    }),
  );
  examples(show, [["carillon lines show sandbox", ""]]);

  const add = withSettings(named(group, "add", "add a line"))
    .requiredOption("--carrier <kind>", "sandbox, http, twilio or livekit")
    .action(
      action<Options>(cli, async (context, options, name = "") => {
        const body = { name, carrier: options.carrier, ...bodyOf(context, options) };
        printLine(context, await context.client().post<Line>("/v1/lines", body));
      }),
    );
  examples(add, [
    ["carillon lines add slow --carrier sandbox --slots 2 --rate 0.5", "two at once, one every 2 s"],
    [
      "carillon lines add voice --carrier http --settings voice.json --slots 20",
      "a voice backend behind HTTP",
    ],
    [
      'carillon lines add phone --carrier twilio --set say="Hello {{metadata.name}}"',
      "the account of TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
    ],
  ]);

  const set = withSettings(named(group, "set", "change a line")).action(
    action<Options>(cli, async (context, options, name = "") => {
      const body = bodyOf(context, options);
      if (Object.keys(body).length === 0)
        throw usage("Nothing to change is given.", "See carillon lines set --help.");
      printLine(context, await context.client().patch<Line>(pathOf(name), body));
    }),
  );
  examples(set, [["carillon lines set sandbox --slots 50", "at most 50 calls at once"]]);

  const pause = named(group, "pause", "place no more calls on a line; calls under way go on")
    .option("--reason <words>", "why, for the ledger", "paused from the command line")
    .action(
      action<{ reason: string }>(cli, async (context, { reason }, name = "") => {
        printLine(context, await context.client().post<Line>(`${pathOf(name)}/pause`, { reason }));
      }),
    );
  examples(pause, [['carillon lines pause voice --reason "carrier is down"', ""]]);
  const resume = named(group, "resume", "let a paused line place calls again").action(
    action(cli, async (context, _options, name = "") => {
      printLine(context, await context.client().post<Line>(`${pathOf(name)}/resume`, {}));
    }),
  );
  examples(resume, [["carillon lines resume voice", ""]]);
  const remove = named(group, "remove", "remove a line that no live call uses").action(
    action(cli, async (context, _options, name = "") => {
      await context.client().remove(pathOf(name));
      context.print({ removed: name }, () => `${name} is removed.`);
    }),
  );
  examples(remove, [["carillon lines remove voice", ""]]);
  const check = named(group, "check", "ask the carrier whether credentials and routes are in order").action(
    action(cli, checkLine),
  );
  examples(check, [["carillon lines check voice", "exit 1 when something is wrong"]]);
};

function named(group: Command, verb: string, description: string): Command {
  return group.command(verb).description(description).argument("<line>", "its name or id");
}

function withSettings(command: Command): Command {
  return command
    .option(
      "--set <name=value>",
      "a setting of the carrier, repeatable; JSON values are read as such",
      collectPair,
    )
    .option("--settings <file>", "settings of the carrier from a JSON file (for secrets)")
    .option("--caller-id <number>", "the number that people see")
    .option("--slots <count>", "calls at the same time")
    .option("--rate <number>", "new calls per second")
    .option("--burst <count>", "how many may start at one instant")
    .option("--daily-max <count>", "calls a day")
    .option("--ring-timeout <seconds>", "how long it may ring")
    .option("--max-duration <seconds>", "how long a call may last")
    .option("--timezone <zone>", "whose day the daily maximum counts")
    .option("--hours <name>", "calling hours for its calls")
    .option("--retry-policy <name>", "retry policy for its calls");
}

function bodyOf(context: Context, options: Options): Record<string, unknown> {
  const number = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value))
      throw usage(`${name} is ${JSON.stringify(text)}.`, "Give a number.");
    return value;
  };
  const all = {
    settings: settingsOf(context, options),
    caller_id: options.callerId,
    slots_max: number("--slots", options.slots),
    calls_per_second: number("--rate", options.rate),
    burst: number("--burst", options.burst),
    daily_max: number("--daily-max", options.dailyMax),
    ring_timeout_seconds: number("--ring-timeout", options.ringTimeout),
    max_duration_seconds: number("--max-duration", options.maxDuration),
    timezone: options.timezone,
    hours: options.hours,
    retry_policy: options.retryPolicy,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function settingsOf(context: Context, options: Options): Record<string, unknown> | undefined {
  if (options.set === undefined && options.settings === undefined) return undefined;
  const fromFile =
    options.settings === undefined ? {} : readSettings(resolve(context.terminal.cwd, options.settings));
  return { ...fromFile, ...valuesIn(options.set ?? {}) };
}

function readSettings(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
    throw new Error("it is not one JSON object");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(
      "usage",
      { title: "The file cannot be used", code: "settings_file", detail: `${path}: ${why}` },
      { cause: error },
    );
  }
}

async function listLines(context: Context): Promise<void> {
  const lines = await context.client().get<List<Line>>("/v1/lines");
  context.print(lines, () => {
    const rows = lines.data.map((line) => [
      line.is_default ? `${line.name} (default)` : line.name,
      line.carrier,
      line.status,
      `${line.slots_used}/${line.slots_max}`,
      rateWords(line.calls_per_second),
      line.daily_max === 0 ? String(line.day_used) : `${line.day_used}/${line.daily_max}`,
      line.waiting_for ?? "",
    ]);
    return table(["LINE", "CARRIER", "STATUS", "SLOTS", "RATE", "TODAY", "WAITS FOR"], rows, "No lines.");
  });
}

function printLine(context: Context, line: Line): void {
  context.print(line, () =>
    fields([
      ["line", `${line.name} (${line.id})`],
      ["carrier", line.carrier],
      ["status", line.status_reason === null ? line.status : `${line.status}: ${line.status_reason}`],
      ["slots", `${line.slots_used} of ${line.slots_max} taken`],
      ["rate", rateWords(line.calls_per_second)],
      ["today", line.daily_max === 0 ? `${line.day_used}` : `${line.day_used} of ${line.daily_max}`],
      ["caller id", line.caller_id],
      ["hours", line.hours],
      ["retry policy", line.retry_policy],
      ["waits for", line.waiting_for],
      ["settings", JSON.stringify(line.settings)],
    ]),
  );
}

function rateWords(callsPerSecond: number): string {
  return callsPerSecond === 0 ? "no limit" : `${callsPerSecond}/s`;
}

type Check = {
  readonly ok: boolean;
  readonly detail: string;
  readonly cure?: string | null;
  readonly warnings?: readonly string[];
};

async function checkLine(context: Context, _options: unknown, name = ""): Promise<"failed" | "done"> {
  const check = await context.client().post<Check>(`${pathOf(name)}/check`, {});
  context.print(check, () => {
    const mark = check.ok ? context.paint("green", "✓") : context.paint("red", "✗");
    const cure = check.cure === undefined || check.cure === null ? [] : [`  → ${check.cure}`];
    const warnings = (check.warnings ?? []).map((warning) => `${context.paint("yellow", "!")} ${warning}`);
    return [`${mark} ${name}: ${check.detail}`, ...cure, ...warnings].join("\n");
  });
  return check.ok ? "done" : "failed";
}

function pathOf(name: string): string {
  return `/v1/lines/${encodeURIComponent(name)}`;
}
