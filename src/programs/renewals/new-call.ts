import type { CallDraft, CallWish, ProgramTx } from "../../ports/program.ts";

import { nextCheckAt } from "./hear.ts";
import type { Parts } from "./parts.ts";
import type { Person } from "./person.ts";
import { type CallSource, type RenewalCallRow, places } from "./tables.ts";

/** How long a call is of use after each instant that it is planned for: the line may take hours to make those of a day. */
const USEFUL_FOR = "12h";

export const PURPOSE = "renewal";

/** What the engine is asked for. Whoever talks learns from the metadata what about. */
export function callWish(wanted: {
  readonly person: Person;
  readonly line: string;
  readonly priority: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly at?: number;
}): CallWish {
  const { person, line, priority, metadata, at } = wanted;
  return {
    to: person.phone,
    name: person.name,
    line,
    purpose: PURPOSE,
    metadata,
    expiresAfter: USEFUL_FOR,
    priority: Math.min(9, Math.max(0, priority)),
    ...(at === undefined ? {} : { at }),
  };
}

/** A call that was stored, and the id of its row here. */
export type NewCall = { readonly id: number; readonly callId: number; readonly draft: CallDraft };

export type CallOrder = {
  readonly customerId: number;
  readonly holdingId: number | null;
  readonly source: CallSource;
  readonly taskId: string | null;
  readonly reason: string;
  readonly priority: number;
  readonly day: number;
  readonly minute: number | null;
  /** Sealed already. */
  readonly notes: string | null;
};

export function newRow(tx: ProgramTx, call: NewCall, order: CallOrder): RenewalCallRow {
  return {
    id: call.id,
    workspace_id: tx.actor.workspaceId,
    call_id: call.callId,
    customer_id: order.customerId,
    customer_policy_id: order.holdingId,
    source: order.source,
    task_id: order.taskId,
    reason: order.reason,
    priority: order.priority,
    scheduled_day: order.day,
    scheduled_minute: order.minute,
    notes: order.notes,
    status: "pending",
    live: 1,
    retry_count: 0,
    outcome: null,
    disposition: null,
    called_at: null,
    ended_at: null,
    summary: null,
    renewal_agreed: null,
    upgrade_agreed: null,
    upgrade_to_policy_id: null,
    check_at: nextCheckAt(call.draft.dueAt, tx.now),
    created_at: tx.now,
    updated_at: tx.now,
  };
}

export function sealNotes({ house }: Parts, id: number, notes: string | null | undefined): string | null {
  return notes === null || notes === undefined ? null : house.secrets.seal(notes, places.notes(id));
}
