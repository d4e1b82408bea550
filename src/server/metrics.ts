import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "@prometheus-io/client";

import { outcomes } from "../domain/outcome.ts";
import type { Meter } from "../ports/meter.ts";

/** What a route counts: its answer's status and how long it took (ms). */
export type RouteMeter = (status: number, elapsedMs: number) => void;

export type Metrics = {
  readonly meter: Meter;
  readonly routeMeter: (method: string, route: string) => RouteMeter;
  /** The whole registry in Prometheus' text format. `oldestDueAgeMs` is 0 when nothing is due. */
  readonly print: (oldestDueAgeMs: number) => Promise<string>;
  readonly contentType: string;
};

const START_DELAYS_S = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800,
];
const JOB_DURATIONS_S = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800];
const HTTP_DURATIONS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Counters for the operator. Labels are outcomes, duties, routes, methods and statuses: a few dozen values, never a
 * number, a name or an id.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const oldestDueAge = new Gauge({
    name: "carillon_oldest_due_call_age_seconds",
    help: "How long the oldest due call has been waiting",
    registers,
  });
  return {
    meter: createMeter(registers),
    routeMeter: createRouteMeters(registers),
    contentType: registry.contentType,
    print: (oldestDueAgeMs) => {
      oldestDueAge.set(oldestDueAgeMs / 1000);
      return registry.metrics();
    },
  };
}

function createMeter(registers: Registry[]): Meter {
  const startDelays = new Histogram({
    name: "carillon_call_start_delay_seconds",
    help: "From the instant a call was due to its claim",
    buckets: START_DELAYS_S,
    registers,
  });
  const claims = new Counter({ name: "carillon_claims_total", help: "Attempts claimed", registers });
  const ends = new Counter({
    name: "carillon_outcomes_total",
    help: "Attempts ended, by outcome",
    labelNames: ["outcome"],
    registers,
  });
  const misses = new Counter({
    name: "carillon_missed_total",
    help: "Calls and slots of series that passed undialed, later than they were useful",
    registers,
  });
  const errors = new Counter({
    name: "carillon_errors_total",
    help: "Duties of the loop that failed and were tried again",
    labelNames: ["duty"],
    registers,
  });
  const due = new Gauge({ name: "carillon_calls_due", help: "Calls that are due and wait", registers });
  const inFlight = new Gauge({
    name: "carillon_calls_in_flight",
    help: "Attempts that hold a slot",
    registers,
  });
  // A series that is there from the start, at zero, can be told from one that is missing.
  for (const outcome of outcomes) ends.inc({ outcome }, 0);
  const jobRuns = new Histogram({
    name: "carillon_job_run_duration_seconds",
    help: "Runs of jobs of the timetable, by queue and result",
    labelNames: ["queue", "result"],
    buckets: JOB_DURATIONS_S,
    registers,
  });
  return {
    startDelay: (ms) => startDelays.observe(ms / 1000),
    claimed: (count) => claims.inc(count),
    outcome: (outcome, count = 1) => ends.inc({ outcome }, count),
    missed: (count) => misses.inc(count),
    error: (duty) => errors.inc({ duty }),
    due: (count) => due.set(count),
    inFlight: (count) => inFlight.set(count),
    jobRan: (queue, result, ms) => jobRuns.observe({ queue, result }, ms / 1000),
  };
}

/** Children are bound once per route and status, so that a request looks nothing up by label. */
function createRouteMeters(registers: Registry[]): Metrics["routeMeter"] {
  const requests = new Counter({
    name: "carillon_http_requests_total",
    help: "HTTP requests answered",
    labelNames: ["route", "method", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "carillon_http_request_duration_seconds",
    help: "From the head of a request to the end of its answer",
    labelNames: ["route", "method"],
    buckets: HTTP_DURATIONS_S,
    registers,
  });
  return (method, route) => {
    const duration = durations.labels({ route, method });
    const byStatus = new Map<number, { inc(): void }>();
    return (status, elapsedMs) => {
      let counter = byStatus.get(status);
      if (counter === undefined) {
        counter = requests.labels({ route, method, status: String(status) });
        byStatus.set(status, counter);
      }
      counter.inc();
      duration.observe(elapsedMs / 1000);
    };
  };
}
