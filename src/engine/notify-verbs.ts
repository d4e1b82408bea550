import type { Context } from "./context.ts";
import { getDelivery, listDeliveries, recoverDeliveries, resendDelivery, sendTest } from "./deliveries.ts";
import {
  createNotificationHandler,
  getNotificationHandler,
  listNotificationHandlers,
  removeNotificationHandler,
  updateNotificationHandler,
} from "./notification-handlers.ts";
import type { NotifyVerbs } from "./notify.ts";
import type { Subscribers } from "./subscribers.ts";
import {
  createWebhookEndpoint,
  getWebhookEndpoint,
  listWebhookEndpoints,
  removeWebhookEndpoint,
  rotateWebhookSecret,
  updateWebhookEndpoint,
} from "./webhook-endpoints.ts";

export function notifyVerbs(context: Context, subscribers: Subscribers): NotifyVerbs {
  return {
    createWebhookEndpoint: (actor, input, may) =>
      createWebhookEndpoint(context, subscribers, actor, input, may),
    listWebhookEndpoints: (actor) => listWebhookEndpoints(context, actor),
    getWebhookEndpoint: (actor, id) => getWebhookEndpoint(context, actor, id),
    updateWebhookEndpoint: (actor, id, patch, may, ifVersion) =>
      updateWebhookEndpoint(context, subscribers, actor, id, patch, may, ifVersion),
    removeWebhookEndpoint: (actor, id) => removeWebhookEndpoint(context, subscribers, actor, id),
    rotateWebhookSecret: (actor, id, input) => rotateWebhookSecret(context, subscribers, actor, id, input),
    createNotificationHandler: (actor, input, may) =>
      createNotificationHandler(context, subscribers, actor, input, may),
    listNotificationHandlers: (actor) => listNotificationHandlers(context, actor),
    getNotificationHandler: (actor, id) => getNotificationHandler(context, actor, id),
    updateNotificationHandler: (actor, id, patch, may, ifVersion) =>
      updateNotificationHandler(context, subscribers, actor, id, patch, may, ifVersion),
    removeNotificationHandler: (actor, id) => removeNotificationHandler(context, subscribers, actor, id),
    sendTest: (actor, id) => sendTest(context, actor, id),
    listDeliveries: (actor, id, filter, page) => listDeliveries(context, actor, id, filter, page),
    getDelivery: (actor, deliveryId) => getDelivery(context, actor, deliveryId),
    resendDelivery: (actor, deliveryId) => resendDelivery(context, actor, deliveryId),
    recoverDeliveries: (actor, id, since) => recoverDeliveries(context, actor, id, since),
  };
}
