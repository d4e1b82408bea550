import { nextCallStatus } from "../domain/call.ts";
import { forever } from "../domain/ids.ts";
import { allow, numberFreeAt, take } from "../domain/pacing.ts";
import type { AttemptRow, CallDocumentRow, CallRow, DedupeRow, LaneRow } from "../ports/rows.ts";
import type { Claimable } from "../ports/statements.ts";
import type { Tx } from "../ports/store.ts";
import { isClockFenced } from "./clock-watch.ts";
import { type Context, isAsked } from "./context.ts";
import { dialsOf, suppressionFor, suppressionsOf } from "./claim-people.ts";
import { type Judged, end, standAside } from "./claim-verdict.ts";
import { runSure } from "./run-sure.ts";
import { adaptedSize, sizeMin } from "./group.ts";
import { documentPlace, parseDocument, phonePlace } from "./document.ts";
import type { Lease } from "./ids.ts";
import { isWatched, openGuard } from "./live-claim.ts";
import { Entries, type Working, move } from "./ledger.ts";
import { countersOf, limitsOf, lineDay } from "./line-waits.ts";
import { type Overlap, overlapRecheckMs, overlapsOf } from "./overlap.ts";
import { planCall, ringLeadMs, subjectOf } from "./plan.ts";

type Claim = {
  readonly attempts: readonly AttemptRow[];
  /** How many due rows were taken out, dialed or not. */
  readonly taken: number;
  /** Why the line takes no more now, and until when (null: until a call ends or a person acts). */
  readonly blocked: { readonly reason: string; readonly until: number | null } | null;
  /** The next instant of what was moved. */
  readonly movedTo: number;
  /** How many calls it found to be later than they were useful. */
  readonly missed?: number;
  /** Calling hours have changed since they were read: nothing was taken, and they must be read again first. */
  readonly isBookOld?: boolean;
};

const recheckMs = 1000;
/** Who resumes dialing wakes this process; another node is noticed by looking. */
const stopRecheckMs = (context: Context): number => (context.store.singleOwner ? 60_000 : recheckMs);
/** A create request is answered, or given up, within this time. */
const placingMs = 60_000;
const dialsKept = 50;
/** While nobody waits for an answer, smaller batches would only cost more commits. */
const sizeAlone = 200;

/**
 * The duty that starts calls. It claims due calls lane by lane under the limits, until nothing is due or every line is
 * full, and returns when it wants to run again: the next due instant, so that nothing is late because of a poll.
 *
 * 1. Look at the head of each lane that is not blocked. 2. Claim a batch in one transaction: take the due rows out, check
 * window, expiry, suppressions and caps, write the attempts, move the counters. 3. Hand the attempts to the conveyor.
 */
export function makeDispatch(
  context: Context,
  deliver: (attemptIds: readonly number[]) => void,
  placing: () => number,
): () => Promise<number> {
  let turn = 0;
  // A networked store is not blocked by a large batch, and pays for each round trip.
  let size = context.store.singleOwner
    ? Math.min(sizeAlone, context.tuning.claimMax)
    : context.tuning.claimMax;
  return async () => {
    for (;;) {
      if (context.state.draining) return forever;
      const now = context.clock.now();
      if (isClockFenced(context)) return context.state.fencedUntil;
      if (!context.store.roomForMore()) return now + recheckMs;
      if (placing() >= context.tuning.placingMax) return forever;
      const open = openLanes(context, now);
      const heads = await context.store.read("look for due calls", () =>
        context.store.statements.due.heads(open.map((lane) => ({ lane_id: lane.id }))),
      );
      const due = heads.filter((head) => head.due_at <= now);
      if (due.length === 0) return nextWake(context, heads, now);
      turn += 1;
      for (const lane of takeTurns(context, due, turn)) {
        const room = context.tuning.placingMax - placing();
        if (room <= 0 || context.state.draining || isClockFenced(context)) break;
        const before = context.clock.mono();
        const claim = await claimLane(context, lane, Math.min(size, room));
        if (claim.isBookOld) await context.book.load();
        if (context.store.singleOwner) {
          const tookMs = context.clock.mono() - before;
          const min = isAsked(context) ? sizeMin : sizeAlone;
          size = adaptedSize(size, claim.taken, tookMs, context.tuning.claimMs, min, context.tuning.claimMax);
        }
        if (claim.blocked !== null) block(context, lane.line_id, claim.blocked);
        if (claim.attempts.length > 0) deliver(claim.attempts.map((attempt) => attempt.id));
        if (claim.taken > 0) context.announce();
        await breathe(context);
      }
    }
  };
}

