import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";

import { type AddCommand, action, examples } from "./action.ts";
import type { Context, Ending } from "./context.ts";
import { Failure } from "./failure.ts";
import { fields, printable, table } from "./table.ts";

type Imported = {
  readonly rows: number;
  readonly customers_created: number;
  readonly customers_updated: number;
  readonly policies_created: number;
  readonly customer_policies_created: number;
  readonly customer_policies_updated: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly rejected_rows: readonly { readonly line: number; readonly reason: string }[];
  readonly unused_columns: readonly string[];
};
type Settings = Readonly<Record<string, string | number | boolean | null>>;
type Pending = {
  readonly count: number;
  readonly customers: readonly {
    readonly customer_name: string;
    readonly customer_phone: string;
    readonly policy_name: string;
    readonly end_date: string;
    readonly days_to_expiry: number;
    readonly last_call_date: string | null;
    readonly call_count: number;
  }[];
};
type Triggered = { readonly message: string; readonly task_id: string; readonly queued_count: number };

type ImportOptions = { readonly preview?: boolean; readonly strict?: boolean };
type ConfigOptions = Readonly<Record<keyof typeof settingOf, string | undefined>>;
type PendingOptions = { readonly days?: string; readonly limit?: string };
type RunOptions = { readonly days?: string; readonly maxCalls?: string };

/** `carillon renewals …`: customers whose policies are about to end. */
export const addRenewals: AddCommand = (program, cli) => {
  const group = program.command("renewals").description("customers whose policies are about to end");
  const importing = group
    .command("import")
    .description("take customers and their policies from a CSV file")
    .argument("<file>", "the file")
    .option("--preview", "check every row and say what would happen; nothing is written")
    .option("--strict", "exit 1 when a row was rejected (else 0: the good rows are taken)")
    .addHelpText(
      "after",
      `
Columns: phone (required), name, customer_code, email, age, city, address; for a policy policy_number and end_date, and where
it is not known yet duration_months, policy_name, policy_type, base_premium, base_sum_assured; start_date, premium_amount,
sum_assured, status. A customer is found by customer_code or phone; the same file again changes nothing.`,
    )
    .action(action<ImportOptions>(cli, importFile));
  examples(importing, [
    ["carillon renewals import customers.csv --preview", "what would happen"],
    ["carillon renewals import customers.csv", ""],
  ]);
  const config = group
    .command("config")
    .description("show what drives the daily run, or change it")
    .option("--enabled <on|off>", "whether the daily run runs")
    .option("--time <HH:MM>", "when it runs, in the zone of the service (RENEWALS_TIMEZONE)")
    .option("--days <n>", "call when a policy ends within so many days")
    .option("--calls-per-day <n>", "calls on a day, at most")
    .option("--calls-at-once <n>", "calls at once, at most")
    .option("--retry-after-hours <n>", "until somebody who was not reached is tried again")
    .option("--retries <n>", "how often such a call is tried again")
    .option("--skip-days <n>", "leave out who was called within so many days")
    .action(action<ConfigOptions>(cli, configure));
  examples(config, [
    ["carillon renewals config", ""],
    ["carillon renewals config --time 11:00 --days 14 --calls-per-day 100", ""],
  ]);
  const pending = group
    .command("pending")
    .description("list who may be called today, the soonest first")
    .option("--days <n>", "policies that end within so many days")
    .option("--limit <n>", "how many", "50")
    .action(action<PendingOptions>(cli, listPending));
  examples(pending, [["carillon renewals pending --days 14", ""]]);
  const run = group
    .command("run")
    .description("select and call at once, also while the daily run is switched off")
    .option("--days <n>", "policies that end within so many days")
    .option("--max-calls <n>", "how many, at most", "20")
    .action(action<RunOptions>(cli, runNow));
  examples(run, [["carillon renewals run --max-calls 10", ""]]);
};

const REASONS_SHOWN = 20;

