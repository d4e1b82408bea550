import { type CallEvent, nextCallStatus } from "../domain/call.ts";
import type { Outcome } from "../domain/outcome.ts";
import {
  type RetryPolicy,
  type Verdict,
  daypartOf,
  judgeAttempt,
  minutesToOtherDaypart,
  refusedRule,
} from "../domain/retry.ts";
import { offsetAt } from "../domain/zone.ts";
import type {
  AttemptRow,
  CallDocumentRow,
  CallRow,
  DueRow,
  OutboxRow,
  SuppressionRow,
} from "../ports/rows.ts";
import type { Context } from "./context.ts";
import { type CallDocument, documentPlace, parseDocument, phonePlace } from "./document.ts";
import type { Judgement } from "./fold-attempt.ts";
import type { Lease } from "./ids.ts";
import { type Entries, type Working, move } from "./ledger.ts";
import { displayZone, planCall, subjectOf } from "./plan.ts";
import { suppressionPlace } from "./suppressions.ts";

/** What a transaction of settlements will write, gathered while the calls are judged. */
export type Effects = {
  readonly lease: Lease;
  readonly calls: Map<number, Working>;
  readonly dueRemoved: DueRow[];
  readonly dueAdded: DueRow[];
  readonly entries: Entries;
  readonly suppressions: SuppressionRow[];
  readonly outbox: OutboxRow[];
  readonly freedLines: Map<number, number>;
  readonly backOff: Map<number, number>;
  readonly outcomes: Outcome[];
  soonestDue: number | null;
  soonestCheck: number | null;
  changedAny: boolean;
};

const configurationWaitMs = 60_000;

/** Decides what an attempt's new state means for its call, and gathers what has to be written. */
export function settleCall(
  context: Context,
  effects: Effects,
  judgement: Judgement,
  call: Working,
  row: CallDocumentRow | undefined,
  earlier: readonly AttemptRow[],
  now: number,
): void {
  const { before, after, fold } = judgement;
  effects.changedAny = true;
  if (before.slot_held === 1 && after.slot_held === 0)
    effects.freedLines.set(before.line_id, (effects.freedLines.get(before.line_id) ?? 0) + 1);
  if (after.check_at !== null)
    effects.soonestCheck = Math.min(effects.soonestCheck ?? after.check_at, after.check_at);
  const endedNow =
    fold.status === "ended" &&
    (before.status !== "ended" || before.outcome !== fold.outcome || before.disposition !== fold.disposition);
  if (endedNow && fold.outcome !== null && before.status !== "ended") effects.outcomes.push(fold.outcome);
  if (call.attempt_id !== before.id) {
    correct(effects, judgement, call, now);
    return;
  }
  if (endedNow) settleEnded(context, effects, judgement, call, row, earlier, now);
  else if (fold.review && call.status === "dialing")
    change(effects, call, "review", "no_answer_from_carrier", now, before.id, { detail: fold.detail });
  else if (fold.status !== "ended") progress(effects, judgement, call, now);
}

/** An attempt of a call that has moved on: noted, never acted upon. */
function correct(effects: Effects, judgement: Judgement, call: Working, now: number): void {
  const { before, fold } = judgement;
  if (before.status === fold.status && before.outcome === fold.outcome) return;
  effects.entries.add(call, {
    at: now,
    type: "call.corrected",
    attemptId: before.id,
    data: { attempt: before.number, from: before.outcome ?? before.status, to: fold.outcome ?? fold.status },
  });
  call.updated_at = now;
  effects.calls.set(call.id, call);
}

const progressTypes = {
  unknown: "call.unconfirmed",
  accepted: "call.dispatched",
  ringing: "call.ringing",
  in_progress: "call.answered",
} as const;

function progress(effects: Effects, judgement: Judgement, call: Working, now: number): void {
  const { before, fold } = judgement;
  if (call.status === "needs_review" && fold.status !== "unknown") return;
  if (
    call.status !== "dialing" ||
    fold.status === before.status ||
    fold.status === "placing" ||
    fold.status === "ended"
  )
    return;
  call.dispatched_at ??= fold.acceptedAt;
  call.reason = fold.status === "unknown" ? "unconfirmed" : "requested";
  call.updated_at = now;
  const at =
    fold.status === "ringing"
      ? fold.ringingAt
      : fold.status === "in_progress"
        ? fold.answeredAt
        : fold.acceptedAt;
  effects.entries.add(call, {
    at: now,
    type: progressTypes[fold.status],
    reason: fold.status === "unknown" ? "unconfirmed" : null,
    attemptId: before.id,
    data: { attempt: before.number, happened_at: at },
  });
  effects.calls.set(call.id, call);
}

