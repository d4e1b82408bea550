import { type Outcome, outcomeRank } from "./outcome.ts";
import type { Report } from "./report.ts";

/** `claimed`: owned, nothing sent. `placing`: committed just before the request. `unknown`: it may have been placed. */
export const attemptStatuses = [
  "claimed",
  "placing",
  "unknown",
  "accepted",
  "ringing",
  "in_progress",
  "ended",
] as const;
export type AttemptStatus = (typeof attemptStatuses)[number];

export type AttemptEvent = "fence" | "release" | "unknown" | "accepted" | "ringing" | "answered" | "ended";

/** State × event → next state. What is absent is impossible (asserted) or, for reports, ignored by the fold. */
export const attemptTransitions = {
  claimed: { fence: "placing", release: "ended" },
  placing: {
    unknown: "unknown",
    accepted: "accepted",
    ringing: "ringing",
    answered: "in_progress",
    ended: "ended",
  },
  unknown: { accepted: "accepted", ringing: "ringing", answered: "in_progress", ended: "ended" },
  accepted: { ringing: "ringing", answered: "in_progress", ended: "ended" },
  ringing: { answered: "in_progress", ended: "ended" },
  in_progress: { ended: "ended" },
  ended: {},
} as const satisfies Record<AttemptStatus, Partial<Record<AttemptEvent, AttemptStatus>>>;

/** What a set of reports says about an attempt. Times are UTC ms by the carrier's word, null while not known. */
export type AttemptFold = {
  readonly status: Exclude<AttemptStatus, "claimed">;
  readonly outcome: Outcome | null;
  readonly disposition: string | null;
  readonly acceptedAt: number | null;
  readonly ringingAt: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly durationMs: number | null;
  readonly carrierRef: string | null;
  readonly detail: string | null;
  /** Set when the carrier refused for want of capacity: such an attempt is not a try. */
  readonly retryAfterMs: number | null;
  /** It ended by a fault of ours, and says nothing about the number. */
  readonly isOurs: boolean;
  /** The create request was refused, and nothing says otherwise: no carrier took it. */
  readonly isRefused: boolean;
  /** It was taken back before anybody answered. */
  readonly isCanceled: boolean;
  /** The call is over, and the only thing not known is who answered. */
  readonly awaitsAnswerer: boolean;
  /** Nobody can be asked any more: the call waits for a person's decision. */
  readonly review: boolean;
};

/** Folds a set of reports: any order, any repetition, the same answer. An empty set is a request still under way. */
export function foldReports(reports: readonly Report[]): AttemptFold {
  const answered = earliest(reports, "answered");
  const answeredAs = answerOf(reports);
  const told = toldAnswerer(reports);
  const terminal = bestTerminal(reports, answeredAs, told);
  const ringing = earliest(reports, "ringing");
  const accepted = earliest(reports, "accepted");
  // A terminal that denies an answer which another report saw is overruled: somebody was on the line.
  const outcome = terminal === undefined ? null : outcomeOf(terminal, answeredAs, told);
  const placed = outcome === "not_placed" ? undefined : (answered ?? ringing ?? accepted);
  const status =
    terminal !== undefined
      ? "ended"
      : answered !== undefined
        ? "in_progress"
        : ringing !== undefined
          ? "ringing"
          : accepted !== undefined
            ? "accepted"
            : reports.some((report) => report.kind === "unknown" || report.kind === "review")
              ? "unknown"
              : "placing";
  return {
    status,
    outcome,
    disposition: dispositionOf(reports, terminal),
    acceptedAt: accepted?.at ?? placed?.at ?? null,
    ringingAt: ringing?.at ?? null,
    answeredAt: answered?.at ?? null,
    endedAt: terminal?.at ?? null,
    durationMs:
      terminal?.durationMs ??
      (terminal !== undefined && answered !== undefined ? Math.max(0, terminal.at - answered.at) : null),
    carrierRef: pick(reports, accepted ?? terminal, (report) => report.carrierRef),
    detail: pick(reports, terminal, (report) => report.detail),
    retryAfterMs: terminal?.retryAfterMs ?? null,
    isOurs: terminal?.isOurs ?? false,
    isRefused: placed === undefined && (terminal?.isRefused ?? false),
    isCanceled: terminal?.isCanceled ?? false,
    awaitsAnswerer:
      terminal === undefined &&
      reports.some((report) => report.kind === "ended" && report.answererFollows === true),
    // Somebody on the line is followed by the watchdog until the call must have ended; everything else is given up.
    review:
      terminal === undefined && answered === undefined && reports.some((report) => report.kind === "review"),
  };
}

