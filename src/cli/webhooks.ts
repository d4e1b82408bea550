import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import { Failure, usage } from "./failure.ts";
import { table } from "./table.ts";
import { instant, stamp } from "./times.ts";

type Endpoint = {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly payload: string;
  readonly status: string;
  readonly status_reason: string | null;
  readonly delivered_at: string | null;
};
type WithSecret = Endpoint & { readonly secret: string };
type Delivery = {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly tries: number;
  readonly answer_status: number | null;
  readonly detail: string | null;
  readonly created_at: string;
};

type CreateOptions = {
  readonly events?: string;
  readonly full?: boolean;
  readonly allowPrivate?: boolean;
  readonly description?: string;
};

const SHOWN_MAX = 1_000;
/** A test is looked at so often, this long apart, before its answer is left to the log. */
const LOOKS_MAX = 80;
const LOOK_MS = 250;

/** `carillon webhooks …`: who is told what happens. */
export const addWebhooks: AddCommand = (program, cli) => {
  const group = program.command("webhooks").description("where events are sent");
  const list = group.command("list").description("list the endpoints").action(action(cli, listAll));
  examples(list, [["carillon webhooks list", ""]]);
  const create = group
    .command("create")
    .description("send events to a URL from now on, and show the signing secret this once")
    .argument("<url>", "https; other URLs need --allow-private")
    .option("--events <types>", "types or groups with commas, such as call.completed,limit.* (default: all)")
    .option("--full", "send the whole call with its number")
    .option("--allow-private", "the URL leads to your own machine or network")
    .option("--description <words>", "for people to read")
    .action(action<CreateOptions>(cli, createOne));
  examples(create, [["carillon webhooks create https://example.com/hooks/carillon --events 'call.*'", ""]]);
  const test = group
    .command("test")
    .description("send a test event, and show what was answered")
    .argument("[id]", "the endpoint's id (default: the only one)")
    .action(action(cli, (context, _options, id = "") => sendTest(context, id)));
  examples(test, [["carillon webhooks test whe_01…", ""]]);
  addChanges(group, cli);
  addDeliveries(group, cli);
};

const addChanges: AddCommand = (group, cli) => {
  const rotate = group
    .command("rotate")
    .description("sign with a new secret; the old one signs as well for a while")
    .argument("[id]", "the endpoint's id (default: the only one)")
    .option("--overlap <duration>", "how long both sign (default 24h, at most 7d)")
    .action(
      action<{ overlap?: string }>(cli, async (context, { overlap }, id = "") => {
        const made = await context.client().post<WithSecret>(`${await pathOf(context, id)}/rotate-secret`, {
          overlap,
        });
        context.note("The new secret is shown this once.");
        context.print(made, () => made.secret);
      }),
    );
  examples(rotate, [["carillon webhooks rotate whe_01… --overlap 2h", ""]]);
  for (const [verb, words] of [
    ["disable", "send nothing there until it is enabled again"],
    ["enable", "send there what happens from now on"],
  ] as const) {
    const command = group
      .command(verb)
      .description(words)
      .argument("[id]", "the endpoint's id (default: the only one)")
      .action(
        action(cli, async (context, _options, id = "") => {
          const changed = await context.client().post<Endpoint>(`${await pathOf(context, id)}/${verb}`);
          context.print(changed, () => `${changed.id} is ${changed.status}.`);
        }),
      );
    examples(command, [[`carillon webhooks ${verb} whe_01…`, ""]]);
  }
  const remove = group
    .command("remove")
    .description("send nothing there any more")
    .argument("[id]", "the endpoint's id (default: the only one)")
    .action(
      action(cli, async (context, _options, id = "") => {
        await context.client().remove(await pathOf(context, id));
        context.print({ removed: id }, () => `${id} is removed.`);
      }),
    );
  examples(remove, [["carillon webhooks remove whe_01…", ""]]);
};

