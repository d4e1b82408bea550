import { createReadStream, createWriteStream, statSync } from "node:fs";
import { resolve } from "node:path";
import { finished } from "node:stream/promises";

import { type AddCommand, action, examples } from "./action.ts";
import type { Context, Ending } from "./context.ts";
import { refused } from "./csv.ts";
import type { ImportOptions, ImportRow } from "./csv-calls.ts";
import { csvLine, unescapeCell } from "./csv-escape.ts";
import { type Rejected, type Source, type Survey, sendImport, surveyImport } from "./import-run.ts";
import { openProgress } from "./progress.ts";
import { printable } from "./table.ts";
import { type Times } from "./times.ts";

type Options = {
  readonly dryRun?: boolean;
  readonly line?: string;
  readonly timezone?: string;
  readonly strict?: boolean;
};

/** `carillon import FILE.csv`: a call for each row. */
export const addImport: AddCommand = (program, cli) => {
  const command = program
    .command("import")
    .description("schedule a call for each row of a CSV file")
    .argument("<file>", "the file; - for the standard input")
    .option("--dry-run", "check every row and show what would happen; nothing is written or sent")
    .option("--line <name>", "the line to call from")
    .option("--timezone <zone>", "the zone of rows that name none")
    .option("--strict", "exit 1 when a row was rejected (else 0: the good rows are scheduled)")
    .addHelpText(
      "after",
      `
Columns: phone (required), name, at, timezone, purpose, external_id, metadata.*; no at means now.
Rejected rows go with their reasons to FILE.rejected.csv; correct them there and import that file.
The same import run twice creates nothing twice.`,
    )
    .action(action<Options>(cli, importFile));
  examples(command, [
    ["carillon import examples/renewals.csv --dry-run", "what would happen"],
    ["carillon import people.csv --timezone Europe/London", "for local times without a zone"],
  ]);
};

const REASONS_SHOWN = 20;
const REJECTED_IN_JSON = 1_000;

async function importFile(context: Context, options: Options, file = ""): Promise<Ending> {
  const times = context.times();
  const importing = { zones: times.zones, timezone: options.timezone, line: options.line };
  if (options.timezone !== undefined && times.zone(options.timezone) === undefined) {
    throw refused(
      "timezone_unknown",
      `The time zone ${JSON.stringify(options.timezone)} is not known.`,
      "Write a name such as Europe/London.",
    );
  }
  const source = await openSource(context, file);
  if (options.dryRun === true) return await dryRun(context, options, file, source, importing, times);

  const survey = await surveyImport(source, importing);
  noteColumns(context, survey);
  const progress = openProgress(context);
  const rejections = openRejections(context, file, survey.header);
  progress.show(0, survey.rows, "");
  try {
    const totals = await sendImport(context.client(), source, survey, importing, context.terminal.sleep, {
      rejected: (row) => rejections.add(row),
      progress: (done) => progress.show(done, survey.rows, "rows"),
    });
    progress.clear();
    const rejectedFile = await rejections.close();
    const result = {
      file,
      rows: survey.rows,
      ...totals,
      rejected_file: rejectedFile,
      rejected_rows: rejections.first,
    };
    context.print(result, () => {
      const present = totals.present === 0 ? "" : `, ${totals.present} were there already`;
      const lines = [
        `${survey.rows} rows: ${totals.scheduled} scheduled${present}, ${totals.rejected} rejected`,
      ];
      lines.push(...rejectionWords(rejections.first, totals.rejected));
      if (rejectedFile !== null) lines.push(`Rejected rows with their reasons: ${rejectedFile}`);
      lines.push("Look at them with: carillon calls list, carillon stats");
      return lines.join("\n");
    });
    return totals.rejected > 0 && options.strict === true ? "failed" : "done";
  } finally {
    progress.clear();
    await rejections.close();
  }
}

