import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { Entries, type Entry } from "./ledger.ts";

/**
 * Runs a change of whom or what real lines may call: 1. the change, a new plan version (so that every claim and fence
 * knows it) and the ledger entry in one transaction; 2. what waited for it is planned again at once.
 */
export async function changeLive<T>(
  context: Context,
  actor: Actor,
  entryOf: (result: T) => Entry | null,
  change: (now: number) => Tx<T>,
): Promise<T> {
  const lease = await context.ids.reserve({ ledger: 1 });
  const result = await context.book.changing(
    context.store.run("change whom real lines may ring", function* () {
      const { statements } = context.store;
      yield* statements.workspaces.lock({ id: actor.workspaceId });
      const done = yield* change(context.clock.now());
      const entry = entryOf(done);
      if (entry === null) return done;
      const entries = new Entries(lease);
      entries.addWide(actor.workspaceId, { actor: actor.name, ...entry });
      yield* statements.workspaces.bumpPlan({ id: actor.workspaceId });
      yield* statements.ledger.insert(entries.rows);
      return done;
    }),
  );
  await context.book.load();
  for (const line of context.book.linesOf(actor.workspaceId)) context.state.blocked.delete(line.id);
  context.wake("replan");
  context.wake("dispatch");
  context.announce();
  return result;
}
