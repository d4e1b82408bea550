import { type AttemptFold, foldReports } from "../domain/attempt.ts";
import { retryClassOf } from "../domain/outcome.ts";
import type { Report } from "../domain/report.ts";
import type { AttemptRow } from "../ports/rows.ts";
import type { AttemptChange } from "../ports/statements.ts";
import type { Context } from "./context.ts";

/** An attempt before and after its reports were folded. */
export type Judgement = {
  readonly before: AttemptRow;
  readonly after: AttemptChange;
  readonly fold: AttemptFold;
  readonly needsDocument: boolean;
};

/** The end of a conversation may get lost on its way: so often its carrier is asked (ms). */
export const talkingCheckMs = 300_000;

/** How long to wait before the carrier is asked again, by how often it was asked (ms). */
export const checkLadder = [2000, 5000, 15_000, 60_000, 300_000, 900_000] as const;

/** Folds an attempt's whole set of reports into its next row. Pure but for the settings it reads from the context. */
export function foldAttempt(
  context: Context,
  before: AttemptRow,
  reports: readonly Report[],
  now: number,
): Judgement {
  const fold = releasedAtClosing(foldReports(reports), before);
  const ended = fold.status === "ended";
  const counted = fold.retryAfterMs === null ? 1 : 0;
  const after: AttemptChange = {
    id: before.id,
    status: fold.status === "placing" ? before.status : fold.status,
    slot_held: ended || fold.review ? 0 : before.slot_held,
    accepted_at: fold.acceptedAt,
    ringing_at: fold.ringingAt,
    answered_at: fold.answeredAt,
    ended_at: fold.endedAt,
    duration_ms: fold.durationMs,
    outcome: fold.outcome,
    disposition: fold.disposition,
    carrier_ref: fold.carrierRef,
    detail: fold.detail === null ? null : fold.detail.slice(0, 500),
    check_at:
      ended || fold.review
        ? null
        : Math.min(nextCheck(context, before, fold, now), overdueCheck(before, now)),
    checks: before.status === fold.status ? before.checks : 0,
    counted,
    reports: reports.length,
  };
  const decided = ended && (before.outcome !== fold.outcome || before.disposition !== fold.disposition);
  const needsDocument =
    decided &&
    fold.outcome !== null &&
    (counted === 0 ||
      fold.disposition === "opt_out" ||
      retryClassOf(fold.outcome, fold.disposition) !== "done");
  return { before, after, fold, needsDocument };
}

/** What its carrier still queued when its window closed was taken back, so it waits for the next window and was no try. */
function releasedAtClosing(fold: AttemptFold, before: AttemptRow): AttemptFold {
  const rang = fold.ringingAt !== null || fold.answeredAt !== null;
  if (!fold.isCanceled || rang || (fold.endedAt ?? 0) < before.closes_at) return fold;
  return { ...fold, outcome: "not_placed", retryAfterMs: 0, detail: "calling_hours" };
}

/** A look that is due already, as after a restart, is not put off by a report: another one may have been lost before it. */
function overdueCheck(before: AttemptRow, now: number): number {
  return before.check_at !== null && before.check_at <= now ? before.check_at : Infinity;
}

/** When an attempt that its carrier took is looked at next, because the carrier does not tell everything by itself (UTC ms). */
export function followedAt(context: Context, attempt: Pick<AttemptRow, "line_id">, now: number): number {
  const carrier = context.book.lines.get(attempt.line_id)?.carrier;
  const followMs = carrier === undefined ? undefined : context.carriers.get(carrier)?.kind.followMs;
  return followMs === undefined ? Infinity : now + followMs;
}

function nextCheck(context: Context, attempt: AttemptRow, fold: AttemptFold, now: number): number {
  const line = context.book.lines.get(attempt.line_id);
  const ringMs = line?.ring_timeout_ms ?? 60_000;
  if (fold.status === "unknown") return now + checkLadder[0];
  if (fold.awaitsAnswerer) return now + context.tuning.graceMs;
  if (fold.status === "in_progress") {
    const usual = Math.min((fold.answeredAt ?? now) + attempt.max_duration_ms, now + talkingCheckMs);
    return Math.min(usual, followedAt(context, attempt, now));
  }
  if (fold.status === "accepted" || fold.status === "ringing") {
    const silentAt = Math.max(now, fold.acceptedAt ?? now) + ringMs + context.tuning.graceMs;
    const rungOutAt = Math.min(silentAt, followedAt(context, attempt, now));
    const queues = line !== undefined && context.carriers.get(line.carrier)?.kind.queues === true;
    return fold.status === "accepted" && queues
      ? Math.min(rungOutAt, Math.max(attempt.closes_at, now + checkLadder[0]))
      : rungOutAt;
  }
  return attempt.check_at ?? now + context.tuning.graceMs;
}
