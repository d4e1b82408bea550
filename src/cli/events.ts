import { type AddCommand, action, examples } from "./action.ts";
import type { Client } from "./client.ts";
import type { Context, Ending } from "./context.ts";
import { Failure, usage } from "./failure.ts";
import type { LedgerEvent } from "./shapes.ts";
import { printable } from "./table.ts";
import { type Times, instant, stamp } from "./times.ts";

type Options = {
  readonly follow?: boolean;
  readonly type?: string;
  readonly after?: string;
  readonly limit: string;
};

/** `carillon events`: the ledger, and what is added to it. */
export const addEvents: AddCommand = (program, cli) => {
  const command = program
    .command("events")
    .description("list what happened, the oldest first; one JSON document a line with --json")
    .option("--follow", "go on as things happen, until Ctrl-C")
    .option("--type <words>", "only these types, with commas")
    .option("--after <cursor>", "only what came after this event")
    .option("--limit <count>", "how many at most, without --follow", "200")
    .action(action<Options>(cli, events));
  examples(command, [
    ["carillon events --follow", "watch it live"],
    ["carillon events --type call.completed --json", "NDJSON for scripts"],
  ]);
};

async function events(context: Context, options: Options): Promise<Ending> {
  const client = context.client();
  const times = context.times();
  if (options.follow === true) return await follow(context, client, times, options);
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1)
    throw usage(`--limit is ${options.limit}.`, "Give a whole number.");
  let after = options.after;
  let left = limit;
  while (left > 0) {
    const page = await client.get<{ data: readonly LedgerEvent[]; cursor?: string | null }>("/v1/events", {
      after,
      type: options.type,
      limit: Math.min(left, 200),
    });
    for (const event of page.data) print(context, times, event);
    left -= page.data.length;
    const next = page.data.at(-1)?.cursor;
    if (next === undefined || page.data.length < Math.min(left + page.data.length, 200)) break;
    after = next;
  }
  return "done";
}

/** Follows the stream; after a break it goes on where it was. */
async function follow(context: Context, client: Client, times: Times, options: Options): Promise<Ending> {
  const stop = new AbortController();
  const release = context.terminal.onInterrupt(() => stop.abort());
  let after = options.after;
  try {
    while (!stop.signal.aborted) {
      try {
        const stream = client.stream<LedgerEvent>(
          "/v1/events/stream",
          { after, type: options.type },
          stop.signal,
        );
        for await (const event of stream) {
          after = event.cursor;
          print(context, times, event);
        }
      } catch (error) {
        if (stop.signal.aborted) break;
        // A refusal is an answer; a lost connection is not, once there has been one.
        if (error instanceof Failure && (error.exit !== "unavailable" || after === options.after))
          throw error;
      }
      if (!stop.signal.aborted) await context.terminal.sleep(1_000);
    }
    return "interrupted";
  } finally {
    release();
  }
}

function print(context: Context, times: Times, event: LedgerEvent): void {
  context.printLine(event, () => {
    const about = event.call_id ?? "";
    const reason = event.reason === null ? "" : ` (${event.reason})`;
    return `${stamp(instant(event.at), times.home)}  ${event.type}${reason}  ${about}  ${printable(JSON.stringify(event.data))}`;
  });
}
