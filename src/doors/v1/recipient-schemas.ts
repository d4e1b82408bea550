import { type Static, Type } from "typebox";

import { BODY_MAX, SUBJECT_MAX, VARIABLES_MAX } from "../../domain/message-template.ts";

import { answer, nullable, pageOf, patchOf, strict, utc } from "../../ports/http/schema-parts.ts";
import { pageQuery } from "./call-schemas.ts";

const words = {
  subject: Type.Optional(Type.Unsafe<string | null>({ type: ["string", "null"], maxLength: SUBJECT_MAX })),
  body: Type.String({
    maxLength: BODY_MAX,
    description: "Placeholders are written {{client_name}}; values are words and nothing else.",
    example: "Hello {{client_name}}, we see you at {{time}}.",
  }),
  variables: Type.Optional(
    Type.Array(Type.String({ maxLength: 64 }), {
      maxItems: VARIABLES_MAX,
      description: "When given, exactly those that subject and body use; what is missing is refused.",
    }),
  ),
};

export const templateCreate = strict("NotificationTemplateCreate", {
  name: Type.String({ minLength: 1, maxLength: 100, example: "appointment_reminder" }),
  ...words,
});
export type TemplateCreate = Static<typeof templateCreate>;
export const templatePatch = patchOf(
  "NotificationTemplatePatch",
  strict("NotificationTemplateChange", words),
);
export type TemplatePatch = Static<typeof templatePatch>;

export const template = answer("NotificationTemplate", {
  id: Type.String(),
  name: Type.String(),
  subject: nullable("string"),
  body: Type.String(),
  variables: Type.Array(Type.String(), { description: "Those that subject and body use." }),
  version: Type.Integer(),
  created_at: utc,
  updated_at: utc,
});
export type TemplateJson = Static<typeof template>;
export const templatePage = pageOf("NotificationTemplatePage", template);

export const deviceCreate = strict("DeviceCreate", {
  recipient_id: Type.String({ minLength: 1, maxLength: 200, description: "Your own id of a person." }),
  token: Type.String({
    minLength: 1,
    maxLength: 4096,
    description: "What the device was given to be told by.",
  }),
  platform: Type.Optional(Type.String({ minLength: 1, maxLength: 40, example: "android" })),
});
export type DeviceCreate = Static<typeof deviceCreate>;

export const device = answer("Device", {
  id: Type.String(),
  recipient_id: Type.String(),
  platform: nullable("string"),
  token_end: Type.String({ description: "The end of its token." }),
  created_at: utc,
  seen_at: Type.String({ description: "When it was registered last; UTC, RFC 3339." }),
});
export type DeviceJson = Static<typeof device>;
export const devicePage = pageOf("DevicePage", device);
export const devicesQuery = Type.Object(
  { ...pageQuery.properties, recipient_id: Type.Optional(Type.String({ maxLength: 200 })) },
  { additionalProperties: false },
);
export type DevicesQuery = Static<typeof devicesQuery>;

const orNull = (maxLength: number, description: string) =>
  Type.Optional(Type.Unsafe<string | null>({ type: ["string", "null"], maxLength, description }));
const quiet = strict("RecipientQuietHours", {
  from: Type.String({ maxLength: 5, description: "Local time.", example: "22:00" }),
  to: Type.String({
    maxLength: 5,
    description: "Local time; earlier than from runs over midnight.",
    example: "08:00",
  }),
});
const known = {
  email: orNull(320, "Where e-mail goes."),
  phone: orNull(64, "Where text messages go; E.164."),
  timezone: orNull(64, "IANA, such as Europe/Paris."),
  quiet_hours: Type.Optional(
    Type.Unsafe<Static<typeof quiet> | null>({
      type: ["object", "null"],
      additionalProperties: false,
      required: ["from", "to"],
      properties: quiet.properties,
      description: "In these local hours nothing is sent; needs timezone.",
    }),
  ),
};

export const recipientCreate = strict("RecipientCreate", {
  id: Type.String({ minLength: 1, maxLength: 200, description: "Your own id of a person." }),
  ...known,
});
export type RecipientCreate = Static<typeof recipientCreate>;
export const recipientPatch = patchOf("RecipientPatch", strict("RecipientChange", known));
export type RecipientPatch = Static<typeof recipientPatch>;

export const recipient = answer("Recipient", {
  id: Type.String(),
  ref: Type.String({ description: "What the history calls it." }),
  email: nullable("string"),
  phone: nullable("string"),
  timezone: nullable("string"),
  quiet_hours: Type.Unsafe<Static<typeof quiet> | null>({
    type: ["object", "null"],
    properties: quiet.properties,
  }),
  devices: Type.Integer({ description: "How many devices are registered." }),
  version: Type.Integer(),
  created_at: utc,
  updated_at: utc,
});
export type RecipientJson = Static<typeof recipient>;
export const recipientPage = pageOf("RecipientPage", recipient);
