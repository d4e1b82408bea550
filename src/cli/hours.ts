import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { usage } from "./failure.ts";
import type { List } from "./shapes.ts";
import { table } from "./table.ts";

type Hours = {
  readonly id: string;
  readonly name: string;
  readonly timezone: string | null;
  readonly description: string;
  readonly closed_dates: readonly string[];
  readonly holidays: { readonly country: string; readonly region?: string | null } | null;
  readonly is_default: boolean;
};

type Options = {
  readonly open?: readonly string[];
  readonly timezone?: string;
  readonly closed?: readonly string[];
  readonly holidays?: string;
  readonly default?: boolean;
};

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** `carillon hours …`: when people may be called. */
export const addHours: AddCommand = (program, cli) => {
  const group = program.command("hours").description("when people may be called");
  const list = group.command("list").description("list the calling hours").action(action(cli, listHours));
  examples(list, [["carillon hours list", ""]]);
  const add = group
    .command("add")
    .description("add calling hours")
    .argument("<name>", "their name")
    .requiredOption("--open <days-and-ranges>", '"mon-fri 09:00-12:00,13:00-20:00", repeatable', collect)
    .option("--timezone <zone>", "one zone for all (default: the zone of each person)")
    .option("--closed <date>", "a closed local date such as 2026-12-25, repeatable", collect)
    .option("--holidays <country>", "closed on public holidays: US, or with its region US-NY")
    .option("--default", "for every call that names no hours")
    .action(action<Options>(cli, addOne));
  examples(add, [
    ['carillon hours add day --open "mon-sun 09:00-20:00" --default', "each person's own day"],
    ['carillon hours add office --open "mon-fri 09:00-12:00,13:00-17:00" --holidays US-NY', ""],
  ]);
  const remove = group
    .command("remove")
    .description("remove calling hours that nothing uses")
    .argument("<name>", "their name or id")
    .action(
      action(cli, async (context, _options, name = "") => {
        await context.client().remove(`/v1/hours/${encodeURIComponent(name)}`);
        context.print({ removed: name }, () => `${name} is removed.`);
      }),
    );
  examples(remove, [["carillon hours remove office", ""]]);
};

async function listHours(context: Context): Promise<void> {
  const hours = await context.client().get<List<Hours>>("/v1/hours");
  context.print(hours, () => {
    const rows = hours.data.map((one) => [
      one.is_default ? `${one.name} (default)` : one.name,
      one.description,
      one.timezone ?? "each person's zone",
      [...one.closed_dates, ...(one.holidays === null ? [] : [`holidays ${one.holidays.country}`])].join(" "),
    ]);
    return table(["HOURS", "OPEN", "ZONE", "CLOSED"], rows, "No calling hours: calls go out at any time.");
  });
}

async function addOne(context: Context, options: Options, name = ""): Promise<void> {
  const client = context.client();
  const [country, region] = (options.holidays ?? "").split("-");
  const hours = await client.post<Hours>("/v1/hours", {
    name,
    weekly: parseOpen(options.open ?? []),
    ...(options.timezone === undefined ? {} : { timezone: options.timezone }),
    ...(options.closed === undefined ? {} : { closed_dates: options.closed }),
    ...(options.holidays === undefined
      ? {}
      : { holidays: region === undefined ? { country } : { country, region } }),
  });
  if (options.default === true) await client.patch("/v1/settings", { default_hours: hours.name });
  context.print(
    { ...hours, is_default: options.default === true || hours.is_default },
    () =>
      `${hours.name}: ${hours.description}${options.default === true ? ", for every call that names no hours" : ""}`,
  );
}

/** "mon-fri 09:00-12:00,13:00-20:00" and more of them as the API's week; the ranges themselves are checked by the server. */
export function parseOpen(texts: readonly string[]): Record<string, string[]> {
  const weekly: Record<string, string[]> = {};
  for (const text of texts) {
    const match = /^([a-z]{3})(?:-([a-z]{3}))?\s+(\S.*)$/i.exec(text.trim());
    const first = DAYS.findIndex((day) => day === match?.[1]?.toLowerCase());
    const last = DAYS.findIndex((day) => day === (match?.[2] ?? match?.[1])?.toLowerCase());
    if (match === null || first === -1 || last === -1) {
      throw usage(`--open ${JSON.stringify(text)} cannot be read.`, 'Write "mon-fri 09:00-17:00".');
    }
    for (let i = first; ; i = (i + 1) % DAYS.length) {
      const day = DAYS[i] ?? "mon";
      weekly[day] = [...(weekly[day] ?? []), ...(match[3] ?? "").split(",").map((range) => range.trim())];
      if (i === last) break;
    }
  }
  return weekly;
}

/** Collects a repeated option. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}
