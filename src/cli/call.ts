import { type AddCommand, action, examples } from "./action.ts";
import { nightWarning, watchCall } from "./call-watch.ts";
import type { Client } from "./client.ts";
import type { Context, Ending } from "./context.ts";
import { Failure, usage } from "./failure.ts";
import { type SandboxNumber, scriptWords } from "./sandbox.ts";
import type { Call, Line, List } from "./shapes.ts";
import { type Times, durationOption, instant, recipientZone, stamp } from "./times.ts";

type Options = {
  readonly in?: string;
  readonly at?: string;
  readonly timezone?: string;
  readonly line?: string;
  readonly hours?: string;
  readonly retryPolicy?: string;
  readonly purpose?: string;
  readonly name?: string;
  readonly externalId?: string;
  readonly dedupeKey?: string;
  readonly expiresAfter?: string;
  readonly metadata?: Record<string, string>;
  readonly carrier?: Record<string, string>;
  readonly script?: string;
  readonly watch?: boolean;
  readonly wait?: boolean;
  readonly timeout: string;
  readonly dryRun?: boolean;
};

/** `carillon call <to>`: schedules one call, and can follow it. */
export const addCall: AddCommand = (program, cli) => {
  const command = program
    .command("call")
    .description("schedule a call, at once unless --in or --at says otherwise")
    .argument("<to>", "the number in E.164 form, such as +12125550100")
    .option("--in <duration>", "from now: 90s, 5m, 2h, 3d")
    .option("--at <time>", "2026-12-01T10:00:00Z, or local with --timezone")
    .option("--timezone <zone>", "the recipient's zone, such as America/New_York")
    .option("--line <name>", "the line to call from")
    .option("--hours <name>", "the calling hours to keep")
    .option("--retry-policy <name>", "what to do after busy, no answer and so on")
    .option("--purpose <word>", "what the call is about")
    .option("--name <name>", "who is called")
    .option("--external-id <id>", "your own id of the call")
    .option("--dedupe-key <key>", "refuse a second live call with the same key")
    .option("--expires-after <duration>", "how late it may still be placed")
    .option("--metadata <key=value>", "anything of yours, repeatable", collectPair)
    .option(
      "--carrier <name=value>",
      "what the line's carrier shall do in this call, such as say=Hello, repeatable; JSON values are read as such",
      collectPair,
    )
    .option("--script <words>", "sandbox only: what each try does, such as busy,answered:confirmed")
    .option("--dry-run", "plan it and show when it would be; nothing is stored")
    .option("--watch", "show it live until it has ended, or waits for more than 60 s (then exit 8)")
    .option("--wait", "return when it has ended, however long it waits; also with --watch")
    .option("--timeout <duration>", "with --wait or --watch: stop following after this long (exit 8)", "1h")
    .action(action<Options>(cli, call));
  examples(command, [
    ["carillon call +12125550100 --in 5s --watch", "see a call live"],
    ["carillon call +12125550101 --watch", "busy: says when and why it tries again"],
    [
      "carillon call +12125550199 --script busy,answered --wait",
      "exit 0 reached, 9 not reached, 8 timed out",
    ],
    ["carillon call +16045550100 --at 2027-01-08T10:00:00 --timezone America/Vancouver", "a local time"],
  ]);
};

async function call(context: Context, options: Options, to = ""): Promise<Ending> {
  if (options.in !== undefined && options.at !== undefined) {
    throw usage("--in and --at exclude each other.", "Give one of them, or neither to call at once.");
  }
  if (options.dryRun === true && (options.watch === true || options.wait === true)) {
    throw usage("--dry-run stores no call, so there is nothing to watch.", "Leave --watch and --wait out.");
  }
  const timeoutMs = durationOption("--timeout", options.timeout);
  const client = context.client();
  const times = context.times();
  const query = options.dryRun === true ? { query: { dry_run: true } } : {};
  const planned = await client.post<Call>("/v1/calls", requestOf(to, options), query);
  const follows = options.watch === true || options.wait === true;
  const show = follows ? context.printLine : context.print;
  const words = await introduction(context, client, times, planned, options);
  if (!(follows && context.json && options.watch !== true)) show(planned, () => words);
  if (!follows) return "done";
  return await watchCall(context, client, times, planned, {
    live: options.watch === true,
    patient: options.wait === true,
    untilAt: context.terminal.now() + timeoutMs,
  });
}

