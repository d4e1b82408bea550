import { callStatuses } from "../domain/call.ts";
import { outcomes } from "../domain/outcome.ts";
import { type AddCommand, action, examples } from "./action.ts";
import { reasonWords } from "./call-watch.ts";
import type { Context, Ending } from "./context.ts";
import { usage } from "./failure.ts";
import type { Attempt, Call, List } from "./shapes.ts";
import { fields, printable, table } from "./table.ts";
import { type Times, instant, recipientZone, spanWords, stamp } from "./times.ts";

/** `carillon calls …`: look at calls and change them. */
export const addCalls: AddCommand = (program, cli) => {
  const group = program.command("calls").description("look at calls and change them");
  const list = group
    .command("list")
    .description("list calls, the newest first")
    .option("--status <words>", `${["queued", ...callStatuses].join(", ")}; several with commas`)
    .option("--outcome <words>", `${outcomes.join(", ")}; several with commas`)
    .option("--line <name>", "of this line")
    .option("--to <number>", "to this number")
    .option("--purpose <word>", "of this purpose")
    .option("--external-id <id>", "with your own id")
    .option("--due-after <time>", "due at or after, with offset")
    .option("--due-before <time>", "due before, with offset")
    .option("--limit <count>", "how many at most", "50")
    .action(action<ListOptions>(cli, listCalls));
  examples(list, [
    ["carillon calls list --status failed,expired", "what went wrong"],
    ["carillon calls list --to +12125550100 --json", "everything about one number"],
  ]);
  const show = group
    .command("show")
    .description("show one call and its tries")
    .argument("<id>", "the call's id")
    .action(action(cli, showCall));
  examples(show, [["carillon calls show call_01…", "where it stands"]]);
  const explain = group
    .command("explain")
    .description("say why a call was, or was not, or is not yet made")
    .argument("<id>", "the call's id")
    .action(action(cli, explainCall));
  examples(explain, [["carillon calls explain call_01…", "every wait, move and try with its reason"]]);
  addChanges(group, cli);
};

/** The verbs that change a call: each is one POST, and shows the call as it is then. */
const addChanges: AddCommand = (group, cli) => {
  const simple = [
    ["cancel", "cancel a call that has not started; exit 5 when it is too late"],
    ["pause", "keep a call back until it is resumed"],
    ["resume", "let a paused call go on"],
    ["call-now", "make a waiting call due at once"],
  ] as const;
  for (const [verb, description] of simple) {
    const command = group
      .command(verb)
      .description(description)
      .argument("<id>", "the call's id")
      .action(action(cli, (context, _options, id = "") => change(context, id, verb, {})));
    examples(command, [[`carillon calls ${verb} call_01…`, ""]]);
  }
  const reschedule = group
    .command("reschedule")
    .description("move a call to another time")
    .argument("<id>", "the call's id")
    .option("--in <duration>", "from now: 90s, 5m, 2h, 3d")
    .option("--at <time>", "2026-12-01T10:00:00Z, or local with --timezone")
    .option("--timezone <zone>", "the recipient's zone")
    .action(
      action<{ in?: string; at?: string; timezone?: string }>(cli, (context, options, id = "") => {
        if ((options.in === undefined) === (options.at === undefined)) {
          throw usage("The new time is missing, or given twice.", "Give --in or --at.");
        }
        const { in: inText, at, timezone } = options;
        return change(context, id, "reschedule", { in: inText, at, timezone });
      }),
    );
  examples(reschedule, [["carillon calls reschedule call_01… --in 2h", "two hours from now"]]);
  const settle = group
    .command("settle")
    .description("say what became of a call that nobody can tell (needs_review)")
    .argument("<id>", "the call's id")
    .option("--placed", "it did ring")
    .option("--not-placed", "it did not ring: it may be tried again")
    .option("--outcome <word>", `with --placed: ${outcomes.join(", ")}`)
    .option("--disposition <word>", "with --placed: what the person said")
    .action(action<SettleOptions>(cli, settleCall));
  examples(settle, [
    ["carillon calls settle call_01… --placed --outcome answered_human", "they talked"],
    ["carillon calls settle call_01… --not-placed", "nothing rang"],
  ]);
};

type ListOptions = {
  readonly status?: string;
  readonly outcome?: string;
  readonly line?: string;
  readonly to?: string;
  readonly purpose?: string;
  readonly externalId?: string;
  readonly dueAfter?: string;
  readonly dueBefore?: string;
  readonly limit: string;
};

