import { type CallEvent, hasEnded, nextCallStatus } from "../domain/call.ts";
import { Refusal } from "../domain/refusal.ts";
import type { CallDocumentRow, CallRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { runSure } from "./run-sure.ts";
import { dedupeOf } from "./dispatch.ts";
import type { Actor, CallView } from "./engine.ts";
import { Entries, type Entry, type Working, move } from "./ledger.ts";
import { callIdOf, noSuchCall, readCall } from "./view.ts";

/** What a verb does to a call: changes it in place and says what to write into the ledger, or null to leave it as it is. */
export type CallEdit = (call: Working, document: CallDocumentRow | undefined, now: number) => Entry | null;

/**
 * Changes one call by request, in one transaction, so that exactly one of a change and a claim wins: 1. take its due row
 * out; 2. lock it; 3. edit; 4. write it back with its due row, its ledger line, and what `also` writes. Throws `not_found`, `precondition_failed`.
 */
export async function changeCall(
  context: Context,
  actor: Actor,
  callId: string,
  ifVersion: number | undefined,
  edit: CallEdit,
  also?: (call: Working) => Tx<void>,
): Promise<CallView> {
  const id = callIdOf(context, callId);
  const lease = await context.ids.reserve({ ledger: 1 });
  const entryId = lease.next("ledger");
  const dueAt = await runSure(context, "change a call", function* (again): Tx<number | null> {
    const { statements } = context.store;
    const now = context.clock.now();
    const [seen] = yield* statements.calls.byIds([{ id }]);
    if (seen === undefined || seen.workspace_id !== actor.workspaceId) throw noSuchCall(callId);
    // After a lost answer: the change that is told in the history has happened.
    if (again && (yield* statements.ledger.byIds([{ id: entryId }])).length > 0)
      return seen.status === "scheduled" ? seen.due_at : null;
    const entries = new Entries(lease);
    const call = yield* editCall(
      context,
      seen,
      entries,
      (row, document) => {
        if (ifVersion !== undefined && ifVersion !== row.version)
          throw new Refusal("precondition_failed", `The call is at version ${row.version}.`);
        const entry = edit(row, document, now);
        return entry === null ? null : { actor: actor.name, ...entry };
      },
      also,
    );
    if (call === null) throw noSuchCall(callId);
    yield* statements.ledger.insert(entries.rows);
    return call.status === "scheduled" ? call.due_at : null;
  });
  if (dueAt !== null) context.wake("dispatch", dueAt);
  context.announce();
  return readCall(context, actor, callId);
}

/**
 * Edits a call within a transaction that is under way: its due row is taken out, the call locked, edited and written back
 * with its due row, what it says is added to `entries`, and what `also` writes. Null when the call is gone.
 */
export function* editCall(
  context: Context,
  seen: Pick<CallRow, "id" | "lane_id" | "due_at">,
  entries: Entries,
  edit: (call: Working, document: CallDocumentRow | undefined) => Entry | null,
  also?: (call: Working) => Tx<void>,
): Tx<Working | null> {
  const { statements } = context.store;
  const { id } = seen;
  yield* statements.due.remove([{ lane_id: seen.lane_id, due_at: seen.due_at, call_id: id }]);
  const [row] = yield* statements.calls.lock([{ id }]);
  if (row === undefined) return null;
  if (row.due_at !== seen.due_at)
    yield* statements.due.remove([{ lane_id: row.lane_id, due_at: row.due_at, call_id: id }]);
  const [document] = yield* statements.documents.byIds([{ call_id: id }]);
  const call: Working = { ...row };
  const entry = edit(call, document);
  if (entry !== null) {
    entries.add(call, entry);
    if ((yield* statements.calls.change([call])) === 0)
      throw new Error("A locked call was changed by another transaction");
    if (also !== undefined) yield* also(call);
    yield* statements.dedupe.remove(dedupeOf([call]));
  }
  if (call.status === "scheduled")
    yield* statements.due.insert([{ lane_id: call.lane_id, due_at: call.due_at, call_id: id }]);
  return call;
}

/** Applies an event by the table of states, or refuses with what stands in the way. */
export function applyOrRefuse(
  context: Pick<Context, "secrets">,
  call: Working,
  event: CallEvent,
  now: number,
): void {
  if (nextCallStatus(call.status, event) === undefined) throw refusalFor(context, call, event);
  move(call, event, now);
}

function refusalFor(context: Pick<Context, "secrets">, call: Working, event: CallEvent): Refusal {
  if (call.status === "dialing") {
    const attemptId = context.secrets.publicId("attempt", call.attempt_id ?? 0);
    return new Refusal("already_dialing", `Attempt ${attemptId} is under way.`, {
      extra: { attempt_id: attemptId },
    });
  }
  if (hasEnded(call.status))
    return new Refusal("already_ended", `The call is ${call.status}.`, {
      extra: { call_status: call.status },
    });
  return new Refusal("wrong_state", `A call that is ${call.status} cannot ${event}.`, {
    extra: { call_status: call.status },
  });
}
