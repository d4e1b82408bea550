import type { JobRunView, JobView } from "../ports/job.ts";
import type { QueueName } from "../ports/program.ts";
import type { JobRunStatus } from "../ports/timetable-rows.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import type { RowEdit } from "./timetable-keep.ts";

/** Null: as the program says. */
export type TimetableEdit = RowEdit;

export type JobRunFilter = { readonly job?: string; readonly status?: JobRunStatus };

/** A process that shares the store. Instants are UTC ms. */
export type WorkerView = {
  readonly id: string;
  readonly name: string;
  /** `silent`: it has not shown itself for longer than its lease. */
  readonly status: "alive" | "silent";
  readonly startedAt: number;
  readonly seenAt: number;
  /** Whether it places calls. */
  readonly calls: boolean;
  readonly queues: readonly QueueName[];
  /** Runs of jobs at once. */
  readonly jobsMax: number;
  readonly running: readonly JobRunView[];
};

/** What became of the runs that ended since an instant, and what is open now. */
export type TimetableStats = {
  readonly since: number;
  readonly queues: readonly {
    readonly name: QueueName;
    readonly waiting: number;
    readonly running: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly missed: number;
    /** Notifications of all workspaces that are due and not sent, and those whose instant has not come; 100,000 at most. */
    readonly notificationsDue: number;
    readonly notificationsLater: number;
  }[];
  readonly jobs: readonly {
    readonly name: string;
    readonly queue: QueueName;
    readonly succeeded: number;
    readonly failed: number;
    readonly missed: number;
    /** Of the runs that began; null when none did. */
    readonly averageMs: number | null;
    readonly longestMs: number | null;
  }[];
};

/** The jobs of programs: when they run, what came of it. A job is known by its name; runs and workers by their ids. */
export interface TimetableVerbs {
  listJobs(actor: Actor): Promise<readonly JobView[]>;
  getJob(actor: Actor, name: string): Promise<JobView>;
  /** Throws `job_driven` for a job whose rule and switch belong to a setting of its program. */
  editJob(actor: Actor, name: string, edit: TimetableEdit, ifVersion?: number): Promise<JobView>;
  /** Runs a job beside its rule, also while it is switched off. Throws `job_running` while it waits or runs already. */
  runJobNow(actor: Actor, name: string): Promise<JobRunView>;
  listJobRuns(actor: Actor, filter: JobRunFilter, page: PageRequest): Promise<Page<JobRunView>>;
  getJobRun(actor: Actor, runId: string): Promise<JobRunView>;
  /** Processes that have not stopped, with the workspace's runs that each is at. */
  listWorkers(actor: Actor): Promise<readonly WorkerView[]>;
  /** Of the last 24 hours. */
  timetableStats(actor: Actor): Promise<TimetableStats>;
}