const addDeliveries: AddCommand = (group, cli) => {
  const deliveries = group
    .command("deliveries")
    .description("list what was sent to an endpoint, newest first")
    .argument("[id]", "the endpoint's id (default: the only one)")
    .option("--status <word>", "pending, delivered or failed")
    .option("--limit <count>", "so many at most (default 50)")
    .action(action<{ status?: string; limit?: string }>(cli, listDeliveries));
  examples(deliveries, [["carillon webhooks deliveries whe_01… --status failed", ""]]);
  const resend = group
    .command("resend")
    .description("send one message again")
    .argument("<id>", "the delivery's id")
    .action(
      action(cli, async (context, _options, id = "") => {
        const sent = await context.client().post<Delivery>(`/v1/deliveries/${encodeURIComponent(id)}/resend`);
        context.print(sent, () => `${sent.id} is sent again.`);
      }),
    );
  examples(resend, [["carillon webhooks resend dlv_01…", ""]]);
  const recover = group
    .command("recover")
    .description("send again what failed since an instant")
    .argument("[id]", "the endpoint's id (default: the only one)")
    .requiredOption("--since <time>", "with offset, such as 2026-12-01T15:00:00Z")
    .action(
      action<{ since: string }>(cli, async (context, { since }, id = "") => {
        const answer = await context
          .client()
          .post<{ count: number }>(`${await pathOf(context, id)}/recover`, { since });
        context.print(answer, () => `${answer.count} messages are sent again.`);
      }),
    );
  examples(recover, [["carillon webhooks recover whe_01… --since 2026-12-01T15:00:00Z", ""]]);
};

async function createOne(context: Context, options: CreateOptions, url = ""): Promise<void> {
  const made = await context.client().post<WithSecret>("/v1/webhook-endpoints", {
    url,
    events: options.events?.split(","),
    payload: options.full === true ? "full" : undefined,
    allow_private: options.allowPrivate,
    description: options.description,
  });
  context.note(`${made.id} is sent events from now on. The signing secret is shown this once:`);
  context.print(made, () => made.secret);
}

async function listAll(context: Context): Promise<void> {
  const page = await context.client().get<{ data: readonly Endpoint[] }>("/v1/webhook-endpoints");
  const times = context.times();
  context.print(page, () => {
    const rows = page.data.map((one) => [
      one.id,
      one.url,
      one.events.join(","),
      one.status_reason === null ? one.status : `${one.status} (${one.status_reason})`,
      one.delivered_at === null ? "never" : stamp(instant(one.delivered_at), times.home),
    ]);
    return table(["ID", "URL", "EVENTS", "STATUS", "LAST DELIVERED"], rows, "There is no endpoint.");
  });
}

async function sendTest(context: Context, id: string): Promise<void> {
  const client = context.client();
  let sent = await client.post<Delivery>(`${await pathOf(context, id)}/test`);
  for (let look = 0; sent.tries === 0 && look < LOOKS_MAX; look += 1) {
    await context.terminal.sleep(LOOK_MS);
    sent = await client.get<Delivery>(`/v1/deliveries/${encodeURIComponent(sent.id)}`);
  }
  if (sent.status !== "delivered")
    throw new Failure("failed", {
      title: "The test was not delivered",
      code: "not_delivered",
      detail: sent.detail ?? "There is no answer yet.",
      hint: `See carillon webhooks deliveries; it is tried again by itself.`,
    });
  context.print(sent, () => `Delivered: the endpoint answered ${sent.answer_status ?? "nothing"}.`);
}

async function listDeliveries(
  context: Context,
  options: { readonly status?: string; readonly limit?: string },
  id = "",
): Promise<void> {
  const max = Math.min(Number(options.limit ?? "50") || 50, SHOWN_MAX);
  const path = await pathOf(context, id);
  const found: Delivery[] = [];
  for await (const one of context
    .client()
    .list<Delivery>(`${path}/deliveries`, { status: options.status }, max))
    found.push(one);
  const times = context.times();
  context.print({ data: found }, () => {
    const rows = found.map((one) => [
      one.id,
      one.type,
      one.status,
      String(one.tries),
      one.detail ?? (one.answer_status === null ? "" : String(one.answer_status)),
      stamp(instant(one.created_at), times.home),
    ]);
    return table(["ID", "EVENT", "STATUS", "TRIES", "ANSWER", "MADE"], rows, "Nothing was sent there.");
  });
}

/** Where an endpoint is; without an id, that of the only one. */
async function pathOf(context: Context, id: string): Promise<string> {
  if (id !== "") return `/v1/webhook-endpoints/${encodeURIComponent(id)}`;
  const { data } = await context.client().get<{ data: readonly Endpoint[] }>("/v1/webhook-endpoints");
  const [only] = data;
  if (only === undefined || data.length > 1)
    throw usage(
      `There are ${data.length} endpoints, so it is not clear which one.`,
      "Give the id of one; carillon webhooks list shows them.",
    );
  return `/v1/webhook-endpoints/${only.id}`;
}
