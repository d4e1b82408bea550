import { type Outcome, isDisposition } from "../../domain/outcome.ts";
import type { Said } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import { cancelCall } from "./order-call.ts";
import type { Actor, Parts } from "./parts.ts";
import { callNotFound, holdingNotFound, policyNotFound, refuse } from "./refusals.ts";
import { isAgreed, settleAgreement } from "./renew.ts";
import { lockCustomer } from "./rest.ts";
import { type CallSummary, type RenewalCallRow, places } from "./tables.ts";

/** What an agent says of a call it had. Absent: as it was said before. */
export type SummaryEdit = {
  readonly [K in keyof CallSummary]?: string | null | undefined;
} & {
  readonly holdingId?: number | undefined;
  readonly renewalAgreed?: boolean | undefined;
  readonly upgradeAgreed?: boolean | undefined;
  readonly upgradeToPolicyId?: number | undefined;
  readonly durationMs?: number | undefined;
};

/**
 * 1. Store what was said; where the call is completed already, do what was agreed in the same transaction. 2. Say it to the
 * engine like any other report: the transaction in which that completes the call does what was agreed.
 */
export async function summarizeCall(
  parts: Parts,
  actor: Actor,
  callId: number,
  edit: SummaryEdit,
): Promise<RenewalCallRow> {
  const { house } = parts;
  const [before] = await house.calls(actor, [callId]);
  if (before === undefined || before === null) throw callNotFound();
  if (before.attempts === 0) throw refuse("The call has not been placed yet");
  const row = await house.transact(
    "store a summary",
    actor,
    { notes: 2 },
    function* (tx): Tx<RenewalCallRow> {
      const [seen] = yield* parts.sql.calls.lockByCalls([{ call_id: callId }]);
      if (seen === undefined || seen.workspace_id !== actor.workspaceId) throw callNotFound();
      const after = yield* edited(parts, seen, edit, tx.now);
      yield* parts.sql.calls.setSaid([after]);
      if (after.status === "completed" && (yield* lockCustomer(parts, actor.workspaceId, after.customer_id)))
        yield* settleAgreement(parts, tx, after);
      return after;
    },
  );
  await house.report(actor, callId, saidIn(row, edit, parts));
  return row;
}

function* edited(parts: Parts, row: RenewalCallRow, edit: SummaryEdit, now: number): Tx<RenewalCallRow> {
  const { sql } = parts;
  const { holdingId, upgradeToPolicyId } = edit;
  if (holdingId !== undefined) {
    const [held] = yield* sql.holdings.byIds([{ workspace_id: row.workspace_id, id: holdingId }]);
    if (held === undefined || held.customer_id !== row.customer_id) throw holdingNotFound();
  }
  if (upgradeToPolicyId !== undefined) {
    const [policy] = yield* sql.policies.byIds([{ workspace_id: row.workspace_id, id: upgradeToPolicyId }]);
    if (policy === undefined) throw policyNotFound();
  }
  const known = openSummary(parts, row);
  const summary: CallSummary = {
    outcome: edit.outcome === undefined ? known.outcome : edit.outcome,
    notes: edit.notes === undefined ? known.notes : edit.notes,
    summary: edit.summary === undefined ? known.summary : edit.summary,
    transcript: edit.transcript === undefined ? known.transcript : edit.transcript,
  };
  return {
    ...row,
    customer_policy_id: holdingId ?? row.customer_policy_id,
    summary: parts.house.secrets.seal(JSON.stringify(summary), places.summary(row.id)),
    renewal_agreed: edit.renewalAgreed === undefined ? row.renewal_agreed : Number(edit.renewalAgreed),
    upgrade_agreed: edit.upgradeAgreed === undefined ? row.upgrade_agreed : Number(edit.upgradeAgreed),
    upgrade_to_policy_id: upgradeToPolicyId ?? row.upgrade_to_policy_id,
    updated_at: now,
  };
}

const nothingSaid: CallSummary = { outcome: null, notes: null, summary: null, transcript: null };

export function openSummary({ house }: Parts, row: Pick<RenewalCallRow, "id" | "summary">): CallSummary {
  if (row.summary === null) return nothingSaid;
  return JSON.parse(house.secrets.open(row.summary, places.summary(row.id))) as CallSummary;
}

/** The same words have the same key, so that a summary that is sent again is no news. */
function saidIn(row: RenewalCallRow, edit: SummaryEdit, { house }: Parts): Said {
  const outcome = networkWords[edit.outcome?.toLowerCase() ?? ""] ?? "answered_human";
  const disposition = dispositionIn(row, edit);
  const key = `summary:${house.secrets.keyHash(JSON.stringify([row.call_id, outcome, disposition, edit.durationMs ?? null]))}`;
  return {
    key,
    at: house.clock.now(),
    outcome,
    ...(disposition === undefined ? {} : { disposition }),
    ...(edit.durationMs === undefined ? {} : { durationMs: edit.durationMs }),
  };
}

function dispositionIn(row: RenewalCallRow, edit: SummaryEdit): string | undefined {
  if (row.renewal_agreed === 1 && isAgreed(row)) return "renewal_agreed";
  const word = edit.outcome?.toLowerCase().replaceAll(/[\s-]+/g, "_") ?? "";
  if (word === "" || Object.hasOwn(networkWords, word)) return undefined;
  const known =
    { callback: "callback_requested", do_not_call: "opt_out", opted_out: "opt_out" }[word] ?? word;
  // What nobody agreed to is no agreement, whatever the word.
  if (known === "renewal_agreed" && row.renewal_agreed === 0) return undefined;
  if (isDisposition(known)) return known;
  const custom = `custom:${known.slice(0, 40)}`;
  return isDisposition(custom) ? custom : undefined;
}

/** Words with which such services say what the network did. */
const networkWords: Readonly<Record<string, Outcome>> = {
  no_answer: "no_answer",
  "no-answer": "no_answer",
  not_answered: "no_answer",
  busy: "busy",
  voicemail: "answered_machine",
  declined: "declined",
  rejected: "declined",
  failed: "unreachable",
  unreachable: "unreachable",
  invalid_number: "invalid_number",
};

export const statusWords = [
  "initiated",
  "ringing",
  "answered",
  "in_progress",
  "completed",
  "failed",
  "no_answer",
  "busy",
  "declined",
  "voicemail",
  "cancelled",
  "canceled",
] as const;
export type StatusWord = (typeof statusWords)[number];

/** Says that a call has ended, or cancels it. What tells of a call under way is the carrier's to say, and changes nothing. */
export async function setCallStatus(
  parts: Parts,
  actor: Actor,
  row: RenewalCallRow,
  word: StatusWord,
  durationMs: number | undefined,
): Promise<void> {
  if (word === "cancelled" || word === "canceled") return cancelCall(parts, actor, row);
  const outcome = word === "completed" ? "answered_human" : networkWords[word];
  if (outcome === undefined) return;
  const said = {
    key: `status:${outcome}:${durationMs ?? ""}`,
    at: parts.house.clock.now(),
    outcome,
    ...(durationMs === undefined ? {} : { durationMs }),
  };
  if (!(await parts.house.report(actor, row.call_id, said))) throw refuse("The call has not been placed yet");
}
