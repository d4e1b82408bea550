import { formatUtc } from "../../domain/zone.ts";
import type { DeliveryView, NotificationHandlerView, WebhookEndpointView } from "../../engine/notify.ts";

import type { DeliveryJson, EndpointJson, HandlerJson } from "./webhook-schemas.ts";

export function renderEndpoint(view: WebhookEndpointView): EndpointJson {
  return {
    id: view.id,
    url: view.url,
    description: view.description,
    allow_private: view.allowPrivate,
    ...shared(view),
    old_secret_until: instant(view.oldSecretUntil),
  };
}

export function renderHandler(view: NotificationHandlerView): HandlerJson {
  return { id: view.id, name: view.name, channel: view.channel, settings: view.settings, ...shared(view) };
}

export function renderDelivery(view: DeliveryView): DeliveryJson {
  return {
    id: view.id,
    subscriber_id: view.subscriberId,
    message_id: view.messageId,
    type: view.type,
    call_id: view.callId,
    status: view.status,
    tries: view.tries,
    next_try_at: instant(view.nextTryAt),
    last_tried_at: instant(view.lastTriedAt),
    ended_at: instant(view.endedAt),
    answer_status: view.answer?.status ?? null,
    answer_body: view.answer?.body ?? null,
    duration_ms: view.durationMs,
    detail: view.detail,
    created_at: formatUtc(view.createdAt),
  };
}

function shared(view: WebhookEndpointView | NotificationHandlerView) {
  return {
    events: [...view.events],
    payload: view.payload,
    status: view.status,
    status_reason: view.statusReason,
    failing_since: instant(view.failingSince),
    delivered_at: instant(view.deliveredAt),
    version: view.version,
    created_at: formatUtc(view.createdAt),
    updated_at: formatUtc(view.updatedAt),
  };
}

function instant(at: number | null): string | null {
  return at === null ? null : formatUtc(at);
}
