import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { usage } from "./failure.ts";
import type { Call, List } from "./shapes.ts";
import { table } from "./table.ts";

type Series = {
  readonly id: string;
  readonly status: string;
  readonly status_reason: string | null;
  readonly description: string;
  readonly to: string;
  readonly next_at: string | null;
  readonly next_local: string | null;
  readonly next_call_id: string | null;
  readonly slots: number;
};
type Slot = {
  readonly at: string;
  readonly local: string;
  readonly due_at: string;
  readonly notes: readonly string[];
};
type Preview = { readonly description: string; readonly data: readonly Slot[] };
type Occurrence = {
  readonly slot: string;
  readonly local: string;
  readonly kind: string;
  readonly status: string;
  readonly reason: string | null;
  readonly call_id: string | null;
};

type RuleOptions = {
  readonly daily?: boolean;
  readonly weekly?: boolean;
  readonly monthly?: boolean;
  readonly on?: string;
  readonly every?: string;
  readonly until?: string;
  readonly max?: string;
  readonly rrule?: string;
  readonly cron?: string;
  readonly start?: string;
  readonly timezone: string;
};
type AddOptions = RuleOptions & {
  readonly line?: string;
  readonly hours?: string;
  readonly retryPolicy?: string;
  readonly purpose?: string;
  readonly name?: string;
  readonly overlap?: string;
  readonly misfire?: string;
  readonly grace?: string;
  readonly jitter?: string;
  readonly script?: string;
};

/** `carillon series …`: calls again and again. */
export const addSeries: AddCommand = (program, cli) => {
  const group = program.command("series").description("calls again and again, by a rule");
  const add = withRule(
    group.command("add").description("make calls by a rule").argument("<to>", "the number"),
  )
    .option("--line <name>", "the line to call from")
    .option("--hours <name>", "the calling hours to keep")
    .option("--retry-policy <name>", "what to do after busy, no answer and so on")
    .option("--purpose <word>", "what the calls are about")
    .option("--name <name>", "who is called")
    .option("--overlap <policy>", "while an earlier one is under way: skip, buffer_one, allow (default)")
    .option("--misfire <policy>", "slots that passed meanwhile: skip, run_once (default), run_all")
    .option("--grace <duration>", "how late an occurrence may still be dialed (default 1h)")
    .option("--jitter <duration>", "each call is due up to this much later")
    .option("--script <words>", "sandbox only: what each try does")
    .action(
      action<AddOptions>(cli, async (context, options, to = "") => {
        const made = await context.client().post<Series>("/v1/series", { to, ...requestOf(options) });
        context.print(made, () => words(made));
      }),
    );
  examples(add, [
    [
      "carillon series add +12125550100 --weekly --on mon,tue,wed,thu,fri --start 2027-01-04T10:00:00 --timezone America/New_York",
      "weekdays at ten",
    ],
    ['carillon series add +919876543210 --cron "0 10 * * mon-fri" --timezone Asia/Kolkata', ""],
  ]);
  const preview = withRule(group.command("preview").description("what a rule's occurrences would be"))
    .option("--count <n>", "how many", "10")
    .action(
      action<RuleOptions & { count: string }>(cli, async (context, options) => {
        const body = { ...requestOf(options), count: Number(options.count) };
        showPreview(context, await context.client().post<Preview>("/v1/series/preview", body));
      }),
    );
  examples(preview, [
    [
      'carillon series preview --rrule "FREQ=MONTHLY;BYDAY=-1FR" --start 2027-01-01T09:00:00 --timezone Europe/London',
      "",
    ],
  ]);
  const list = group
    .command("list")
    .description("list series, newest first")
    .option("--status <words>", "active, paused, ended")
    .action(action<{ status?: string }>(cli, listSeries));
  examples(list, [["carillon series list --status active", ""]]);
  const show = group
    .command("show")
    .description("show a series and what became of its latest slots")
    .argument("<id>", "the series")
    .action(action(cli, async (context, _options, id = "") => showOne(context, id)));
  examples(show, [["carillon series show ser_0001", ""]]);
  for (const [verb, meaning] of [
    ["pause", "make no calls until it is resumed"],
    ["end", "end it for ever; its waiting call is canceled"],
  ] as const) {
    const command = group
      .command(verb)
      .description(meaning)
      .argument("<id>", "the series")
      .action(action(cli, async (context, _options, id = "") => change(context, id, verb)));
    examples(command, [[`carillon series ${verb} ser_0001`, ""]]);
  }
  const resume = group
    .command("resume")
    .description("go on with the next slot")
    .argument("<id>", "the series")
    .option("--catch-up", "and make the latest slot that passed meanwhile")
    .action(
      action<{ catchUp?: boolean }>(cli, async (context, options, id = "") =>
        change(context, id, "resume", { catch_up: options.catchUp === true }),
      ),
    );
  examples(resume, [["carillon series resume ser_0001 --catch-up", ""]]);
  const run = group
    .command("run-now")
    .description("an occurrence now, beside the rule")
    .argument("<id>", "the series")
    .action(
      action(cli, async (context, _options, id = "") => {
        const call = await context.client().post<Call>(`/v1/series/${encodeURIComponent(id)}/run-now`, {});
        context.print(call, () => `${call.id} is due now.`);
      }),
    );
  examples(run, [["carillon series run-now ser_0001", ""]]);
  const backfillCommand = group
    .command("backfill")
    .description("make slots of the past that never became a call")
    .argument("<id>", "the series")
    .requiredOption("--from <time>", "with an offset, inclusive")
    .requiredOption("--to <time>", "with an offset, exclusive")
    .option("--dry-run", "only show them")
    .action(action<{ from: string; to: string; dryRun?: boolean }>(cli, backfill));
  examples(backfillCommand, [
    ["carillon series backfill ser_0001 --from 2027-01-04T00:00:00Z --to 2027-01-08T00:00:00Z --dry-run", ""],
  ]);
};

