import type { Paint } from "./terminal.ts";
import { type Call, type Stats, isOver } from "./shapes.ts";
import { type Times, instant, recipientZone, spanWords, stamp } from "./times.ts";

/** Where the demo's calls stand, each in exactly one group. */
export type Tally = {
  readonly reached: number;
  readonly voicemail: number;
  readonly busy: number;
  readonly no_answer: number;
  readonly declined: number;
  readonly other: number;
  readonly expired: number;
  /** Being dialed or talked to, or about to be. */
  readonly live: number;
  /** Was tried, and will be again in a moment. */
  readonly again: number;
  /** Waits for the recipient's calling hours. */
  readonly waiting: number;
};

export type Counted = {
  readonly tally: Tally;
  readonly total: number;
  /** Calls that were tried more than once, and how many of them were reached in the end. */
  readonly retried: number;
  readonly retriedReached: number;
  readonly waitingCalls: readonly Call[];
  /** A call worth explaining. */
  readonly example: Call | undefined;
};

/** A wait that is longer is one for the calling hours: the demo tries again within seconds. */
const WAIT_MS = 60_000;

export function countCalls(calls: readonly Call[], now: number): Counted {
  const tally = {
    reached: 0,
    voicemail: 0,
    busy: 0,
    no_answer: 0,
    declined: 0,
    other: 0,
    expired: 0,
    live: 0,
    again: 0,
    waiting: 0,
  };
  for (const call of calls) tally[groupOf(call, now)] += 1;
  const retried = calls.filter((call) => call.attempts > 1);
  return {
    tally,
    total: calls.length,
    retried: retried.length,
    retriedReached: retried.filter((call) => groupOf(call, now) === "reached").length,
    waitingCalls: calls.filter((call) => groupOf(call, now) === "waiting"),
    example: retried.find((call) => call.status === "completed") ?? retried[0] ?? calls[0],
  };
}

function groupOf(call: Call, now: number): keyof Tally {
  if (call.status === "expired") return "expired";
  if (!isOver(call)) {
    const next = instant(call.next_action_at);
    if (call.status !== "scheduled" || next === null) return "live";
    if (next - now > WAIT_MS) return "waiting";
    return call.attempts > 0 ? "again" : "live";
  }
  switch (call.outcome) {
    case "answered_human":
    case "answered_unknown":
      return "reached";
    case "answered_machine":
      return "voicemail";
    case "busy":
    case "no_answer":
    case "declined":
      return call.outcome;
    default:
      return "other";
  }
}

const LABELS = [
  ["reached", "reached"],
  ["voicemail", "voicemail"],
  ["busy", "busy"],
  ["no_answer", "no answer"],
  ["declined", "declined"],
  ["other", "other"],
  ["expired", "expired"],
  ["live", "on the phone"],
  ["again", "trying again"],
  ["waiting", "wait for morning"],
] as const satisfies readonly (readonly [keyof Tally, string])[];

const BAR_WIDTH = 40;

/** The block that is drawn again and again on a terminal. */
export function liveBlock(counted: Counted, elapsedMs: number, paint: Paint): string[] {
  const { tally, total } = counted;
  const head = `${paint("bold", `${total} calls`)}, ${spanWords(Math.max(100, elapsedMs))} since the start`;
  const rows = LABELS.map(([group, label]) => {
    const count = tally[group];
    const style = group === "reached" ? "green" : group === "live" || group === "again" ? "cyan" : "dim";
    const marks = count === 0 ? "" : "#".repeat(Math.max(1, Math.round((count / total) * BAR_WIDTH)));
    return `  ${label.padEnd(17)}${String(count).padStart(4)}  ${paint(style, marks)}`;
  });
  return [head, ...rows];
}

/** The same in one line, for a log. */
export function liveLine(counted: Counted, elapsedMs: number): string {
  const parts = LABELS.filter(([group]) => counted.tally[group] > 0).map(
    ([group, label]) => `${label} ${counted.tally[group]}`,
  );
  return `${spanWords(Math.max(100, elapsedMs)).padStart(6)}  ${parts.join(", ")}`;
}

/** What came of it all. */
export function outcomeLines(counted: Counted, stats: Stats, paint: Paint): string[] {
  const { tally, retried, retriedReached } = counted;
  const delay = stats.start_delay_ms;
  const lines = LABELS.filter(
    ([group]) => tally[group] > 0 || ["busy", "no_answer", "voicemail", "expired"].includes(group),
  ).map(([group, label]) => `  ${label.padEnd(17)}${String(tally[group]).padStart(4)}`);
  return [
    ...lines,
    `  ${"tried again".padEnd(17)}${String(retried).padStart(4)}  of these, ${retriedReached} were reached then`,
    "",
    `Start delay of ${delay.count} dials: p50 ${paint("bold", spanWords(delay.p50))}, p95 ${paint("bold", spanWords(delay.p95))}, p99 ${paint("bold", spanWords(delay.p99))}`,
  ];
}

/** Which calls wait for someone's morning, and until when, in one line. */
export function morningLine({ waitingCalls }: Counted, times: Times): string {
  if (waitingCalls.length === 0) return "No call waits for anyone's morning: it is daytime for everybody.";
  const sorted = waitingCalls.toSorted((a, b) => nextAt(a) - nextAt(b));
  const when = (call: Call | undefined): string =>
    call === undefined ? "" : stamp(nextAt(call), recipientZone(times, call.to, call.timezone) ?? times.home);
  const zones = new Set(waitingCalls.map((call) => call.timezone ?? "")).size;
  return `${waitingCalls.length} calls in ${zones} zones wait for someone's morning: the first until ${when(sorted[0])}, the last until ${when(sorted.at(-1))}.`;
}

function nextAt(call: Call): number {
  return instant(call.next_action_at) ?? instant(call.due_at);
}
