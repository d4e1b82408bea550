import type { MessageChannel } from "../ports/messenger.ts";
import type { NotificationStatus, NotificationWish, QueueName, QuietHours } from "../ports/program.ts";
import type { Actor, Idempotency, Page, PageRequest } from "./engine.ts";

/** What became of a try at one address. `deviceId` is null for an address that is no registered device. */
export type TargetView = {
  readonly deviceId: string | null;
  readonly status: "sending" | "sent" | "not_sent" | "failed" | "unconfirmed";
  readonly reference: string | null;
  readonly code: string | null;
};

/** A notification as it stands. Instants are UTC ms. */
export type NotificationView = {
  readonly id: string;
  readonly status: NotificationStatus;
  readonly reason: string | null;
  readonly channel: MessageChannel;
  readonly event: string;
  readonly queue: QueueName;
  readonly recipientId: string | null;
  /** An e-mail address or a number; of a device token only its end. Null: what the recipient has registered. */
  readonly address: string | null;
  readonly subject: string | null;
  readonly body: string;
  readonly data: Readonly<Record<string, string>>;
  readonly quiet: QuietHours | null;
  readonly dedupeKey: string | null;
  readonly operationId: string | null;
  readonly at: number;
  readonly expiresAt: number;
  /** When it is sent, or tried again; null when nothing more comes. */
  readonly nextTryAt: number | null;
  readonly retryCount: number;
  readonly maxRetries: number;
  readonly targets: readonly TargetView[];
  readonly provider: string | null;
  readonly detail: string | null;
  readonly sentAt: number | null;
  readonly deliveredAt: number | null;
  readonly endedAt: number | null;
  readonly createdBy: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type NotificationFilter = {
  readonly status?: readonly NotificationStatus[];
  readonly event?: string;
  readonly channel?: MessageChannel;
  readonly recipientId?: string;
  readonly operationId?: string;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
};

/** One notification for each of many recipients. */
export type BulkWish = Omit<NotificationWish, "to"> & { readonly recipientIds: readonly string[] };

/** Work that was accepted at once and is done piece by piece. */
export type OperationView = {
  readonly id: string;
  readonly kind: string;
  readonly status: "running" | "canceling" | "completed" | "canceled";
  /** Recipients in all, those whose notification is stored, and those that got none because they had one with the same key. */
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Its notifications by status. */
  readonly notifications: Readonly<Record<NotificationStatus, number>>;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly updatedAt: number;
};

export type TemplateInput = {
  readonly name: string;
  readonly subject?: string | null;
  readonly body: string;
  /** When given, exactly the variables that the words use. */
  readonly variables?: readonly string[];
};

export type TemplateView = {
  readonly id: string;
  readonly name: string;
  readonly subject: string | null;
  readonly body: string;
  readonly variables: readonly string[];
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type DeviceInput = {
  readonly recipientId: string;
  readonly token: string;
  readonly platform?: string;
};

export type DeviceView = {
  readonly id: string;
  readonly recipientId: string;
  readonly platform: string | null;
  /** The end of its token. */
  readonly tokenEnd: string;
  readonly createdAt: number;
  /** When it was registered last. */
  readonly seenAt: number;
};

/** What is left out stays as it is; null takes it away. */
export type RecipientInput = {
  readonly email?: string | null;
  readonly phone?: string | null;
  readonly timezone?: string | null;
  /** Needs a time zone. */
  readonly quiet?: { readonly from: string; readonly to: string } | null;
};

export type RecipientView = {
  readonly id: string;
  /** What the history calls it, which tells nothing once it is forgotten. */
  readonly ref: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly timezone: string | null;
  readonly quiet: { readonly from: string; readonly to: string } | null;
  readonly devices: number;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** Telling people by push, e-mail and SMS. */
export interface NotificationVerbs {
  /** Stores one; with a `dedupeKey` that is taken, answers the one that has it. */
  createNotification(
    actor: Actor,
    wish: NotificationWish,
    idempotency?: Idempotency,
  ): Promise<{
    readonly notification: NotificationView;
    readonly isNew: boolean;
    readonly replayed: boolean;
  }>;
  getNotification(actor: Actor, notificationId: string): Promise<NotificationView>;
  listNotifications(
    actor: Actor,
    filter: NotificationFilter,
    page: PageRequest,
  ): Promise<Page<NotificationView>>;
  /** Cancels one that has not been sent. Throws `notification_state`. */
  cancelNotification(actor: Actor, notificationId: string, ifVersion?: number): Promise<NotificationView>;
  /** Sends one again at once that failed or bounced, but never one that may have been sent. Throws `notification_state`. */
  retryNotification(actor: Actor, notificationId: string, ifVersion?: number): Promise<NotificationView>;
  /** Takes a receipt of the person's app or mail server for one that was sent. */
  receiptNotification(
    actor: Actor,
    notificationId: string,
    receipt: "delivered" | "bounced",
  ): Promise<NotificationView>;
  /**
   * Tries those again that failed, that nothing tries again by itself, that may go better now (an address that was missing
   * may be there), that are less than a day old and were retried fewer than `maxRetries` times: the `limit` oldest of them.
   * Answers how many.
   */
  retryFailed(actor: Actor, limit: number): Promise<number>;
  /** Removes those made before an instant: told, canceled and expired ones, and failed ones. Answers how many; at most `limit`. */
  pruneNotifications(
    actor: Actor,
    before: { readonly toldBefore: number; readonly failedBefore: number },
    limit: number,
  ): Promise<number>;
  /** Accepts up to 100,000 recipients at once; their notifications are stored piece by piece, each recipient's once. */
  notifyMany(
    actor: Actor,
    wish: BulkWish,
    idempotency?: Idempotency,
  ): Promise<{ readonly operation: OperationView; readonly replayed: boolean }>;
  getOperation(actor: Actor, operationId: string): Promise<OperationView>;
  /** What of it has not been sent, is not sent any more. */
  cancelOperation(actor: Actor, operationId: string): Promise<OperationView>;

  createTemplate(actor: Actor, input: TemplateInput): Promise<TemplateView>;
  /** By id or name. */
  getTemplate(actor: Actor, idOrName: string): Promise<TemplateView>;
  listTemplates(actor: Actor, page: PageRequest): Promise<Page<TemplateView>>;
  /** Notifications that were made keep their words. */
  updateTemplate(
    actor: Actor,
    idOrName: string,
    patch: Partial<Omit<TemplateInput, "name">>,
    ifVersion?: number,
  ): Promise<TemplateView>;
  removeTemplate(actor: Actor, idOrName: string): Promise<void>;

  /** Registers a device; one that is known belongs to this recipient from now on. A recipient has 20 at most, the latest. */
  registerDevice(actor: Actor, input: DeviceInput): Promise<{ device: DeviceView; isNew: boolean }>;
  listDevices(actor: Actor, filter: { recipientId?: string }, page: PageRequest): Promise<Page<DeviceView>>;
  removeDevice(actor: Actor, deviceId: string): Promise<void>;

  putRecipient(
    actor: Actor,
    recipientId: string,
    input: RecipientInput,
    ifVersion?: number,
  ): Promise<RecipientView>;
  getRecipient(actor: Actor, recipientId: string): Promise<RecipientView>;
  listRecipients(actor: Actor, page: PageRequest): Promise<Page<RecipientView>>;
  removeRecipient(actor: Actor, recipientId: string): Promise<void>;
}
