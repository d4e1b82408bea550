import { type AddCommand, action, examples } from "./action.ts";
import type { Context } from "./context.ts";
import type { List } from "./shapes.ts";
import { fields, table } from "./table.ts";
import { instant, stamp } from "./times.ts";

type Queue = {
  readonly name: string;
  readonly paused: boolean;
  readonly paused_reason: string | null;
  readonly concurrency: number;
  readonly counts: Readonly<
    Record<"waiting" | "active" | "completed" | "failed" | "delayed" | "paused" | "total", number>
  >;
};
type Job = {
  readonly id: string;
  readonly state: string;
  readonly call_status: string;
  readonly queue: string;
  readonly attempts_made: number;
  readonly due_at: string;
  readonly finished_at: string | null;
  readonly failed_reason: string | null;
};
type CleanOptions = { readonly state?: string; readonly olderThan?: string };

const everything = "calls";

/** `carillon queues …`: the calls as queues of jobs. */
export const addQueues: AddCommand = (program, cli) => {
  const group = program.command("queues").description("the calls as queues of jobs");
  const status = group
    .command("status")
    .description("say where a job stands")
    .argument("<id>", "the id of a call")
    .action(action(cli, showJob));
  examples(status, [["carillon queues status call_01…", ""]]);
  const stats = group
    .command("stats")
    .description("count the jobs of every queue, or of one")
    .argument("[queue]", "calls (all of them), or the name of a line")
    .action(action(cli, showStats));
  examples(stats, [["carillon queues stats", ""]]);
  const clean = group
    .command("clean")
    .description("leave finished jobs out of the counts; the calls and their history stay")
    .argument("[queue]", "calls (all of them), or the name of a line", everything)
    .option("--state <state>", "only completed, or only failed")
    .option("--older-than <duration>", "only those that ended longer ago, such as 1h")
    .action(action<CleanOptions>(cli, cleanQueue));
  examples(clean, [["carillon queues clean --state failed --older-than 1h", ""]]);
  const pause = group
    .command("pause")
    .description("stop new calls, of all or of a line; calls under way go on")
    .argument("[queue]", "calls (all of them), or the name of a line", everything)
    .option("--reason <words>", "why, for the ledger", "paused from the command line")
    .action(
      action<{ reason: string }>(cli, (context, { reason }, queue = everything) =>
        turn(context, queue, "pause", { reason }),
      ),
    );
  examples(pause, [['carillon queues pause --reason "wrong script"', ""]]);
  const resume = group
    .command("resume")
    .description("allow new calls again")
    .argument("[queue]", "calls (all of them), or the name of a line", everything)
    .action(action(cli, (context, _options, queue = everything) => turn(context, queue, "resume", {})));
  examples(resume, [["carillon queues resume", ""]]);
};

async function showJob(context: Context, _options: unknown, id = ""): Promise<void> {
  const job = await context.client().get<Job>(`/v1/queues/jobs/${encodeURIComponent(id)}`);
  const { home } = context.times();
  context.print(job, () =>
    fields([
      ["job", job.id],
      ["state", job.state],
      ["call", job.call_status],
      ["queue", job.queue],
      ["tries", String(job.attempts_made)],
      ["due", stamp(instant(job.due_at), home)],
      ["finished", job.finished_at === null ? null : stamp(instant(job.finished_at), home)],
      ["failed", job.failed_reason],
    ]),
  );
}

async function showStats(context: Context, _options: unknown, queue?: string): Promise<void> {
  const client = context.client();
  if (queue !== undefined) {
    const one = await client.get<Queue>(pathOf(queue));
    context.print(one, () => rowsOf([one]));
    return;
  }
  const all = await client.get<List<Queue>>("/v1/queues");
  context.print(all, () => rowsOf(all.data));
}

async function cleanQueue(context: Context, options: CleanOptions, queue = everything): Promise<void> {
  const { state, olderThan } = options;
  const cleaned = await context
    .client()
    .post<{ removed: number; queue: Queue }>(`${pathOf(queue)}/clean`, { state, older_than: olderThan });
  context.print(
    cleaned,
    () => `${cleaned.removed} finished jobs are no longer counted; their calls and history stay.`,
  );
}

async function turn(context: Context, queue: string, verb: "pause" | "resume", body: object): Promise<void> {
  const turned = await context.client().post<Queue>(`${pathOf(queue)}/${verb}`, body);
  context.print(turned, () => rowsOf([turned]));
}

function pathOf(queue: string): string {
  return `/v1/queues/${encodeURIComponent(queue)}`;
}

const columns = ["waiting", "active", "completed", "failed", "delayed", "paused", "total"] as const;

function rowsOf(queues: readonly Queue[]): string {
  const rows = queues.map((queue) => [
    queue.name,
    queue.paused ? `paused: ${queue.paused_reason ?? "no reason given"}` : "runs",
    ...columns.map((column) => String(queue.counts[column])),
    String(queue.concurrency),
  ]);
  const head = ["QUEUE", "STATE", ...columns.map((column) => column.toUpperCase()), "AT ONCE"];
  return table(head, rows, "No queues.");
}
