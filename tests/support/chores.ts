import type { Job, JobResult, JobRun } from "../../src/ports/job.ts";
import type { Program } from "../../src/ports/program.ts";

/** A program whose jobs a test plays. */
export type Chores = {
  readonly program: Program;
  /** Every run that was begun: its job and its instant. */
  readonly begun: { readonly job: string; readonly at: string; readonly runId: number }[];
  /** What a job does when it runs; without an entry it does nothing, and says so. */
  readonly work: Map<string, (run: JobRun) => Promise<JobResult>>;
  /** Makes the next runs of a job wait until the answer is called. */
  hold(job: string): () => void;
};

/** Sweeps every hour in UTC; the other jobs as they are given. */
export const sweep: Omit<Job, "run"> = {
  name: "sweep-floors",
  title: "Sweeps the floors.",
  queue: "maintenance",
  rule: "0 * * * *",
  timezone: "UTC",
};

export function playChores(jobs: readonly Omit<Job, "run">[] = [sweep]): Chores {
  const begun: Chores["begun"] = [];
  const work: Chores["work"] = new Map();
  const run =
    (job: string) =>
    async (one: JobRun): Promise<JobResult> => {
      begun.push({ job, at: new Date(one.at).toISOString(), runId: one.runId });
      return (await work.get(job)?.(one)) ?? { done: 0 };
    };
  return {
    program: {
      name: "chores",
      plug: () => ({ jobs: jobs.map((job) => ({ ...job, run: run(job.name) })) }),
    },
    begun,
    work,
    hold(job) {
      const gate = Promise.withResolvers<void>();
      work.set(job, async () => {
        await gate.promise;
        return { done: 1 };
      });
      return () => {
        work.delete(job);
        gate.resolve();
      };
    },
  };
}
