/** A timer that was armed; cancelling one that has run does nothing. */
export type Timer = { cancel(): void };

/** The one source of time. Above `system/` nothing else may tell or wait for the time. */
export interface Clock {
  /** The current instant in UTC milliseconds, an integer. It may jump; see `mono`. */
  now(): number;
  /** Milliseconds of a clock that never jumps; only differences mean anything. */
  mono(): number;
  /** Runs `wake` once, at `instant` (UTC ms) or as soon after as possible, never before. Never arms a real timer of over 60 s. */
  at(instant: number, wake: () => void): Timer;
  /** Runs `then` after what has already arrived in this turn of the event loop. Group commit closes its group here. */
  tick(then: () => void): void;
}
