import { type AddCommand, action, examples } from "./action.ts";
import type { Context, Ending } from "./context.ts";
import { usage } from "./failure.ts";
import {
  type Job,
  type JobRun,
  jobPath,
  runColumns,
  runFields,
  runRow,
  timetablePath,
} from "./job-shapes.ts";
import { runJob, startJob } from "./run-job.ts";
import type { List } from "./shapes.ts";
import { fields, table } from "./table.ts";
import { instant, stamp } from "./times.ts";

type SetOptions = {
  readonly rule?: string;
  readonly timezone?: string;
  readonly default?: boolean;
};
type RunsOptions = { readonly status?: string; readonly limit: string };

/** `carillon timetable …`: the jobs that programs do by the clock. */
export const addTimetable: AddCommand = (program, cli) => {
  const group = program.command("timetable").description("what programs do by the clock");
  const list = group
    .command("list")
    .description("list the jobs with their last and next runs")
    .action(action(cli, listJobs));
  examples(list, [["carillon timetable list", ""]]);
  const show = group
    .command("show")
    .description("show a job and its latest run")
    .argument("<job>", "its name")
    .action(action(cli, showJob));
  examples(show, [["carillon timetable show check-appointment-reminders", ""]]);
  const set = group
    .command("set")
    .description("change when a job runs")
    .argument("<job>", "its name")
    .option("--rule <rule>", "a cron expression or an RRULE")
    .option("--timezone <zone>", "the zone of the rule")
    .option("--default", "rule and zone as the program says")
    .action(action<SetOptions>(cli, setJob));
  examples(set, [['carillon timetable set generate-daily-statistics --rule "0 8 * * *"', "daily at 8:00"]]);
  const run = group
    .command("run")
    .description("run a job now and wait for its end; exit 1 when it failed")
    .argument("<job>", "its name")
    .option("--no-wait", "do not wait")
    .action(action<{ wait: boolean }>(cli, runNow));
  examples(run, [["carillon timetable run check-appointment-reminders", ""]]);
  const runs = group
    .command("runs")
    .description("list runs, newest first")
    .argument("[job]", "of one job only")
    .option("--status <status>", "waiting, running, succeeded, failed or missed")
    .option("--limit <count>", "at most so many", "20")
    .action(action<RunsOptions>(cli, listRuns));
  examples(runs, [["carillon timetable runs --status failed", ""]]);
  for (const [verb, meaning] of [
    ["pause", "switch a job off; it still runs when somebody asks"],
    ["resume", "switch a job on; what passed meanwhile is not made up for"],
  ] as const) {
    const one = group
      .command(verb)
      .description(meaning)
      .argument("<job>", "its name")
      .action(action(cli, (context, _options, name = "") => turn(context, name, verb)));
    examples(one, [[`carillon timetable ${verb} cleanup-old-notifications`, ""]]);
  }
};

async function listJobs(context: Context): Promise<void> {
  const all = await context.client().get<List<Job>>(timetablePath);
  const { home } = context.times();
  context.print(all, () =>
    table(
      ["JOB", "QUEUE", "WHEN", "NEXT", "LAST"],
      all.data.map((job) => [
        job.name,
        job.queue,
        job.description,
        nextWords(job, (at) => stamp(at, home)),
        job.last_run === null
          ? ""
          : `${job.last_run.status} ${stamp(instant(job.last_run.started_at ?? job.last_run.at), home)}`,
      ]),
      "No jobs.",
    ),
  );
}

async function showJob(context: Context, _options: unknown, name = ""): Promise<void> {
  const job = await context.client().get<Job>(jobPath(name));
  context.print(job, () => jobWords(context, job));
}

async function setJob(context: Context, options: SetOptions, name = ""): Promise<void> {
  const { rule, timezone } = options;
  const isDefault = options.default === true;
  if (!isDefault && rule === undefined && timezone === undefined)
    throw usage("Nothing is to be changed.", "Give --rule, --timezone or --default.");
  const change = isDefault ? { rule: null, timezone: null } : { rule, timezone };
  const job = await context.client().patch<Job>(jobPath(name), change);
  context.print(job, () => jobWords(context, job));
}

async function runNow(context: Context, options: { wait: boolean }, name = ""): Promise<Ending> {
  const run = options.wait ? await runJob(context, name) : await startJob(context, name);
  context.print(run, () => runFields(run, context.times().home));
  return run.status === "failed" ? "failed" : "done";
}

async function listRuns(context: Context, options: RunsOptions, job?: string): Promise<void> {
  const max = Number(options.limit);
  if (!Number.isSafeInteger(max) || max < 1) throw usage("--limit takes a whole number from 1 on.");
  const runs: JobRun[] = [];
  const query = { job, status: options.status };
  for await (const run of context.client().list<JobRun>(`${timetablePath}/runs`, query, max)) runs.push(run);
  const { home } = context.times();
  context.print({ data: runs }, () =>
    table(
      runColumns,
      runs.map((run) => runRow(run, home)),
      "No runs.",
    ),
  );
}

async function turn(context: Context, name: string, verb: "pause" | "resume"): Promise<void> {
  const job = await context.client().post<Job>(`${jobPath(name)}/${verb}`);
  context.print(job, () => jobWords(context, job));
}

function jobWords(context: Context, job: Job): string {
  const { home } = context.times();
  const rows = fields([
    ["job", job.name],
    ["does", job.title],
    ["program", job.program],
    ["queue", job.queue],
    ["rule", job.rule === null ? null : `${job.rule}${job.edited ? " (edited)" : ""}`],
    ["when", job.description],
    ["edited by", job.driven_by],
    ["next", nextWords(job, (at) => stamp(at, home))],
  ]);
  return job.last_run === null ? rows : `${rows}\n\nLatest run\n${runFields(job.last_run, home)}`;
}

function nextWords(job: Job, words: (at: number) => string): string {
  if (!job.enabled) return "switched off";
  return job.next_run_at === null ? "" : words(instant(job.next_run_at));
}
