import { forever } from "../domain/ids.ts";
import type { DueRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { runSure } from "./run-sure.ts";
import { dedupeOf } from "./dispatch.ts";
import { Entries, type Working, move } from "./ledger.ts";

const page = 200;
const againMs = 1000;
/** How far ahead a look reaches: what falls due within it and expires soon after is found in time. */
const aheadMs = 60_000;

type Position = { dueAt: number; callId: number };

/**
 * The duty that ends calls which waited too long behind a limit or a stop. What is claimed is checked there; this looks
 * only at lanes whose head is overdue: at the head, where the oldest are, and a page further each time, so that a call
 * with a shorter deadline of its own deep in a queue is found too.
 */
export function makeExpire(context: Context): () => Promise<number> {
  const cursors = new Map<number, Position>();
  return async () => {
    const now = context.clock.now();
    const { statements } = context.store;
    const lanes = [...context.book.lanes.values()];
    const heads = await context.store.read("look at the heads of lanes", () =>
      statements.due.heads(lanes.map((lane) => ({ lane_id: lane.id }))),
    );
    let next: number = forever;
    for (const head of heads) {
      if (head.due_at > now) next = Math.min(next, head.due_at + againMs);
      else next = Math.min(next, await expireLane(context, head.lane_id, cursors, now));
    }
    return next;
  };
}

/** Returns when this lane needs another look. */
async function expireLane(
  context: Context,
  laneId: number,
  cursors: Map<number, Position>,
  now: number,
): Promise<number> {
  const cursor = cursors.get(laneId) ?? { dueAt: -1, callId: 0 };
  const { statements } = context.store;
  const seen = await context.store.read("look for late calls", function* () {
    const head = yield* statements.due.waiting({
      lane_id: laneId,
      after_due_at: -1,
      after_call_id: 0,
      now: now + aheadMs,
      limit: page,
    });
    const further = yield* statements.due.waiting({
      lane_id: laneId,
      after_due_at: cursor.dueAt,
      after_call_id: cursor.callId,
      now: now + aheadMs,
      limit: page,
    });
    return { head, further };
  });
  const last = seen.further.at(-1);
  if (last === undefined || seen.further.length < page) cursors.delete(laneId);
  else cursors.set(laneId, { dueAt: last.due_at, callId: last.call_id });
  const all = new Map([...seen.head, ...seen.further].map((row) => [row.call_id, row]));
  const late = [...all.values()].filter((row) => row.expires_at <= now);
  if (late.length > 0) await expireCalls(context, laneId, late, now);
  const waiting = [...all.values()].filter((row) => row.expires_at > now);
  const soonest = waiting.reduce((least, row) => Math.min(least, row.expires_at), forever as number);
  const full = seen.head.length === page || seen.further.length === page;
  return full ? now + againMs : Math.max(now + againMs, Math.min(soonest, now + aheadMs));
}

async function expireCalls(
  context: Context,
  laneId: number,
  late: readonly { call_id: number; due_at: number }[],
  now: number,
): Promise<void> {
  const lease = await context.ids.reserve({ ledger: late.length });
  const missed = await runSure(context, "expire", function* (): Tx<number> {
    const { statements } = context.store;
    const entries = new Entries(lease);
    yield* statements.due.remove(
      late.map((row) => ({ lane_id: laneId, due_at: row.due_at, call_id: row.call_id })),
    );
    const expired: Working[] = [];
    const kept: DueRow[] = [];
    for (const row of yield* statements.calls.lock(late.map(({ call_id }) => ({ id: call_id })))) {
      const call: Working = { ...row };
      if (call.status !== "scheduled") continue;
      if (call.expires_at > now) {
        // It was given more time since we looked, and goes on waiting.
        kept.push({ lane_id: call.lane_id, due_at: call.due_at, call_id: call.id });
        continue;
      }
      move(call, "expire", now);
      const waited = context.state.lastBlock.get(context.book.lineOfLane(laneId).id) ?? null;
      call.reason = "deadline_passed";
      call.ended_at = now;
      entries.add(call, {
        at: now,
        type: "call.expired",
        reason: "deadline_passed",
        data: { waited_for: waited },
      });
      expired.push(call);
    }
    yield* statements.due.remove(kept);
    yield* statements.due.insert(kept);
    yield* statements.calls.change(expired);
    yield* statements.dedupe.remove(dedupeOf(expired));
    yield* statements.ledger.insert(entries.rows);
    return expired.length;
  });
  context.meter.missed(missed);
  context.announce();
}
