import type { FastifyInstance } from "fastify";

import type { RefusalCode } from "../../domain/refusal.ts";
import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { pageQuery } from "./call-schemas.ts";
import * as of from "./notification-schemas.ts";
import { notificationHandlers } from "./notifications.ts";
import * as to from "./recipient-schemas.ts";
import { deviceHandlers, recipientHandlers, templateHandlers } from "./recipients.ts";
import { keyed, stale } from "./refusal-lists.ts";
import { nothing } from "../../ports/http/schema-parts.ts";
import { section } from "../../ports/http/section.ts";

const BULK_BYTES_MAX = 8 * 1024 * 1024;

/** What a notification may be refused with. */
const wrong = [
  "address_invalid",
  "template_unknown",
  "variables_invalid",
  "time_in_past",
  "time_invalid",
  "time_too_far",
  "timezone_required",
  "timezone_unknown",
  "local_time_skipped",
  "local_time_repeated",
  ...keyed,
] as const satisfies readonly RefusalCode[];
const paged = { query: pageQuery, refusals: ["invalid_cursor"] as const };

/** Every route of `/v1` by which people are told something. */
export function addNotifications(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  addTelling(app, ports);
  addTemplates(app, ports);
  addRecipients(app, ports);
}

function addTelling(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const notifications = section(app, "Notifications", "notifications");
  const handle = notificationHandlers(ports);
  const changed = {
    body: nothing,
    answer: of.notification,
    refusals: ["notification_state", ...stale] as const,
  };
  notifications.post(
    "createNotification",
    "/notifications",
    "Tell a person something by push, e-mail or SMS",
    {
      body: of.notificationCreate,
      answer: of.notification,
      statuses: [200, 201],
      idempotency: "store",
      refusals: wrong,
    },
    handle.create,
  );
  notifications.post(
    "createNotifications",
    "/notifications/bulk",
    "Tell up to 100,000 recipients the same",
    {
      body: of.notificationsBulk,
      answer: of.operation,
      statuses: [202],
      bytesMax: BULK_BYTES_MAX,
      idempotency: "store",
      refusals: ["too_many_recipients", ...wrong],
    },
    handle.createMany,
  );
  notifications.get(
    "listNotifications",
    "/notifications",
    "List notifications, newest first",
    { query: of.notificationsQuery, answer: of.notificationPage, refusals: ["invalid_cursor"] },
    handle.list,
  );
  notifications.get(
    "getNotification",
    "/notifications/:id",
    "Get a notification",
    { answer: of.notification },
    handle.get,
  );
  notifications.post(
    "cancelNotification",
    "/notifications/:id/cancel",
    "Cancel a notification that has not been sent",
    changed,
    handle.cancel,
  );
  notifications.post(
    "retryNotification",
    "/notifications/:id/retry",
    "Send a notification again that failed or bounced",
    changed,
    handle.retry,
  );
  notifications.post(
    "receiptNotification",
    "/notifications/:id/receipt",
    "Say that a notification arrived, or bounced",
    { body: of.receipt, answer: of.notification, refusals: ["notification_state"] },
    handle.receipt,
  );
  notifications.get(
    "getOperation",
    "/operations/:id",
    "Get an operation with its progress",
    { answer: of.operation },
    handle.operation,
  );
  notifications.post(
    "cancelOperation",
    "/operations/:id/cancel",
    "Tell nobody any more who was not told yet",
    { body: nothing, answer: of.operation, statuses: [202] },
    handle.cancelOperation,
  );
}

function addTemplates(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const templates = section(app, "Notifications", "notifications");
  const handle = templateHandlers(ports);
  templates.get(
    "listNotificationTemplates",
    "/notification-templates",
    "List templates",
    { ...paged, answer: to.templatePage },
    handle.list,
  );
  templates.post(
    "createNotificationTemplate",
    "/notification-templates",
    "Store words with variables",
    {
      body: to.templateCreate,
      answer: to.template,
      statuses: [201],
      refusals: ["name_taken", "template_invalid"],
    },
    handle.create,
  );
  templates.get(
    "getNotificationTemplate",
    "/notification-templates/:id",
    "Get a template by id or name",
    { answer: to.template },
    handle.get,
  );
  templates.patch(
    "updateNotificationTemplate",
    "/notification-templates/:id",
    "Change a template; what was made with it keeps its words",
    { body: to.templatePatch, answer: to.template, refusals: ["template_invalid", ...stale] },
    handle.update,
  );
  templates.remove(
    "removeNotificationTemplate",
    "/notification-templates/:id",
    "Remove a template",
    { refusals: stale },
    handle.remove,
  );
}

function addRecipients(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const people = section(app, "Notifications", "notifications");
  const devices = deviceHandlers(ports);
  const recipients = recipientHandlers(ports);
  const known = ["address_invalid", "timezone_unknown", "timezone_required", ...stale] as const;
  people.get(
    "listDevices",
    "/devices",
    "List registered devices",
    { query: to.devicesQuery, answer: to.devicePage, refusals: ["invalid_cursor"] },
    devices.list,
  );
  people.post(
    "registerDevice",
    "/devices",
    "Register a recipient's device for push",
    { body: to.deviceCreate, answer: to.device, statuses: [200, 201], refusals: ["address_invalid"] },
    devices.register,
  );
  people.remove("removeDevice", "/devices/:id", "Push nothing to a device any more", {}, devices.remove);
  people.get(
    "listRecipients",
    "/recipients",
    "List recipients",
    { ...paged, answer: to.recipientPage },
    recipients.list,
  );
  people.post(
    "putRecipient",
    "/recipients",
    "Say where a person is told, and when not",
    { body: to.recipientCreate, answer: to.recipient, statuses: [200, 201], refusals: known },
    recipients.put,
  );
  people.get("getRecipient", "/recipients/:id", "Get a recipient", { answer: to.recipient }, recipients.get);
  people.patch(
    "updateRecipient",
    "/recipients/:id",
    "Change a recipient; null takes something away",
    { body: to.recipientPatch, answer: to.recipient, refusals: known },
    recipients.update,
  );
  people.remove(
    "removeRecipient",
    "/recipients/:id",
    "Forget a recipient with its devices",
    { refusals: stale },
    recipients.remove,
  );
}
