import type { ChangedNotification } from "../ports/program.ts";
import type { Context } from "./context.ts";
import { idsForListeners, notificationsChanged } from "./hooks.ts";
import { Entries } from "./ledger.ts";
import { type WorkingNotification, noteNotification, step } from "./notification-write.ts";
import { runSure } from "./run-sure.ts";
import { changedOf, readTargets, writeTargets } from "./tell-claim.ts";

const page = 500;
/** Longer than a try and its record take together. */
const staleMs = 180_000;

/**
 * Gives up what somebody began to send and nobody recorded: it may have been sent, so it is never sent again. Where no
 * other process can be alive that holds for all that is not ours, else for what is older than any try. True while there is
 * something that is being sent.
 */
export async function sweepUnconfirmed(context: Context): Promise<boolean> {
  const { statements } = context.store;
  let any = false;
  for (let after = 0; ;) {
    const found = await context.store.read("look for what was being sent", () =>
      statements.notifications.underWay({ after_id: after, limit: page }),
    );
    const now = context.clock.now();
    const lost = found.filter(
      ({ node_id, sending_at }) =>
        (sending_at ?? 0) < now - staleMs || (context.store.singleOwner && node_id !== context.nodeId),
    );
    if (lost.length > 0)
      await giveUp(
        context,
        lost.map(({ id }) => id),
        now,
      );
    any ||= found.length > lost.length;
    const last = found.at(-1);
    if (last === undefined || found.length < page) return any;
    after = last.id;
  }
}

async function giveUp(context: Context, ids: readonly number[], now: number): Promise<void> {
  const { statements } = context.store;
  const heard = idsForListeners(context, ids.length);
  const lease = await context.ids.reserve({ ...heard, ledger: ids.length + heard.ledger });
  await runSure(context, "give up what may have been sent", function* () {
    const entries = new Entries(lease);
    lease.rewind("record");
    const after: WorkingNotification[] = [];
    const changed: ChangedNotification[] = [];
    for (const before of yield* statements.notifications.lock(ids.map((id) => ({ id })))) {
      if (before.status !== "sending") continue;
      const row: WorkingNotification = { ...before };
      step(row, "fail", now);
      const unconfirmed = readTargets(row)
        .filter(({ status }) => status === "sending")
        .map(({ device }) => ({ device, status: "unconfirmed" as const }));
      Object.assign(row, {
        reason: "unconfirmed",
        detail: "The process ended while it was being sent.",
        targets: writeTargets(row, unconfirmed),
        ended_at: now,
      });
      noteNotification(context, entries, row, "notification.failed", now);
      after.push(row);
      changed.push(changedOf(row));
    }
    yield* statements.notifications.change(after);
    yield* notificationsChanged(context, lease, entries, now, changed);
    yield* statements.ledger.insert(entries.rows);
  });
  context.ids.release(lease);
  context.announce();
}
