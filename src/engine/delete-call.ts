import { hasEnded } from "../domain/call.ts";
import { applyOrRefuse, changeCall } from "./change.ts";
import type { Context } from "./context.ts";
import type { Actor, CallView } from "./engine.ts";

/**
 * Cancels a call that is not being dialed and marks it as deleted; of one that has ended the mark is all that changes. The
 * mark is the call's reason: lists in the manner of the schedule module leave it out, everything else still shows it.
 */
export function deleteCall(context: Context, actor: Actor, callId: string): Promise<CallView> {
  return changeCall(context, actor, callId, undefined, (call, _document, now) => {
    if (call.reason === "deleted_by_request") return null;
    const type = hasEnded(call.status) ? "call.deleted" : "call.canceled";
    if (type === "call.canceled") {
      applyOrRefuse(context, call, "cancel", now);
      call.ended_at = now;
    }
    call.reason = "deleted_by_request";
    call.updated_at = now;
    return { at: now, type, reason: "deleted_by_request" };
  });
}
