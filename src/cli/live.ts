import type { Command } from "commander";

import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { usage } from "./failure.ts";
import type { List } from "./shapes.ts";
import { fields, table } from "./table.ts";
import { instant, stamp } from "./times.ts";

type Money = { readonly reserved: string; readonly spent: string; readonly overspent: string };
type Budget = {
  readonly line: string;
  readonly currency: string;
  readonly price_per_minute: string;
  readonly prices: readonly { readonly prefix: string; readonly per_minute: string }[];
  readonly per_call_max: string | null;
  readonly per_hour_max: string | null;
  readonly per_day_max: string | null;
  readonly this_hour: Money;
  readonly today: Money;
};
type Live = {
  readonly workspace: string;
  readonly mode: "canary" | "open";
  readonly opened_at: string | null;
  readonly opened_by: string | null;
  readonly numbers: number;
  readonly number_types: readonly string[];
  readonly block_hour_max: number;
  readonly countries: readonly { readonly country: string; readonly status: string }[];
  readonly lines: readonly {
    readonly name: string;
    readonly guarded: boolean;
    readonly budget: Budget | null;
  }[];
  readonly warnings: readonly string[];
};
type AllowedNumber = {
  readonly id: string;
  readonly to: string;
  readonly note: string | null;
  readonly created_by: string;
  readonly created_at: string;
};

/** `carillon live …`: whom the lines that can ring people may ring, and what calls may cost. */
export const addLive: AddCommand = (program, cli) => {
  const group = program
    .command("live")
    .description("whom lines that can ring people may call, and what calls may cost");
  const status = group
    .command("status")
    .description("say what is allowed")
    .action(action(cli, async (context) => printLive(context, await context.client().get<Live>("/v1/live"))));
  examples(status, [["carillon live status", "canary or open, countries, spending"]]);

  const open = group
    .command("open")
    .description("call everybody whom the rules allow, not the allow-list alone")
    .requiredOption("--confirm <workspace>", "the name of the workspace")
    .action(
      action<{ confirm: string }>(cli, async (context, { confirm }) =>
        printLive(context, await context.client().post<Live>("/v1/live/open", { confirm })),
      ),
    );
  examples(open, [["carillon live open --confirm default", ""]]);
  const close = group
    .command("close")
    .description("call nobody but the allow-list from now on; calls on the phone go on")
    .action(
      action(cli, async (context) =>
        printLive(context, await context.client().post<Live>("/v1/live/close", {})),
      ),
    );
  examples(close, [["carillon live close", ""]]);
  addNumbers(group, cli);
  addRules(group, cli);
};

function addNumbers(group: Command, cli: Parameters<AddCommand>[1]): void {
  const allow = group
    .command("allow")
    .description("put a number on the allow-list")
    .argument("<number>", "in E.164 form")
    .option("--note <words>", "whose it is")
    .action(
      action<{ note?: string }>(cli, async (context, { note }, to = "") => {
        const made = await context.client().post<AllowedNumber>("/v1/live/numbers", { to, note });
        context.print(made, () => `${made.to} may be called (${made.id}).`);
      }),
    );
  examples(allow, [['carillon live allow +12125550100 --note "my own phone"', ""]]);
  const disallow = group
    .command("disallow")
    .description("take a number off the allow-list")
    .argument("<number>", "the number, or its id in the list")
    .action(
      action(cli, async (context, _options, number = "") => {
        await context.client().remove(`/v1/live/numbers/${encodeURIComponent(number)}`);
        context.print({ removed: number }, () => `${number} is off the allow-list.`);
      }),
    );
  examples(disallow, [["carillon live disallow +12125550100", ""]]);
  const list = group.command("list").description("list the allow-list").action(action(cli, listNumbers));
  examples(list, [["carillon live list --json", ""]]);
}

type RuleOptions = { readonly types?: string; readonly blockHourMax?: string };

function addRules(group: Command, cli: Parameters<AddCommand>[1]): void {
  const country = group
    .command("country")
    .description("decide on calls to a country")
    .argument("<code>", "two letters, such as GB")
    .argument("<decision>", "allow, refuse or forget")
    .action(action(cli, decideCountry));
  examples(country, [["carillon live country GB allow", "calls that waited for it go on"]]);
  const rules = group
    .command("rules")
    .description("choose the kinds of numbers that may be called, and how many of one block")
    .option(
      "--types <words>",
      "with commas: fixed_line,mobile,voip,toll_free,personal,unassigned (default: the first four)",
    )
    .option(
      "--block-hour-max <count>",
      "numbers of one block of a thousand that may be called in an hour; 0: without limit (default: 60)",
    )
    .action(action<RuleOptions>(cli, setRules));
  examples(rules, [["carillon live rules --block-hour-max 200", ""]]);
  const budget = group
    .command("budget")
    .description("show or set what a line's calls cost and may cost")
    .argument("<line>", "its name or id")
    .option("--currency <label>", "such as USD")
    .option("--price <amount>", "of a started minute")
    .option("--price-to <prefix=amount>", "of a minute to numbers that begin so, repeatable", collect)
    .option("--per-call <amount>", "what one call may cost; none: without limit")
    .option("--per-hour <amount>", "what an hour may cost")
    .option("--per-day <amount>", "what a day may cost")
    .action(action<BudgetOptions>(cli, budgetOf));
  examples(budget, [
    ["carillon live budget twilio --price 0.014 --price-to +44=0.02 --per-call 0.50 --per-day 20", ""],
    ["carillon live budget twilio", "what was reserved and spent"],
  ]);
}

