import type { Outcome } from "../domain/outcome.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Context } from "./context.ts";
import type { Actor, CallView } from "./engine.ts";
import type { Receive } from "./receive.ts";
import { callIdOf, noSuchCall, readCall } from "./view.ts";

export type SettleAnswer = {
  readonly placed: boolean;
  readonly outcome?: Outcome;
  readonly disposition?: string;
};

/** A person says what became of an attempt that nobody else can tell about: a report like any other. */
export async function settle(
  context: Context,
  receive: Receive,
  actor: Actor,
  callId: string,
  answer: SettleAnswer,
): Promise<CallView> {
  const id = callIdOf(context, callId);
  const { statements } = context.store;
  const { call, attempt } = await context.store.read("read a call to settle", function* () {
    const [call] = yield* statements.calls.byIds([{ id }]);
    const [attempt] = yield* statements.attempts.byIds(
      call?.attempt_id === undefined || call.attempt_id === null ? [] : [{ id: call.attempt_id }],
    );
    return { call, attempt };
  });
  if (call === undefined || call.workspace_id !== actor.workspaceId) throw noSuchCall(callId);
  const open = call.status === "needs_review" && attempt?.status !== "ended";
  if (attempt === undefined || !(open || attempt.status === "unknown")) {
    throw new Refusal("wrong_state", "Only a call whose last attempt is unknown can be settled by hand.", {
      extra: { call_status: call.status },
    });
  }
  const outcome = answer.placed ? (answer.outcome ?? "answered_unknown") : "not_placed";
  await receive.add(attempt.id, [
    {
      key: "settled",
      kind: "ended",
      at: context.clock.now(),
      outcome,
      detail: `settled by ${actor.name}`,
      ...(answer.disposition === undefined ? {} : { disposition: answer.disposition }),
    },
  ]);
  return readCall(context, actor, callId);
}
