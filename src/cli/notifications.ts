import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { usage } from "./failure.ts";
import { table } from "./table.ts";
import { instant, stamp } from "./times.ts";

type Notification = {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly channel: string;
  readonly event: string;
  readonly recipient_id: string | null;
  readonly address: string | null;
  readonly subject: string | null;
  readonly body: string;
  readonly at: string;
  readonly next_try_at: string | null;
  readonly retry_count: number;
  readonly max_retries: number;
  readonly provider: string | null;
  readonly detail: string | null;
  readonly sent_at: string | null;
  readonly created_at: string;
};

type SendOptions = {
  readonly channel: string;
  readonly event: string;
  readonly to?: string;
  readonly recipient?: string;
  readonly subject?: string;
  readonly body?: string;
  readonly template?: string;
  readonly var?: readonly string[];
  readonly at?: string;
  readonly in?: string;
  readonly timezone?: string;
  readonly dedupeKey?: string;
};

type ListOptions = {
  readonly status?: string;
  readonly event?: string;
  readonly channel?: string;
  readonly recipient?: string;
  readonly limit?: string;
};

const SHOWN_MAX = 1_000;

/** `carillon notifications …`: what people are told by push, e-mail and SMS. */
export const addNotifications: AddCommand = (program, cli) => {
  const group = program.command("notifications").description("what people are told by push, e-mail and SMS");
  const list = group
    .command("list")
    .description("list notifications, newest first")
    .option("--status <words>", "pending, sent, delivered, failed, bounced, canceled or expired, with commas")
    .option("--event <name>", "such as appointment_reminder_24h")
    .option("--channel <channel>", "push, email or sms")
    .option("--recipient <id>", "only those of one recipient")
    .option("--limit <count>", "so many at most (default 50)")
    .action(action<ListOptions>(cli, listAll));
  examples(list, [["carillon notifications list --status failed", ""]]);
  const show = group
    .command("show")
    .description("show a notification with what became of it")
    .argument("<id>", "its id")
    .action(action(cli, (context, _options, id = "") => showOne(context, id)));
  examples(show, [["carillon notifications show ntf_01…", ""]]);
  const send = group
    .command("send")
    .description("tell somebody something, now or at a time")
    .requiredOption("--channel <channel>", "push, email or sms")
    .option("--to <address>", "a device token, an e-mail address or an E.164 number")
    .option("--recipient <id>", "or a recipient, at what they have registered")
    .option("--event <name>", "what happened", "announcement")
    .option("--subject <words>", "where the channel has one")
    .option("--body <words>", "what they are told")
    .option("--template <name>", "or a stored template")
    .option("--var <name=value...>", "its variables")
    .option("--at <time>", "when, with offset or --timezone (default: now)")
    .option("--in <duration>", "or how long from now, such as 2h")
    .option("--timezone <zone>", "the zone of a local time")
    .option("--dedupe-key <key>", "told once: a second one with the same key is not made")
    .action(action<SendOptions>(cli, sendOne));
  examples(send, [
    ['carillon notifications send --channel email --to ann@example.com --body "We have moved."', ""],
    ["carillon notifications send --channel push --recipient uid_1 --template reminder --var time=10:00", ""],
  ]);
  for (const [verb, words] of [
    ["cancel", "cancel one that has not been sent"],
    ["retry", "send one again that failed or bounced"],
  ] as const) {
    const command = group
      .command(verb)
      .description(words)
      .argument("<id>", "its id")
      .action(
        action(cli, async (context, _options, id = "") => {
          const changed = await context.client().post<Notification>(`${pathOf(id)}/${verb}`);
          context.print(changed, () => `${changed.id} is ${changed.status}.`);
        }),
      );
    examples(command, [[`carillon notifications ${verb} ntf_01…`, ""]]);
  }
};

async function listAll(context: Context, options: ListOptions): Promise<void> {
  const { status, event, channel, recipient, limit } = options;
  const max = Math.min(Number(limit ?? "50") || 50, SHOWN_MAX);
  const query = { status, event, channel, recipient_id: recipient };
  const found: Notification[] = [];
  for await (const one of context.client().list<Notification>("/v1/notifications", query, max))
    found.push(one);
  const times = context.times();
  context.print({ data: found }, () => {
    const rows = found.map((one) => [
      one.id,
      one.channel,
      one.event,
      one.recipient_id ?? one.address ?? "",
      one.reason === null ? one.status : `${one.status} (${one.reason})`,
      stamp(instant(one.sent_at ?? one.next_try_at ?? one.created_at), times.home),
    ]);
    return table(
      ["ID", "CHANNEL", "EVENT", "TO", "STATUS", "SENT OR NEXT TRY"],
      rows,
      "There is no such notification.",
    );
  });
}

async function showOne(context: Context, id: string): Promise<void> {
  const one = await context.client().get<Notification>(pathOf(id));
  const times = context.times();
  const at = (text: string | null): string => (text === null ? "-" : stamp(instant(text), times.home));
  context.print(one, () =>
    [
      `${one.id} is ${one.status}${one.reason === null ? "" : ` (${one.reason})`}.`,
      `  ${one.channel} to ${one.address ?? one.recipient_id ?? "nobody"}: ${one.event}`,
      ...(one.subject === null ? [] : [`  ${one.subject}`]),
      ...one.body.split("\n").map((line) => `  ${line}`),
      `  meant for ${at(one.at)}, sent ${at(one.sent_at)}, next try ${at(one.next_try_at)}`,
      `  tried again ${one.retry_count} of ${one.max_retries} times${one.provider === null ? "" : `, by ${one.provider}`}`,
      ...(one.detail === null ? [] : [`  ${one.detail}`]),
    ].join("\n"),
  );
}

async function sendOne(context: Context, options: SendOptions): Promise<void> {
  const { to: address, recipient: recipient_id, var: variables, dedupeKey: dedupe_key } = options;
  const { channel, event, subject, body, template, at, in: wait, timezone } = options;
  const made = await context.client().post<Notification>("/v1/notifications", {
    channel,
    event,
    address,
    recipient_id,
    subject,
    body,
    template,
    variables: variables === undefined ? undefined : readVariables(variables),
    at,
    in: wait,
    timezone,
    dedupe_key,
  });
  const times = context.times();
  context.print(made, () =>
    made.next_try_at === null
      ? `${made.id} is ${made.status}.`
      : `${made.id} is sent at ${stamp(instant(made.next_try_at), times.home)}.`,
  );
}

function readVariables(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((one) => {
      const at = one.indexOf("=");
      if (at < 1) throw usage(`"${one}" is no variable.`, "Write it as name=value.");
      return [one.slice(0, at), one.slice(at + 1)];
    }),
  );
}

function pathOf(id: string): string {
  return `/v1/notifications/${encodeURIComponent(id)}`;
}