async function listCalls(context: Context, options: ListOptions): Promise<void> {
  const limit = /^[1-9]\d{0,5}$/.test(options.limit) ? Number(options.limit) : Number.NaN;
  if (!(limit <= 100_000)) throw usage(`--limit is ${options.limit}.`, "Give a number from 1 to 100000.");
  const query = {
    status: options.status,
    outcome: options.outcome,
    line: options.line,
    to: options.to,
    purpose: options.purpose,
    external_id: options.externalId,
    due_after: options.dueAfter,
    due_before: options.dueBefore,
  };
  const found: Call[] = [];
  for await (const call of context.client().list<Call>("/v1/calls", query, limit)) found.push(call);
  const times = context.times();
  context.print({ data: found }, () => {
    const rows = found.map((call) => [
      call.id,
      call.to,
      call.name ?? "",
      call.status,
      call.outcome ?? call.waiting_for ?? "",
      stamp(instant(call.due_at), recipientZone(times, call.to, call.timezone) ?? times.home),
      String(call.attempts),
    ]);
    return table(["ID", "TO", "NAME", "STATUS", "OUTCOME", "DUE, THERE", "TRIES"], rows, "No calls.");
  });
}

async function showCall(context: Context, _options: unknown, id = ""): Promise<void> {
  const client = context.client();
  const call = await client.get<Call>(`/v1/calls/${encodeURIComponent(id)}`);
  const attempts = await client.get<List<Attempt>>(`/v1/calls/${encodeURIComponent(id)}/attempts`);
  const times = context.times();
  context.print({ ...call, attempts_made: attempts.data }, () => {
    const rows = attempts.data.map((attempt) => [
      String(attempt.number),
      attempt.status,
      attempt.outcome ?? "",
      attempt.disposition ?? "",
      stamp(instant(attempt.claimed_at), times.home),
      attempt.duration_ms === null ? "" : spanWords(attempt.duration_ms),
      spanWords(attempt.start_delay_ms),
    ]);
    const titles = ["TRY", "STATUS", "OUTCOME", "DISPOSITION", "DIALED", "LASTED", "START DELAY"];
    return `${describeCall(call, times)}\n\n${table(titles, rows, "Not dialed yet.")}`;
  });
}

type Explanation = {
  readonly call: Call;
  readonly summary: string;
  readonly steps: readonly { readonly at: string; readonly sentence: string }[];
};

async function explainCall(context: Context, _options: unknown, id = ""): Promise<void> {
  const explanation = await context.client().get<Explanation>(`/v1/calls/${encodeURIComponent(id)}/explain`);
  const times = context.times();
  context.print(explanation, () => {
    const steps = explanation.steps.map(
      ({ at, sentence }) => `  ${stamp(instant(at), times.home)}  ${printable(sentence)}`,
    );
    return [printable(explanation.summary), "", ...steps].join("\n");
  });
}

async function change(
  context: Context,
  id: string,
  verb: string,
  body: Record<string, unknown>,
): Promise<Ending> {
  const call = await context.client().post<Call>(`/v1/calls/${encodeURIComponent(id)}/${verb}`, body);
  const times = context.times();
  context.print(call, () => describeCall(call, times));
  return "done";
}

type SettleOptions = {
  readonly placed?: boolean;
  readonly notPlaced?: boolean;
  readonly outcome?: string;
  readonly disposition?: string;
};

function settleCall(context: Context, options: SettleOptions, id = ""): Promise<Ending> {
  if ((options.placed === true) === (options.notPlaced === true)) {
    throw usage("Say what became of it.", "Give --placed or --not-placed.");
  }
  const { outcome, disposition } = options;
  return change(context, id, "settle", { placed: options.placed === true, outcome, disposition });
}

/** Everything about a call that a person asks for first. */
export function describeCall(call: Call, times: Times): string {
  const zone = recipientZone(times, call.to, call.timezone);
  const at = (text: string | null): string | null =>
    text === null ? null : stamp(instant(text), times.home);
  return fields([
    ["call", call.id],
    ["to", call.name === null ? call.to : `${call.to} ${call.name}`],
    ["status", [call.status, call.outcome, call.disposition].filter((part) => part !== null).join(" · ")],
    ["because", reasonWords(call.waiting_for ?? call.reason)],
    ["due", at(call.due_at)],
    ["there", zone === undefined ? null : stamp(instant(call.due_at), zone)],
    ["next", at(call.next_action_at)],
    ["expires", at(call.expires_at)],
    ["ended", at(call.ended_at)],
    ["line", call.line.name],
    ["purpose", call.purpose],
    ["your id", call.external_id],
    ["tries", String(call.attempts)],
  ]);
}
