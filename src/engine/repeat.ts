import { Refusal } from "../domain/refusal.ts";
import type { Context } from "./context.ts";
import { documentPlace, parseDocument } from "./document.ts";
import type { Actor, CallRequest, Scheduled } from "./engine.ts";
import { ownCall } from "./list.ts";
import { type ScheduleGroup, schedule } from "./schedule.ts";
import { readCall } from "./view.ts";

/** Whatever a new call may say, but for what its carrier shall do: that stays as it was. */
export type Repetition = Partial<Omit<CallRequest, "to" | "carrier">>;

/**
 * Schedules a call like another one, which may have ended: to the same number, on the same line, under the same rules and
 * with the same instructions to its carrier. `changes` says what is different, at least its time.
 */
export async function repeatCall(
  context: Context,
  group: ScheduleGroup,
  actor: Actor,
  callId: string,
  changes: Repetition,
): Promise<Scheduled> {
  const like = await readRequest(context, actor, callId);
  return schedule(context, group, actor, { ...like, ...changes });
}

async function readRequest(context: Context, actor: Actor, callId: string): Promise<CallRequest> {
  const { id } = await ownCall(context, actor, callId);
  const call = await readCall(context, actor, callId);
  const [row] = await context.store.read("read a call's document", () =>
    context.store.statements.documents.byIds([{ call_id: id }]),
  );
  if (row === undefined || call.to === "")
    throw new Refusal("wrong_state", "The call's stored row cannot be read, so it cannot be made again.");
  const document = parseDocument(context.secrets.open(row.document, documentPlace(id)));
  const { script } = document;
  return {
    to: call.to,
    line: call.line.id,
    priority: call.priority,
    metadata: call.metadata,
    ...given({
      timezone: document.timezone,
      hours: call.hours,
      retry_policy: call.retryPolicy,
      purpose: call.purpose,
      name: call.name,
      owner: call.owner,
      agent: call.agent,
      window: call.window,
      carrier: document.instructions,
      source: call.source,
      refused_retries: document.refusedRetries,
    }),
    // What the sandbox's network does goes on where it was.
    ...(script !== null && { sandbox: { script: script.slice(Math.min(call.attempts, script.length - 1)) } }),
  };
}

type Given<T> = { readonly [K in keyof T]?: NonNullable<T[K]> };

/** What is not null. */
function given<T extends object>(fields: T): Given<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}
