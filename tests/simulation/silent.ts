import type { Log } from "../../src/ports/log.ts";
import type { Meter } from "../../src/ports/meter.ts";

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
export const silentMeter: Meter = {
  startDelay: () => {},
  claimed: () => {},
  outcome: () => {},
  missed: () => {},
  error: () => {},
  due: () => {},
  inFlight: () => {},
  jobRan: () => {},
};
