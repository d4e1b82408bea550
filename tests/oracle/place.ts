import type { PlainDay, Spec } from "./brute.ts";
import type { Change } from "./changes.ts";

/** A rule of the oracle: what is sent, when it starts (wall ms), and what it means, told a second time and plainly. */
export type OracleRule = {
  readonly name: string;
  readonly input: unknown;
  readonly startLocalMs: number;
  readonly spec: Spec;
};

/** Where the clocks change, as a wall time: the minutes from `low` on, `length` of them, are left out or come twice. */
export type Place = {
  readonly change: Change;
  readonly low: number;
  readonly length: number;
  /** A wall time in the midst of them, in ms, and its parts. */
  readonly midMs: number;
  readonly mid: PlainDay;
  readonly hour: number;
  readonly minute: number;
  readonly of: number;
};

/** Any day, and one minute of the day: most rules of the oracle. */
export const anyDay = () => true;
export const at = (minute: number) => (value: number) => value === minute;