async function decideCountry(context: Context, _options: unknown, code = "", decision = ""): Promise<void> {
  const path = `/v1/live/countries/${encodeURIComponent(code)}`;
  if (decision === "forget") {
    await context.client().remove(path);
    context.print({ country: code }, () => `Nothing is decided on ${code} any more.`);
    return;
  }
  const status = { allow: "allowed", refuse: "refused" }[decision];
  if (status === undefined)
    throw usage(`The decision is ${JSON.stringify(decision)}.`, "Give allow, refuse or forget.");
  const made = await context.client().patch<{ country: string; status: string }>(path, { status });
  context.print(made, () => `Calls to ${made.country} are ${made.status}.`);
}

async function setRules(context: Context, { types, blockHourMax }: RuleOptions): Promise<void> {
  if (types === undefined && blockHourMax === undefined)
    throw usage("Nothing to change is given.", "See carillon live rules --help.");
  const count = blockHourMax === undefined ? undefined : Number(blockHourMax);
  if (count !== undefined && (!Number.isInteger(count) || blockHourMax?.trim() === ""))
    throw usage(`--block-hour-max is ${JSON.stringify(blockHourMax)}.`, "Give a whole number.");
  const body = { number_types: types?.split(","), block_hour_max: count };
  printLive(context, await context.client().patch<Live>("/v1/live", body));
}

type BudgetOptions = {
  readonly currency?: string;
  readonly price?: string;
  readonly priceTo?: readonly string[];
  readonly perCall?: string;
  readonly perHour?: string;
  readonly perDay?: string;
};

async function budgetOf(context: Context, options: BudgetOptions, line = ""): Promise<void> {
  const path = `/v1/live/budgets/${encodeURIComponent(line)}`;
  const all = {
    currency: options.currency,
    price_per_minute: options.price,
    prices: options.priceTo?.map(readPrice),
    per_call_max: limitOf(options.perCall),
    per_hour_max: limitOf(options.perHour),
    per_day_max: limitOf(options.perDay),
  };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const client = context.client();
  const budget =
    Object.keys(given).length === 0
      ? await client.get<Budget>(path)
      : await client.patch<Budget>(path, given);
  context.print(budget, () => budgetWords(budget));
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function readPrice(text: string): { prefix: string; per_minute: string } {
  const [prefix = "", amount = ""] = text.split("=", 2);
  if (prefix === "" || amount === "")
    throw usage(`--price-to is ${JSON.stringify(text)}.`, "Give a beginning and a price, such as +44=0.02.");
  return { prefix, per_minute: amount };
}

function limitOf(text: string | undefined): string | null | undefined {
  return text === "none" ? null : text;
}

function printLive(context: Context, live: Live): void {
  const times = context.times();
  context.print(live, () => {
    const since = live.opened_at === null ? "" : ` since ${stamp(instant(live.opened_at), times.home)}`;
    const by = live.opened_by === null ? "" : ` (${live.opened_by})`;
    const mode =
      live.mode === "open"
        ? `open${since}${by}: everybody whom the rules allow is called`
        : `canary: only the ${live.numbers} numbers on the allow-list are called`;
    const countries = live.countries.map(({ country, status }) => `${country} ${status}`).join(", ");
    const lines = live.lines.map(
      ({ name, guarded }) => `${name}${guarded ? "" : " (unguarded: its backend decides whom to ring)"}`,
    );
    const rows = fields([
      ["workspace", live.workspace],
      ["mode", mode],
      ["real lines", lines.length === 0 ? "none" : lines.join(", ")],
      ["allow-list", String(live.numbers)],
      ["kinds", live.number_types.join(", ")],
      ["per block", live.block_hour_max === 0 ? "no limit" : `${live.block_hour_max} an hour`],
      ["countries", countries === "" ? "none decided" : countries],
    ]);
    const budgets = live.lines.flatMap(({ budget }) => (budget === null ? [] : [budgetWords(budget)]));
    const warnings = live.warnings.map((one) => `${context.paint("yellow", "!")} ${one}`);
    return [rows.trimEnd(), ...budgets.map((one) => one.trimEnd()), ...warnings].join("\n\n");
  });
}

function budgetWords(budget: Budget): string {
  const max = (text: string | null): string => (text === null ? "no limit" : `at most ${text}`);
  const used = ({ spent, reserved, overspent }: Money): string =>
    `${spent} spent, ${reserved} reserved${Number(overspent) === 0 ? "" : `, ${overspent} more than was reserved`}`;
  return fields([
    ["line", budget.line],
    ["a minute", `${budget.price_per_minute} ${budget.currency}`],
    ["other prices", budget.prices.map(({ prefix, per_minute }) => `${prefix} ${per_minute}`).join(", ")],
    ["a call", max(budget.per_call_max)],
    ["this hour", `${used(budget.this_hour)}; ${max(budget.per_hour_max)}`],
    ["today", `${used(budget.today)}; ${max(budget.per_day_max)}`],
  ]);
}

async function listNumbers(context: Context): Promise<void> {
  const found = await context.client().get<List<AllowedNumber>>("/v1/live/numbers");
  const times = context.times();
  context.print(found, () => {
    const rows = found.data.map((one) => [
      one.id,
      one.to,
      one.note ?? "",
      one.created_by,
      stamp(instant(one.created_at), times.home),
    ]);
    return table(["ID", "NUMBER", "NOTE", "BY", "SINCE"], rows, "No number is on the allow-list.");
  });
}