function settleEnded(
  context: Context,
  effects: Effects,
  judgement: Judgement,
  call: Working,
  row: CallDocumentRow | undefined,
  earlier: readonly AttemptRow[],
  now: number,
): void {
  const { before, fold } = judgement;
  const outcome = fold.outcome ?? "answered_unknown";
  const data = {
    attempt: before.number,
    outcome,
    disposition: fold.disposition,
    happened_at: fold.endedAt,
    answered_at: fold.answeredAt,
    duration_ms: fold.durationMs,
    detail: fold.detail,
  };
  const read = judgement.needsDocument ? readDocument(context, call, row) : null;
  if (fold.detail === "undecodable" || (judgement.needsDocument && read === null)) {
    change(effects, call, call.status === "dialing" ? "review" : "park", "undecodable", now, before.id, data);
    return;
  }
  // It was taken for no try, and a report that came later shows that it was one.
  if (before.status === "ended" && before.counted === 0 && judgement.after.counted === 1) call.attempts += 1;
  if (fold.retryAfterMs !== null) {
    if (call.status !== "dialing" || read === null) return;
    if (fold.retryAfterMs > 0) backOff(effects, before.line_id, now + fold.retryAfterMs);
    call.attempts -= 1;
    const reason = fold.retryAfterMs > 0 ? "carrier_backoff" : releaseReason(fold.detail);
    // What the line's settings forbid now they will most likely forbid in a moment.
    const waitMs = fold.detail === "line_configuration" ? configurationWaitMs : fold.retryAfterMs;
    planAgain(
      context,
      effects,
      call,
      read,
      "release",
      reason,
      // The clock may have been set back since the claim; what was asked for later is not due earlier for that.
      Math.max(now, call.due_at, (fold.endedAt ?? now) + waitMs),
      now,
      before.id,
      data,
    );
    return;
  }
  call.outcome = outcome;
  call.disposition = fold.disposition;
  if (outcome !== "not_placed" && !fold.isRefused) call.dispatched_at ??= fold.acceptedAt ?? fold.endedAt;
  if (fold.disposition === "opt_out" && read !== null)
    suppress(context, effects, call, read.e164, "suppressed", "opt_out", null, now);
  const policy = policyOf(context, call, read?.document);
  const verdict: Verdict = judgeAttempt(
    policy,
    {
      outcome,
      disposition: fold.disposition,
      isRefused: fold.isRefused || outcome === "not_placed",
      endedAt: fold.endedAt ?? now,
    },
    earlier.map((one) => ({
      outcome: one.outcome ?? "not_placed",
      disposition: one.disposition,
      isRefused: one.accepted_at === null,
    })),
    before.id,
  );
  if (verdict.kind === "done")
    change(
      effects,
      call,
      "complete",
      fold.detail === "max_duration" ? "max_duration" : "reached",
      now,
      before.id,
      data,
    );
  else if (verdict.kind === "give_up") {
    if (
      verdict.quarantine &&
      !fold.isOurs &&
      policy.quarantineMs > 0 &&
      read !== null &&
      context.carriers.get(context.book.lineOfLane(call.lane_id).carrier)?.kind.real === true
    ) {
      suppress(context, effects, call, read.e164, "quarantined", outcome, now + policy.quarantineMs, now);
    }
    change(effects, call, "fail", verdict.reason, now, before.id, data);
  } else if (read !== null) {
    const notBefore = policy.otherDaypart
      ? otherDaypart(context, read, verdict.notBefore, before.claimed_at)
      : verdict.notBefore;
    planAgain(context, effects, call, read, "retry", "retry", Math.max(now, notBefore), now, before.id, data);
  }
}

function policyOf(context: Context, call: Working, document: CallDocument | undefined): RetryPolicy {
  const line = context.book.lineOfLane(call.lane_id);
  const policy = context.book.policyOf(call.workspace_id, document?.policyId ?? null, line);
  const { refusedRetries } = document ?? {};
  return refusedRetries === undefined ? policy : { ...policy, refused: refusedRule(refusedRetries) };
}

type Read = { readonly document: CallDocument; readonly e164: string };

function readDocument(context: Context, call: CallRow, row: CallDocumentRow | undefined): Read | null {
  try {
    if (row === undefined) return null;
    return {
      document: parseDocument(context.secrets.open(row.document, documentPlace(call.id))),
      e164: context.secrets.open(row.phone, phonePlace(call.id)),
    };
  } catch (error) {
    context.log.error("A call's row cannot be read; it is parked.", {
      call: context.secrets.publicId("call", call.id),
      error: error as Error,
    });
    return null;
  }
}

function releaseReason(
  detail: string | null,
): "dialing_stopped" | "line_paused" | "calling_hours" | "not_sent" {
  return detail === "dialing_stopped" || detail === "line_paused" || detail === "calling_hours"
    ? detail
    : "not_sent";
}

