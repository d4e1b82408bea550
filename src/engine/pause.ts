import { Refusal } from "../domain/refusal.ts";
import { applyOrRefuse, changeCall } from "./change.ts";
import type { Context } from "./context.ts";
import type { Actor, CallView } from "./engine.ts";
import { move } from "./ledger.ts";
import { replanCall } from "./reschedule.ts";

/** Keeps a waiting call from being dialed until it is resumed. Pausing twice is no fault. */
export function pause(context: Context, actor: Actor, callId: string, ifVersion?: number): Promise<CallView> {
  return changeCall(context, actor, callId, ifVersion, (call, _document, now) => {
    if (call.status === "paused") return null;
    applyOrRefuse(context, call, "pause", now);
    call.reason = "paused_by_request";
    return { at: now, type: "call.paused", reason: "paused_by_request" };
  });
}

/** Lets a paused call wait again: for its own time, or, when that has passed, for the next instant inside its hours. */
export function resume(
  context: Context,
  actor: Actor,
  callId: string,
  ifVersion?: number,
): Promise<CallView> {
  return changeCall(context, actor, callId, ifVersion, (call, document, now) => {
    if (call.status === "scheduled") return null;
    if (call.expires_after_ms === null && call.expires_at <= now && call.status === "paused") {
      move(call, "expire", now);
      call.reason = "deadline_passed";
      call.ended_at = now;
      return { at: now, type: "call.expired", reason: "deadline_passed" };
    }
    applyOrRefuse(context, call, "resume", now);
    const plan = replanCall(context, call, document, Math.max(call.requested_at, now));
    if (plan.kind === "held")
      throw new Refusal(
        "never_open",
        "No instant within 400 days is inside all the calling hours that apply.",
      );
    call.reason = call.due_at > now ? plan.reason : "resumed";
    return { at: now, type: "call.resumed", reason: "resumed", data: { due_at: call.due_at } };
  });
}
