import type { Log, LogFields } from "../../src/ports/log.ts";
import type { Meter } from "../../src/ports/meter.ts";

/** A log that nobody reads. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

export type Logged = { readonly level: string; readonly sentence: string; readonly fields: LogFields };

/** A log that keeps what it was told. */
export function keptLog(): { readonly log: Log; readonly lines: Logged[] } {
  const lines: Logged[] = [];
  const at =
    (level: string) =>
    (sentence: string, fields: LogFields = {}): void => {
      lines.push({ level, sentence, fields });
    };
  return { log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}

/** A meter that keeps how runs of jobs ended. */
export function keptMeter(): { readonly meter: Meter; readonly jobs: string[] } {
  const jobs: string[] = [];
  return { meter: { ...silentMeter, jobRan: (queue, result) => void jobs.push(`${queue} ${result}`) }, jobs };
}

/** A meter that nobody reads. */
export const silentMeter: Meter = {
  startDelay() {},
  claimed() {},
  outcome() {},
  missed() {},
  error() {},
  due() {},
  inFlight() {},
  jobRan() {},
};
