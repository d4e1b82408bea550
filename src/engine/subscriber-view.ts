import type { SubscriberRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { NotificationHandlerView, WebhookEndpointView } from "./notify.ts";
import { targetPlace } from "./subscribers.ts";

/** The public id of an endpoint or a handler. */
export function subscriberId(
  context: Pick<Context, "secrets">,
  row: Pick<SubscriberRow, "id" | "kind">,
): string {
  return context.secrets.publicId(
    row.kind === "endpoint" ? "webhook_endpoint" : "notification_handler",
    row.id,
  );
}

export function endpointView(context: Context, row: SubscriberRow): WebhookEndpointView {
  const target = targetOf(context, row);
  const { url } = target;
  return {
    ...shared(context, row),
    url: typeof url === "string" ? url : "",
    description: row.name,
    allowPrivate: target["allow_private"] === true,
  };
}

export function handlerView(context: Context, row: SubscriberRow): NotificationHandlerView {
  return {
    ...shared(context, row),
    name: row.name,
    channel: row.channel,
    settings: targetOf(context, row),
  };
}

export function targetOf(
  context: Pick<Context, "secrets">,
  row: Pick<SubscriberRow, "id" | "target">,
): Readonly<Record<string, unknown>> {
  return JSON.parse(context.secrets.open(row.target, targetPlace(row.id))) as Record<string, unknown>;
}

function shared(context: Context, row: SubscriberRow) {
  const isOverlapping = row.old_secret_until !== null && row.old_secret_until > context.clock.now();
  return {
    id: subscriberId(context, row),
    events: JSON.parse(row.event_types) as string[],
    payload: row.payload,
    status: row.status,
    statusReason: row.status_reason,
    failingSince: row.failing_since,
    deliveredAt: row.delivered_at,
    oldSecretUntil: isOverlapping ? row.old_secret_until : null,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
