import { type CallEvent, nextCallStatus } from "../domain/call.ts";
import type { CallRow, LedgerRow } from "../ports/rows.ts";
import type { Lease } from "./ids.ts";

export type Entry = {
  readonly at: number;
  readonly type: string;
  readonly reason?: string | null;
  readonly actor?: string | null;
  readonly attemptId?: number | null;
  readonly data?: Readonly<Record<string, unknown>>;
};

/** The entries of one transaction (one run of it), each chained to the call's entry before it. */
export class Entries {
  readonly rows: LedgerRow[] = [];
  readonly #lease: Lease;

  constructor(lease: Lease) {
    this.#lease = lease;
    lease.rewind("ledger");
  }

  /** Adds an entry of a call and makes it the head of the call's history. */
  add(call: Pick<CallRow, "id" | "workspace_id" | "ledger_head">, entry: Entry): void {
    const id = this.#lease.next("ledger");
    this.rows.push(
      rowOf(id, call.workspace_id, call.id, call.ledger_head === 0 ? null : call.ledger_head, entry),
    );
    (call as { ledger_head: number }).ledger_head = id;
  }

  /** Adds an entry that belongs to the workspace as a whole. */
  addWide(workspaceId: number, entry: Entry): void {
    this.rows.push(rowOf(this.#lease.next("ledger"), workspaceId, 0, null, entry));
  }
}

function rowOf(
  id: number,
  workspaceId: number,
  callId: number,
  previous: number | null,
  entry: Entry,
): LedgerRow {
  return {
    id,
    workspace_id: workspaceId,
    call_id: callId,
    attempt_id: entry.attemptId ?? null,
    at: entry.at,
    type: entry.type,
    reason: entry.reason ?? null,
    actor: entry.actor ?? null,
    data: entry.data === undefined ? null : JSON.stringify(entry.data),
    previous_id: previous,
  };
}

/** A copy of a call to be changed and written back. */
export type Working = { -readonly [Column in keyof CallRow]: CallRow[Column] };

/** Moves a call by the table of states. An event that the table does not know there is a programmer's error. */
export function move(call: Working, event: CallEvent, now: number): void {
  const next = nextCallStatus(call.status, event);
  if (next === undefined) throw new Error(`A ${call.status} call cannot ${event}`);
  call.status = next;
  call.updated_at = now;
}