/** The strongest answer that any report saw: further reports can only make it stronger, so their order plays no part. */
function answerOf(reports: readonly Report[]): Outcome | null {
  return strongestAnswer(reports.filter((report) => report.kind === "answered"));
}

/** As `answerOf`, by those reports alone that say who answered. */
function toldAnswerer(reports: readonly Report[]): Outcome | null {
  return strongestAnswer(
    reports.filter((report) => report.kind === "answered" && report.answeredBy !== undefined),
  );
}

function strongestAnswer(reports: readonly Report[]): Outcome | null {
  let best: Outcome | null = null;
  for (const report of reports) {
    const outcome = answers[report.answeredBy ?? "unknown"];
    if (best === null || rankOf(outcome) < rankOf(best)) best = outcome;
  }
  return best;
}

const answers = {
  human: "answered_human",
  unknown: "answered_unknown",
  machine: "answered_machine",
} as const satisfies Record<string, Outcome>;

/** What a terminal comes to beside the answer that was seen: one that denies it is overruled. */
function outcomeOf(terminal: Report, answeredAs: Outcome | null, told: Outcome | null): Outcome {
  if (terminal.answererFollows === true && told !== null) return told;
  const claimed = terminal.outcome ?? "answered_unknown";
  return answeredAs === null || claimed.startsWith("answered_") ? claimed : answeredAs;
}

/** A total order: rank of what it comes to, then the carrier's own order (later wins), then time and key. */
function bestTerminal(
  reports: readonly Report[],
  answeredAs: Outcome | null,
  told: Outcome | null,
): Report | undefined {
  return reports
    .filter((report) => report.kind === "ended" && (report.answererFollows !== true || told !== null))
    .toSorted(
      (a, b) =>
        rankOf(outcomeOf(a, answeredAs, told)) - rankOf(outcomeOf(b, answeredAs, told)) ||
        (b.sequence ?? -1) - (a.sequence ?? -1) ||
        a.at - b.at ||
        (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
    )[0];
}

function rankOf(outcome: Outcome): number {
  return outcomeRank.indexOf(outcome);
}

/**
 * A wish not to be called counts whoever reports it, and so does a message that was left; then what whoever talked said
 * last, and else the terminal's own word.
 */
function dispositionOf(reports: readonly Report[], terminal: Report | undefined): string | null {
  for (const strong of ["opt_out", "left_message"]) {
    if (reports.some((report) => report.disposition === strong)) return strong;
  }
  const spoken = reports
    .filter((report) => report.isSpoken === true && report.disposition !== undefined)
    .toSorted((a, b) => b.at - a.at || (a.key < b.key ? 1 : -1))[0];
  return pick(reports, spoken ?? terminal, (report) => report.disposition);
}

function earliest(reports: readonly Report[], kind: Report["kind"]): Report | undefined {
  let first: Report | undefined;
  for (const report of reports) {
    if (report.kind !== kind) continue;
    if (first === undefined || report.at < first.at || (report.at === first.at && report.key < first.key))
      first = report;
  }
  return first;
}

/** The preferred report's value, else that of the smallest key that has one, so that order plays no part. */
function pick(
  reports: readonly Report[],
  preferred: Report | undefined,
  read: (report: Report) => string | undefined,
): string | null {
  const own = preferred === undefined ? undefined : read(preferred);
  if (own !== undefined) return own;
  let chosen: Report | undefined;
  for (const report of reports) {
    if (read(report) !== undefined && (chosen === undefined || report.key < chosen.key)) chosen = report;
  }
  return chosen === undefined ? null : (read(chosen) ?? null);
}
