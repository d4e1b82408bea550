import { type Static, Type } from "typebox";

import { BODY_MAX, SUBJECT_MAX, VALUE_MAX, VARIABLES_MAX } from "../../domain/message-template.ts";
import { messageChannels } from "../../ports/messenger.ts";
import { notificationStatuses, queueNames } from "../../ports/program.ts";

import {
  answer,
  duration,
  nullable,
  oneOf,
  pageOf,
  strict,
  utc,
  utcOrNull,
} from "../../ports/http/schema-parts.ts";
import { pageQuery } from "./call-schemas.ts";

const channel = oneOf(messageChannels, "How: push, email or sms.");
const at = Type.String({
  maxLength: 64,
  description:
    "When: RFC 3339 with an offset, or a local time with timezone. Neither at nor in means at once.",
  example: "2026-12-01T10:00:00Z",
});
const clock = (description: string, example: string) => Type.String({ maxLength: 5, description, example });

const quietHours = strict("NotificationQuietHours", {
  timezone: Type.Optional(Type.String({ maxLength: 64, description: "IANA; absent: timezone." })),
  from: clock("Local time.", "22:00"),
  to: clock("Local time; earlier than from runs over midnight.", "08:00"),
});

/** All of a notification but whom it is for. */
const content = {
  channel: Type.Optional(channel),
  notification_type: Type.Optional(oneOf(messageChannels, "The same as channel.")),
  event: Type.String({
    maxLength: 100,
    description: "What happened, for filters and the app that is told.",
    example: "appointment_reminder_24h",
  }),
  subject: Type.Optional(Type.String({ maxLength: SUBJECT_MAX })),
  body: Type.Optional(Type.String({ maxLength: BODY_MAX })),
  template: Type.Optional(
    Type.String({ maxLength: 100, description: "A stored template's name, instead of subject and body." }),
  ),
  variables: Type.Optional(
    Type.Unsafe<Readonly<Record<string, string | number>>>({
      type: "object",
      maxProperties: VARIABLES_MAX,
      additionalProperties: { type: ["string", "number"], maxLength: VALUE_MAX },
      description: "A text or number for each variable of the template.",
    }),
  ),
  data: Type.Optional(
    Type.Unsafe<Readonly<Record<string, string>>>({
      type: "object",
      maxProperties: 50,
      additionalProperties: { type: "string", maxLength: 1000 },
      description: "What an app receives beside the words.",
    }),
  ),
  at: Type.Optional(at),
  in: Type.Optional(duration("How long from now, instead of at.", "5m")),
  timezone: Type.Optional(Type.String({ maxLength: 64, description: "The IANA zone of local times." })),
  expires_at: Type.Optional(
    Type.String({ maxLength: 64, description: "It is of no use from then on (default: a day after at)." }),
  ),
  quiet_hours: Type.Optional(quietHours),
  queue: Type.Optional(oneOf(queueNames, "Which workers send it (default notifications).")),
  dedupe_key: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: "Told once: a second one with the same key answers the first one.",
    }),
  ),
  max_retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 10, description: "Default 3." })),
};

export const notificationCreate = strict("NotificationCreate", {
  ...content,
  recipient_id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: "Your own id of a person." }),
  ),
  address: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 4096,
      description: "A device token, an e-mail address or an E.164 number; wins over what the recipient has.",
    }),
  ),
});
export type NotificationCreate = Static<typeof notificationCreate>;

export const notificationsBulk = strict("NotificationsBulk", {
  ...content,
  recipient_ids: Type.Unsafe<readonly string[]>({
    type: "array",
    minItems: 1,
    items: { type: "string" },
    description: "Up to 100,000; whoever is named twice is told once.",
  }),
});
export type NotificationsBulk = Static<typeof notificationsBulk>;

const target = answer("NotificationTarget", {
  device_id: nullable("string", "Null for an address that is no registered device."),
  status: oneOf(["sending", "sent", "not_sent", "failed", "unconfirmed"]),
  reference: nullable("string", "What the provider calls it."),
  code: nullable("string", "What the provider answered."),
});

export const notification = answer("Notification", {
  id: Type.String(),
  status: oneOf(notificationStatuses),
  reason: nullable("string", "Why it waits, failed or was not sent."),
  channel,
  event: Type.String(),
  queue: oneOf(queueNames),
  recipient_id: nullable("string"),
  address: nullable("string", "Of a device token only its end. Null: what the recipient has registered."),
  subject: nullable("string"),
  body: Type.String(),
  data: Type.Unsafe<Readonly<Record<string, string>>>({
    type: "object",
    additionalProperties: { type: "string" },
  }),
  quiet_hours: Type.Unsafe<Static<typeof quietHours> | null>({
    type: ["object", "null"],
    properties: quietHours.properties,
  }),
  dedupe_key: nullable("string"),
  operation_id: nullable("string", "The operation that made it."),
  at: utc,
  expires_at: utc,
  next_try_at: nullable("string", "When it is sent, or tried again; null when nothing more comes."),
  retry_count: Type.Integer(),
  max_retries: Type.Integer(),
  targets: Type.Array(target),
  provider: nullable("string", "Who sent it; outbox is the folder that stands in for a provider."),
  detail: nullable("string", "What the provider said."),
  sent_at: utcOrNull,
  delivered_at: utcOrNull,
  ended_at: utcOrNull,
  created_by: Type.String(),
  version: Type.Integer(),
  created_at: utc,
  updated_at: utc,
});
export type NotificationJson = Static<typeof notification>;
export const notificationPage = pageOf("NotificationPage", notification);

const filterTime = Type.String({ maxLength: 64, description: "RFC 3339 with an offset." });
export const notificationsQuery = Type.Object(
  {
    ...pageQuery.properties,
    status: Type.Optional(Type.String({ maxLength: 200, description: "One or several, with commas." })),
    event: Type.Optional(Type.String({ maxLength: 100 })),
    channel: Type.Optional(oneOf(messageChannels)),
    notification_type: Type.Optional(oneOf(messageChannels, "The same as channel.")),
    recipient_id: Type.Optional(Type.String({ maxLength: 200 })),
    operation_id: Type.Optional(Type.String({ maxLength: 64 })),
    created_after: Type.Optional(filterTime),
    created_before: Type.Optional(filterTime),
  },
  { additionalProperties: false },
);
export type NotificationsQuery = Static<typeof notificationsQuery>;

export const receipt = strict("NotificationReceipt", { status: oneOf(["delivered", "bounced"]) });
export type Receipt = Static<typeof receipt>;

export const operation = answer("Operation", {
  id: Type.String(),
  kind: Type.String({ description: "Such as notifications.bulk." }),
  status: oneOf(["running", "canceling", "completed", "canceled"]),
  total: Type.Integer({ description: "Recipients in all." }),
  done: Type.Integer({ description: "Those whose notification is stored." }),
  failed: Type.Integer({ description: "Those that got none, for theirs has the same dedupe_key." }),
  notifications: Type.Unsafe<Readonly<Record<string, number>>>({
    type: "object",
    properties: Object.fromEntries(notificationStatuses.map((status) => [status, { type: "integer" }])),
    description: "Its notifications by status.",
  }),
  created_at: utc,
  ended_at: utcOrNull,
  updated_at: utc,
});
export type OperationJson = Static<typeof operation>;
