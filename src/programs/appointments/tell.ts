import { Refusal } from "../../domain/refusal.ts";
import type { CallDraft, Needs, NotificationDraft, ProgramActor, ProgramTx } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import { type Difference, type NotTold, compare } from "./compare.ts";
import { type Composed, compose } from "./compose.ts";
import type { Context } from "./context.ts";
import { type Facts, termsOf } from "./facts.ts";
import type { AppointmentRow, MessageRow } from "./rows.ts";
import { type Planned, planTelling } from "./rules.ts";

/** What will be told of an appointment, ready to be stored in one transaction. */
export type Telling = {
  readonly withdraw: Difference["withdraw"];
  readonly tell: readonly {
    readonly composed: Composed;
    readonly row: MessageRow | null;
    readonly draft: Draft;
    readonly generation: number;
  }[];
  readonly drop: readonly NotTold[];
};
type Draft =
  | { readonly by: "notification"; readonly draft: NotificationDraft }
  | { readonly by: "call"; readonly draft: CallDraft };

/**
 * Works out what to tell of an appointment as it will be (`facts.appointment`), beside what is told already. `beside` is
 * what is told after it. Nothing is stored.
 */
export async function prepareTelling(
  context: Context,
  actor: ProgramActor,
  facts: Facts,
  now: number,
  beside: readonly Planned[] = [],
): Promise<Telling> {
  const { appointment, messages } = facts;
  const plan = planTelling(
    {
      status: appointment.status,
      startsAt: appointment.starts_at,
      toldFrom: appointment.told_from ?? appointment.created_at,
      confirms: appointment.confirms === 1,
    },
    termsOf(context, facts),
  );
  const wanted = [...plan.wanted, ...beside].map((planned) => compose(context, facts, planned));
  const { withdraw, tell, drop } = compare(wanted, plan.dropped, appointment, messages, now);
  const drafted: Telling["tell"][number][] = [];
  const refused: NotTold[] = [];
  const refusals = new Map<MessageRow, string>();
  for (const { composed, row } of tell) {
    const generation = (row?.generation ?? 0) + 1;
    const draft = await draftOf(context, actor, appointment, composed, generation, now);
    if (typeof draft !== "string") drafted.push({ composed, row, draft, generation });
    else if (row !== null) refusals.set(row, draft);
    else refused.push({ kind: composed.kind, at: composed.at, status: "dropped", reason: draft });
  }
  return {
    // What is not told in its new form says why, and not that it was changed.
    withdraw: withdraw.map(({ row, reason }) => ({ row, reason: refusals.get(row) ?? reason })),
    tell: drafted,
    drop: [...drop, ...refused],
  };
}

/** The most that storing it takes. */
export function needsOf({ withdraw, tell, drop }: Telling): Required<Needs> {
  return {
    rows: tell.length + drop.length + 1,
    calls: tell.filter(({ draft }) => draft.by === "call").length,
    notifications: tell.filter(({ draft }) => draft.by === "notification").length,
    notes: 2,
    cancels: withdraw.length,
  };
}

/** Stores it, in the transaction that stores the appointment itself. */
export function* storeTelling(
  context: Context,
  tx: ProgramTx,
  appointment: AppointmentRow,
  telling: Telling,
): Tx<void> {
  const { messages } = context.statements;
  const tooLate = new Set<number>();
  for (const { row, reason } of telling.withdraw) {
    if ((yield* withdrawRow(context, tx, row, reason)) === "too_late") tooLate.add(row.id);
  }
  for (const { composed, row, draft, generation } of telling.tell) {
    // It is being told in its old form at this moment: it is not told twice.
    if (row !== null && tooLate.has(row.id)) continue;
    const notificationId = draft.by === "notification" ? yield* tx.notify(draft.draft) : null;
    const callId = draft.by === "call" ? yield* tx.schedule(draft.draft) : null;
    const isTold = notificationId === null && callId === null;
    const stored: MessageRow = {
      id: row?.id ?? tx.nextId(),
      workspace_id: appointment.workspace_id,
      appointment_id: appointment.id,
      kind: composed.kind,
      round: appointment.round,
      starts_at: appointment.starts_at,
      channel: composed.channel,
      at: composed.at,
      expires_at: composed.expiresAt,
      digest: composed.digest,
      generation,
      status: isTold ? "dropped" : "planned",
      reason: isTold ? "told_before" : null,
      notification_id: notificationId,
      call_id: callId,
      created_at: row?.created_at ?? tx.now,
      updated_at: tx.now,
    };
    yield* row === null ? messages.insert([stored]) : messages.change([stored]);
  }
  yield* messages.insert(telling.drop.map((one) => notToldRow(tx, appointment, one)));
}

/** Takes back what was not told yet. */
export function* withdrawRow(
  context: Context,
  tx: ProgramTx,
  row: MessageRow,
  reason: string,
): Tx<"withdrawn" | "too_late"> {
  const canceled =
    row.notification_id !== null
      ? yield* tx.cancelNotification(row.notification_id, reason)
      : row.call_id !== null
        ? yield* tx.cancelCall(row.call_id, "canceled_by_program")
        : "unknown";
  if (canceled === "too_late") return "too_late";
  yield* context.statements.messages.change([{ ...row, status: "withdrawn", reason, updated_at: tx.now }]);
  return "withdrawn";
}

/** A draft of the message; or why the house would not take it, as a word. The appointment stands either way. */
async function draftOf(
  { house }: Context,
  actor: ProgramActor,
  appointment: AppointmentRow,
  { kind, at, expiresAt, wish }: Composed,
  generation: number,
  now: number,
): Promise<Draft | string> {
  if (wish === null) return "no_address";
  const key = [appointment.id, kind, appointment.starts_at, appointment.round, generation].join(":");
  const times = { at: Math.max(at, now), expiresAt, dedupeKey: `appointment:${key}` };
  try {
    return wish.by === "call"
      ? { by: "call", draft: await house.draftCall(actor, { ...wish.wish, ...times }) }
      : { by: "notification", draft: await house.draftNotification(actor, { ...wish.wish, ...times }) };
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

function notToldRow(
  tx: ProgramTx,
  appointment: AppointmentRow,
  { kind, at, status, reason }: NotTold,
): MessageRow {
  return {
    id: tx.nextId(),
    workspace_id: appointment.workspace_id,
    appointment_id: appointment.id,
    kind,
    round: appointment.round,
    starts_at: appointment.starts_at,
    channel: null,
    at,
    expires_at: at,
    digest: "",
    generation: 0,
    status,
    reason,
    notification_id: null,
    call_id: null,
    created_at: tx.now,
    updated_at: tx.now,
  };
}
