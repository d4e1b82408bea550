import { reasons } from "../../domain/call.ts";
import type { Actor, AttemptView, CallView, Engine, EventView } from "../../engine/engine.ts";

import { type TaskEvent, eventsOf, secondOf } from "./events.ts";
import { type TaskStatus, taskStatusOf } from "./status.ts";

/** A task as the service shows it. What a call of another door does not have is null. */
export type TaskJson = {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly runAtUtc: string;
  readonly agentType: string | null;
  readonly conversationId: string | null;
  readonly mode: "DIRECT" | "BRIEF_START";
  readonly placeId: string | null;
  readonly phoneE164: string;
  readonly callId: string | null;
  readonly lastError: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly events: readonly TaskEvent[];
};

/** Reads what a task shows beside its call, and shows it. */
export async function showTask(engine: Engine, actor: Actor, call: CallView): Promise<TaskJson> {
  const [ledger, attempts] = await Promise.all([
    engine.listCallEvents(actor, call.id),
    call.attemptId === null ? [] : engine.listAttempts(actor, call.id),
  ]);
  return renderTask(call, attempts, ledger);
}

export function renderTask(
  call: CallView,
  attempts: readonly AttemptView[],
  ledger: readonly EventView[],
): TaskJson {
  const status = taskStatusOf(call);
  const kept = call.source?.door === "tasks" ? call.source.data : {};
  const callId = attempts.find(({ carrierRef }) => carrierRef !== null)?.carrierRef ?? null;
  return {
    taskId: call.id,
    status,
    runAtUtc: secondOf(call.requestedAt),
    agentType: textIn(kept, "agentType"),
    conversationId: textIn(kept, "conversationId"),
    mode: kept["mode"] === "BRIEF_START" ? "BRIEF_START" : "DIRECT",
    placeId: textIn(kept, "placeId"),
    phoneE164: call.to,
    callId,
    lastError: errorOf(call, status, attempts),
    createdAt: secondOf(call.createdAt),
    updatedAt: secondOf(call.updatedAt),
    events: eventsOf(call, ledger, callId),
  };
}

/** Why a task failed, or was not to be done. */
function errorOf(call: CallView, status: TaskStatus, attempts: readonly AttemptView[]): string | null {
  if (status === "CANCELED") return call.status === "skipped" ? `SKIPPED: ${reasons[call.reason]}` : null;
  if (status !== "FAILED") return null;
  if (call.status === "expired") return `EXPIRED: ${reasons[call.reason]}`;
  const last = attempts.at(-1);
  if (call.status === "needs_review")
    return `UNCONFIRMED: ${last?.detail ?? reasons[call.reason]} (it may have been placed, so it is not placed again)`;
  return last?.detail ?? last?.outcome ?? reasons[call.reason];
}

function textIn(from: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = from[name];
  return typeof value === "string" ? value : null;
}
