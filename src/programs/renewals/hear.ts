import { DAY_MS } from "../../domain/civil.ts";
import type { ShownStatus } from "../../domain/call.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { CallListener } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import type { OwnTx, Parts } from "./parts.ts";
import { settleAgreement } from "./renew.ts";
import { busyDay, lockCustomer, writeRest } from "./rest.ts";
import { dayIn } from "./rules.ts";
import { hasRung, isLive, retriesOf, statusViews } from "./status.ts";
import type { CustomerRow, RenewalCallRow } from "./tables.ts";

/** What is known of a call of ours, from a report of its carrier or by looking at it. */
export type HeardCall = {
  readonly status: ShownStatus;
  readonly reason: string;
  readonly outcome: Outcome | null;
  readonly disposition: string | null;
  readonly attempts: number;
  readonly endedAt: number | null;
};

/** Follows the calls of the program inside the transactions that change them. */
export function renewalListener(parts: Parts): CallListener {
  return {
    purposes: ["renewal"],
    *changed(tx, call) {
      const [row] = yield* parts.sql.calls.lockByCalls([{ call_id: call.id }]);
      if (row !== undefined && row.workspace_id === call.workspaceId) yield* hear(parts, tx, row, call);
    },
  };
}

/**
 * Stores what became of a call whose row is held, and what follows: when its customer may be called again, and the renewal
 * that was agreed. It comes to the same whatever the order and number of reports.
 */
export function* hear(parts: Parts, tx: OwnTx, before: RenewalCallRow, call: HeardCall): Tx<void> {
  const after = heardRow(before, call, tx.now);
  yield* parts.sql.calls.setHeard([after]);
  const isCalled = hasCalled(before, after, call);
  const isSettled = after.status === "completed" || before.live !== after.live;
  if (!isCalled && !isSettled) return;
  const customer = yield* lockCustomer(parts, before.workspace_id, before.customer_id);
  if (customer === undefined) return;
  const today = dayIn(parts.zone, tx.now);
  const rested: CustomerRow = {
    ...customer,
    busy_day: yield* busyDay(parts, customer.id),
    done_day: after.status === "completed" && before.status !== "completed" ? today : customer.done_day,
    ...(isCalled && { called_at: tx.now }),
    ...((isCalled || isDecided(before, call)) && { called_day: today }),
    calls: customer.calls + (before.called_at === null && after.called_at !== null ? 1 : 0),
  };
  yield* writeRest(parts, [rested]);
  yield* settleAgreement(parts, tx, after);
}

/**
 * Whether a call has just come to an end that would be the same tomorrow: whoever is on the do-not-call list, or has a
 * number that does not exist, rests like one who was called, so that such customers do not fill every daily run. What was
 * canceled, or expired for want of a free line, is no reason to rest.
 */
function isDecided(before: RenewalCallRow, { status }: HeardCall): boolean {
  return before.live === 1 && ["completed", "failed", "needs_review", "skipped"].includes(status);
}

/** Whether a try was made since the row was written: its first sign is told from later ones by what the row says. */
function hasCalled(before: RenewalCallRow, after: RenewalCallRow, call: HeardCall): boolean {
  if (!hasBegun(call)) return false;
  if (before.called_at === null) return true;
  if (before.status !== "pending") return false;
  return after.status !== "pending" || after.retry_count !== before.retry_count;
}

function hasBegun(call: HeardCall): boolean {
  return call.status === "dialing" || hasRung(call.outcome);
}

/** Until a call that waits or runs is looked at, for what its carrier does not report: that it expired, or was canceled. */
const CHECK_MS = 60_000;
/** The same for a call that is not due within a day: it keeps nobody from being called today. */
const FAR_MS = 600_000;

/** When a call that is due at an instant is to be looked at next. */
export function nextCheckAt(dueAt: number, now: number): number {
  return now + (dueAt > now + DAY_MS ? FAR_MS : CHECK_MS);
}

function heardRow(before: RenewalCallRow, call: HeardCall, now: number): RenewalCallRow {
  const status = statusViews[call.status];
  return {
    ...before,
    status,
    live: isLive(status) ? 1 : 0,
    retry_count: retriesOf(call),
    outcome: call.outcome,
    disposition: call.disposition,
    called_at: before.called_at ?? (hasBegun(call) ? now : null),
    ended_at: isLive(status) ? null : (call.endedAt ?? now),
    check_at: now + CHECK_MS,
    updated_at: now,
  };
}
