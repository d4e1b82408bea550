import type { Actor, Page, PageRequest } from "./engine.ts";

/** `may` says whether the caller may name addresses of the operator's own network. */
export type Private = { readonly mayReachPrivate: boolean };

export type WebhookEndpointInput = {
  readonly url: string;
  /** "call.completed", "call.*" or "*"; default: everything. */
  readonly events?: readonly string[];
  readonly description?: string;
  readonly payload?: "thin" | "full";
  /** May the URL lead to loopback and private addresses, by http too? */
  readonly allow_private?: boolean;
  /** Default: a new one. */
  readonly secret?: string;
};
export type WebhookEndpointPatch = Partial<Omit<WebhookEndpointInput, "secret">> & {
  readonly status?: "enabled" | "disabled";
};
type SubscriberView = {
  readonly id: string;
  readonly events: readonly string[];
  readonly payload: "thin" | "full";
  readonly status: "enabled" | "disabled";
  readonly statusReason: string | null;
  /** Since when every try has failed; null while the last one succeeded. */
  readonly failingSince: number | null;
  /** About when something was last delivered. */
  readonly deliveredAt: number | null;
  /** Until then messages are signed with the secret before the newest as well. */
  readonly oldSecretUntil: number | null;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};
export type WebhookEndpointView = SubscriberView & {
  readonly url: string;
  readonly description: string;
  readonly allowPrivate: boolean;
};

export type NotificationHandlerInput = {
  readonly name: string;
  readonly events: readonly string[];
  readonly channel: string;
  /** webhook: {url, allow_private}; email: {to: [address, …]}; log: {}. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly payload?: "thin" | "full";
};
export type NotificationHandlerPatch = Partial<Omit<NotificationHandlerInput, "channel">> & {
  readonly status?: "enabled" | "disabled";
};
export type NotificationHandlerView = SubscriberView & {
  readonly name: string;
  readonly channel: string;
  readonly settings: Readonly<Record<string, unknown>>;
};

export type DeliveryView = {
  readonly id: string;
  /** The endpoint or handler. */
  readonly subscriberId: string;
  readonly messageId: string;
  readonly type: string;
  readonly callId: string | null;
  readonly status: "pending" | "delivered" | "failed";
  readonly tries: number;
  readonly nextTryAt: number | null;
  readonly lastTriedAt: number | null;
  readonly endedAt: number | null;
  readonly answer: { readonly status: number; readonly body: string } | null;
  readonly durationMs: number | null;
  readonly detail: string | null;
  readonly createdAt: number;
};
/** `body`: the JSON that is sent. */
export type DeliveryDetail = DeliveryView & { readonly body: string };
export type DeliveryFilter = { readonly status?: DeliveryView["status"] };

/** Who is told what happens. Each throws `Refusal` when it cannot do what was asked. */
export interface NotifyVerbs {
  /** The secret is shown this once. */
  createWebhookEndpoint(
    actor: Actor,
    input: WebhookEndpointInput,
    may: Private,
  ): Promise<{ readonly endpoint: WebhookEndpointView; readonly secret: string }>;
  listWebhookEndpoints(actor: Actor): Promise<readonly WebhookEndpointView[]>;
  getWebhookEndpoint(actor: Actor, id: string): Promise<WebhookEndpointView>;
  updateWebhookEndpoint(
    actor: Actor,
    id: string,
    patch: WebhookEndpointPatch,
    may: Private,
    ifVersion?: number,
  ): Promise<WebhookEndpointView>;
  removeWebhookEndpoint(actor: Actor, id: string): Promise<void>;
  /** Signs with a new secret from now on, and with the one before as well until `overlap` (default 24h) has passed. */
  rotateWebhookSecret(
    actor: Actor,
    id: string,
    input: { readonly secret?: string; readonly overlap?: string },
  ): Promise<{ readonly endpoint: WebhookEndpointView; readonly secret: string }>;

  /** `secret` is null where the channel signs nothing. */
  createNotificationHandler(
    actor: Actor,
    input: NotificationHandlerInput,
    may: Private,
  ): Promise<{ readonly handler: NotificationHandlerView; readonly secret: string | null }>;
  listNotificationHandlers(actor: Actor): Promise<readonly NotificationHandlerView[]>;
  getNotificationHandler(actor: Actor, id: string): Promise<NotificationHandlerView>;
  updateNotificationHandler(
    actor: Actor,
    id: string,
    patch: NotificationHandlerPatch,
    may: Private,
    ifVersion?: number,
  ): Promise<NotificationHandlerView>;
  removeNotificationHandler(actor: Actor, id: string): Promise<void>;

  /** Sends a message that says nothing but that it is a test. `id` is an endpoint's or a handler's, here and below. */
  sendTest(actor: Actor, id: string): Promise<DeliveryView>;
  /** Newest first. */
  listDeliveries(
    actor: Actor,
    id: string,
    filter: DeliveryFilter,
    page: PageRequest,
  ): Promise<Page<DeliveryView>>;
  getDelivery(actor: Actor, deliveryId: string): Promise<DeliveryDetail>;
  /** Sends one message again, whatever became of it, under its old id. */
  resendDelivery(actor: Actor, deliveryId: string): Promise<DeliveryView>;
  /** Sends again what failed and was made since an instant (as `readInstant` reads it); answers how many. */
  recoverDeliveries(actor: Actor, id: string, since: string): Promise<number>;
}
