import { type Static, Type } from "typebox";

import {
  anyObject,
  answer,
  duration,
  label,
  nullable,
  oneOf,
  pageOf,
  strict,
  utc,
  utcOrNull,
} from "../../ports/http/schema-parts.ts";

const events = Type.Array(
  Type.String({
    maxLength: 81,
    example: "call.completed",
    description: "A type, a group such as call.*, or *.",
  }),
  { minItems: 1, maxItems: 100 },
);
const payload = oneOf(
  ["thin", "full"],
  "thin (the default): ids and states, no phone number. full: the call as well, its number too.",
);
const status = oneOf(["enabled", "disabled"]);
const secret = Type.String({
  maxLength: 100,
  description: "whsec_ and the base64 of 24 to 64 bytes. Without it a new one is made.",
});
const description = Type.String({ maxLength: 200, description: "For people to read." });
const url = Type.String({
  minLength: 1,
  maxLength: 2000,
  example: "https://example.com/hooks/carillon",
  description: "https on port 443 or 8443 of the public Internet; anything else needs allow_private.",
});
const allowPrivate = Type.Boolean({
  description:
    "The URL may lead to loopback and private addresses, by http too. Only while the server is open, or with a full key of the default workspace.",
});

const endpointMembers = {
  url,
  events: Type.Optional(events),
  description: Type.Optional(description),
  payload: Type.Optional(payload),
  allow_private: Type.Optional(allowPrivate),
};
export const endpointCreate = strict("WebhookEndpointCreate", {
  ...endpointMembers,
  secret: Type.Optional(secret),
});
export type EndpointCreate = Static<typeof endpointCreate>;
export const endpointPatch = Type.Partial(strict("WebhookEndpointPatch", { ...endpointMembers, status }), {
  additionalProperties: false,
  minProperties: 1,
  "x-name": "WebhookEndpointPatch",
});
export type EndpointPatch = Static<typeof endpointPatch>;

const subscriberMembers = {
  events: Type.Array(Type.String()),
  payload,
  status,
  status_reason: nullable("string", "Why it is disabled: by_request, gone (it answered 410) or failing."),
  failing_since: nullable("string", "Since when every try has failed. UTC, RFC 3339."),
  delivered_at: nullable("string", "When something was last delivered. UTC, RFC 3339."),
  version: Type.Integer(),
  created_at: utc,
  updated_at: utc,
};
const endpointAnswer = {
  id: Type.String(),
  url: Type.String(),
  description: Type.String(),
  allow_private: Type.Boolean(),
  ...subscriberMembers,
  old_secret_until: nullable("string", "Until then the secret before the newest signs as well."),
};
export const endpoint = answer("WebhookEndpoint", endpointAnswer);
export type EndpointJson = Static<typeof endpoint>;
export const endpointWithSecret = answer("WebhookEndpointWithSecret", {
  ...endpointAnswer,
  secret: Type.String({ description: "What messages are signed with, shown this once." }),
});
export const endpointPage = pageOf("WebhookEndpointPage", endpoint);

export const secretRotation = Type.Unsafe<{ readonly secret?: string; readonly overlap?: string } | null>({
  type: ["object", "null"],
  additionalProperties: false,
  "x-name": "SecretRotation",
  properties: {
    secret,
    overlap: duration(
      "How long the old secret signs as well: 24h unless said, 7d at most, 0s for not at all.",
      "24h",
    ),
  },
});
export type SecretRotation = Static<typeof secretRotation>;

const settings = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: "object",
  additionalProperties: true,
  description: 'webhook: {"url": …, "allow_private": …}. email: {"to": ["team@example.com"]}. log: nothing.',
  example: { to: ["team@example.com"] },
});
const handlerMembers = {
  name: label("For people to read."),
  events,
  settings: Type.Optional(settings),
  payload: Type.Optional(payload),
};
export const handlerCreate = strict("NotificationHandlerCreate", {
  ...handlerMembers,
  channel: Type.String({ maxLength: 64, example: "email", description: "webhook, email or log." }),
});
export type HandlerCreate = Static<typeof handlerCreate>;
export const handlerPatch = Type.Partial(strict("NotificationHandlerPatch", { ...handlerMembers, status }), {
  additionalProperties: false,
  minProperties: 1,
  "x-name": "NotificationHandlerPatch",
});
export type HandlerPatch = Static<typeof handlerPatch>;
const handlerAnswer = {
  id: Type.String(),
  name: Type.String(),
  channel: Type.String(),
  settings: anyObject,
  ...subscriberMembers,
};
export const handler = answer("NotificationHandler", handlerAnswer);
export type HandlerJson = Static<typeof handler>;
export const handlerWithSecret = answer("NotificationHandlerWithSecret", {
  ...handlerAnswer,
  secret: nullable("string", "What a webhook's messages are signed with, shown this once; null elsewhere."),
});
export const handlerPage = pageOf("NotificationHandlerPage", handler);

const deliveryStatuses = ["pending", "delivered", "failed"] as const;
const deliveryMembers = {
  id: Type.String(),
  subscriber_id: Type.String({ description: "The endpoint or handler." }),
  message_id: Type.String({ description: "The webhook-id; the same at each try." }),
  type: Type.String(),
  call_id: nullable("string"),
  status: oneOf(deliveryStatuses),
  tries: Type.Integer(),
  next_try_at: utcOrNull,
  last_tried_at: utcOrNull,
  ended_at: utcOrNull,
  answer_status: nullable("integer", "The HTTP status, or the SMTP reply code, of the last answer."),
  answer_body: nullable("string", "The first 1,024 bytes of the last answer."),
  duration_ms: nullable("number", "How long the last try took."),
  detail: nullable("string", "What went wrong, in words."),
  created_at: utc,
};
export const delivery = answer("Delivery", deliveryMembers);
export type DeliveryJson = Static<typeof delivery>;
export const deliveryWithBody = answer("DeliveryWithBody", {
  ...deliveryMembers,
  body: Type.String({ description: "The JSON that is sent." }),
});
export const deliveryPage = pageOf("DeliveryPage", delivery);
export const deliveriesQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, description: "More than 200 counts as 200 (default 50)." }),
    ),
    cursor: Type.Optional(Type.String({ maxLength: 1000 })),
    status: Type.Optional(oneOf(deliveryStatuses)),
  },
  { additionalProperties: false },
);
export type DeliveriesQuery = Static<typeof deliveriesQuery>;

export const recovery = strict("Recovery", {
  since: Type.String({
    maxLength: 64,
    description: "RFC 3339. What failed and was made since then is sent again.",
    example: "2026-12-01T15:00:00Z",
  }),
});
export type Recovery = Static<typeof recovery>;
export const recovered = answer("Recovered", {
  count: Type.Integer({ description: "How many are sent again." }),
});
