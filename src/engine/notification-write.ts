import { type NotificationEvent, nextNotificationState } from "../domain/notification.ts";
import { type MessageChannel, messageChannels } from "../ports/messenger.ts";
import type { NotificationRow } from "../ports/notification-rows.ts";
import { type Canceled, type QueueName, queueNames } from "../ports/program.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import type { Entries } from "./ledger.ts";
import { type Drafted, type Words, addressHash } from "./notification-draft.ts";

/** Where the sealed parts of a notification stand, bound into their envelopes. */
export const wordsPlace = (id: number): string => `notifications|document|${id}`;
export const addressPlace = (id: number): string => `notifications|address|${id}`;

const queueNumbers = {
  appointments: 1,
  notifications: 2,
  reviews: 3,
  maintenance: 4,
} as const satisfies Record<QueueName, number>;
const channelNumbers = { push: 1, email: 2, sms: 3 } as const satisfies Record<MessageChannel, number>;

/** Where notifications of a queue and a channel wait. These numbers stand in the database: they never change. */
export function laneOf(queue: QueueName, channel: MessageChannel): number {
  return queueNumbers[queue] * 10 + channelNumbers[channel];
}

/** The lanes of the given queues, the most urgent queue first. */
export function lanesOf(
  queues: readonly QueueName[],
): readonly { readonly lane: number; readonly queue: QueueName; readonly channel: MessageChannel }[] {
  return queueNames
    .filter((queue) => queues.includes(queue))
    .flatMap((queue) => messageChannels.map((channel) => ({ lane: laneOf(queue, channel), queue, channel })));
}

/** Stores drafts under the ids given; null for one whose dedupe key is taken. Whoever commits wakes the duty `tell`. */
export function* insertNotifications(
  context: Context,
  actor: Actor,
  drafts: readonly { readonly id: number; readonly draft: Drafted; readonly operationId?: number }[],
  now: number,
): Tx<(number | null)[]> {
  const { statements } = context.store;
  const rows = drafts.map(({ id, draft, operationId }) =>
    newRow(context, actor, id, draft, operationId ?? null, now),
  );
  const fresh = new Set((yield* statements.notifications.insert(rows)).map(({ id }) => id));
  yield* statements.notificationDue.insert(rows.filter(({ id }) => fresh.has(id)).flatMap(dueRow));
  return rows.map(({ id }) => (fresh.has(id) ? id : null));
}

/** The entry of the queue for a notification; none when nothing more comes. */
export function dueRow({
  id,
  queue,
  channel,
  due_at,
}: Pick<NotificationRow, "id" | "queue" | "channel" | "due_at">): {
  lane: number;
  due_at: number;
  notification_id: number;
}[] {
  return due_at === null ? [] : [{ lane: laneOf(queue, channel), due_at, notification_id: id }];
}

/** A copy of a notification to be changed and written back. */
export type WorkingNotification = { -readonly [Column in keyof NotificationRow]: NotificationRow[Column] };

/** Moves a notification by the table of states. An event that the table does not know there is a programmer's error. */
export function step(row: WorkingNotification, event: NotificationEvent, now: number): void {
  const next = nextNotificationState(row.status, event);
  if (next === undefined) throw new Error(`A ${row.status} notification cannot ${event}`);
  row.status = next;
  row.updated_at = now;
}

/** An entry about a notification: nothing that tells whom it was for, and no words. */
export function noteNotification(
  context: Context,
  entries: Entries,
  row: NotificationRow,
  type: `notification.${string}`,
  now: number,
  more: { readonly actor?: string; readonly data?: Readonly<Record<string, unknown>> } = {},
): void {
  entries.addWide(row.workspace_id, {
    at: now,
    type,
    reason: row.reason,
    actor: more.actor ?? null,
    data: {
      notification_id: context.secrets.publicId("notification", row.id),
      event: row.event,
      channel: row.channel,
      ...more.data,
    },
  });
}

/**
 * Cancels a notification that has not been sent; its dedupe key is free again, for nobody was told. One that is being sent,
 * or has failed, is not tried again whatever becomes of it: it expires now.
 */
export function* cancelNotificationInTx(
  context: Context,
  entries: Entries,
  actor: Actor,
  id: number,
  reason: string,
  now: number,
): Tx<Canceled> {
  const { statements } = context.store;
  const [before] = yield* statements.notifications.lock([{ id }]);
  if (before === undefined || before.workspace_id !== actor.workspaceId) return "unknown";
  if (before.status === "canceled") return "canceled";
  const row: WorkingNotification = { ...before };
  // A failed one may be canceled while it waits for its next try.
  if (before.due_at === null || nextNotificationState(row.status, "cancel") === undefined) {
    const mayGoOn = row.status === "sending" || row.status === "failed";
    if (mayGoOn && row.expires_at > now) {
      Object.assign(row, { expires_at: now, updated_at: now });
      yield* statements.notifications.change([row]);
    }
    return "too_late";
  }
  step(row, "cancel", now);
  Object.assign(row, { reason, due_at: null, dedupe_key: null, ended_at: now });
  yield* statements.notificationDue.remove(dueRow(before));
  yield* statements.notifications.change([row]);
  noteNotification(context, entries, row, "notification.canceled", now, { actor: actor.name });
  return "canceled";
}

function newRow(
  context: Context,
  actor: Actor,
  id: number,
  { facts, words, to, dueAt }: Drafted,
  operationId: number | null,
  now: number,
): NotificationRow {
  const { secrets } = context;
  const { workspaceId } = actor;
  return {
    id,
    workspace_id: workspaceId,
    ...facts,
    status: "pending",
    reason: null,
    recipient_id: to.recipientId,
    address: to.address === null ? null : secrets.seal(to.address, addressPlace(id)),
    address_hash: to.address === null ? null : addressHash(context, workspaceId, facts.channel, to.address),
    document: secrets.seal(JSON.stringify(words), wordsPlace(id)),
    operation_id: operationId,
    due_at: dueAt,
    tries: 0,
    targets: null,
    provider: null,
    detail: null,
    node_id: null,
    sending_at: null,
    sent_at: null,
    delivered_at: null,
    ended_at: null,
    created_by: actor.name,
    version: 1,
    created_at: now,
    updated_at: now,
  };
}

/** What a notification says. Throws when its envelope cannot be opened. */
export function openWords(context: Pick<Context, "secrets">, row: NotificationRow): Words {
  return JSON.parse(context.secrets.open(row.document, wordsPlace(row.id))) as Words;
}

export function openAddress(context: Pick<Context, "secrets">, row: NotificationRow): string | null {
  return row.address === null ? null : context.secrets.open(row.address, addressPlace(row.id));
}
