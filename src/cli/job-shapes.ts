import type { ZoneRules } from "../domain/zone.ts";
import { fields } from "./table.ts";
import { instant, spanWords, stamp } from "./times.ts";

/** Answers of the API about the timetable, as far as the command line shows them. */
export type JobRun = {
  readonly id: string;
  readonly job: string;
  readonly queue: string;
  readonly status: "waiting" | "running" | "succeeded" | "failed" | "missed";
  readonly trigger: string;
  readonly at: string;
  readonly coalesced: number;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  readonly tries: number;
  readonly result: Readonly<Record<string, unknown>> | null;
  readonly error: string | null;
};

export type Job = {
  readonly name: string;
  readonly title: string;
  readonly program: string;
  readonly queue: string;
  readonly rule: string | null;
  readonly description: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly driven_by: string | null;
  readonly edited: boolean;
  readonly next_run_at: string | null;
  readonly last_run: JobRun | null;
  readonly version: number;
};

export type Worker = {
  readonly id: string;
  readonly name: string;
  readonly status: "alive" | "silent";
  readonly started_at: string;
  readonly seen_at: string;
  readonly calls: boolean;
  readonly queues: readonly string[];
  readonly concurrency: number;
  readonly running: readonly JobRun[];
};

export type WorkerStats = {
  readonly since: string;
  readonly queues: readonly (Readonly<
    Record<
      "waiting" | "running" | "succeeded" | "failed" | "missed" | "notifications_due" | "notifications_later",
      number
    >
  > & { readonly name: string })[];
  readonly jobs: readonly (Readonly<Record<"succeeded" | "failed" | "missed", number>> & {
    readonly name: string;
    readonly queue: string;
    readonly average_ms: number | null;
    readonly longest_ms: number | null;
  })[];
};

/** Longer results are cut in tables. */
const lineMax = 100;

export const timetablePath = "/v1/timetable";

export function jobPath(name: string): string {
  return `${timetablePath}/${encodeURIComponent(name)}`;
}

/** What a run came to, in a line. */
export function outcomeWords(run: JobRun): string {
  const words =
    run.error ??
    Object.entries(run.result ?? {})
      .map(([name, value]) => `${name.replaceAll("_", " ")} ${valueWords(value)}`)
      .join(", ");
  return words.length <= lineMax ? words : `${words.slice(0, lineMax - 1)}…`;
}

export function valueWords(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What a run came to, one thing a line; tables of names and values have a line for each name. */
export function resultFields(result: Readonly<Record<string, unknown>>): string {
  return fields(
    Object.entries(result).flatMap(([name, value]): [string, string][] => {
      const label = name.replaceAll("_", " ");
      if (Array.isArray(value))
        return value.length === 0 ? [[label, "none"]] : value.map((one) => [label, valueWords(one)]);
      if (typeof value !== "object" || value === null) return [[label, valueWords(value)]];
      return Object.entries(value).map(([inner, one]) => [`${label} ${inner}`, innerWords(one)]);
    }),
  );
}

function innerWords(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return valueWords(value);
  return Object.entries(value)
    .map(([name, one]) => `${name.replaceAll("_", " ")} ${valueWords(one)}`)
    .join(", ");
}

export function runFields(run: JobRun, home: ZoneRules): string {
  return fields([
    ["run", run.id],
    ["job", run.job],
    ["status", run.status],
    ["asked by", run.trigger === "schedule" ? null : run.trigger],
    ["slot", stamp(instant(run.at), home)],
    ["stands for", run.coalesced === 0 ? null : `${run.coalesced} more slots`],
    ["began", run.started_at === null ? null : stamp(instant(run.started_at), home)],
    ["took", run.duration_ms === null ? null : spanWords(run.duration_ms)],
    ["tries", run.tries > 1 ? String(run.tries) : null],
    ["error", run.error],
  ]).concat(run.result === null ? "" : `\n\n${resultFields(run.result)}`);
}

export function runRow(run: JobRun, home: ZoneRules): string[] {
  return [
    stamp(instant(run.at), home),
    run.job,
    run.status,
    run.duration_ms === null ? "" : spanWords(run.duration_ms),
    outcomeWords(run),
    run.id,
  ];
}

export const runColumns = ["AT", "JOB", "STATUS", "TOOK", "RESULT", "RUN"] as const;
