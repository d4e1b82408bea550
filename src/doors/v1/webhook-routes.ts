import type { FastifyInstance } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { deliveryHandlers } from "./deliveries.ts";
import { notificationHandlerHandlers } from "./notification-handlers.ts";
import { stale } from "./refusal-lists.ts";
import { nothing } from "../../ports/http/schema-parts.ts";
import { section } from "../../ports/http/section.ts";
import { webhookEndpointHandlers } from "./webhook-endpoints.ts";
import * as is from "./webhook-schemas.ts";

const once = "The answer holds the secret, once; so an Idempotency-Key is not looked at.";
const wrong = ["event_type_unknown", "target_invalid"] as const;
const sends = {
  body: nothing,
  answer: is.delivery,
  statuses: [202],
  refusals: ["subscriber_disabled"] as const,
};
const lists = { query: is.deliveriesQuery, answer: is.deliveryPage, refusals: ["invalid_cursor"] as const };
const recovers = {
  body: is.recovery,
  answer: is.recovered,
  refusals: ["subscriber_disabled", "time_invalid", "timezone_required"] as const,
};

/** Every route of `/v1` by which somebody is told what happens. */
export function addWebhooks(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  addEndpoints(app, ports);
  addHandlers(app, ports);
  const deliveries = section(app, "Webhooks", "deliveries");
  const handle = deliveryHandlers(ports);
  deliveries.get(
    "getDelivery",
    "/deliveries/:id",
    "Get a message, with what was sent and answered",
    { answer: is.deliveryWithBody },
    handle.get,
  );
  deliveries.post("resendDelivery", "/deliveries/:id/resend", "Send a message again", sends, handle.resend);
}

function addEndpoints(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const endpoints = section(app, "Webhooks", "webhook-endpoints");
  const handle = webhookEndpointHandlers(ports);
  const sent = deliveryHandlers(ports, "whe_");
  endpoints.get(
    "listWebhookEndpoints",
    "/webhook-endpoints",
    "List webhook endpoints",
    { answer: is.endpointPage },
    handle.list,
  );
  endpoints.post(
    "createWebhookEndpoint",
    "/webhook-endpoints",
    "Be told what happens from now on",
    {
      body: is.endpointCreate,
      answer: is.endpointWithSecret,
      statuses: [201],
      idempotency: "none",
      description: once,
      refusals: [...wrong, "secret_invalid", "too_many_subscribers", "channel_unknown"],
    },
    handle.create,
  );
  endpoints.get(
    "getWebhookEndpoint",
    "/webhook-endpoints/:id",
    "Get a webhook endpoint",
    { answer: is.endpoint },
    handle.get,
  );
  endpoints.patch(
    "updateWebhookEndpoint",
    "/webhook-endpoints/:id",
    "Change, disable or enable a webhook endpoint",
    { body: is.endpointPatch, answer: is.endpoint, refusals: [...wrong, ...stale] },
    handle.update,
  );
  endpoints.remove(
    "removeWebhookEndpoint",
    "/webhook-endpoints/:id",
    "Remove a webhook endpoint",
    {},
    handle.remove,
  );
  endpoints.post(
    "rotateWebhookSecret",
    "/webhook-endpoints/:id/rotate-secret",
    "Sign with a new secret; the old one signs as well for a while",
    {
      body: is.secretRotation,
      answer: is.endpointWithSecret,
      idempotency: "none",
      description: once,
      refusals: ["secret_invalid", "time_invalid"],
    },
    handle.rotate,
  );
  endpoints.post(
    "disableWebhookEndpoint",
    "/webhook-endpoints/:id/disable",
    "Send nothing there until it is enabled again",
    { body: nothing, answer: is.endpoint },
    handle.disable,
  );
  endpoints.post(
    "enableWebhookEndpoint",
    "/webhook-endpoints/:id/enable",
    "Send there what happens from now on",
    { body: nothing, answer: is.endpoint },
    handle.enable,
  );
  endpoints.post("testWebhookEndpoint", "/webhook-endpoints/:id/test", "Send a test event", sends, sent.test);
  endpoints.get(
    "listWebhookDeliveries",
    "/webhook-endpoints/:id/deliveries",
    "List what was sent, newest first",
    lists,
    sent.list,
  );
  endpoints.post(
    "recoverWebhookDeliveries",
    "/webhook-endpoints/:id/recover",
    "Send again what failed since an instant",
    recovers,
    sent.recover,
  );
}

function addHandlers(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const handlers = section(app, "Notification handlers", "notification-handlers");
  const handle = notificationHandlerHandlers(ports);
  const sent = deliveryHandlers(ports, "nth_");
  handlers.get(
    "listNotificationHandlers",
    "/notification-handlers",
    "List notification handlers",
    { answer: is.handlerPage },
    handle.list,
  );
  handlers.post(
    "createNotificationHandler",
    "/notification-handlers",
    "Tell somebody when events happen: by webhook, e-mail or log",
    {
      body: is.handlerCreate,
      answer: is.handlerWithSecret,
      statuses: [201],
      idempotency: "none",
      description: once,
      refusals: [...wrong, "channel_unknown", "channel_unavailable", "too_many_subscribers"],
    },
    handle.create,
  );
  handlers.get(
    "getNotificationHandler",
    "/notification-handlers/:id",
    "Get a notification handler",
    { answer: is.handler },
    handle.get,
  );
  handlers.patch(
    "updateNotificationHandler",
    "/notification-handlers/:id",
    "Change, disable or enable a notification handler",
    { body: is.handlerPatch, answer: is.handler, refusals: [...wrong, "channel_unavailable", ...stale] },
    handle.update,
  );
  handlers.remove(
    "removeNotificationHandler",
    "/notification-handlers/:id",
    "Remove a notification handler",
    {},
    handle.remove,
  );
  handlers.post(
    "testNotificationHandler",
    "/notification-handlers/:id/test",
    "Send a test notification",
    sends,
    sent.test,
  );
  handlers.get(
    "listNotificationDeliveries",
    "/notification-handlers/:id/deliveries",
    "List what was sent, newest first",
    lists,
    sent.list,
  );
  handlers.post(
    "recoverNotificationDeliveries",
    "/notification-handlers/:id/recover",
    "Send again what failed since an instant",
    recovers,
    sent.recover,
  );
}
