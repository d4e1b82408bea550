import { forever } from "../domain/ids.ts";
import type { Report } from "../domain/report.ts";
import type { LookupAnswer, LookupOrder } from "../ports/carrier.ts";
import type { AttemptRow, LineRow } from "../ports/rows.ts";
import type { ConnectedCarrier, Context } from "./context.ts";
import { runSure } from "./run-sure.ts";
import { phonePlace } from "./document.ts";
import { openSettings } from "./line-settings.ts";
import { interruptedDetail, reclaimed } from "./place.ts";
import type { Receive } from "./receive.ts";
import { checkLadder, followedAt, talkingCheckMs } from "./fold-attempt.ts";

const batch = 50;
/** How often a carrier that keeps calls waiting is asked about one that nothing was heard of (ms). */
const queuedCheckMs = 300_000;

/**
 * The duty that asks after attempts whose reports are due and did not come. It never dials: 1. an attempt whose owner is
 * gone before the request goes back to wait, one whose request may have left becomes unknown; 2. the carrier is asked;
 * 3. an endless call is hung up; 4. what nobody can tell, after the longest time that the call could have taken, waits
 * for a person, and its slot is free again.
 */
export function makeReconcile(context: Context, receive: Receive): () => Promise<number> {
  return async () => {
    const now = context.clock.now();
    const { statements } = context.store;
    const overdue = await context.store.read("look for attempts to check", () =>
      statements.attempts.toCheck({ now, limit: batch }),
    );
    await Promise.all(overdue.map((attempt) => checkAttempt(context, receive, attempt)));
    if (overdue.length === batch) return context.clock.now();
    const [next] = await context.store.read("next check", () => statements.attempts.nextCheck({}));
    return Math.max(next?.check_at ?? forever, context.clock.now() + 1);
  };
}

async function checkAttempt(context: Context, receive: Receive, attempt: AttemptRow): Promise<void> {
  const now = context.clock.now();
  if (context.state.placing.has(attempt.id))
    return askAgainAt(context, attempt, now + context.tuning.graceMs);
  if (attempt.status === "claimed") return void (await receive.add(attempt.id, [reclaimed(context)]));
  if (attempt.status === "placing") {
    await receive.add(attempt.id, [
      {
        key: "interrupted",
        kind: "unknown",
        at: now,
        detail: interruptedDetail,
      },
    ]);
    return;
  }
  const line = context.book.lines.get(attempt.line_id);
  const connected = line === undefined ? undefined : context.carriers.get(line.carrier);
  const order = line === undefined ? null : await lookupOrder(context, attempt, line);
  const answer: LookupAnswer =
    connected === undefined || order === null
      ? { kind: "unavailable", detail: "the line or the number cannot be read any more" }
      : await ask(context, connected, order);
  const reports = conclusions(attempt, answer, now);
  if (reports.length > 0) await receive.add(attempt.id, reports);
  const [after] = await context.store.read("read an attempt", () =>
    context.store.statements.attempts.byIds([{ id: attempt.id }]),
  );
  if (after === undefined || after.check_at === null || after.check_at > now) return;
  await persist(context, receive, after, now);
}

/** Nothing new was learned, and the attempt is still open: hang up, give up, or ask again later. */
async function persist(context: Context, receive: Receive, attempt: AttemptRow, now: number): Promise<void> {
  const lastAt = longestEnd(context, attempt);
  if (attempt.status === "in_progress") {
    const endless = talkingSince(context, attempt) + attempt.max_duration_ms;
    if (now >= endless + 2 * context.tuning.graceMs) {
      const ended: Report = {
        key: "watchdog",
        kind: "ended",
        at: now,
        outcome: "answered_unknown",
        detail: "max_duration",
      };
      return void (await receive.add(attempt.id, [ended]));
    }
    if (now >= endless) return hangUp(context, attempt, now);
    return askAgainAt(
      context,
      attempt,
      Math.min(endless, now + talkingCheckMs, followedAt(context, attempt, now)),
    );
  }
  if (mustBeTakenBack(context, attempt, now, lastAt)) return hangUp(context, attempt, now);
  if (now >= lastAt) {
    return void (await receive.add(attempt.id, [
      { key: "review", kind: "review", at: now, detail: "the carrier could not say what became of it" },
    ]));
  }
  const wait = checkLadder[Math.min(attempt.checks, checkLadder.length - 1)] ?? 60_000;
  const ordinary = Math.min(now + wait, Math.max(lastAt, now + 1000), followedAt(context, attempt, now));
  if (!queuesAt(context, attempt)) return askAgainAt(context, attempt, ordinary);
  // What may ring later is looked at when its window closes, and never left alone for long.
  const closing = attempt.closes_at > now ? attempt.closes_at : forever;
  return askAgainAt(context, attempt, Math.min(ordinary, closing, now + queuedCheckMs));
}