function block(
  context: Context,
  lineId: number,
  why: { readonly reason: string; readonly until: number | null },
): void {
  context.state.blocked.set(lineId, { reason: why.reason, until: why.until ?? context.clock.now() + 60_000 });
  context.state.lastBlock.set(lineId, why.reason);
}

/** Lets what has arrived in the meantime, creates above all, go first. */
function breathe(context: Context): Promise<void> {
  return new Promise((resolve) => context.clock.tick(resolve));
}

function openLanes(context: Context, now: number): LaneRow[] {
  for (const [lineId, block] of context.state.blocked) {
    if (block.until <= now) context.state.blocked.delete(lineId);
  }
  return [...context.book.lanes.values()].filter((lane) => !context.state.blocked.has(lane.line_id));
}

function nextWake(context: Context, heads: readonly { due_at: number }[], now: number): number {
  let next: number = forever;
  for (const head of heads) next = Math.min(next, head.due_at);
  for (const block of context.state.blocked.values()) next = Math.min(next, Math.max(block.until, now + 1));
  return next;
}

/** Higher priority first; lanes of the same priority take turns at going first. */
function takeTurns(context: Context, due: readonly { lane_id: number }[], turn: number): LaneRow[] {
  const lanes = due.flatMap(({ lane_id }) => context.book.lanes.get(lane_id) ?? []);
  const rotated = lanes.map((_, index) => lanes[(index + turn) % lanes.length] as LaneRow);
  return rotated.toSorted((a, b) => b.priority - a.priority);
}

async function claimLane(context: Context, lane: LaneRow, limit: number): Promise<Claim> {
  const lease = await context.ids.reserve({ attempt: limit, ledger: 2 * limit });
  const attemptIds = Array.from({ length: limit }, () => lease.next("attempt"));
  const claim = await runSure(context, "claim", function* (again): Tx<Claim> {
    if (again) {
      // What was moved or ended there, and not dialed, cannot be told from here: the next claim sees what is left.
      const mine = yield* context.store.statements.attempts.byIds(attemptIds.map((id) => ({ id })));
      return {
        attempts: mine.filter((row) => row.status === "claimed"),
        taken: limit,
        blocked: null,
        movedTo: forever,
      };
    }
    return yield* claimInTx(context, lease, lane, limit, attemptIds);
  });
  context.ids.release(lease);
  context.meter.claimed(claim.attempts.length);
  context.meter.missed(claim.missed ?? 0);
  for (const attempt of claim.attempts)
    context.meter.startDelay(Math.max(0, attempt.claimed_at - attempt.due_at));
  return claim;
}

