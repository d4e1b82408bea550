import { type Static, Type } from "typebox";

import {
  anyObject,
  answer,
  label,
  nullable,
  oneOf,
  pageOf,
  patchOf,
  strict,
  utc,
  utcOrNull,
} from "../../ports/http/schema-parts.ts";

import { tellChannels } from "./rows.ts";
import { appointmentStatuses } from "./status.ts";

const text = (max: number, description: string) => Type.String({ minLength: 1, maxLength: max, description });
const textOrNull = (max: number, description: string) =>
  Type.Unsafe<string | null>({ type: ["string", "null"], minLength: 1, maxLength: max, description });
const reference = (what: string) => text(200, `The ${what}'s id, or its external_id.`);
const externalId = Type.Optional(textOrNull(200, "Your own id of it; unique, and taken wherever an id is."));
const clock = (example: string) => Type.String({ maxLength: 5, example });
const quietHours = Type.Optional(
  Type.Unsafe<{ readonly from: string; readonly to: string } | null>({
    type: ["object", "null"],
    additionalProperties: false,
    required: ["from", "to"],
    properties: { from: clock("21:00"), to: clock("08:00") },
    description: "Local times between which nobody is told anything; null: none.",
  }),
);
const channelOrNull = Type.Optional(
  Type.Unsafe<(typeof tellChannels)[number] | null>({
    type: ["string", "null"],
    enum: [...tellChannels, null],
    description: "How the client wants to be told; null: as the business does it. A call only recalls.",
  }),
);
const quietAnswer = Type.Unsafe<{ from: string; to: string } | null>({
  type: ["object", "null"],
  properties: { from: { type: "string" }, to: { type: "string" } },
});
const stamps = { version: Type.Integer(), created_at: utc, updated_at: utc };

const businessFields = {
  name: label("Its name, as clients know it."),
  timezone: Type.String({
    maxLength: 64,
    description: "IANA zone in which its hours are.",
    example: "America/New_York",
  }),
  reminders: Type.Optional(
    Type.Array(Type.String({ maxLength: 32 }), {
      maxItems: 5,
      description:
        'How long before an appointment its client is reminded (default ["24h", "2h"]): hours that pass, or days of the calendar such as 1d, which keep the local time over a change of the clocks.',
    }),
  ),
  channel: Type.Optional(oneOf(tellChannels, "How clients are told who say nothing else (default push).")),
  quiet_hours: quietHours,
  send_missed: Type.Optional(Type.Boolean({ description: "Tell clients who did not come (default true)." })),
  ask_reviews: Type.Optional(Type.Boolean({ description: "Ask for a review afterwards (default true)." })),
  external_id: externalId,
};
export const businessCreate = strict("BusinessCreate", businessFields);
export type BusinessCreate = Static<typeof businessCreate>;
export const businessPatch = patchOf("BusinessPatch", strict("BusinessChange", businessFields));
export type BusinessPatch = Static<typeof businessPatch>;
export const business = answer("Business", {
  id: Type.String(),
  external_id: nullable("string"),
  name: Type.String(),
  timezone: Type.String(),
  reminders: Type.Array(Type.String()),
  channel: Type.String(),
  quiet_hours: quietAnswer,
  send_missed: Type.Boolean(),
  ask_reviews: Type.Boolean(),
  review_count: Type.Integer(),
  average_rating: nullable("number", "Of all reviews; null while there is none."),
  rating_distribution: anyObject,
  ...stamps,
});
export const businessPage = pageOf("BusinessPage", business);

const clientFields = {
  name: label("The client's name."),
  phone: Type.Optional(textOrNull(64, "E.164, such as +12125550100.")),
  email: Type.Optional(textOrNull(254, "An address such as ann@example.com.")),
  recipient_id: Type.Optional(textOrNull(200, "The id under which the client's devices are registered.")),
  firebase_uid: Type.Optional(textOrNull(200, "The same as recipient_id.")),
  timezone: Type.Optional(textOrNull(64, "IANA zone of the client's own hours; null: the business's.")),
  channel: channelOrNull,
  quiet_hours: quietHours,
  external_id: externalId,
};
export const clientCreate = strict("ClientCreate", clientFields);
export type ClientCreate = Static<typeof clientCreate>;
export const clientPatch = patchOf("ClientPatch", strict("ClientChange", clientFields));
export type ClientPatch = Static<typeof clientPatch>;
export const client = answer("Client", {
  id: Type.String(),
  external_id: nullable("string"),
  name: Type.String(),
  phone: nullable("string"),
  email: nullable("string"),
  recipient_id: nullable("string"),
  timezone: nullable("string"),
  channel: nullable("string"),
  quiet_hours: quietAnswer,
  ...stamps,
});
export const clientPage = pageOf("ClientPage", client);