/**
 * Whether a call that its carrier took, and of which nothing but that is known, must not ring any more: its window has
 * closed, or it is given up. Asked for again and again, because a call that was taken back must be seen to have ended.
 */
function mustBeTakenBack(context: Context, attempt: AttemptRow, now: number, lastAt: number): boolean {
  if (attempt.status !== "accepted" || !queuesAt(context, attempt)) return false;
  return now >= Math.min(attempt.closes_at, lastAt) && now < lastAt + 4 * context.tuning.graceMs;
}

/** Does the attempt's carrier keep calls waiting that it has taken? */
function queuesAt(context: Context, attempt: AttemptRow): boolean {
  const line = context.book.lines.get(attempt.line_id);
  return line !== undefined && context.carriers.get(line.carrier)?.kind.queues === true;
}

/** When it was answered by the carrier's word; where that is earlier than our request, its clock and ours disagree. */
function talkingSince(context: Context, attempt: AttemptRow): number {
  const askedAt = attempt.placing_at ?? attempt.claimed_at;
  const answeredAt = attempt.answered_at ?? askedAt;
  return answeredAt >= askedAt
    ? answeredAt
    : askedAt + (context.book.lines.get(attempt.line_id)?.ring_timeout_ms ?? 60_000);
}

/** By then the call must have ended, whatever became of it. */
function longestEnd(context: Context, attempt: AttemptRow): number {
  const ringMs = context.book.lines.get(attempt.line_id)?.ring_timeout_ms ?? 60_000;
  return (
    (attempt.placing_at ?? attempt.claimed_at) + ringMs + attempt.max_duration_ms + context.tuning.graceMs
  );
}

function conclusions(attempt: AttemptRow, answer: LookupAnswer, now: number): readonly Report[] {
  if (answer.kind === "found") {
    const known: Report = {
      key: "found",
      kind: "accepted",
      at: attempt.placing_at ?? attempt.claimed_at,
      carrierRef: answer.carrierRef,
    };
    return [known, ...answer.reports];
  }
  // A carrier that took the call cannot have forgotten it: then its denial is a fault, not knowledge.
  if (answer.kind === "absent" && attempt.status === "unknown") {
    const absent: Report = {
      key: "absent",
      kind: "ended",
      at: now,
      outcome: "not_placed",
      detail: "the carrier never took it",
    };
    // A request that our own end kept from leaving is no try of the call's.
    return [attempt.detail === interruptedDetail ? { ...absent, retryAfterMs: 0 } : absent];
  }
  return [];
}

async function ask(context: Context, connected: ConnectedCarrier, order: LookupOrder): Promise<LookupAnswer> {
  try {
    return await connected.carrier.lookup(order);
  } catch (error) {
    context.log.error("A carrier failed while being asked about an attempt.", { error: error as Error });
    return { kind: "unavailable", detail: "the carrier's adapter failed" };
  }
}