function* claimInTx(
  context: Context,
  lease: Lease,
  lane: LaneRow,
  limit: number,
  attemptIds: readonly number[],
): Tx<Claim> {
  const { statements } = context.store;
  const now = context.clock.now();
  const [line] = yield* statements.lines.lockForClaim({ id: lane.line_id });
  const stop = line === undefined ? "line_removed" : stopReason(line);
  if (line === undefined || stop !== null)
    return blockedBy(stop ?? "line_removed", now + stopRecheckMs(context));
  // What the book does not know may be a line that can ring people.
  const isKnown = context.book.lines.has(line.id);
  if (!isKnown || line.plan_version !== context.book.workspace(line.workspace_id).row.plan_version)
    return { attempts: [], taken: 0, blocked: null, movedTo: forever, isBookOld: true };
  const { today, tomorrowAt } = lineDay(context, line.timezone, now);
  const allowance = allow(limitsOf(line), countersOf(line), limit, now, today, tomorrowAt);
  const wait =
    allowance.waitingFor === null ? null : { reason: allowance.waitingFor, until: allowance.until };
  if (allowance.count === 0) return { attempts: [], taken: 0, blocked: wait, movedTo: forever };
  const taken = yield* statements.due.take({ lane_id: lane.id, now, limit: allowance.count });
  if (taken.length === 0) return { attempts: [], taken: 0, blocked: null, movedTo: forever };
  const judged = yield* judgeTaken(context, lease, line, taken, now);
  const dialed = judged.dial;
  const entries = judged.entries;
  const attempts = dialed.map((call, index) =>
    newAttempt(context, call, line, attemptIds[index] as number, now),
  );
  for (const [index, call] of dialed.entries())
    startAttempt(entries, call, attempts[index] as AttemptRow, now);
  const changes = [...dialed, ...judged.changed];
  if ((yield* statements.calls.change(changes)) < changes.length) {
    throw new Error("A due row named a call that another transaction changed");
  }
  yield* statements.attempts.insert(attempts);
  yield* statements.due.insert(judged.due);
  yield* statements.people.put(judged.people);
  yield* statements.dedupe.remove(dedupeOf(judged.changed));
  if (judged.guard !== null) yield* judged.guard.write(attempts, entries);
  yield* statements.ledger.insert(entries.rows);
  if (attempts.length > 0) {
    const after = take(limitsOf(line), countersOf(line), attempts.length, now, today);
    yield* statements.lines.claimed([
      {
        line_id: line.id,
        slots_used: after.slotsUsed,
        next_free_at: after.nextFreeAt,
        day: after.day,
        day_used: after.dayUsed,
      },
    ]);
  }
  const movedTo = judged.due.reduce((soonest, row) => Math.min(soonest, row.due_at), forever as number);
  const blocked = judged.guard?.blocked ?? (taken.length < allowance.count ? null : wait);
  const missed = judged.changed.filter((call) => call.status === "expired").length;
  return { attempts, taken: taken.length, blocked, movedTo, missed };
}

function stopReason(line: Claimable): string | null {
  if (line.stopped_at !== null) return "dialing_stopped";
  if (line.status === "paused") return "line_paused";
  return line.status === "removed" ? "line_removed" : null;
}

function blockedBy(reason: string, until: number): Claim {
  return { attempts: [], taken: 0, blocked: { reason, until }, movedTo: forever };
}