function withRule(command: ReturnType<Parameters<AddCommand>[0]["command"]>) {
  return command
    .option("--daily", "every day")
    .option("--weekly", "every week, on the day of --start or those of --on")
    .option("--monthly", "every month, on the day of --start; the last day where there is none")
    .option("--on <days>", "weekdays: mon,wed,fri")
    .option("--every <n>", "every n days, weeks or months")
    .option("--until <time>", "the last time, inclusive")
    .option("--max <n>", "so many occurrences in all")
    .option("--rrule <rule>", "RFC 5545: FREQ=MONTHLY;BYDAY=-1FR")
    .option("--cron <expression>", '"0 10 * * mon-fri"')
    .option("--start <time>", "where counting starts, and the time of day (default: now)")
    .requiredOption("--timezone <zone>", "the zone whose wall clock the rule follows");
}

function requestOf(options: AddOptions): Record<string, unknown> {
  const { start, timezone, line, hours, retryPolicy, purpose, name, overlap, misfire, grace, jitter } =
    options;
  const script = options.script === undefined ? undefined : { script: options.script.split(",") };
  const body = {
    start_at: start,
    timezone,
    rule: ruleOf(options),
    line,
    hours,
    retry_policy: retryPolicy,
    purpose,
    name,
    overlap,
    misfire,
    misfire_grace: grace,
    jitter,
    sandbox: script,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

function ruleOf(options: RuleOptions): Record<string, unknown> {
  const frequencies = (["daily", "weekly", "monthly"] as const).filter((one) => options[one] === true);
  const kinds = [...frequencies, options.rrule, options.cron].filter((one) => one !== undefined);
  if (kinds.length !== 1)
    throw usage("A series needs one rule.", "Give one of --daily, --weekly, --monthly, --rrule or --cron.");
  const bounds = {
    ...(options.until !== undefined && { until: options.until }),
    ...(options.max !== undefined && { max_occurrences: Number(options.max) }),
  };
  if (options.rrule !== undefined) return { rrule: options.rrule, ...bounds };
  if (options.cron !== undefined) return { cron: options.cron, ...bounds };
  return {
    frequency: frequencies[0],
    ...(options.every !== undefined && { interval: Number(options.every) }),
    ...(options.on !== undefined && { weekdays: options.on.split(",").map((day) => day.trim()) }),
    ...bounds,
  };
}

function words(series: Series): string {
  const next = series.next_local === null ? "nothing comes any more" : `next ${series.next_local}`;
  return `${series.id}  ${series.to}  ${series.description}  (${series.status}; ${next})`;
}

function showPreview(context: Context, preview: Preview): void {
  context.print(preview, () => {
    const rows = preview.data.map((slot) => [slot.local, slot.at, slot.notes.join("; ")]);
    return `${preview.description}\n${table(["LOCAL", "UTC", "NOTES"], rows, "The rule has no occurrence.")}`;
  });
}

async function listSeries(context: Context, options: { status?: string }): Promise<void> {
  const query = options.status === undefined ? {} : { status: options.status };
  const list = await context.client().get<List<Series>>("/v1/series", query);
  context.print(list, () =>
    table(
      ["SERIES", "TO", "RULE", "STATUS", "NEXT"],
      list.data.map((one) => [one.id, one.to, one.description, one.status, one.next_local ?? "-"]),
      "No series.",
    ),
  );
}

async function showOne(context: Context, id: string): Promise<void> {
  const client = context.client();
  const series = await client.get<Series>(`/v1/series/${encodeURIComponent(id)}`);
  const slots = await client.get<List<Occurrence>>(`/v1/series/${encodeURIComponent(id)}/occurrences`);
  context.print({ ...series, occurrences: slots.data }, () => {
    const rows = slots.data.map((one) => [
      one.local,
      one.kind,
      one.status,
      one.reason ?? "",
      one.call_id ?? "",
    ]);
    return `${words(series)}\n${table(["SLOT", "KIND", "STATUS", "REASON", "CALL"], rows, "No slot yet.")}`;
  });
}

async function change(context: Context, id: string, verb: string, body: object = {}): Promise<void> {
  const series = await context.client().post<Series>(`/v1/series/${encodeURIComponent(id)}/${verb}`, body);
  context.print(series, () => words(series));
}

async function backfill(
  context: Context,
  options: { from: string; to: string; dryRun?: boolean },
  id = "",
): Promise<void> {
  const query = options.dryRun === true ? { query: { dry_run: true } } : {};
  const answer = await context
    .client()
    .post<Preview & { created: number }>(
      `/v1/series/${encodeURIComponent(id)}/backfill`,
      { from: options.from, to: options.to },
      query,
    );
  context.print(answer, () => {
    const rows = answer.data.map((slot) => [slot.local, slot.at]);
    return `${table(["LOCAL", "UTC"], rows, "Nothing was missed there.")}\n${answer.created} made.`;
  });
}
