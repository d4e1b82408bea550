import type { Context } from "./context.ts";
import { listDevices, registerDevice, removeDevice } from "./devices.ts";
import { getNotification, listNotifications } from "./notification-view.ts";
import {
  cancelNotification,
  createNotification,
  pruneNotifications,
  receiptNotification,
  retryFailed,
  retryNotification,
} from "./notifications.ts";
import type { NotificationVerbs } from "./notifications-api.ts";
import { cancelOperation, getOperation, notifyMany } from "./operations.ts";
import { getRecipient, listRecipients, putRecipient, removeRecipient } from "./recipients.ts";
import { createTemplate, getTemplate, listTemplates, removeTemplate, updateTemplate } from "./templates.ts";

export function notificationVerbs(context: Context): NotificationVerbs {
  return {
    createNotification: (actor, wish, idempotency) => createNotification(context, actor, wish, idempotency),
    getNotification: (actor, id) => getNotification(context, actor, id),
    listNotifications: (actor, filter, page) => listNotifications(context, actor, filter, page),
    cancelNotification: (actor, id, ifVersion) => cancelNotification(context, actor, id, ifVersion),
    retryNotification: (actor, id, ifVersion) => retryNotification(context, actor, id, ifVersion),
    receiptNotification: (actor, id, receipt) => receiptNotification(context, actor, id, receipt),
    retryFailed: (actor, limit) => retryFailed(context, actor, limit),
    pruneNotifications: (actor, before, limit) => pruneNotifications(context, actor, before, limit),
    notifyMany: (actor, wish, idempotency) => notifyMany(context, actor, wish, idempotency),
    getOperation: (actor, id) => getOperation(context, actor, id),
    cancelOperation: (actor, id) => cancelOperation(context, actor, id),
    createTemplate: (actor, input) => createTemplate(context, actor, input),
    getTemplate: (actor, id) => getTemplate(context, actor, id),
    listTemplates: (actor, page) => listTemplates(context, actor, page),
    updateTemplate: (actor, id, patch, ifVersion) => updateTemplate(context, actor, id, patch, ifVersion),
    removeTemplate: (actor, id) => removeTemplate(context, actor, id),
    registerDevice: (actor, input) => registerDevice(context, actor, input),
    listDevices: (actor, filter, page) => listDevices(context, actor, filter, page),
    removeDevice: (actor, id) => removeDevice(context, actor, id),
    putRecipient: (actor, id, input, ifVersion) => putRecipient(context, actor, id, input, ifVersion),
    getRecipient: (actor, id) => getRecipient(context, actor, id),
    listRecipients: (actor, page) => listRecipients(context, actor, page),
    removeRecipient: (actor, id) => removeRecipient(context, actor, id),
  };
}
