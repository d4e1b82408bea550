import { parsePhone, phoneFault } from "../domain/phone.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import type { CallDocumentRow } from "../ports/rows.ts";
import { applyOrRefuse, changeCall } from "./change.ts";
import type { Context } from "./context.ts";
import { type CallDocument, documentPlace, parseDocument, phonePlace } from "./document.ts";
import { readExpiry } from "./draft.ts";
import type { Actor, CallView } from "./engine.ts";
import type { Working } from "./ledger.ts";
import { planCall, subjectOf } from "./plan.ts";
import type { CallPatch } from "./schedules-api.ts";
import { readWhen, zoneNamed } from "./when.ts";

/** A call's document with the patch in it, opened. */
type Amended = { readonly e164: string; readonly document: CallDocument; readonly row: CallDocumentRow };

/**
 * Changes what is given of a call that is not being dialed: 1. read its document; 2. change it; 3. where the number, the
 * time or the zone is another, plan anew; 4. write both. A new number takes the call's history with it.
 */
export function amendCall(
  context: Context,
  actor: Actor,
  callId: string,
  patch: CallPatch,
  ifVersion?: number,
): Promise<CallView> {
  let amended: Amended | null = null;
  return changeCall(
    context,
    actor,
    callId,
    ifVersion,
    (call, row, now) => {
      const from = call.due_at;
      applyOrRefuse(context, call, "reschedule", now);
      amended = amend(context, call, row, patch);
      const isPlanned = patch.to !== undefined || patch.at !== undefined || patch.timezone !== undefined;
      if (isPlanned) plan(context, call, amended, patch, now);
      call.updated_at = now;
      const isMoved = patch.at !== undefined;
      if (isMoved) call.reason = call.reason === "calling_hours" ? call.reason : "rescheduled";
      return {
        at: now,
        type: isMoved ? "call.rescheduled" : "call.amended",
        reason: isMoved ? "rescheduled" : null,
        data: {
          fields: Object.keys(patch).toSorted(),
          ...(isPlanned && { from, requested_at: call.requested_at, due_at: call.due_at }),
        },
      };
    },
    function* write(call) {
      const { statements } = context.store;
      if (amended === null) return;
      yield* statements.documents.update([amended.row]);
      yield* statements.calls.renumber([{ id: call.id, number_hash: call.number_hash }]);
    },
  );
}

function amend(context: Context, call: Working, row: CallDocumentRow | undefined, patch: CallPatch): Amended {
  const read = readDocument(context, call, row);
  const phone = patch.to === undefined ? null : parsePhone(patch.to);
  if (phone?.ok === false) throw refuseField("phone_invalid", "/to", phoneFault(phone));
  const e164 = phone?.e164 ?? read.e164;
  const policy =
    patch.retry_policy === undefined ? null : context.book.findPolicy(call.workspace_id, patch.retry_policy);
  if (policy === undefined)
    throw refuseField(
      "retry_policy_unknown",
      "/retry_policy",
      `None is called "${(patch.retry_policy ?? "").slice(0, 64)}".`,
    );
  const zone = patch.timezone === undefined ? null : zoneNamed(context, patch.timezone, "/timezone");
  const document: CallDocument = {
    ...read.document,
    ...(zone !== null && { timezone: zone.name, timezoneSource: "given" }),
    ...(patch.name !== undefined && { name: patch.name }),
    ...(patch.metadata !== undefined && { metadata: patch.metadata }),
    ...(patch.source !== undefined && { source: patch.source }),
    ...(policy !== null && { policyId: policy.row.id }),
  };
  call.number_hash = context.secrets.numberHash(call.workspace_id, e164);
  return {
    e164,
    document,
    row: {
      ...read.row,
      external_id: patch.external_id ?? read.row.external_id,
      agent: patch.agent ?? read.row.agent,
      phone: context.secrets.seal(e164, phonePlace(call.id)),
      document: context.secrets.seal(JSON.stringify(document), documentPlace(call.id)),
    },
  };
}

function plan(context: Context, call: Working, amended: Amended, patch: CallPatch, now: number): void {
  const { document, e164 } = amended;
  if (patch.at !== undefined) {
    const zone = document.timezone === null ? {} : { timezone: document.timezone };
    call.requested_at = readWhen(context, { at: patch.at, ...zone }, now).at;
  }
  const subject = subjectOf(call.workspace_id, e164, document);
  const found = planCall(
    context,
    subject,
    context.book.lineOfLane(call.lane_id),
    Math.max(call.requested_at, now),
  );
  if (found.kind === "held") {
    throw found.reason === "zone_unknown"
      ? refuseField("zone_needed", "/timezone", "Calling hours apply, and the number's prefix tells no zone.")
      : refuseField("never_open", "/to", "No instant within 400 days is inside all the calling hours.");
  }
  call.due_at = found.dueAt;
  call.closes_at = found.closesAt;
  call.reason = found.reason;
  call.plan_version = context.book.workspace(call.workspace_id).row.plan_version;
  if (call.expires_after_ms === null && patch.expires_after === undefined && patch.at === undefined) return;
  const fallback = call.expires_after_ms ?? context.book.workspace(call.workspace_id).expiresAfterMs;
  const asked = patch.expires_after === undefined ? {} : { expires_after: patch.expires_after };
  const expiry = readExpiry(context, asked, document.timezone, now, call.due_at, fallback);
  call.expires_at = expiry.expiresAt;
  call.expires_after_ms = expiry.expiresAfterMs;
}

function readDocument(context: Context, call: Working, row: CallDocumentRow | undefined) {
  try {
    if (row === undefined) throw new Error("The call has no document");
    return {
      row,
      document: parseDocument(context.secrets.open(row.document, documentPlace(call.id))),
      e164: context.secrets.open(row.phone, phonePlace(call.id)),
    };
  } catch (error) {
    throw new Refusal("wrong_state", "The call's stored row cannot be read; it can only be canceled.", {
      cause: error,
    });
  }
}
