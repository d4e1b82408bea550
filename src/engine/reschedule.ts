import { Refusal, refuseField } from "../domain/refusal.ts";
import type { CallDocumentRow } from "../ports/rows.ts";
import { applyOrRefuse, changeCall } from "./change.ts";
import type { Context } from "./context.ts";
import { documentPlace, parseDocument, phonePlace } from "./document.ts";
import type { Actor, CallRequest, CallView } from "./engine.ts";
import type { Working } from "./ledger.ts";
import { type Plan, planCall, subjectOf } from "./plan.ts";
import { readExpiry } from "./draft.ts";
import { readWhen } from "./when.ts";

type Request = Pick<
  CallRequest,
  "at" | "in" | "timezone" | "disambiguation" | "expires_at" | "expires_after"
>;

/** Moves a call that is not being dialed to another time; its window is worked out anew. */
export function reschedule(
  context: Context,
  actor: Actor,
  callId: string,
  request: Request,
  ifVersion?: number,
): Promise<CallView> {
  if (request.at === undefined && request.in === undefined)
    throw refuseField("invalid_body", "/at", "Send at or in.");
  return changeCall(context, actor, callId, ifVersion, (call, document, now) => {
    const zone = request.timezone ?? zoneOf(context, call, document);
    const asked = readWhen(context, zone === null ? request : { ...request, timezone: zone }, now);
    const from = call.due_at;
    applyOrRefuse(context, call, "reschedule", now);
    placeAt(context, call, document, asked.at, "rescheduled");
    const fallback = call.expires_after_ms ?? context.book.workspace(call.workspace_id).expiresAfterMs;
    const expiry = readExpiry(context, request, zone, now, call.due_at, fallback);
    call.expires_at = expiry.expiresAt;
    call.expires_after_ms = expiry.expiresAfterMs;
    return {
      at: now,
      type: "call.rescheduled",
      reason: "rescheduled",
      data: { from, requested_at: asked.at, due_at: call.due_at },
    };
  });
}

/** Makes a waiting call due at once, still inside its calling hours: outside them it is refused with when they open. */
export function callNow(
  context: Context,
  actor: Actor,
  callId: string,
  ifVersion?: number,
): Promise<CallView> {
  return changeCall(context, actor, callId, ifVersion, (call, document, now) => {
    applyOrRefuse(context, call, call.status === "paused" ? "resume" : "reschedule", now);
    placeAt(context, call, document, now, "call_now");
    if (call.due_at > now) {
      throw new Refusal("wrong_state", "It is outside the calling hours now.", {
        extra: { opens_at: call.due_at },
      });
    }
    if (call.expires_after_ms !== null) call.expires_at = now + call.expires_after_ms;
    return { at: now, type: "call.rescheduled", reason: "call_now", data: { due_at: call.due_at } };
  });
}

/** Plans a call from an instant on and writes the result into it. Throws `never_open`. */
export function placeAt(
  context: Context,
  call: Working,
  document: CallDocumentRow | undefined,
  at: number,
  reason: "rescheduled" | "call_now" | "resumed",
): void {
  const plan = replanCall(context, call, document, at);
  if (plan.kind === "held")
    throw new Refusal("never_open", "No instant within 400 days is inside all the calling hours that apply.");
  call.requested_at = at;
  // A paused call stays paused, and goes on to say by whom.
  if (call.status !== "paused") call.reason = plan.reason === "calling_hours" ? "calling_hours" : reason;
}

/** Works out the window of a call from an instant on; changes the call's due instant and window when there is one. */
export function replanCall(
  context: Context,
  call: Working,
  row: CallDocumentRow | undefined,
  from: number,
): Plan {
  const read = readRow(context, call, row);
  const subject = subjectOf(call.workspace_id, read.e164, read.document);
  const plan = planCall(context, subject, context.book.lineOfLane(call.lane_id), from);
  if (plan.kind === "planned") {
    call.due_at = plan.dueAt;
    call.closes_at = plan.closesAt;
    call.plan_version = context.book.workspace(call.workspace_id).row.plan_version;
    if (call.expires_after_ms !== null) call.expires_at = plan.dueAt + call.expires_after_ms;
  }
  return plan;
}

function zoneOf(context: Context, call: Working, row: CallDocumentRow | undefined): string | null {
  return readRow(context, call, row).document.timezone;
}

function readRow(
  context: Context,
  call: Working,
  row: CallDocumentRow | undefined,
): { document: ReturnType<typeof parseDocument>; e164: string } {
  try {
    if (row === undefined) throw new Error("The call has no document");
    return {
      document: parseDocument(context.secrets.open(row.document, documentPlace(call.id))),
      e164: context.secrets.open(row.phone, phonePlace(call.id)),
    };
  } catch (error) {
    throw new Refusal("wrong_state", "The call's stored row cannot be read; it can only be canceled.", {
      cause: error,
    });
  }
}
