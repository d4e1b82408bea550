import type { NodeRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { DowntimeReport } from "./engine.ts";
import { interruptedDetail, reclaimed } from "./place.ts";
import type { Receive } from "./receive.ts";

const page = 500;

/**
 * Takes over what dead owners left. An attempt that was only claimed goes back to wait; one whose request may have left
 * becomes unknown and is asked for; one that the carrier had taken is asked for at once. Nothing is dialed here.
 */
export async function recover(
  context: Context,
  receive: Receive,
  nodes: readonly NodeRow[],
  now: number,
): Promise<number> {
  const alive = new Set(nodes.filter((node) => isAlive(context, node, now)).map((node) => node.id));
  const { statements } = context.store;
  let unconfirmed = 0;
  for (let after = 0; ;) {
    const open = await context.store.read("look for open attempts", () =>
      statements.attempts.open({ after_id: after, limit: page }),
    );
    const orphans = open.filter((attempt) => !alive.has(attempt.node_id));
    unconfirmed += orphans.length;
    await Promise.all(
      orphans.flatMap((attempt) => {
        if (attempt.status === "claimed") return [receive.add(attempt.id, [reclaimed(context)])];
        if (attempt.status !== "placing") return [];
        return [
          receive.add(attempt.id, [
            {
              key: "interrupted",
              kind: "unknown" as const,
              at: now,
              detail: interruptedDetail,
            },
          ]),
        ];
      }),
    );
    const followed = orphans.filter((attempt) => attempt.status !== "claimed");
    await context.store.run("ask at once", () =>
      statements.attempts.setCheck(followed.map(({ id, checks }) => ({ id, check_at: now, checks }))),
    );
    const last = open.at(-1);
    if (last === undefined || open.length < page) break;
    after = last.id;
  }
  context.wake("reconcile");
  return unconfirmed;
}

export function isAlive(context: Context, node: NodeRow, now: number): boolean {
  if (node.id === context.nodeId) return true;
  if (context.store.singleOwner || node.stopped_at !== null) return false;
  return now - node.seen_at < context.tuning.leaseMs;
}

/** How long nobody ran, and what fell due then. Null when nothing did. */
export async function downtimeReport(
  context: Context,
  nodes: readonly NodeRow[],
  now: number,
  unconfirmed: number,
): Promise<DowntimeReport | null> {
  const before = nodes.filter((node) => node.id !== context.nodeId);
  const from = before.reduce((latest, node) => Math.max(latest, node.stopped_at ?? node.seen_at), 0);
  if (from === 0) return null;
  const { statements } = context.store;
  let missed = 0;
  let expired = 0;
  for (const lane of context.book.lanes.values()) {
    let position = { dueAt: from, callId: 0 };
    for (;;) {
      const rows = await context.store.read("count what was missed", () =>
        statements.due.waiting({
          lane_id: lane.id,
          after_due_at: position.dueAt,
          after_call_id: position.callId,
          now,
          limit: page,
        }),
      );
      missed += rows.length;
      expired += rows.filter((row) => row.expires_at <= now).length;
      const last = rows.at(-1);
      if (last === undefined || rows.length < page) break;
      position = { dueAt: last.due_at, callId: last.call_id };
    }
  }
  if (missed === 0 && unconfirmed === 0) return null;
  return { from, to: now, missed, dialedLate: missed - expired, expired, waiting: 0, unconfirmed };
}