function requestOf(to: string, options: Options): Record<string, unknown> {
  const all = {
    to,
    in: options.in,
    at: options.at,
    timezone: options.timezone,
    line: options.line,
    hours: options.hours,
    retry_policy: options.retryPolicy,
    purpose: options.purpose,
    name: options.name,
    external_id: options.externalId,
    dedupe_key: options.dedupeKey,
    expires_after: options.expiresAfter,
    metadata: options.metadata,
    carrier: options.carrier === undefined ? undefined : valuesIn(options.carrier),
    sandbox: options.script === undefined ? undefined : { script: options.script.split(",") },
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The call's head: id, number, what the sandbox will do, when it is due here and there, and what is odd about it. */
async function introduction(
  context: Context,
  client: Client,
  times: Times,
  call: Call,
  options: Options,
): Promise<string> {
  if (context.json) return "";
  const isDryRun = options.dryRun === true;
  const isReal = await isOnRealLine(client, call);
  const behaviour = isReal ? null : await sandboxBehaviour(client, call, options);
  const zone = recipientZone(times, call.to, call.timezone);
  const due = instant(call.due_at);
  const there = zone === undefined ? "zone not known" : stamp(due, zone);
  const who = call.name === null ? call.to : `${call.to} ${call.name}`;
  const lines = [
    `${context.paint("bold", isDryRun ? "dry run, nothing stored" : call.id)}  ${who}${behaviour === null ? "" : ` (sandbox: ${behaviour})`}`,
    `  due ${stamp(due, times.home)} · recipient ${there}`,
  ];
  const warn = (text: string): number => lines.push(context.paint("yellow", `⚠ ${text}`));
  for (const move of call.moves ?? []) {
    lines.push(
      `  moved by ${move.rule} (${move.reason}) to ${stamp(instant(move.to), times.zone(move.timezone) ?? times.home)}`,
    );
  }
  const night = nightWarning(times, call, isReal);
  // Where the sandbox and a real call differ, ours says more than the server's own sentence on the hour.
  const isSaid = (warning: string): boolean => night !== null && warning.includes("for the recipient");
  for (const warning of call.warnings ?? []) if (!isSaid(warning)) warn(warning);
  if (night !== null) warn(night);
  return lines.join("\n");
}

/** Only decoration hangs on this answer, so a key that may not read lines takes the careful word. */
async function isOnRealLine(client: Client, call: Call): Promise<boolean> {
  try {
    return (await client.get<Line>(`/v1/lines/${call.line.id}`)).real;
  } catch (error) {
    if (error instanceof Failure) return true;
    throw error;
  }
}

async function sandboxBehaviour(client: Client, call: Call, options: Options): Promise<string | null> {
  if (options.script !== undefined) return options.script.split(",").map(scriptWords).join(", then ");
  try {
    const { data } = await client.get<List<SandboxNumber>>("/v1/sandbox/numbers");
    const found = data.find(({ number }) => isSameNumber(number, call.to));
    return (found?.script ?? ["answered"]).map(scriptWords).join(", then ");
  } catch (error) {
    // As above: a word in brackets is not worth a failed command.
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** The list names each fictional number once; in another area code it does the same. */
function isSameNumber(listed: string, e164: string): boolean {
  const plain = listed.replaceAll(/[^+\dA-Z]/gi, "");
  const ending = /^\+1\d{3}(55501\d\d)$/.exec(e164)?.[1];
  return (
    plain === e164 || (ending !== undefined && /^\+1.{3}55501\d\d$/.test(plain) && plain.endsWith(ending))
  );
}

/** Values as JSON where they are, else as text: most are plain words and URLs. */
export function valuesIn(pairs: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(pairs).map(([name, text]) => [name, jsonOrText(text)]));
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Most values are no JSON.
    return text;
  }
}

/** Collects repeated `key=value` options. */
export function collectPair(
  text: string,
  before: Record<string, string> | undefined,
): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1)
    throw usage(`${JSON.stringify(text)} is not key=value.`, "Write for example --metadata policy=P-1042.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
