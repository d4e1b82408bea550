import { Refusal } from "../domain/refusal.ts";
import type { NotificationRow } from "../ports/notification-rows.ts";
import type { NotificationStatus, QuietHours } from "../ports/program.ts";
import type { Context } from "./context.ts";
import { beforeOf, pageOf } from "./cursor.ts";
import { endOf } from "./devices.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { openAddress, openWords } from "./notification-write.ts";
import type { NotificationFilter, NotificationView } from "./notifications-api.ts";
import { readTargets } from "./tell-claim.ts";

export async function getNotification(
  context: Context,
  actor: Actor,
  notificationId: string,
): Promise<NotificationView> {
  return notificationView(context, await requireNotification(context, actor, notificationId));
}

/** A page of notifications, newest first. The cursor belongs to its filters. */
export async function listNotifications(
  context: Context,
  actor: Actor,
  filter: NotificationFilter,
  page: PageRequest,
): Promise<Page<NotificationView>> {
  const mark = `notifications ${JSON.stringify(filter)}`;
  const before = beforeOf(page, mark);
  const operationId =
    filter.operationId === undefined ? null : (context.secrets.readId("operation", filter.operationId) ?? 0);
  const rows: NotificationRow[] = [];
  for (const status of filter.status ?? [null]) {
    rows.push(
      ...(await context.store.read("list notifications", () =>
        context.store.statements.notifications.list({
          workspace_id: actor.workspaceId,
          before_id: before,
          limit: page.limit + 1,
          status,
          event: filter.event ?? null,
          channel: filter.channel ?? null,
          recipient_id: filter.recipientId ?? null,
          operation_id: operationId,
          created_after: filter.createdAfter ?? 0,
          created_before: filter.createdBefore ?? Number.MAX_SAFE_INTEGER,
        }),
      )),
    );
  }
  // One that changed its status between two looks would stand there twice.
  const found = [...new Map(rows.map((row) => [row.id, row])).values()].toSorted((a, b) => b.id - a.id);
  return pageOf(found, page, mark, (row) => notificationView(context, row));
}

/** The workspace's own notification. Throws `not_found`. */
export async function requireNotification(
  context: Context,
  actor: Actor,
  notificationId: string,
): Promise<NotificationRow> {
  const id = context.secrets.readId("notification", notificationId);
  const [row] =
    id === null
      ? []
      : await context.store.read("find a notification", () =>
          context.store.statements.notifications.byIds([{ id }]),
        );
  if (row === undefined || row.workspace_id !== actor.workspaceId)
    throw new Refusal("not_found", `There is no notification "${notificationId.slice(0, 64)}".`);
  return row;
}

export function shownStatus(status: NotificationRow["status"]): NotificationStatus {
  return status === "sending" ? "pending" : status;
}

export function notificationView(context: Pick<Context, "secrets">, row: NotificationRow): NotificationView {
  const { secrets } = context;
  const address = openAddress(context, row);
  return {
    id: secrets.publicId("notification", row.id),
    status: shownStatus(row.status),
    reason: row.reason,
    channel: row.channel,
    event: row.event,
    queue: row.queue,
    recipientId: row.recipient_id,
    address: address !== null && row.channel === "push" ? endOf(address) : address,
    ...openWords(context, row),
    quiet: row.quiet === null ? null : (JSON.parse(row.quiet) as QuietHours),
    dedupeKey: row.dedupe_key,
    operationId: row.operation_id === null ? null : secrets.publicId("operation", row.operation_id),
    at: row.asked_at,
    expiresAt: row.expires_at,
    nextTryAt: row.due_at,
    retryCount: Math.max(row.tries - 1, 0),
    maxRetries: row.retries_max,
    targets: readTargets(row).map(({ device, status, reference, code }) => ({
      deviceId: device === 0 ? null : secrets.publicId("device", device),
      status,
      reference: reference ?? null,
      code: code ?? null,
    })),
    provider: row.provider,
    detail: row.detail,
    sentAt: row.sent_at,
    deliveredAt: row.delivered_at,
    endedAt: row.ended_at,
    createdBy: row.created_by,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
