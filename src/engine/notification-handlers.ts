import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import type {
  NotificationHandlerInput,
  NotificationHandlerPatch,
  NotificationHandlerView,
  Private,
} from "./notify.ts";
import { handlerView } from "./subscriber-view.ts";
import type { Subscribers } from "./subscribers.ts";
import {
  changeSubscription,
  listSubscribers,
  requireChannel,
  requireSubscriber,
  subscribe,
  unsubscribe,
} from "./subscriptions.ts";
import { newSecret } from "./webhook-endpoints.ts";

/** Tells somebody by a channel when events of some types happen. Only webhooks are signed. */
export async function createNotificationHandler(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  input: NotificationHandlerInput,
  may: Private,
): Promise<{ handler: NotificationHandlerView; secret: string | null }> {
  requireChannel(context, input.channel);
  const secret = input.channel === "webhook" ? newSecret(context) : null;
  const row = await subscribe(
    context,
    subscribers,
    actor,
    "handler",
    {
      name: input.name,
      channel: input.channel,
      target: input.settings ?? {},
      events: input.events,
      payload: input.payload ?? "thin",
      secret,
    },
    may,
  );
  return { handler: handlerView(context, row), secret };
}

export async function updateNotificationHandler(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  id: string,
  patch: NotificationHandlerPatch,
  may: Private,
  ifVersion?: number,
): Promise<NotificationHandlerView> {
  const before = await requireSubscriber(context, actor, id, "handler");
  const { settings, ...rest } = patch;
  const row = await changeSubscription(
    context,
    subscribers,
    actor,
    before,
    { ...rest, ...(settings === undefined ? {} : { target: settings }) },
    may,
    ifVersion,
  );
  return handlerView(context, row);
}

export async function getNotificationHandler(
  context: Context,
  actor: Actor,
  id: string,
): Promise<NotificationHandlerView> {
  return handlerView(context, await requireSubscriber(context, actor, id, "handler"));
}

export async function listNotificationHandlers(
  context: Context,
  actor: Actor,
): Promise<readonly NotificationHandlerView[]> {
  return (await listSubscribers(context, actor, "handler")).map((row) => handlerView(context, row));
}

export async function removeNotificationHandler(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  id: string,
): Promise<void> {
  await unsubscribe(context, subscribers, actor, await requireSubscriber(context, actor, id, "handler"));
}
