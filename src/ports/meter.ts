import type { Outcome } from "../domain/outcome.ts";
import type { QueueName } from "./program.ts";

/** Where the engine counts what it does. Nothing here takes a number, an id or a name: labels stay few. */
export interface Meter {
  /** An attempt was claimed `ms` milliseconds after it was due (never negative). */
  startDelay(ms: number): void;
  /** `count` attempts were claimed. */
  claimed(count: number): void;
  /** `count` attempts (default 1) ended so. */
  outcome(outcome: Outcome, count?: number): void;
  /** `count` calls or slots of series passed without being dialed: later than they were useful. */
  missed(count: number): void;
  /** A duty of the loop failed and will be tried again; `duty` is its name in the code, such as "dispatch". */
  error(duty: string): void;
  /** How many calls are due now and wait. */
  due(count: number): void;
  /** How many attempts hold a slot now. */
  inFlight(count: number): void;
  /** A run of a program's job ended after `ms` milliseconds. */
  jobRan(queue: QueueName, result: "succeeded" | "failed", ms: number): void;
}
