import type { Context } from "./context.ts";
import { Failure } from "./failure.ts";
import { type JobRun, jobPath, timetablePath } from "./job-shapes.ts";

const lookEveryMs = 250;
const waitMax = 10 * 60_000;

/** Asks for a run of a job; one that is under way already is followed instead. */
export async function startJob(context: Context, name: string): Promise<JobRun> {
  const client = context.client();
  try {
    return await client.post<JobRun>(`${jobPath(name)}/run-now`);
  } catch (error) {
    const id = error instanceof Failure ? error.problem["run_id"] : undefined;
    if (typeof id !== "string") throw error;
    context.note(`${name} is under way already; following that run.`);
    return client.get<JobRun>(`${timetablePath}/runs/${id}`);
  }
}

/** Runs a job to its end. Throws `Failure` when it has not ended within ten minutes. */
export async function runJob(context: Context, name: string): Promise<JobRun> {
  const { terminal } = context;
  const client = context.client();
  const until = terminal.now() + waitMax;
  let run = await startJob(context, name);
  while (run.status === "waiting" || run.status === "running") {
    if (terminal.now() > until) throw isSlow(run);
    await terminal.sleep(lookEveryMs);
    run = await client.get<JobRun>(`${timetablePath}/runs/${run.id}`);
  }
  return run;
}

function isSlow(run: JobRun): Failure {
  const waits = run.status === "waiting";
  return new Failure("timed_out", {
    title: "The run has not ended",
    code: "run_not_ended",
    detail: `${run.job} ${waits ? "still waits for a worker" : "is still running"} after ten minutes.`,
    hint: waits
      ? `Start a worker of the queue ${run.queue}: carillon worker --queues ${run.queue}.`
      : `It goes on; look at it with carillon timetable runs ${run.job}.`,
  });
}
