import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";

import { type AddCommand, action, examples } from "./action.ts";
import type { Context, Ending } from "./context.ts";
import { Failure } from "./failure.ts";
import type { List } from "./shapes.ts";
import { printable, table } from "./table.ts";
import { instant, stamp } from "./times.ts";

type Appointment = {
  readonly id: string;
  readonly status: string;
  readonly confirmation_code: string;
  readonly client_id: string;
  readonly staff: string | null;
  readonly starts_at_local: string;
  readonly timezone: string;
};
type Message = {
  readonly kind: string;
  readonly channel: string | null;
  readonly at: string;
  readonly status: string;
  readonly reason: string | null;
};
type Imported = {
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly rejected: number;
  readonly errors: readonly { readonly line: number; readonly detail: string }[];
  readonly unused_columns: readonly string[];
};

type ListOptions = {
  readonly business?: string;
  readonly client?: string;
  readonly status?: string;
  readonly after?: string;
  readonly before?: string;
  readonly limit?: string;
};
type BookOptions = {
  readonly business: string;
  readonly client: string;
  readonly at: string;
  readonly service?: string;
  readonly duration?: string;
  readonly staff?: string;
  readonly id?: string;
  readonly pending?: true;
};
type MoveOptions = { readonly at: string; readonly staff?: string };
type ImportOptions = { readonly preview?: true; readonly confirm?: true; readonly strict?: true };

const SHOWN_MAX = 1_000;
const REASONS_SHOWN = 20;
const nouns = ["businesses", "clients", "services", "appointments", "reviews", "chat-rooms"];

/** `carillon appointments …`: who comes when, and what they are told of it. */
export const addAppointments: AddCommand = (program, cli) => {
  const group = program.command("appointments").description("who comes when, and what they are told of it");
  const list = group
    .command("list")
    .description("list appointments by their start")
    .option("--business <id>", "only those of one business")
    .option("--client <id>", "only those of one client")
    .option("--status <status>", "such as confirmed")
    .option("--after <time>", "that begin then or later; a time with its offset")
    .option("--before <time>", "that begin earlier")
    .option("--limit <count>", "so many at most (default 50)")
    .action(action<ListOptions>(cli, listAll));
  examples(list, [["carillon appointments list --after 2026-12-01T00:00:00-05:00", ""]]);
  const show = group
    .command("show")
    .description("show an appointment, and what its client is told, was told and was not")
    .argument("<id>", "its id, or your own")
    .action(action(cli, (context, _options, id = "") => showOne(context, id)));
  examples(show, [["carillon appointments show apt_01…", ""]]);
  const book = group
    .command("book")
    .description("book an appointment; its client is told")
    .requiredOption("--business <id>", "with whom")
    .requiredOption("--client <id>", "for whom")
    .requiredOption("--at <time>", "when it begins; without an offset in the business's zone")
    .option("--service <id>", "what for; it also says how long")
    .option("--duration <duration>", "how long, such as 45m")
    .option("--staff <name>", "who serves")
    .option("--id <id>", "an id of your own")
    .option("--pending", "it waits to be confirmed")
    .action(action<BookOptions>(cli, bookOne));
  examples(book, [
    [
      "carillon appointments book --business biz_01… --client cli_01… --service svc_01… --at 2026-12-01T10:00:00",
      "",
    ],
  ]);
  const move = group
    .command("move")
    .description("give it another time; its reminders move with it")
    .argument("<id>", "its id, or your own")
    .requiredOption("--at <time>", "when it begins; without an offset in the business's zone")
    .option("--staff <name>", "who serves then")
    .action(
      action<MoveOptions>(cli, async (context, { at, staff }, id = "") =>
        say(
          context,
          await change(context, id, "move", { starts_at: at, ...(staff !== undefined && { staff }) }),
        ),
      ),
    );
  examples(move, [["carillon appointments move apt_01… --at 2026-12-02T11:30:00", ""]]);
  for (const [verb, words] of [
    ["confirm", "confirm it"],
    ["reschedule", "give its time up until a new one is agreed"],
    ["cancel", "cancel it; nothing more is told of it"],
    ["start", "the client is there"],
    ["complete", "it is over"],
    ["no-show", "the client did not come"],
  ] as const) {
    const command = group
      .command(verb)
      .description(words)
      .argument("<id>", "its id, or your own")
      .action(
        action(cli, async (context, _options, id = "") => say(context, await change(context, id, verb, {}))),
      );
    examples(command, [[`carillon appointments ${verb} apt_01…`, ""]]);
  }
  const importing = group
    .command("import")
    .description("take businesses, clients, services, appointments, reviews or chat-rooms from a CSV file")
    .argument("<what>", nouns.join(", "))
    .argument("<file>", "the file")
    .option("--preview", "check every row; nothing is stored")
    .option("--confirm", "appointments: tell the clients that they were booked")
    .option("--strict", "exit 1 when a row was rejected (else 0: the good rows are taken)")
    .action(action<ImportOptions>(cli, importFile));
  examples(importing, [["carillon appointments import clients clients.csv --preview", ""]]);
};