const serviceFields = {
  name: label("Its name, as clients know it."),
  duration: Type.String({ maxLength: 32, description: "How long it takes, 1m to 24h.", example: "45m" }),
  price: Type.Optional(textOrNull(16, 'A decimal as text, such as "45.00".')),
  is_active: Type.Optional(Type.Boolean({ description: "Whether it is still offered (default true)." })),
  external_id: externalId,
};
export const serviceCreate = strict("ServiceCreate", {
  business_id: reference("business"),
  ...serviceFields,
});
export type ServiceCreate = Static<typeof serviceCreate>;
export const servicePatch = patchOf("ServicePatch", strict("ServiceChange", serviceFields));
export type ServicePatch = Static<typeof servicePatch>;
export const service = answer("Service", {
  id: Type.String(),
  external_id: nullable("string"),
  business_id: Type.String(),
  name: Type.String(),
  duration: Type.String(),
  price: nullable("string"),
  is_active: Type.Boolean(),
  ...stamps,
});
export const servicePage = pageOf("ServicePage", service);

const startsAt = Type.String({
  maxLength: 64,
  description: "RFC 3339 with an offset, or a local time of the business.",
  example: "2026-12-01T10:00:00",
});
const endsAt = Type.Optional(Type.String({ maxLength: 64, description: "When it ends; or send duration." }));
const length = Type.Optional(
  Type.String({
    maxLength: 32,
    description: "How long it takes (default: as long as its service).",
    example: "45m",
  }),
);
const staff = Type.Optional(
  textOrNull(200, "Who serves. Two appointments of one business and person never overlap."),
);
const notes = Type.Optional(textOrNull(2000, "For the business; stored sealed."));
export const appointmentCreate = strict("AppointmentCreate", {
  business_id: reference("business"),
  client_id: reference("client"),
  service_id: Type.Optional(reference("service")),
  starts_at: startsAt,
  ends_at: endsAt,
  duration: length,
  staff,
  notes,
  status: Type.Optional(
    oneOf(
      appointmentStatuses,
      "Default confirmed; pending waits for confirm. What is over is entered as completed, cancelled or no_show.",
    ),
  ),
  send_confirmation: Type.Optional(
    Type.Boolean({ description: "Tell the client that it was booked (default true)." }),
  ),
  external_id: externalId,
});
export type AppointmentCreate = Static<typeof appointmentCreate>;
export const appointmentPatch = patchOf(
  "AppointmentPatch",
  strict("AppointmentChange", {
    service_id: Type.Optional(textOrNull(200, "The service's id, or its external_id.")),
    ends_at: endsAt,
    duration: length,
    staff,
    notes,
    is_active: Type.Optional(Type.Boolean({ description: "False: archived." })),
    external_id: externalId,
  }),
);
export type AppointmentPatchBody = Static<typeof appointmentPatch>;
export const appointment = answer("Appointment", {
  id: Type.String(),
  external_id: nullable("string"),
  status: oneOf(appointmentStatuses),
  booking_status: Type.String({
    description:
      "The status for systems that know no missed appointments: upper case, and no_show is CANCELLED.",
  }),
  confirmation_code: Type.String(),
  business_id: Type.String(),
  client_id: Type.String(),
  service_id: nullable("string"),
  staff: nullable("string"),
  starts_at: utc,
  ends_at: utc,
  starts_at_local: Type.String({ description: "In the business's zone, with the offset." }),
  timezone: Type.String({ description: "The business's." }),
  notes: nullable("string"),
  is_active: Type.Boolean(),
  client_confirmed_at: utcOrNull,
  reschedule_asked_at: utcOrNull,
  confirmed_at: utcOrNull,
  completed_at: utcOrNull,
  cancelled_at: utcOrNull,
  cancelled_by: nullable("string"),
  cancellation_reason: nullable("string"),
  ...stamps,
});
export const appointmentPage = pageOf("AppointmentPage", appointment);

const by = Type.Optional(oneOf(["business", "client"], "Who wants it."));
/** For verbs that need to say nothing. */
export const verbBody = Type.Unsafe<{ readonly by?: "business" | "client"; readonly reason?: string } | null>(
  {
    type: ["object", "null"],
    additionalProperties: false,
    "x-name": "AppointmentVerb",
    properties: {
      by: { type: "string", enum: ["business", "client"], description: "Who wants it." },
      reason: { type: "string", minLength: 1, maxLength: 500, description: "Why, for the business." },
    },
  },
);
export type VerbBody = Static<typeof verbBody>;
export const moveBody = strict("AppointmentMove", {
  starts_at: startsAt,
  ends_at: endsAt,
  duration: length,
  staff,
  by,
});
export type MoveBody = Static<typeof moveBody>;

