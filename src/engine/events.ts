import { Refusal } from "../domain/refusal.ts";
import type { LedgerRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { Actor, EventView } from "./engine.ts";
import { ownCall } from "./list.ts";

const historyMax = 500;
const scanMax = 20;

/** A call's history, oldest first, by following the chain back from its head. */
export async function listCallEvents(
  context: Context,
  actor: Actor,
  callId: string,
): Promise<readonly EventView[]> {
  const call = await ownCall(context, actor, callId);
  const rows = await context.store.read("read a call's history", function* () {
    const found: LedgerRow[] = [];
    let id: number | null = call.ledger_head;
    while (id !== null && id > 0 && found.length < historyMax) {
      const [row]: LedgerRow[] = yield* context.store.statements.ledger.byIds([{ id }]);
      if (row === undefined) break;
      found.push(row);
      id = row.previous_id;
    }
    return found;
  });
  return rows.toReversed().map((row) => eventView(context, { ...row, commit_id: 0 }));
}

/**
 * The workspace's events after a cursor, oldest first, never skipping one that commits late. A null cursor means from the
 * beginning; `cursor` of the answer is where to go on, also when nothing was found.
 */
export async function listEvents(
  context: Context,
  actor: Actor,
  after: string | null,
  limit: number,
  types?: readonly string[],
): Promise<{ readonly data: readonly EventView[]; readonly cursor: string }> {
  let position = after === null ? { commit_id: -1, id: 0 } : readPosition(after);
  const data: EventView[] = [];
  for (let scan = 0; scan < scanMax && data.length < limit; scan += 1) {
    const wanted = types === undefined ? limit - data.length : 500;
    const from = position;
    const rows = await context.store.read("read events", () =>
      context.store.statements.ledger.after({ workspace_id: actor.workspaceId, ...from, limit: wanted }),
    );
    for (const row of rows) {
      if (data.length >= limit) break;
      position = { commit_id: row.commit_id, id: row.id };
      if (types === undefined || types.includes(row.type)) data.push(eventView(context, row));
    }
    if (rows.length < wanted) break;
  }
  return { data, cursor: writePosition(position) };
}

/** The cursor behind the newest event, for a stream that begins now. */
export async function newestCursor(context: Context, actor: Actor): Promise<string> {
  const [last] = await context.store.read("read the newest event", () =>
    context.store.statements.ledger.last({ workspace_id: actor.workspaceId }),
  );
  return writePosition(last ?? { commit_id: -1, id: 0 });
}

function eventView(context: Context, row: LedgerRow & { commit_id: number }): EventView {
  return {
    id: context.secrets.publicId("event", row.id),
    cursor: writePosition(row),
    type: row.type,
    at: row.at,
    callId: row.call_id === 0 ? null : context.secrets.publicId("call", row.call_id),
    attemptId: row.attempt_id === null ? null : context.secrets.publicId("attempt", row.attempt_id),
    reason: row.reason,
    actor: row.actor,
    data: row.data === null ? {} : (JSON.parse(row.data) as Record<string, unknown>),
  };
}

function writePosition(position: { commit_id: number; id: number }): string {
  return `${position.commit_id}-${position.id}`;
}

function readPosition(cursor: string): { commit_id: number; id: number } {
  const match = /^(-?\d{1,16})-(\d{1,16})$/.exec(cursor);
  if (match === null) throw new Refusal("invalid_cursor", "An event cursor looks like 0-123.");
  return { commit_id: Number(match[1]), id: Number(match[2]) };
}
