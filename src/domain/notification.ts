import { DAY_MS, HOUR_MS } from "./civil.ts";

/** `sending`: its request may be under way; it shows as `pending`. */
export const notificationStates = [
  "pending",
  "sending",
  "sent",
  "delivered",
  "failed",
  "bounced",
  "canceled",
  "expired",
] as const;
export type NotificationState = (typeof notificationStates)[number];

export type NotificationEvent =
  | "claim"
  | "release"
  | "move"
  | "send"
  | "deliver"
  | "fail"
  | "bounce"
  | "cancel"
  | "expire"
  | "retry";

/**
 * What happens to a notification in each state; what is not listed does not happen there. A failed one that waits for its
 * next try is `failed` too. One that may have been sent, and nobody knows, is `failed` for good: only news that it was sent
 * changes that.
 */
export const notificationTransitions = {
  pending: {
    claim: "sending",
    move: "pending",
    fail: "failed",
    cancel: "canceled",
    expire: "expired",
  },
  sending: { release: "pending", send: "sent", fail: "failed", bounce: "bounced" },
  sent: { deliver: "delivered", bounce: "bounced" },
  delivered: {},
  failed: {
    claim: "sending",
    move: "failed",
    fail: "failed",
    send: "sent",
    deliver: "delivered",
    cancel: "canceled",
    retry: "pending",
  },
  bounced: { retry: "pending" },
  canceled: {},
  expired: {},
} as const satisfies Record<NotificationState, Partial<Record<NotificationEvent, NotificationState>>>;

/** The state after an event, or undefined when the event does not happen in that state. */
export function nextNotificationState(
  state: NotificationState,
  event: NotificationEvent,
): NotificationState | undefined {
  const row: Partial<Record<NotificationEvent, NotificationState>> = notificationTransitions[state];
  return row[event];
}

/** A failure is tried again only within so long of the instant that the notification was meant for. */
export const triedWithinMs = DAY_MS;
const waitMs = HOUR_MS;
const waitMinMs = 1000;

/**
 * When a notification that was certainly not sent is tried again, or null when it is given up: after an hour, or when its
 * provider asked for (`afterMs`), as long as it is of use, less than a day old and was tried again fewer than `retriesMax`
 * times. `tries` counts the one that failed. Instants in UTC ms.
 */
export function nextTellAt(
  facts: {
    readonly askedAt: number;
    readonly expiresAt: number;
    readonly tries: number;
    readonly retriesMax: number;
  },
  now: number,
  afterMs: number | undefined,
): number | null {
  if (facts.tries > facts.retriesMax) return null;
  const at = now + Math.max(afterMs ?? waitMs, waitMinMs);
  return at < facts.expiresAt && at < facts.askedAt + triedWithinMs ? at : null;
}

/** Every reason that the engine itself gives for what became of a notification; programs may cancel theirs for others. */
export const notificationReasons = {
  quiet_hours: "Quiet hours: it waits for their end, or would have been of no use by then.",
  too_late: "It was of no use any more.",
  not_sent: "It certainly was not sent, and is tried again.",
  gave_up: "It certainly was not sent, however often it was tried.",
  unconfirmed: "It may have been sent, and nobody knows; it is never sent again.",
  refused: "The provider will never take it.",
  address_gone: "The address, or every device, takes nothing any more.",
  no_address: "The recipient has no device or address for the channel.",
  suppressed: "The number is on the do-not-call list.",
  not_on_allow_list:
    "The workspace is in canary, and the number is not on its allow-list: text messages go where calls go.",
  destination_refused: "A premium, satellite, emergency or short number, which is sent no text message.",
  timezone_unknown: "The zone of quiet hours is not known, so they cannot be kept.",
  channel_missing: "The process that looked at it has no such channel.",
  unreadable: "Its stored row could not be read.",
  receipt: "A receipt says that it bounced.",
  canceled_by_request: "It was canceled by request.",
  operation_canceled: "The operation that had made it was canceled.",
  person_erased: "The person asked to be forgotten.",
} as const;
export type NotificationReason = keyof typeof notificationReasons;