export const message = answer("AppointmentMessage", {
  kind: Type.String({ description: "confirmation, 24h, 2h, review_request …" }),
  event: Type.String(),
  channel: nullable("string"),
  at: utc,
  expires_at: utc,
  starts_at: utc,
  status: Type.String({
    description:
      "planned, sent, delivered, failed, bounced, canceled, expired; withdrawn: not wanted any more; dropped: never planned.",
  }),
  reason: nullable("string"),
  notification_id: nullable("string"),
  call_id: nullable("string"),
});
export const messagePage = pageOf("AppointmentMessagePage", message);

const rating = Type.Integer({ minimum: 1, maximum: 5, description: "Stars, 1 to 5." });
const comment = Type.Optional(textOrNull(4000, "In the client's words; stored sealed."));
export const reviewCreate = strict("ReviewCreate", {
  appointment_id: Type.Optional(reference("appointment")),
  business_id: Type.Optional(reference("business")),
  client_id: Type.Optional(reference("client")),
  rating,
  comment,
});
export type ReviewCreate = Static<typeof reviewCreate>;
export const reviewPatch = patchOf("ReviewPatch", strict("ReviewChange", { rating, comment }));
export type ReviewPatch = Static<typeof reviewPatch>;
export const review = answer("Review", {
  id: Type.String(),
  business_id: Type.String(),
  client_id: Type.String(),
  appointment_id: nullable("string"),
  rating: Type.Integer(),
  comment: nullable("string"),
  ...stamps,
});
export const reviewPage = pageOf("ReviewPage", review);

export const chatRoomCreate = strict("ChatRoomCreate", {
  business_id: reference("business"),
  client_id: reference("client"),
});
export type ChatRoomCreate = Static<typeof chatRoomCreate>;
export const chatRoomPatch = patchOf(
  "ChatRoomPatch",
  strict("ChatRoomChange", { is_active: Type.Boolean({ description: "False: archived." }) }),
);
export type ChatRoomPatch = Static<typeof chatRoomPatch>;
export const chatRoom = answer("ChatRoom", {
  id: Type.String(),
  business_id: Type.String(),
  client_id: Type.String(),
  is_active: Type.Boolean(),
  last_activity_at: utc,
  ...stamps,
});
export const chatRoomPage = pageOf("ChatRoomPage", chatRoom);

export const businessStatistics = answer("BusinessStatistics", {
  business_id: Type.String(),
  appointments: Type.Integer(),
  by_status: anyObject,
  completion_rate: nullable("number", "Completed, of all that were completed, cancelled or missed."),
  review_count: Type.Integer(),
  average_rating: nullable("number"),
  counted_at: utc,
});
export const dailyStatistics = answer("DailyStatistics", {
  day: Type.String(),
  timezone: Type.String(),
  appointments: Type.Integer({ description: "That began on that day." }),
  by_status: anyObject,
  new_clients: Type.Integer(),
  new_businesses: Type.Integer(),
  active_businesses: Type.Integer({ description: "That had an appointment on that day." }),
  reviews: Type.Integer(),
  average_rating: nullable("number"),
  counted_at: utc,
});
export const dailyPage = pageOf("DailyStatisticsPage", dailyStatistics);

export const importAnswer = answer("ImportAnswer", {
  preview: Type.Boolean(),
  rows: Type.Integer(),
  created: Type.Integer(),
  updated: Type.Integer(),
  rejected: Type.Integer(),
  errors: Type.Array(
    answer("ImportError", { line: Type.Integer(), code: Type.String(), detail: Type.String() }),
    { description: "The first 1,000 rejected rows." },
  ),
  unused_columns: Type.Array(Type.String()),
});

export const seedBody = Type.Unsafe<{ readonly beside?: boolean } | null>({
  type: ["object", "null"],
  additionalProperties: false,
  "x-name": "SeedRequest",
  properties: {
    beside: { type: "boolean", description: "Also when there are businesses already (default false)." },
  },
});
export const seedAnswer = answer("SeedAnswer", {
  business_id: Type.String(),
  services: Type.Integer(),
  clients: Type.Integer(),
  appointments: Type.Integer(),
  reviews: Type.Integer(),
});