async function dryRun(
  context: Context,
  options: Options,
  file: string,
  source: Source,
  importing: ImportOptions,
  times: Times,
): Promise<Ending> {
  const first: Rejected[] = [];
  let rejected = 0;
  let atOnce = 0;
  const survey = await surveyImport(source, importing, (row) => {
    const reason = row.ok ? whyLate(row, context.terminal.now(), times) : row.reason;
    if (row.ok && reason === null && row.item.at === undefined) atOnce += 1;
    if (reason === null) return;
    rejected += 1;
    if (first.length < REJECTED_IN_JSON) first.push({ line: row.line, cells: row.cells, reason });
  });
  noteColumns(context, survey);
  const scheduled = survey.rows - rejected;
  context.print(
    { file, dry_run: true, rows: survey.rows, would_schedule: scheduled, rejected, rejected_rows: first },
    () =>
      [
        `Dry run, nothing was written or sent. ${survey.rows} rows: ${scheduled} would be scheduled (${atOnce} of them at once, inside calling hours), ${rejected} rejected`,
        ...rejectionWords(first, rejected),
      ].join("\n"),
  );
  return rejected > 0 && options.strict === true ? "failed" : "done";
}

/** What the server would say of a time that has passed; only a dry run looks, see `readCalls`. */
function whyLate(row: ImportRow & { ok: true }, now: number, times: Times): string | null {
  const { at, timezone } = row.item;
  if (at === undefined) return null;
  const instant = times.resolve(at, timezone);
  return instant !== null && instant < now - 1_000
    ? `the time ${at} is in the past: write a later one, or none to call at once`
    : null;
}

function noteColumns(context: Context, { columns }: Survey): void {
  if (columns.unused.length === 0) return;
  const names = columns.unused.map((name) => JSON.stringify(printable(name))).join(", ");
  context.note(`Columns that are not used: ${names}. Name one metadata.something to keep it with the call.`);
}

/** The first rejected rows in words, and how many more there are. */
export function rejectionWords(rows: readonly Rejected[], count: number): string[] {
  const lines = rows.slice(0, REASONS_SHOWN).map(({ line, cells, reason }) => {
    const who = cells
      .slice(0, 2)
      .filter((cell) => cell !== "")
      .join(", ");
    return `  line ${line} (${printable(who).slice(0, 40)}): ${reason}`;
  });
  if (count > lines.length) lines.push(`  … and ${count - lines.length} more`);
  return lines;
}

/** The file of rejected rows, begun with the first of them. */
function openRejections(context: Context, file: string, header: readonly string[]) {
  const path =
    file === "-" ? null : resolve(context.terminal.cwd, file.replace(/(?:\.csv)?$/i, ".rejected.csv"));
  const first: Rejected[] = [];
  let stream: ReturnType<typeof createWriteStream> | null = null;
  return {
    first,
    add(row: Rejected): void {
      if (first.length < REJECTED_IN_JSON) first.push(row);
      if (path === null) return;
      const kept = header.findIndex((title) => title.toLowerCase() === "reason");
      const without = <T>(cells: readonly T[]): T[] => cells.filter((_, i) => i !== kept);
      if (stream === null) {
        // With a byte order mark, so that Excel reads the names right.
        stream = createWriteStream(path, { mode: 0o600 });
        stream.write(`\uFEFF${csvLine([...without(header), "reason"])}`);
      }
      const cells = header.map((_, i) => unescapeCell(row.cells[i] ?? ""));
      stream.write(csvLine([...without(cells), row.reason, ...row.cells.slice(header.length)]));
    },
    async close(): Promise<string | null> {
      if (stream === null) return null;
      if (!stream.writableEnded) {
        stream.end();
        await finished(stream);
      }
      return path;
    },
  };
}

async function openSource(context: Context, file: string): Promise<Source> {
  if (file === "-") {
    const bytes = await context.terminal.readInput();
    return async function* () {
      yield bytes;
    };
  }
  const path = resolve(context.terminal.cwd, file);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) {
    throw refused("file_missing", `There is no file ${path}.`, "Check the path.");
  }
  return () => createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
}
