import type { Actor } from "./engine.ts";

/** Calls counted as jobs (see `job-state.ts`); `total` is the sum of the others. */
export type QueueCounts = {
  /** Due and not claimed. */
  readonly waiting: number;
  /** Being dialed, and not yet taken by a carrier. */
  readonly active: number;
  /** Taken by a carrier within the last 24 hours, at most 1,000. */
  readonly completed: number;
  /** Given up within the last 7 days before a carrier took them. */
  readonly failed: number;
  /** Not yet due. */
  readonly delayed: number;
  /** Paused by themselves, or due while the queue is paused. */
  readonly paused: number;
  readonly total: number;
};

export type QueueView = {
  readonly name: string;
  /** The line whose calls these are; null for the queue of the whole workspace. */
  readonly line: { readonly id: string; readonly name: string } | null;
  readonly isPaused: boolean;
  readonly pausedReason: string | null;
  /** Calls at one time. */
  readonly concurrency: number;
  readonly counts: QueueCounts;
};

/** Every call of the workspace by the state of its job, whenever it was; `total` is the sum of the first five. */
export type CallCounts = {
  readonly pending: number;
  readonly processing: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly total: number;
  /** Those that are pending and not yet due. */
  readonly upcoming: number;
};

/**
 * The calls as queues: one of the whole workspace, called `calls`, and one of each line, called as the line is. A queue is
 * counted and steered; it holds nothing of its own. `queue` is a name, or the id of a line.
 */
export interface QueueVerbs {
  listQueues(actor: Actor): Promise<readonly QueueView[]>;
  getQueue(actor: Actor, queue: string): Promise<QueueView>;
  /** Stops new calls: of the workspace, or of the line. */
  pauseQueue(actor: Actor, queue: string, reason: string): Promise<QueueView>;
  resumeQueue(actor: Actor, queue: string): Promise<QueueView>;
  /**
   * Leaves finished jobs out of the queue's counts from now on, those that ended more than `olderThanMs` ago; the calls
   * and their history stay. Answers how many were left out. Without a state: completed and failed ones.
   */
  cleanQueue(
    actor: Actor,
    queue: string,
    what: { readonly state?: "completed" | "failed"; readonly olderThanMs: number },
  ): Promise<{ readonly removed: number; readonly queue: QueueView }>;
  countCalls(actor: Actor): Promise<CallCounts>;
}