/** For each call that was taken out: dial, expire, skip, move to its next opening, or park what cannot be read. */
function* judgeTaken(
  context: Context,
  lease: Lease,
  line: Claimable,
  taken: readonly { call_id: number; due_at: number }[],
  now: number,
): Tx<Judged> {
  const { statements } = context.store;
  const rows = new Map(
    (yield* statements.calls.lock(taken.map(({ call_id }) => ({ id: call_id })))).map((row) => [row.id, row]),
  );
  // A due row whose call moved on meanwhile means nothing any more; taking it out was all it needed.
  const calls = taken.flatMap(({ call_id, due_at }): Working[] => {
    const row = rows.get(call_id);
    return row !== undefined && row.due_at === due_at && nextCallStatus(row.status, "claim") !== undefined
      ? [{ ...row }]
      : [];
  });
  const suppressed = yield* suppressionsOf(context, calls);
  const caps = context.book.workspace(line.workspace_id).numberCaps;
  const people = caps.length === 0 ? new Map<string, number[]>() : yield* dialsOf(context, calls);
  const stale = calls.filter(
    (call) =>
      call.expires_at > now &&
      (call.plan_version !== line.plan_version || now >= call.closes_at - ringLeadMs),
  );
  const watched = isWatched(context, line.id);
  const read = (watched ? calls : stale).map((call) => ({ call_id: call.id }));
  const documents = new Map((yield* statements.documents.byIds(read)).map((row) => [row.call_id, row]));
  const guard = watched ? yield* openGuard(context, line, calls, documents, now) : null;
  const overlaps = yield* overlapsOf(context, calls, now);
  const judged: Judged = { dial: [], changed: [], due: [], people: [], entries: new Entries(lease), guard };
  for (const call of calls) {
    const block = suppressionFor(suppressed.get(call.number_hash), call, now);
    if (call.expires_at <= now) end(judged, call, "expire", "deadline_passed", now);
    else if (block !== null)
      end(judged, call, "skip", block.kind === "quarantined" ? "number_quarantined" : "suppressed", now);
    else if (stale.includes(call) && !replan(context, judged, call, documents.get(call.id), line, now))
      continue;
    else if (overlaps.has(call.id)) standBack(judged, call, overlaps.get(call.id) ?? "skip", now);
    else if (guard !== null && standAside(judged, call, guard.stop(call), now)) continue;
    else if (dialOrWait(judged, call, people, caps, now)) guard?.take(call);
  }
  for (const [hash, dials] of people) {
    if (judged.dial.some((call) => call.number_hash === hash)) {
      judged.people.push({
        workspace_id: line.workspace_id,
        number_hash: hash,
        dials: JSON.stringify(dials.slice(-dialsKept)),
        updated_at: now,
      });
    }
  }
  return judged;
}

/** An occurrence whose series is busy: left out, or looked at again soon. */
function standBack(judged: Judged, call: Working, overlap: Overlap, now: number): void {
  const again = now + overlapRecheckMs;
  if (overlap === "skip") end(judged, call, "skip", "overlap", now);
  else if (again >= call.expires_at) end(judged, call, "expire", "deadline_passed", now);
  else if (call.reason !== "overlap") movedTo(judged, call, again, call.closes_at, "overlap", false, now);
  else {
    // It says once that it waits, not every few seconds.
    call.due_at = again;
    move(call, "move", now);
    judged.changed.push(call);
    judged.due.push({ lane_id: call.lane_id, due_at: again, call_id: call.id });
  }
}

/** True when the call is dialed. */
function dialOrWait(
  judged: Judged,
  call: Working,
  people: Map<string, number[]>,
  caps: Parameters<typeof numberFreeAt>[0],
  now: number,
): boolean {
  const dials = people.get(call.number_hash) ?? [];
  const freeAt = caps.length === 0 ? now : numberFreeAt(caps, dials, now);
  // Nobody is helped by a call that waits for its number beyond its last useful instant.
  if (freeAt > now && freeAt >= call.expires_at) {
    end(judged, call, "expire", "deadline_passed", now);
    return false;
  }
  if (freeAt > now) {
    // Waiting for the number does not make a call useful for longer; its window is looked at again when it is due.
    call.due_at = freeAt;
    call.reason = "number_cap";
    move(call, "move", now);
    judged.entries.add(call, { at: now, type: "call.moved", reason: "number_cap", data: { due_at: freeAt } });
    judged.changed.push(call);
    judged.due.push({ lane_id: call.lane_id, due_at: freeAt, call_id: call.id });
    return false;
  }
  if (caps.length > 0) people.set(call.number_hash, [...dials, now]);
  judged.dial.push(call);
  return true;
}