async function importFile(context: Context, options: ImportOptions, file = ""): Promise<Ending> {
  const path = resolve(context.terminal.cwd, file);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new Failure("usage", {
      title: "The file cannot be read",
      code: "file_missing",
      detail: `There is no file ${path}.`,
      hint: "Check the path.",
    });
  }
  const preview = options.preview === true;
  const imported = await context
    .client()
    .upload<Imported>("/api/customers/import", readFileSync(path), "text/csv", { preview });
  context.print(imported, () => importWords(imported, preview));
  return imported.rejected > 0 && options.strict === true ? "failed" : "done";
}

function importWords(imported: Imported, preview: boolean): string {
  const { rows, rejected, rejected_rows: shown } = imported;
  const counts = [
    `${imported.customers_created} customers made, ${imported.customers_updated} changed`,
    `${imported.policies_created} policies made`,
    `${imported.customer_policies_created} held policies made, ${imported.customer_policies_updated} changed`,
    `${imported.unchanged} rows said nothing new`,
    `${rejected} rejected`,
  ];
  const head = `${preview ? "Preview, nothing was written. " : ""}${rows} rows: ${counts.join("; ")}`;
  const reasons = shown
    .slice(0, REASONS_SHOWN)
    .map(({ line, reason }) => `  line ${line}: ${printable(reason)}`);
  if (rejected > reasons.length) reasons.push(`  … and ${rejected - reasons.length} more`);
  const unused = imported.unused_columns.map((name) => JSON.stringify(printable(name)));
  return [
    head,
    ...reasons,
    ...(unused.length > 0 ? [`Columns that are not used: ${unused.join(", ")}`] : []),
  ].join("\n");
}

/** The settings by the options that change them. */
const settingOf = {
  enabled: "enabled",
  time: "daily_call_time",
  days: "days_before_expiry",
  callsPerDay: "max_calls_per_day",
  callsAtOnce: "max_concurrent_calls",
  retryAfterHours: "retry_failed_after_hours",
  retries: "max_retries_per_customer",
  skipDays: "skip_if_called_within_days",
} as const;

async function configure(context: Context, options: ConfigOptions): Promise<void> {
  const names = Object.keys(settingOf) as (keyof typeof settingOf)[];
  const edit = Object.fromEntries(
    names.flatMap((name) => {
      const value = options[name];
      if (value === undefined) return [];
      return [[settingOf[name], name === "enabled" ? isOn(value) : value]];
    }),
  );
  const path = "/api/scheduler/config";
  const client = context.client();
  const settings =
    Object.keys(edit).length === 0
      ? await client.get<Settings>(path)
      : await client.put<Settings>(path, edit);
  context.print(settings, () =>
    fields(Object.entries(settings).map(([name, value]) => [name, String(value ?? "")])),
  );
}

function isOn(word: string): boolean {
  if (word === "on" || word === "off") return word === "on";
  throw new Failure("usage", {
    title: "The option is not valid",
    code: "usage",
    detail: `--enabled is ${JSON.stringify(word)}.`,
    hint: "Write --enabled on, or --enabled off.",
  });
}

async function listPending(context: Context, { days, limit }: PendingOptions): Promise<void> {
  const pending = await context.client().get<Pending>("/api/scheduler/pending-customers", { days, limit });
  context.print(pending, () =>
    table(
      ["NAME", "PHONE", "POLICY", "ENDS", "IN DAYS", "CALLS"],
      pending.customers.map((one) => [
        one.customer_name,
        one.customer_phone,
        one.policy_name,
        one.end_date,
        String(one.days_to_expiry),
        String(one.call_count),
      ]),
      "Nobody is to be called.",
    ),
  );
}

async function runNow(context: Context, { days, maxCalls }: RunOptions): Promise<void> {
  const query = { days, max_calls: maxCalls };
  const triggered = await context
    .client()
    .post<Triggered>("/api/scheduler/trigger-now", undefined, { query });
  context.print(
    triggered,
    () => `${triggered.message}: ${triggered.queued_count} calls (${triggered.task_id})`,
  );
}
