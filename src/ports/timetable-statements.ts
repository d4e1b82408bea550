import type { Tx } from "./store.ts";
import type { JobRunRow, JobRunStatus, NodeWorksRow, TimetableRow } from "./timetable-rows.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };
type JobKey = Pick<TimetableRow, "workspace_id" | "job">;

/** The columns of a run that change; matched by id. */
export type JobRunChange = Pick<
  JobRunRow,
  "id" | "status" | "at" | "coalesced" | "tries" | "node_id" | "started_at" | "ended_at" | "result" | "error"
>;

/** Runs that ended since an instant, by what became of them; the durations are of those that had begun (ms). */
export type JobRunTotals = Pick<JobRunRow, "job" | "queue" | "status"> & {
  readonly count: number;
  readonly duration_ms: number | null;
  readonly longest_ms: number | null;
};

/** Jobs of programs, their runs, and who works on what. "lock" means until the transaction's end. */
export type TimetableStatements = {
  readonly timetable: {
    /** Rows that are there already stay as they are. */
    insert(rows: readonly TimetableRow[]): Tx<never[]>;
    of(rows: readonly JobKey[]): Tx<TimetableRow[]>;
    lock(rows: readonly JobKey[]): Tx<TimetableRow[]>;
    ofWorkspace(args: Of): Tx<TimetableRow[]>;
    /** Changes the rows that still have the version that was read; answers how many. The version goes up by one. */
    change(rows: readonly TimetableRow[]): Tx<number>;
    /** Moves locked jobs on to their next slots; the version, which belongs to those who edit, stays. */
    place(rows: readonly TimetableRow[]): Tx<never[]>;
    /** Notes the latest run that ended; the version stays. */
    ran(
      rows: readonly Pick<TimetableRow, "workspace_id" | "job" | "last_run_id" | "last_status">[],
    ): Tx<never[]>;
    /** The jobs whose next slot has come by `now`, the longest waiting first. */
    toWake(args: { now: number; limit: number }): Tx<TimetableRow[]>;
    nextWake(args: object): Tx<{ wake_at: number | null }[]>;
    /** Jobs whose latest run failed. */
    failing(args: { limit: number }): Tx<JobKey[]>;
  };
  readonly jobRuns: {
    /** A slot that has a run already keeps it; returns the ids of the new ones. */
    insert(rows: readonly JobRunRow[]): Tx<ById[]>;
    byIds(rows: readonly ById[]): Tx<JobRunRow[]>;
    lock(rows: readonly ById[]): Tx<JobRunRow[]>;
    /** The runs of a job that are in a state. */
    ofState(rows: readonly (JobKey & { readonly status: JobRunStatus })[]): Tx<JobRunRow[]>;
    /** A queue's waiting runs with ids above one, oldest first. */
    waiting(args: { queue: string; after_id: number; limit: number }): Tx<JobRunRow[]>;
    running(args: { limit: number }): Tx<JobRunRow[]>;
    change(rows: readonly JobRunChange[]): Tx<never[]>;
    /** Newest first, below an id; null means no filter. */
    list(
      args: Of & { job: string | null; status: string | null; before_id: number; limit: number },
    ): Tx<JobRunRow[]>;
    totals(args: Of & { since: number }): Tx<JobRunTotals[]>;
    countOpen(args: Of): Tx<{ queue: string; status: string; count: number }[]>;
    /** Removes runs that ended before an instant, a bounded number; returns their ids. */
    removeBefore(args: { before: number; limit: number }): Tx<ById[]>;
  };
  readonly nodeWorks: {
    put(rows: readonly NodeWorksRow[]): Tx<never[]>;
    all(args: object): Tx<NodeWorksRow[]>;
    forgetGone(args: object): Tx<never[]>;
  };
};
