import type { ProgramActor, QueueName } from "./program.ts";

/** Work that a program does by the timetable. */
export type Job = {
  /** Unique in the installation, such as `check-appointment-reminders`. */
  readonly name: string;
  /** One sentence: what it does. */
  readonly title: string;
  readonly queue: QueueName;
  /** A cron expression of five fields or an RRULE, until somebody edits it. Null: it runs when somebody asks, and only then. */
  readonly rule: string | null;
  /** The zone of the rule. */
  readonly timezone: string;
  /** Whether it runs before anybody has said so. Default true. */
  readonly enabled?: boolean;
  /** A slot that passed unnoticed is made up for within this (ms). Default: 6 hours. */
  readonly graceMs?: number;
  /**
   * What its rule, zone and switch are set by, as a sentence with the cure (`PUT /api/scheduler/config sets it`); then the
   * timetable itself refuses to edit them. Null: by the timetable.
   */
  readonly drivenBy?: string;
  /**
   * Does the work for one workspace, in pieces of bounded transactions, each safe to be repeated: after a crash the run is
   * started again. Returns what it came to, as plain numbers and words, shown in the history. Throwing makes it a failed run.
   */
  run(run: JobRun): Promise<JobResult>;
};

export type JobResult = Readonly<Record<string, unknown>>;

export type JobRun = {
  readonly actor: ProgramActor;
  /** Unique to the run, the same when it is started again. */
  readonly runId: number;
  /** The slot's instant, or when somebody asked (UTC ms). */
  readonly at: number;
  /** True once the process is to stop: return soon; the run is started again later. */
  readonly isStopping: () => boolean;
};

export type JobEdit = {
  readonly rule?: string;
  readonly timezone?: string;
  readonly enabled?: boolean;
};

/** A job of the timetable, as it stands. Instants are UTC ms. */
export type JobView = {
  readonly name: string;
  readonly title: string;
  readonly program: string;
  readonly queue: QueueName;
  readonly rule: string | null;
  /** The rule in words. */
  readonly description: string;
  readonly timezone: string;
  readonly enabled: boolean;
  /** What sets its rule, zone and switch, if it is not the timetable. */
  readonly drivenBy: string | null;
  /** True when somebody has set something otherwise than its program. */
  readonly isEdited: boolean;
  readonly nextRunAt: number | null;
  readonly lastRun: JobRunView | null;
  readonly version: number;
};

export type JobRunView = {
  readonly id: string;
  readonly job: string;
  readonly queue: QueueName;
  readonly status: "waiting" | "running" | "succeeded" | "failed" | "missed";
  /** `schedule`, or who asked. */
  readonly trigger: string;
  readonly at: number;
  /** How many slots it stands for beside its own, which passed with it. */
  readonly coalesced: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly durationMs: number | null;
  readonly tries: number;
  readonly result: JobResult | null;
  readonly error: string | null;
};
