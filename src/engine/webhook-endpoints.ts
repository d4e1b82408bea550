import { refuseField } from "../domain/refusal.ts";
import { parseDuration } from "../domain/zone.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import type { Private, WebhookEndpointInput, WebhookEndpointPatch, WebhookEndpointView } from "./notify.ts";
import { endpointView } from "./subscriber-view.ts";
import { type Subscribers, oldSecretPlace, secretPlace } from "./subscribers.ts";
import {
  changeSubscription,
  listSubscribers,
  requireSubscriber,
  subscribe,
  targetToPatch,
  unsubscribe,
  writeSubscription,
} from "./subscriptions.ts";

const dayMs = 86_400_000;
const overlapMaxMs = 7 * dayMs;
const secretBytes = 32;
/** whsec_ and the base64 of 24 to 64 bytes, as Standard Webhooks says. */
const secretForm =
  /^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?|[A-Za-z0-9+/]{4})?$/;
const secretBytesMin = 24;
const secretBytesMax = 64;

export async function createWebhookEndpoint(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  input: WebhookEndpointInput,
  may: Private,
): Promise<{ endpoint: WebhookEndpointView; secret: string }> {
  const secret = input.secret === undefined ? newSecret(context) : checkedSecret(input.secret);
  const row = await subscribe(
    context,
    subscribers,
    actor,
    "endpoint",
    {
      name: input.description ?? "",
      channel: "webhook",
      target: { url: input.url, allow_private: input.allow_private ?? false },
      events: input.events ?? ["*"],
      payload: input.payload ?? "thin",
      secret,
    },
    may,
  );
  return { endpoint: endpointView(context, row), secret };
}

export async function updateWebhookEndpoint(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  id: string,
  patch: WebhookEndpointPatch,
  may: Private,
  ifVersion?: number,
): Promise<WebhookEndpointView> {
  const before = await requireSubscriber(context, actor, id, "endpoint");
  const { url, allow_private: allowPrivate, description, ...rest } = patch;
  const isMoved = url !== undefined || allowPrivate !== undefined;
  const known = targetToPatch(context, before);
  const target = {
    url: url ?? known["url"],
    allow_private: allowPrivate ?? known["allow_private"] === true,
  };
  const row = await changeSubscription(
    context,
    subscribers,
    actor,
    before,
    {
      ...rest,
      ...(description === undefined ? {} : { name: description }),
      ...(isMoved ? { target } : {}),
    },
    may,
    ifVersion,
  );
  return endpointView(context, row);
}

export async function getWebhookEndpoint(
  context: Context,
  actor: Actor,
  id: string,
): Promise<WebhookEndpointView> {
  return endpointView(context, await requireSubscriber(context, actor, id, "endpoint"));
}

export async function listWebhookEndpoints(
  context: Context,
  actor: Actor,
): Promise<readonly WebhookEndpointView[]> {
  return (await listSubscribers(context, actor, "endpoint")).map((row) => endpointView(context, row));
}

export async function removeWebhookEndpoint(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  id: string,
): Promise<void> {
  await unsubscribe(context, subscribers, actor, await requireSubscriber(context, actor, id, "endpoint"));
}

/** A new secret signs from now on; the one before signs beside it for a while, so that the receiver can change over. */
export async function rotateWebhookSecret(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  id: string,
  input: { readonly secret?: string; readonly overlap?: string },
): Promise<{ endpoint: WebhookEndpointView; secret: string }> {
  const before = await requireSubscriber(context, actor, id, "endpoint");
  const overlapMs = input.overlap === undefined ? dayMs : parseDuration(input.overlap);
  if (overlapMs === undefined || overlapMs > overlapMaxMs)
    throw refuseField(
      "time_invalid",
      "/overlap",
      "Send a duration of at most 7d, such as 24h; 0s ends it now.",
    );
  const secret = input.secret === undefined ? newSecret(context) : checkedSecret(input.secret);
  const { secrets } = context;
  const now = context.clock.now();
  const old = before.secret === null ? null : secrets.open(before.secret, secretPlace(before.id));
  const row = await writeSubscription(
    context,
    subscribers,
    actor,
    before,
    {
      ...before,
      secret: secrets.seal(secret, secretPlace(before.id)),
      old_secret: old === null || overlapMs === 0 ? null : secrets.seal(old, oldSecretPlace(before.id)),
      old_secret_until: overlapMs === 0 ? null : now + overlapMs,
      updated_at: now,
    },
    "secret_rotated",
  );
  return { endpoint: endpointView(context, row), secret };
}

export function newSecret(context: Pick<Context, "random">): string {
  return `whsec_${Buffer.from(context.random.bytes(secretBytes)).toString("base64")}`;
}

function checkedSecret(secret: string): string {
  const bytes = secretForm.test(secret) ? Buffer.from(secret.slice("whsec_".length), "base64").length : 0;
  if (bytes < secretBytesMin || bytes > secretBytesMax)
    throw refuseField("secret_invalid", "/secret", "A secret is whsec_ and the base64 of 24 to 64 bytes.");
  return secret;
}
