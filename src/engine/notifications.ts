import { nextNotificationState, triedWithinMs } from "../domain/notification.ts";
import { Refusal } from "../domain/refusal.ts";
import type { NotificationRow } from "../ports/notification-rows.ts";
import type { NotificationWish } from "../ports/program.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor, Idempotency } from "./engine.ts";
import { idsForListeners, notificationsChanged } from "./hooks.ts";
import { keyRow, resourceOfKey } from "./idempotency.ts";
import { Entries } from "./ledger.ts";
import { checkVersion } from "./lines.ts";
import { draft } from "./notification-draft.ts";
import { notificationView, requireNotification } from "./notification-view.ts";
import {
  type WorkingNotification,
  cancelNotificationInTx,
  dueRow,
  insertNotifications,
  noteNotification,
  step,
} from "./notification-write.ts";
import type { NotificationView } from "./notifications-api.ts";
import { runSure } from "./run-sure.ts";
import { changedOf } from "./tell-claim.ts";

const retriedMax = 1000;

type Created = {
  readonly notification: NotificationView;
  readonly isNew: boolean;
  readonly replayed: boolean;
};

/** Stores one notification, which is sent when it is due. Acknowledged only after the durable commit. */
export async function createNotification(
  context: Context,
  actor: Actor,
  wish: NotificationWish,
  idempotency: Idempotency | undefined,
): Promise<Created> {
  const replay = await replayed(context, actor, idempotency);
  if (replay !== null) return replay;
  const drafted = await draft(context, actor, wish);
  const lease = await context.ids.reserve({ record: 1, call: 1 });
  const id = lease.next("record");
  const keyId = lease.next("call");
  const now = context.clock.now();
  const stored = await runSure(context, "create a notification", function* (again): Tx<number | null> {
    const { statements } = context.store;
    if (again && (yield* statements.notifications.byIds([{ id }])).length > 0) return id;
    const [made] = yield* insertNotifications(context, actor, [{ id, draft: drafted }], now);
    const held = made ?? (yield* holderOf(context, actor, drafted.facts.dedupe_key));
    if (idempotency !== undefined) {
      const key = keyRow(context, actor, idempotency, keyId, `notification:${held}`, 201, now);
      if ((yield* statements.idempotency.insert([key])).length === 0) throw new KeyTaken();
    }
    return held;
  }).catch((error: unknown) => {
    // The same request at the same moment: what it made is the answer.
    if (error instanceof KeyTaken) return null;
    throw error;
  });
  if (stored === null) {
    const winner = await replayed(context, actor, idempotency);
    if (winner === null) throw new Error("An idempotency key is taken, and nobody holds it");
    return winner;
  }
  if (stored === id) context.wake("tell", drafted.dueAt);
  return { notification: await readView(context, stored), isNew: stored === id, replayed: false };
}

class KeyTaken extends Error {}

function* holderOf(context: Context, actor: Actor, dedupeKey: string | null): Tx<number> {
  const [row] = yield* context.store.statements.notifications.byDedupeKey({
    workspace_id: actor.workspaceId,
    dedupe_key: dedupeKey ?? "",
  });
  if (row === undefined) throw new Error("A dedupe key is taken, and nobody holds it");
  return row.id;
}

async function replayed(
  context: Context,
  actor: Actor,
  idempotency: Idempotency | undefined,
): Promise<Created | null> {
  const id = await resourceOfKey(context, actor, idempotency, "notification");
  return id === null ? null : { notification: await readView(context, id), isNew: true, replayed: true };
}

async function readView(context: Context, id: number): Promise<NotificationView> {
  const [row] = await context.store.read("read a notification", () =>
    context.store.statements.notifications.byIds([{ id }]),
  );
  if (row === undefined) throw new Refusal("not_found", "The notification is no longer kept.");
  return notificationView(context, row);
}

export async function cancelNotification(
  context: Context,
  actor: Actor,
  notificationId: string,
  ifVersion: number | undefined,
): Promise<NotificationView> {
  return change(context, actor, notificationId, ifVersion, function* (row, entries, now) {
    const canceled = yield* cancelNotificationInTx(
      context,
      entries,
      actor,
      row.id,
      "canceled_by_request",
      now,
    );
    if (canceled === "too_late") throw wrongState(row, "canceled", "it is being sent, or was");
    return null;
  });
}

export async function retryNotification(
  context: Context,
  actor: Actor,
  notificationId: string,
  ifVersion: number | undefined,
): Promise<NotificationView> {
  return change(context, actor, notificationId, ifVersion, function* (row, entries, now): Tx<Changed> {
    if (row.reason === "unconfirmed")
      throw wrongState(
        row,
        "sent again",
        "it may have been sent; make a new one if the person should be told anyway",
      );
    if (nextNotificationState(row.status, "retry") === undefined)
      throw wrongState(row, "sent again", "only failed and bounced ones are");
    if (row.expires_at <= now) throw wrongState(row, "sent again", "it is of no use any more");
    yield* context.store.statements.notificationDue.remove(dueRow(row));
    again(row, now);
    noteNotification(context, entries, row, "notification.retried", now, { actor: actor.name });
    return row;
  });
}

