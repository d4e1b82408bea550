import { type CallStatus, hasEnded, reasons } from "../../../src/domain/call.ts";
import type { Checker, Violation } from "../checker.ts";
import type { Facts } from "../facts.ts";
import type { LedgerRow } from "../../../src/ports/rows.ts";

/** The status in which each kind of entry leaves its call; null leaves it as it was. */
export const statusAfter: Readonly<Record<string, CallStatus | null>> = {
  "call.scheduled": "scheduled",
  "call.moved": "scheduled",
  "call.rescheduled": null,
  "call.resumed": "scheduled",
  "call.paused": "paused",
  "call.dialing": "dialing",
  "call.dispatched": null,
  "call.ringing": null,
  "call.answered": null,
  "call.unconfirmed": null,
  "call.retry_planned": "scheduled",
  "call.released": "scheduled",
  "call.completed": "completed",
  "call.failed": "failed",
  "call.expired": "expired",
  "call.canceled": "canceled",
  "call.skipped": "skipped",
  "call.needs_review": "needs_review",
  "call.corrected": null,
  "call.amended": null,
  "appointment.answered": null,
};

const needReasons = new Set([
  "call.moved",
  "call.released",
  "call.expired",
  "call.skipped",
  "call.needs_review",
  "call.failed",
  "call.paused",
  "call.canceled",
  "call.completed",
  "call.unconfirmed",
  "call.retry_planned",
  "call.resumed",
  "call.rescheduled",
]);

/** I20: every wait, move, skip and end has a reason that a program can read, in a history that tells the whole story. */
export const accountability: Checker = {
  name: "I20",
  promise: "Every skip, hold, move and end has a machine-readable reason, and whoever waits says why.",
  *check(facts) {
    for (const call of facts.calls.values()) {
      const entries = facts.ledgerOf.get(call.id) ?? [];
      if (!(call.reason in reasons))
        yield { what: `has the reason "${call.reason}", which is none`, callId: call.id };
      yield* chained(call.id, call.ledger_head, entries);
      for (const row of entries) {
        if (!(row.type in statusAfter))
          yield { what: `has an entry of the unknown type ${row.type}`, callId: call.id };
        if (needReasons.has(row.type) && (row.reason === null || !(row.reason in reasons)))
          yield { what: `${row.type} says "${row.reason}", which is no reason`, callId: call.id };
      }
      const told = chainOf(call.ledger_head, entries).reduceRight<CallStatus | null>(
        (status, row) => statusAfter[row.type] ?? status,
        null,
      );
      if (told !== call.status && !(call.status === "scheduled" && told === "needs_review"))
        yield { what: `is ${call.status}, and its history says ${told}`, callId: call.id };
      if (hasEnded(call.status) && call.ended_at === null)
        yield { what: "has ended at no time", callId: call.id };
    }
    for (const attempt of facts.history.rows.attempts) {
      if (
        attempt.claimed_at - attempt.due_at > 250 &&
        (attempt.waited_for === null || !(attempt.waited_for in reasons))
      )
        yield {
          what: `attempt ${attempt.number} started ${attempt.claimed_at - attempt.due_at} ms late for "${attempt.waited_for}"`,
          callId: attempt.call_id,
        };
    }
    yield* samples(facts);
  },
};

/** The chain from the newest entry backwards holds every entry of the call. */
function* chained(callId: number, head: number, entries: readonly LedgerRow[]): Generator<Violation> {
  const { length } = chainOf(head, entries);
  if (length !== entries.length)
    yield { what: `${entries.length} entries, of which its chain reaches ${length}`, callId };
}

/** A call's entries from the newest backwards. Ids are set aside before a transaction, so they do not tell the order. */
export function chainOf(head: number, entries: readonly LedgerRow[]): readonly LedgerRow[] {
  const byId = new Map(entries.map((row) => [row.id, row]));
  const chain: LedgerRow[] = [];
  for (let id: number | null = head; id !== null && chain.length <= entries.length;) {
    const row: LedgerRow | undefined = byId.get(id);
    if (row === undefined) break;
    chain.push(row);
    id = row.previous_id;
  }
  return chain;
}

function* samples({ history, callsByPublicId }: Facts): Generator<Violation> {
  for (const { view, at } of history.samples) {
    const isWaiting = view.status === "scheduled" || view.status === "queued" || view.status === "dialing";
    const callId = callsByPublicId.get(view.id)?.id ?? 0;
    if (isWaiting && view.nextActionAt === null)
      yield { what: `${view.status} with nothing planned next`, at, callId };
    if (view.status === "queued" && view.waitingFor === null)
      yield { what: "due and waiting for nothing", at, callId };
    if (view.waitingFor !== null && !(view.waitingFor in reasons))
      yield { what: `waits for "${view.waitingFor}", which is no reason`, at, callId };
  }
}