async function listAll(context: Context, options: ListOptions): Promise<void> {
  const { business, client, status, after, before, limit } = options;
  const query = {
    business_id: business,
    client_id: client,
    status,
    starts_after: after,
    starts_before: before,
  };
  const max = Math.min(Number(limit ?? "50") || 50, SHOWN_MAX);
  const found: Appointment[] = [];
  for await (const one of context.client().list<Appointment>("/v1/appointments", query, max)) found.push(one);
  context.print({ data: found } satisfies List<Appointment>, () =>
    table(
      ["ID", "STARTS", "STATUS", "CODE", "STAFF", "CLIENT"],
      found.map((one) => [
        one.id,
        one.starts_at_local,
        one.status,
        one.confirmation_code,
        printable(one.staff ?? ""),
        one.client_id,
      ]),
      "There is no such appointment.",
    ),
  );
}

async function showOne(context: Context, id: string): Promise<void> {
  const appointment = await context.client().get<Appointment>(pathOf(id));
  const { data } = await context.client().get<List<Message>>(`${pathOf(id)}/messages`);
  const times = context.times();
  const zone = times.zone(appointment.timezone) ?? times.home;
  context.print({ ...appointment, messages: data }, () =>
    [
      sentenceOf(appointment),
      table(
        ["KIND", "CHANNEL", "AT", "STATUS"],
        data.map(({ kind, channel, at, status, reason }) => [
          kind,
          channel ?? "",
          stamp(instant(at), zone),
          reason === null ? status : `${status} (${reason})`,
        ]),
        "Nothing is told of it.",
      ),
    ].join("\n"),
  );
}

async function bookOne(context: Context, options: BookOptions): Promise<void> {
  const { business, client, at, service, duration, staff, id, pending } = options;
  const booked = await context.client().post<Appointment>("/v1/appointments", {
    business_id: business,
    client_id: client,
    starts_at: at,
    service_id: service,
    duration,
    staff,
    external_id: id,
    ...(pending === true && { status: "pending" }),
  });
  say(context, booked);
}

function change(context: Context, id: string, verb: string, body: object): Promise<Appointment> {
  return context.client().post<Appointment>(`${pathOf(id)}/${verb}`, body);
}

function say(context: Context, appointment: Appointment): void {
  context.print(appointment, () => sentenceOf(appointment));
}

function sentenceOf({
  id,
  status,
  starts_at_local: at,
  timezone,
  confirmation_code: code,
}: Appointment): string {
  return `${id} is ${status}, for ${at} (${timezone}), code ${code}.`;
}

async function importFile(context: Context, options: ImportOptions, what = "", file = ""): Promise<Ending> {
  const path = resolve(context.terminal.cwd, file);
  if (!nouns.includes(what)) throw refused("noun_unknown", `"${what}" is none of ${nouns.join(", ")}.`);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw refused("file_missing", `There is no file ${path}.`);
  const preview = options.preview === true;
  const imported = await context
    .client()
    .upload<Imported>(`/v1/${what}/import`, readFileSync(path), "text/csv", {
      preview,
      ...(options.confirm === true && { send_confirmations: true }),
    });
  context.print(imported, () => importWords(imported, preview));
  return imported.rejected > 0 && options.strict === true ? "failed" : "done";
}

function importWords(
  { rows, created, updated, rejected, errors, unused_columns: unused }: Imported,
  preview: boolean,
) {
  const head = `${preview ? "Preview, nothing was stored. " : ""}${rows} rows: ${created} made, ${updated} changed, ${rejected} rejected.`;
  const reasons = errors
    .slice(0, REASONS_SHOWN)
    .map(({ line, detail }) => `  line ${line}: ${printable(detail)}`);
  if (rejected > reasons.length) reasons.push(`  … and ${rejected - reasons.length} more`);
  const named = unused.map((name) => JSON.stringify(printable(name))).join(", ");
  return [
    head,
    ...reasons,
    ...(unused.length === 0 ? [] : [`Columns that mean nothing here: ${named}`]),
  ].join("\n");
}

function refused(code: string, detail: string): Failure {
  return new Failure("usage", {
    title: "The file cannot be imported",
    code,
    detail,
    hint: "Say what it holds and where it is: carillon appointments import clients clients.csv",
  });
}

function pathOf(id: string): string {
  return `/v1/appointments/${encodeURIComponent(id)}`;
}
