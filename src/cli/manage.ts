import type { Command } from "commander";

import { type AddCommand, type Cli, action, examples } from "./action.ts";
import type { Context, Ending } from "./context.ts";
import { doctor } from "./doctor.ts";
import { type JobRun, runFields } from "./job-shapes.ts";
import { type ResetOptions, type SeedOptions, resetDatabase, seedDatabase } from "./manage-store.ts";
import { migrate } from "./migrate.ts";
import { monitor } from "./monitor.ts";
import { runJob } from "./run-job.ts";
import { type WorkerOptions, readWorks, work } from "./worker.ts";

/** What a task of the appointment backend's `manage.py` runs here. */
const tasks = {
  "task:send-reminders": {
    jobs: ["check-appointment-reminders"],
    meaning: "send the appointment reminders that are due",
  },
  "task:cleanup": {
    jobs: ["cleanup-old-notifications", "cleanup-expired-appointments", "cleanup-stale-chatrooms"],
    meaning: "run every cleanup",
  },
  "task:stats": { jobs: ["generate-daily-statistics"], meaning: "work out the daily statistics" },
  "health:db": {
    jobs: ["check-database-health"],
    meaning: "look at the database: reachable, sizes of tables, what to optimize",
  },
} as const satisfies Record<string, { jobs: readonly string[]; meaning: string }>;

/** `carillon manage <name>`: the commands of the appointment backend's `manage.py`, under its names. */
export const addManage: AddCommand = (program, cli) => {
  const group = program
    .command("manage")
    .description("the commands of an appointment backend's manage.py, by its names");
  addDatabase(group, cli);
  for (const [name, { jobs, meaning }] of Object.entries(tasks)) {
    named(group, name, `${meaning}; exit 1 when it failed`).action(
      action(cli, (context) => runTask(context, jobs)),
    );
  }
  named(group, "health:check", "look at everything that usually goes wrong, as carillon doctor").action(
    action(cli, doctor),
  );
  addProcesses(group, cli);
};

function named(group: Command, name: string, meaning: string): Command {
  const command = group.command(name).description(meaning);
  examples(command, [[`carillon manage ${name}`, ""]]);
  return command;
}

function addDatabase(group: Command, cli: Cli): void {
  named(group, "db:migrate", "bring the database up to date, as carillon migrate").action(
    action(cli, (context) => migrate(context, {})),
  );
  named(group, "db:seed", "make an example salon with two weeks of appointments")
    .option("--beside", "also where there are businesses already")
    .action(action<SeedOptions>(cli, seedDatabase));
  named(group, "db:reset", "remove all data and make the tables anew; asks first")
    .option("--yes", "do not ask")
    .action(action<ResetOptions>(cli, resetDatabase));
}

function addProcesses(group: Command, cli: Cli): void {
  named(group, "celery:worker", "start a worker, as carillon worker; on SQLite carillon serve is the worker")
    .option("-Q, --queues <names>", "only these, with commas")
    .option("-c, --concurrency <count>", "calls being placed, and jobs, at once")
    .action(action<WorkerOptions>(cli, (context, options) => work(context, options, readWorks(options))));
  named(
    group,
    "celery:beat",
    "start a process that plans the timetable and runs none of it; every server does it too",
  ).action(action(cli, (context) => work(context, {}, { calls: false, queues: [] })));
  named(group, "celery:flower", "start the monitoring page, on http://localhost:5555")
    .option("--port <port>", "another port", "5555")
    .action(action<{ port: string }>(cli, monitor));
}

/** Runs jobs to their ends, one after the other; a failed one does not keep the next from its turn. */
async function runTask(context: Context, jobs: readonly string[]): Promise<Ending> {
  const runs: JobRun[] = [];
  for (const job of jobs) runs.push(await runJob(context, job));
  const { home } = context.times();
  context.print({ data: runs }, () => runs.map((run) => runFields(run, home)).join("\n\n"));
  return runs.every(({ status }) => status === "succeeded") ? "done" : "failed";
}
