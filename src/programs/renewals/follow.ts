import { forever } from "../../domain/ids.ts";
import type { ProgramCall } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import { type HeardCall, hear, nextCheckAt } from "./hear.ts";
import type { Actor, Parts } from "./parts.ts";

const PIECE = 200;

/** The duty of the program: looks at calls whose carrier has nothing to report. Resolves to when it wants to run again. */
export async function followCalls(parts: Parts): Promise<number> {
  let next = forever;
  for (const actor of parts.house.workspaces()) next = Math.min(next, await followWorkspace(parts, actor));
  return next;
}

/**
 * 1. Read the calls that are to be looked at; 2. look at them; 3. in one transaction, store what is new of those that
 * nobody else has heard of meanwhile. Resolves to when the next one is to be looked at (UTC ms).
 */
export async function followWorkspace(parts: Parts, actor: Actor): Promise<number> {
  const { house, sql } = parts;
  const workspace_id = actor.workspaceId;
  const seen = await house.read("find calls to follow", () =>
    sql.calls.toCheck({ workspace_id, now: house.clock.now(), limit: PIECE }),
  );
  if (seen.length > 0) {
    const ids = seen.map((row) => row.call_id);
    const calls = await house.calls(actor, ids);
    await house.transact("follow calls", actor, { notes: 2 * seen.length }, function* (tx): Tx<null> {
      const rows = yield* sql.calls.lockByCalls(ids.map((call_id) => ({ call_id })));
      for (const row of rows) {
        const index = ids.indexOf(row.call_id);
        if (row.live === 0 || row.check_at !== seen[index]?.check_at) continue;
        const call = calls[index] ?? null;
        yield* hear(parts, tx, row, heardOf(call));
        if (call !== null)
          yield* sql.calls.putOff([{ id: row.id, check_at: nextCheckAt(call.dueAt, tx.now) }]);
      }
      return null;
    });
  }
  const [next] = await house.read("find the next call to follow", () =>
    sql.calls.nextCheck({ workspace_id }),
  );
  return next?.check_at ?? forever;
}

/** What is due and waits, or is being placed, has not begun: its first sign comes as a report. */
function heardOf(call: ProgramCall | null): HeardCall {
  if (call === null) return gone;
  const isBegun = call.dispatchedAt !== null || call.reason === "unconfirmed";
  const isWaiting = call.status === "queued" || (call.status === "dialing" && !isBegun);
  return isWaiting ? { ...call, status: "scheduled" } : call;
}

/** A call that is no longer kept. */
const gone: HeardCall = {
  status: "failed",
  reason: "deadline_passed",
  outcome: null,
  disposition: null,
  attempts: 0,
  endedAt: null,
};