/** Plans a call again under the rules of now. True when it may be dialed at this instant; else it was moved or ended. */
function replan(
  context: Context,
  judged: Judged,
  call: Working,
  row: CallDocumentRow | undefined,
  line: Claimable,
  now: number,
): boolean {
  let plan: ReturnType<typeof planCall>;
  try {
    if (row === undefined) throw new Error("The call has no document");
    const document = parseDocument(context.secrets.open(row.document, documentPlace(call.id)));
    const e164 = context.secrets.open(row.phone, phonePlace(call.id));
    const subject = subjectOf(call.workspace_id, e164, document);
    plan = planCall(context, subject, context.book.lineOfLane(call.lane_id), now);
  } catch (error) {
    context.log.error("A call's row cannot be read; it is parked.", {
      call: context.secrets.publicId("call", call.id),
      error: error as Error,
    });
    end(judged, call, "park", "undecodable", now);
    return false;
  }
  call.plan_version = line.plan_version;
  if (plan.kind === "held") {
    // Held, not guessed: looked at again in an hour, until its deadline.
    const again = now + 3_600_000;
    return !movedTo(judged, call, again, again, plan.reason, false, now);
  }
  if (plan.dueAt <= now) {
    call.closes_at = plan.closesAt;
    return true;
  }
  movedTo(judged, call, plan.dueAt, plan.closesAt, "calling_hours", true, now);
  return false;
}

function movedTo(
  judged: Judged,
  call: Working,
  dueAt: number,
  closesAt: number,
  reason: string,
  anew: boolean,
  now: number,
): boolean {
  const expiresAt = anew && call.expires_after_ms !== null ? dueAt + call.expires_after_ms : call.expires_at;
  if (expiresAt <= dueAt && anew) {
    end(judged, call, "expire", "deadline_passed", now);
    return true;
  }
  call.due_at = dueAt;
  call.closes_at = closesAt;
  call.expires_at = expiresAt;
  call.reason = reason;
  move(call, "move", now);
  judged.entries.add(call, { at: now, type: "call.moved", reason, data: { due_at: dueAt } });
  judged.changed.push(call);
  judged.due.push({ lane_id: call.lane_id, due_at: dueAt, call_id: call.id });
  return true;
}

function startAttempt(entries: Entries, call: Working, attempt: AttemptRow, now: number): void {
  move(call, "claim", now);
  call.attempts += 1;
  call.attempt_id = attempt.id;
  call.reason = "requested";
  entries.add(call, {
    at: now,
    type: "call.dialing",
    reason: attempt.waited_for,
    attemptId: attempt.id,
    data: { attempt: attempt.number, start_delay_ms: now - attempt.due_at },
  });
}

function newAttempt(context: Context, call: CallRow, line: Claimable, id: number, now: number): AttemptRow {
  const late = now - call.due_at;
  const carrier = context.book.lines.get(line.id)?.carrier ?? "";
  const leavesWithinMs = context.tuning.dialWithinMs + (context.carriers.get(carrier)?.kind.prepareMs ?? 0);
  return {
    id,
    workspace_id: call.workspace_id,
    call_id: call.id,
    line_id: line.id,
    node_id: context.nodeId,
    number: call.attempts + 1,
    status: "claimed",
    slot_held: 1,
    due_at: call.due_at,
    closes_at: call.closes_at,
    claimed_at: now,
    deadline_at: Math.min(now + leavesWithinMs, call.closes_at - ringLeadMs, call.expires_at),
    placing_at: null,
    accepted_at: null,
    ringing_at: null,
    answered_at: null,
    ended_at: null,
    duration_ms: null,
    outcome: null,
    disposition: null,
    carrier_ref: null,
    detail: null,
    waited_for: late > 250 ? (context.state.lastBlock.get(line.id) ?? "dispatch") : null,
    max_duration_ms: line.max_duration_ms,
    check_at: now + leavesWithinMs + placingMs + context.tuning.graceMs,
    checks: 0,
    counted: 1,
    reports: 0,
    previous_id: call.attempt_id,
  };
}

/** The keys that an ended call gives back. */
export function dedupeOf(
  calls: readonly Pick<CallRow, "id" | "workspace_id" | "dedupe_key" | "ended_at">[],
): DedupeRow[] {
  return calls.flatMap(({ id, workspace_id, dedupe_key, ended_at }) =>
    dedupe_key === null || ended_at === null ? [] : [{ workspace_id, dedupe_key, call_id: id }],
  );
}
