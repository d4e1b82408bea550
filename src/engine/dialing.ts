import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { Entries } from "./ledger.ts";

/** Stops all new calls of the workspace: the next claim and every fence already know it. Calls in progress go on. */
export async function stopDialing(context: Context, actor: Actor, reason: string): Promise<void> {
  await setStopped(context, actor, context.clock.now(), reason);
}

export async function resumeDialing(context: Context, actor: Actor): Promise<void> {
  await setStopped(context, actor, null, null);
  for (const line of context.book.linesOf(actor.workspaceId)) context.state.blocked.delete(line.id);
  context.wake("dispatch");
}

export function dialing(
  context: Context,
  actor: Actor,
): { stopped: boolean; reason: string | null; since: number | null } {
  const { row } = context.book.workspace(actor.workspaceId);
  return { stopped: row.stopped_at !== null, reason: row.stopped_reason, since: row.stopped_at };
}

async function setStopped(
  context: Context,
  actor: Actor,
  at: number | null,
  reason: string | null,
): Promise<void> {
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = new Entries(lease);
  entries.addWide(actor.workspaceId, {
    at: context.clock.now(),
    type: at === null ? "dialing.resumed" : "dialing.stopped",
    reason,
    actor: actor.name,
  });
  await context.book.changing(
    context.store.run("stop or resume dialing", function* () {
      yield* context.store.statements.workspaces.setStopped({
        id: actor.workspaceId,
        stopped_at: at,
        stopped_reason: reason,
      });
      yield* context.store.statements.ledger.insert(entries.rows);
    }),
  );
  await context.book.load();
  context.announce();
}