/** Plans the call's next dial inside its window; what has no useful instant left ends here. */
function planAgain(
  context: Context,
  effects: Effects,
  call: Working,
  read: Read,
  event: "retry" | "release",
  reason: string,
  from: number,
  now: number,
  attemptId: number,
  data: Readonly<Record<string, unknown>>,
): void {
  const line = context.book.lineOfLane(call.lane_id);
  const subject = subjectOf(call.workspace_id, read.e164, read.document);
  const plan = planCall(context, subject, line, from);
  const opensAt = plan.kind === "planned" ? plan.dueAt : now + 3_600_000;
  // Waiting for calling hours moves a relative deadline along, as it does in the claim; waiting to be sent does not.
  const isAnew = event === "retry" || (plan.kind === "planned" && plan.dueAt > from);
  const expiresAt =
    isAnew && call.expires_after_ms !== null ? opensAt + call.expires_after_ms : call.expires_at;
  if (event === "retry" && opensAt >= expiresAt) {
    change(effects, call, "fail", "deadline_passed", now, attemptId, data);
    return;
  }
  // What is released was never dialed: it is due, to expire, no later than its last useful instant.
  const dueAt = Math.min(opensAt, expiresAt);
  if (!moveOrNote(effects, call, event, now, attemptId, data)) return;
  call.reason = plan.kind === "held" ? plan.reason : plan.dueAt > from ? "calling_hours" : reason;
  call.requested_at = event === "retry" ? from : call.requested_at;
  call.due_at = dueAt;
  // Without a window it is planned again, and not dialed, when it is due.
  call.closes_at = plan.kind === "planned" ? plan.closesAt : dueAt;
  call.expires_at = expiresAt;
  call.plan_version = context.book.workspace(call.workspace_id).row.plan_version;
  const moves = plan.kind === "planned" && plan.moves.length > 0 ? { moves: plan.moves } : {};
  effects.entries.add(call, {
    at: now,
    type: event === "retry" ? "call.retry_planned" : "call.released",
    reason,
    attemptId,
    data: { ...data, due_at: dueAt, ...moves },
  });
  effects.dueAdded.push({ lane_id: call.lane_id, due_at: dueAt, call_id: call.id });
  effects.soonestDue = Math.min(effects.soonestDue ?? dueAt, dueAt);
}

const eventTypes = {
  complete: "call.completed",
  fail: "call.failed",
  review: "call.needs_review",
  park: "call.needs_review",
} as const;

function change(
  effects: Effects,
  call: Working,
  event: keyof typeof eventTypes & CallEvent,
  reason: string,
  now: number,
  attemptId: number,
  data: Readonly<Record<string, unknown>>,
): void {
  if (!moveOrNote(effects, call, event, now, attemptId, data)) return;
  call.reason = reason;
  if (event === "complete" || event === "fail") call.ended_at = now;
  effects.entries.add(call, { at: now, type: eventTypes[event], reason, attemptId, data });
}

/** Moves a call out of its queue by the table of states; a report that came after the call had ended is noted, and changes nothing. */
function moveOrNote(
  effects: Effects,
  call: Working,
  event: CallEvent,
  now: number,
  attemptId: number,
  data: Readonly<Record<string, unknown>>,
): boolean {
  effects.calls.set(call.id, call);
  if (nextCallStatus(call.status, event) === undefined) {
    effects.entries.add(call, { at: now, type: "call.corrected", attemptId, data });
    call.updated_at = now;
    return false;
  }
  if (call.status === "scheduled")
    effects.dueRemoved.push({ lane_id: call.lane_id, due_at: call.due_at, call_id: call.id });
  move(call, event, now);
  return true;
}

function backOff(effects: Effects, lineId: number, until: number): void {
  effects.backOff.set(lineId, Math.max(effects.backOff.get(lineId) ?? 0, until));
}

function suppress(
  context: Context,
  effects: Effects,
  call: CallRow,
  e164: string,
  kind: "suppressed" | "quarantined",
  reason: string,
  until: number | null,
  now: number,
): void {
  // One row a number and transaction: PostgreSQL cannot write over a row twice in one statement. A wish wins.
  const known = effects.suppressions.findIndex(
    (row) => row.workspace_id === call.workspace_id && row.number_hash === call.number_hash,
  );
  if (known !== -1) {
    if (kind !== "suppressed" || effects.suppressions[known]?.kind === "suppressed") return;
    effects.suppressions.splice(known, 1);
  }
  const id = effects.lease.next("config");
  effects.suppressions.push({
    id,
    workspace_id: call.workspace_id,
    number_hash: call.number_hash,
    scope: "",
    kind,
    phone: context.secrets.seal(e164, suppressionPlace(id)),
    reason,
    until_at: until,
    created_at: now,
  });
}

/** The first instant at or after `from` that lies in another part of the recipient's day than the last dial. */
function otherDaypart(context: Context, read: Read, from: number, dialedAt: number): number {
  const zone = displayZone(context, { timezone: read.document.timezone, e164: read.e164 });
  if (zone === null) return from;
  const minuteOf = (at: number): number =>
    Math.floor((((at + offsetAt(zone, at)) % 86_400_000) + 86_400_000) / 60_000) % 1440;
  return daypartOf(minuteOf(from)) === daypartOf(minuteOf(dialedAt))
    ? from + minutesToOtherDaypart(minuteOf(from)) * 60_000
    : from;
}