async function lookupOrder(
  context: Context,
  attempt: AttemptRow,
  line: LineRow,
): Promise<LookupOrder | null> {
  const settings = openSettings(context, line);
  const [row] = await context.store.read("read a number", () =>
    context.store.statements.documents.byIds([{ call_id: attempt.call_id }]),
  );
  if (row === undefined || settings === null) return null;
  try {
    return {
      attemptKey: context.secrets.attemptKey(attempt.id),
      carrierRef: attempt.carrier_ref,
      to: context.secrets.open(row.phone, phonePlace(attempt.call_id)),
      from: line.caller_id,
      placedAt: attempt.placing_at ?? attempt.claimed_at,
      deadlineAt: attempt.deadline_at,
      isAnswered: attempt.status === "in_progress",
      isOthers: (carrierRef) => isOthers(context, attempt, carrierRef),
      settings,
    };
  } catch (error) {
    context.log.error("A number cannot be read, so its attempt cannot be asked for.", {
      error: error as Error,
    });
    return null;
  }
}

/** Attempts of one number that may be mistaken for each other are made within minutes, so their ids are not far apart. */
const idsApartMax = 20_000;

async function isOthers(context: Context, attempt: AttemptRow, carrierRef: string): Promise<boolean> {
  const found = await context.store.read("look for the attempt of a carrier's call", () =>
    context.store.statements.attempts.withRef({
      from_id: attempt.id - idsApartMax,
      to_id: attempt.id + idsApartMax,
      carrier_ref: carrierRef,
    }),
  );
  return found.some(({ id }) => id !== attempt.id);
}

async function askAgainAt(context: Context, attempt: AttemptRow, at: number): Promise<void> {
  await context.store.run("check again later", () =>
    context.store.statements.attempts.setCheck([
      { id: attempt.id, check_at: at, checks: attempt.checks + 1 },
    ]),
  );
}

/** The wish to hang up is written before it is tried, so that a crash does not forget it. */
async function hangUp(context: Context, attempt: AttemptRow, now: number): Promise<void> {
  const lease = await context.ids.reserve({ outbox: 1 });
  const id = lease.next("outbox");
  await runSure(context, "hang up", function* () {
    const { statements } = context.store;
    yield* statements.outbox.insert([
      {
        id,
        workspace_id: attempt.workspace_id,
        kind: "hang_up",
        attempt_id: attempt.id,
        due_at: now,
        tries: 0,
        created_at: now,
      },
    ]);
    yield* statements.attempts.setCheck([
      { id: attempt.id, check_at: now + context.tuning.graceMs, checks: attempt.checks + 1 },
    ]);
  });
  context.wake("deliver");
}

const hangUpTriesMax = 6;

/** The duty that does what the outbox owes to the outside: hanging up. */
export function makeDeliver(context: Context): () => Promise<number> {
  return async () => {
    const now = context.clock.now();
    const { statements } = context.store;
    const owed = await context.store.read("look at the outbox", () =>
      statements.outbox.due({ now, limit: batch }),
    );
    for (const row of owed) {
      const done = await tryHangUp(context, row.attempt_id);
      const tries = row.tries + 1;
      if (!done && tries >= hangUpTriesMax)
        context.log.warn("A call could not be ended at its carrier.", {
          attempt: context.secrets.publicId("attempt", row.attempt_id),
        });
      await context.store.run("settle the outbox", () =>
        done || tries >= hangUpTriesMax
          ? statements.outbox.remove([{ id: row.id }])
          : statements.outbox.postpone([
              { id: row.id, due_at: context.clock.now() + 2000 * 2 ** tries, tries },
            ]),
      );
    }
    const [next] = await context.store.read("next in the outbox", () => statements.outbox.next({}));
    return next?.due_at ?? forever;
  };
}

async function tryHangUp(context: Context, attemptId: number): Promise<boolean> {
  const [attempt] = await context.store.read("read an attempt", () =>
    context.store.statements.attempts.byIds([{ id: attemptId }]),
  );
  const line = attempt === undefined ? undefined : context.book.lines.get(attempt.line_id);
  const connected = line === undefined ? undefined : context.carriers.get(line.carrier);
  if (attempt === undefined || attempt.status === "ended" || line === undefined || connected === undefined)
    return true;
  const order = await lookupOrder(context, attempt, line);
  if (order === null) return true;
  try {
    return await connected.carrier.hangUp(order);
  } catch (error) {
    context.log.error("A carrier failed while hanging up.", { error: error as Error });
    return false;
  }
}
