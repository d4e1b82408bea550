import { applyOrRefuse, changeCall } from "./change.ts";
import type { Context } from "./context.ts";
import type { Actor, CallView } from "./engine.ts";

/** Cancels a call that is not being dialed. Canceling twice is no fault. Too late: `already_dialing` with the attempt's id. */
export function cancel(
  context: Context,
  actor: Actor,
  callId: string,
  ifVersion?: number,
): Promise<CallView> {
  return changeCall(context, actor, callId, ifVersion, (call, _document, now) => {
    if (call.status === "canceled") return null;
    applyOrRefuse(context, call, "cancel", now);
    call.reason = "canceled_by_request";
    call.ended_at = now;
    return { at: now, type: "call.canceled", reason: "canceled_by_request" };
  });
}