export async function receiptNotification(
  context: Context,
  actor: Actor,
  notificationId: string,
  receipt: "delivered" | "bounced",
): Promise<NotificationView> {
  return change(context, actor, notificationId, undefined, function* (row, entries, now): Tx<Changed> {
    if (row.status === receipt) return null;
    const wasTold = row.status === "sent" || row.reason === "unconfirmed";
    const event = receipt === "delivered" ? "deliver" : "bounce";
    if (!wasTold || nextNotificationState(row.status, event) === undefined)
      throw wrongState(row, receipt, "only one that was sent is");
    yield* [];
    step(row, event, now);
    row.reason = receipt === "bounced" ? "receipt" : null;
    row.delivered_at = receipt === "delivered" ? now : null;
    const type = receipt === "delivered" ? "notification.delivered" : "notification.bounced";
    noteNotification(context, entries, row, type, now, { actor: actor.name });
    return row;
  });
}

export async function retryFailed(context: Context, actor: Actor, limit: number): Promise<number> {
  const { statements } = context.store;
  const most = Math.min(limit, retriedMax);
  const lease = await context.ids.reserve({ ledger: most });
  const now = context.clock.now();
  const entryId = lease.next("ledger");
  let retried = 0;
  const count = await runSure(context, "try failed notifications again", function* (isAgain) {
    // After a lost answer: what is told in the history has happened, and others may have failed since.
    if (isAgain && (yield* statements.ledger.byIds([{ id: entryId }])).length > 0) return retried;
    const entries = new Entries(lease);
    const found = yield* statements.notifications.givenUp({
      workspace_id: actor.workspaceId,
      since: now - triedWithinMs,
      limit: most,
    });
    const rows = (yield* statements.notifications.lock(found))
      .filter((row) => row.status === "failed" && row.due_at === null && row.expires_at > now)
      .map((row): WorkingNotification => ({ ...row }));
    for (const row of rows) {
      again(row, now);
      noteNotification(context, entries, row, "notification.retried", now, { actor: actor.name });
    }
    yield* statements.notifications.change(rows);
    yield* statements.notificationDue.insert(rows.flatMap(dueRow));
    yield* statements.ledger.insert(entries.rows);
    retried = rows.length;
    return retried;
  });
  context.ids.release(lease);
  if (count > 0) {
    context.announce();
    context.wake("tell");
  }
  return count;
}

export async function pruneNotifications(
  context: Context,
  actor: Actor,
  before: { readonly toldBefore: number; readonly failedBefore: number },
  limit: number,
): Promise<number> {
  const { statements } = context.store;
  const removed = await context.store.run("remove old notifications", function* () {
    const rows = yield* statements.notifications.removeEnded({
      workspace_id: actor.workspaceId,
      told_before: before.toldBefore,
      failed_before: before.failedBefore,
      limit,
    });
    yield* statements.operations.removeEnded({
      workspace_id: actor.workspaceId,
      before: before.toldBefore,
      limit,
    });
    return rows;
  });
  return removed.length;
}

/** The row as it is to be written; null when nothing is left to write. */
type Changed = WorkingNotification | null;

/** One change of one notification by somebody, in one transaction, with listeners and ledger. */
async function change(
  context: Context,
  actor: Actor,
  notificationId: string,
  ifVersion: number | undefined,
  verb: (row: WorkingNotification, entries: Entries, now: number) => Tx<Changed>,
): Promise<NotificationView> {
  const seen = await requireNotification(context, actor, notificationId);
  const heard = idsForListeners(context, 1);
  const lease = await context.ids.reserve({ ...heard, ledger: 1 + heard.ledger });
  const { statements } = context.store;
  const now = context.clock.now();
  const { row, isDue } = await runSure(context, "change a notification", function* (isAgain) {
    const entries = new Entries(lease);
    lease.rewind("record");
    const [before] = yield* statements.notifications.lock([{ id: seen.id }]);
    if (before === undefined) throw new Refusal("not_found", "The notification is no longer kept.");
    if (isAgain && before.version === seen.version + 1 && before.updated_at === now)
      return { row: before, isDue: before.due_at !== null };
    checkVersion(before.version, ifVersion);
    const changed = yield* verb({ ...before }, entries, now);
    if (changed !== null) {
      yield* statements.notifications.change([changed]);
      yield* statements.notificationDue.insert(dueRow(changed));
    }
    const [row = before] = yield* statements.notifications.byIds([{ id: seen.id }]);
    if (row.status !== before.status && row.due_at === null)
      yield* notificationsChanged(context, lease, entries, now, [changedOf(row)]);
    yield* statements.ledger.insert(entries.rows);
    return { row, isDue: row.due_at !== null };
  });
  context.ids.release(lease);
  context.announce();
  if (isDue) context.wake("tell", row.due_at ?? now);
  return notificationView(context, row);
}

function again(row: WorkingNotification, now: number): void {
  step(row, "retry", now);
  Object.assign(row, { due_at: now, reason: null, detail: null, ended_at: null });
}

function wrongState(row: NotificationRow, what: string, why: string): Refusal {
  return new Refusal("notification_state", `A notification that is ${row.status} is not ${what}: ${why}.`);
}
