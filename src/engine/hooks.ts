import type { ChangedNotification, ListenerTx, Note } from "../ports/program.ts";
import type { CallRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Lease } from "./ids.ts";
import type { Entries, Working } from "./ledger.ts";

/** How many ids a transaction sets aside for what listeners write about so many calls or notifications. */
export function idsForListeners(context: Context, count: number): { record?: number; ledger: number } {
  return context.programs.plugged.size === 0 ? { ledger: 0 } : { record: count, ledger: notesMax * count };
}
const notesMax = 2;

/** Tells programs of their calls, inside the transaction that is about to store them. */
export function* callsChanged(
  context: Context,
  lease: Lease,
  entries: Entries,
  now: number,
  calls: Iterable<Working>,
): Tx<void> {
  if (!context.programs.hearCalls) return;
  lease.rewind("record");
  for (const call of calls) {
    if (call.purpose === null) continue;
    for (const listener of context.programs.callListeners(call.purpose)) {
      const tx = listenerTx(lease, now, call.workspace_id, (note) => noteOn(entries, call, now, note));
      yield* listener.changed(tx, {
        id: call.id,
        workspaceId: call.workspace_id,
        purpose: call.purpose,
        status: call.status,
        reason: call.reason,
        outcome: call.outcome,
        disposition: call.disposition,
        attempts: call.attempts,
        dueAt: call.due_at,
        endedAt: call.ended_at,
      });
    }
  }
}

/** Tells programs of their notifications, inside the transaction that stores them. */
export function* notificationsChanged(
  context: Context,
  lease: Lease,
  entries: Entries,
  now: number,
  changed: readonly ChangedNotification[],
): Tx<void> {
  for (const notification of changed) {
    for (const listener of context.programs.notificationListeners(notification.event)) {
      const tx = listenerTx(lease, now, notification.workspaceId, (note) =>
        entries.addWide(notification.workspaceId, entryOf(now, note)),
      );
      yield* listener.changed(tx, notification);
    }
  }
}

function listenerTx(lease: Lease, now: number, workspaceId: number, note: ListenerTx["note"]): ListenerTx {
  return { now, workspaceId, note, nextId: () => lease.next("record") };
}

function noteOn(entries: Entries, call: CallRow & Working, now: number, note: Note): void {
  entries.add(call, entryOf(now, note));
}

export function entryOf(now: number, { type, reason, data }: Note) {
  return {
    at: now,
    type,
    ...(reason === undefined ? {} : { reason }),
    ...(data === undefined ? {} : { data }),
  };
}
