import { forever } from "../domain/ids.ts";
import type { LaneRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { runSure } from "./run-sure.ts";
import { dedupeOf } from "./dispatch.ts";
import { documentPlace, parseDocument, phonePlace } from "./document.ts";
import { Entries, type Working, move } from "./ledger.ts";
import { planCall, subjectOf } from "./plan.ts";

const page = 200;

/**
 * The duty that plans waiting calls again after calling hours or zone data changed. Nothing depends on its speed for
 * safety, because a claim plans again what was planned under an older version; it makes what is shown true, and moves
 * forward what may now be called earlier.
 */
export function makeReplan(context: Context): () => Promise<number> {
  const done = new Map<number, number>();
  const cursors = new Map<number, { dueAt: number; callId: number }>();
  const finished = new Map<number, number>();
  return async () => {
    for (const workspace of context.book.workspaces.keys()) {
      if (!finished.has(workspace)) finished.set(workspace, await lastFinished(context, workspace));
    }
    for (const lane of context.book.lanes.values()) {
      const version = context.book.workspace(lane.workspace_id).row.plan_version;
      if (done.get(lane.id) === version || finished.get(lane.workspace_id) === version) continue;
      const cursor = cursors.get(lane.id) ?? { dueAt: -1, callId: 0 };
      const rows = await context.store.read("look for old plans", () =>
        context.store.statements.due.stale({
          lane_id: lane.id,
          after_due_at: cursor.dueAt,
          after_call_id: cursor.callId,
          plan_version: version,
          limit: page,
        }),
      );
      const stale = rows.filter((row) => row.plan_version < version);
      if (stale.length > 0) await replanCalls(context, lane, stale, version);
      const last = rows.at(-1);
      if (last !== undefined && rows.length === page) {
        cursors.set(lane.id, { dueAt: last.due_at, callId: last.call_id });
        return context.clock.now();
      }
      cursors.delete(lane.id);
      done.set(lane.id, version);
    }
    for (const { row } of context.book.workspaces.values()) {
      if (finished.get(row.id) === row.plan_version) continue;
      await noteFinished(context, row.id, row.plan_version);
      finished.set(row.id, row.plan_version);
    }
    return forever;
  };
}

const settingName = "replanned_version";

/** The plan version up to which every waiting call was planned again; the first version needs nothing. */
async function lastFinished(context: Context, workspaceId: number): Promise<number> {
  const [row] = await context.store.read("read the last replan", () =>
    context.store.statements.settings.get({ workspace_id: workspaceId, name: settingName }),
  );
  return row === undefined ? 1 : Number(JSON.parse(row.value));
}

/** A start after this need not walk through everything that waits. */
async function noteFinished(context: Context, workspaceId: number, version: number): Promise<void> {
  const row = {
    workspace_id: workspaceId,
    name: settingName,
    value: JSON.stringify(version),
    updated_at: context.clock.now(),
  };
  await context.store.run("note a replan", () => context.store.statements.settings.put([row]));
}

async function replanCalls(
  context: Context,
  lane: LaneRow,
  stale: readonly { call_id: number; due_at: number }[],
  version: number,
): Promise<void> {
  const lease = await context.ids.reserve({ ledger: stale.length });
  const soonest = await runSure(context, "replan", function* (): Tx<number> {
    const { statements } = context.store;
    const now = context.clock.now();
    const removed = stale.map((row) => ({ lane_id: lane.id, due_at: row.due_at, call_id: row.call_id }));
    yield* statements.due.remove(removed);
    const rows = (yield* statements.calls.lock(stale.map(({ call_id }) => ({ id: call_id })))).filter(
      (row) => row.status === "scheduled",
    );
    // Moved since we looked, perhaps by this very transaction before its answer was lost.
    yield* statements.due.remove(
      rows.map((row) => ({ lane_id: row.lane_id, due_at: row.due_at, call_id: row.id })),
    );
    const documents = new Map(
      (yield* statements.documents.byIds(rows.map((row) => ({ call_id: row.id })))).map((row) => [
        row.call_id,
        row,
      ]),
    );
    const entries = new Entries(lease);
    const changed: Working[] = [];
    // One that was planned by these rules since we looked only goes back to wait.
    const old = rows.filter((row) => row.plan_version < version);
    for (const row of old) {
      const call: Working = { ...row };
      replanOne(context, entries, call, documents.get(call.id), version, now);
      changed.push(call);
    }
    yield* statements.calls.change(changed);
    const waiting = [
      ...rows.filter((row) => row.plan_version >= version),
      ...changed.filter((call) => call.status === "scheduled"),
    ];
    yield* statements.due.insert(
      waiting.map((call) => ({ lane_id: call.lane_id, due_at: call.due_at, call_id: call.id })),
    );
    yield* statements.dedupe.remove(dedupeOf(changed));
    yield* statements.ledger.insert(entries.rows);
    return waiting.reduce((least, call) => Math.min(least, call.due_at), forever as number);
  });
  context.wake("dispatch", soonest);
  context.announce();
}

function replanOne(
  context: Context,
  entries: Entries,
  call: Working,
  row: { phone: string; document: string } | undefined,
  version: number,
  now: number,
): void {
  call.plan_version = version;
  try {
    if (row === undefined) throw new Error("The call has no document");
    const document = parseDocument(context.secrets.open(row.document, documentPlace(call.id)));
    const e164 = context.secrets.open(row.phone, phonePlace(call.id));
    const subject = subjectOf(call.workspace_id, e164, document);
    const plan = planCall(
      context,
      subject,
      context.book.lineOfLane(call.lane_id),
      Math.max(call.requested_at, now),
    );
    const before = call.due_at;
    if (plan.kind === "held") {
      call.due_at = Math.max(call.due_at, now);
      // Closed at once, so that it is planned again, and not dialed, when it is due.
      call.closes_at = call.due_at;
      call.reason = plan.reason;
    } else {
      // A deadline of its own stays where it is: what may be placed only later is due then, to expire.
      call.due_at = call.expires_after_ms === null ? Math.min(plan.dueAt, call.expires_at) : plan.dueAt;
      call.closes_at = plan.closesAt;
      call.reason = plan.reason;
      if (call.expires_after_ms !== null) call.expires_at = plan.dueAt + call.expires_after_ms;
    }
    if (call.due_at === before && plan.kind === "planned") return;
    move(call, "move", now);
    entries.add(call, {
      at: now,
      type: "call.moved",
      reason: plan.kind === "held" ? plan.reason : "hours_changed",
      data: { from: before, due_at: call.due_at },
    });
  } catch (error) {
    context.log.error("A call's row cannot be read; it is parked.", {
      call: context.secrets.publicId("call", call.id),
      error: error as Error,
    });
    move(call, "park", now);
    call.reason = "undecodable";
    entries.add(call, { at: now, type: "call.needs_review", reason: "undecodable" });
  }
}
