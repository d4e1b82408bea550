import type { FastifyInstance } from "fastify";

import type { RefusalCode } from "../../domain/refusal.ts";
import { nothing } from "../../ports/http/schema-parts.ts";
import { section } from "../../ports/http/section.ts";

import type { Context } from "./context.ts";
import { afterHandlers, appointmentHandlers } from "./handlers.ts";
import { directoryHandlers } from "./handlers-directory.ts";
import { type Importable, importHandler } from "./import.ts";
import * as queries from "./queries.ts";
import * as of from "./schemas.ts";

const stale = ["precondition_failed"] as const satisfies readonly RefusalCode[];
const fields = ["name_taken", "timezone_unknown"] as const satisfies readonly RefusalCode[];
const people = [...fields, "phone_invalid"] as const satisfies readonly RefusalCode[];
const times = [
  "time_in_past",
  "time_invalid",
  "time_too_far",
  "local_time_skipped",
  "slot_taken",
  "reference_unknown",
] as const satisfies readonly RefusalCode[];
const changes = ["appointment_state", ...stale] as const satisfies readonly RefusalCode[];
const csv = ["csv_invalid", "csv_empty", "too_many_items"] as const satisfies readonly RefusalCode[];

const IMPORT_BYTES_MAX = 64 * 1024 * 1024;

/** Every route of the program. */
export function addRoutes(app: FastifyInstance, context: Context): void {
  // The body is read as it comes, so that a long file is never held.
  app.addContentTypeParser("text/csv", (_request, body, done) => done(null, body));
  addDirectory(app, context);
  addAppointments(app, context);
  addAfter(app, context);
}

function addDirectory(app: FastifyInstance, context: Context): void {
  const handle = directoryHandlers(context);
  const businesses = section(app, "Businesses", "appointments");
  const { businesses: business, clients: client, services: service } = handle;
  businesses.get(
    "listBusinesses",
    "/businesses",
    "List businesses",
    { query: queries.pageQuery, answer: of.businessPage, refusals: ["invalid_cursor"] },
    business.list,
  );
  businesses.post(
    "createBusiness",
    "/businesses",
    "Register a business",
    { body: of.businessCreate, answer: of.business, statuses: [201], refusals: fields },
    business.create,
  );
  addImport(app, context, "businesses", "Businesses");
  businesses.get("getBusiness", "/businesses/:id", "Get a business", { answer: of.business }, business.get);
  businesses.patch(
    "updateBusiness",
    "/businesses/:id",
    "Change a business; its reminders follow",
    { body: of.businessPatch, answer: of.business, refusals: [...fields, ...stale] },
    business.update,
  );
  businesses.remove(
    "removeBusiness",
    "/businesses/:id",
    "Remove a business that never had an appointment",
    { refusals: ["in_use"] },
    business.remove,
  );

  const clients = section(app, "Clients", "appointments");
  clients.get(
    "listClients",
    "/clients",
    "List clients",
    { query: queries.clientQuery, answer: of.clientPage, refusals: ["invalid_cursor"] },
    client.list,
  );
  clients.post(
    "createClient",
    "/clients",
    "Register a client",
    { body: of.clientCreate, answer: of.client, statuses: [201], refusals: people },
    client.create,
  );
  addImport(app, context, "clients", "Clients");
  clients.get("getClient", "/clients/:id", "Get a client", { answer: of.client }, client.get);
  clients.patch(
    "updateClient",
    "/clients/:id",
    "Change a client; their reminders follow",
    { body: of.clientPatch, answer: of.client, refusals: [...people, ...stale] },
    client.update,
  );
  clients.remove(
    "removeClient",
    "/clients/:id",
    "Remove a client who never had an appointment",
    { refusals: ["in_use"] },
    client.remove,
  );

  const services = section(app, "Services", "appointments");
  services.get(
    "listServices",
    "/services",
    "List services",
    { query: queries.ofBusinessQuery, answer: of.servicePage, refusals: ["invalid_cursor"] },
    service.list,
  );
  services.post(
    "createService",
    "/services",
    "Register a service of a business",
    {
      body: of.serviceCreate,
      answer: of.service,
      statuses: [201],
      refusals: ["name_taken", "amount_invalid", "reference_unknown"],
    },
    service.create,
  );
  addImport(app, context, "services", "Services");
  services.get("getService", "/services/:id", "Get a service", { answer: of.service }, service.get);
  services.patch(
    "updateService",
    "/services/:id",
    "Change a service",
    { body: of.servicePatch, answer: of.service, refusals: ["name_taken", "amount_invalid", ...stale] },
    service.update,
  );
  services.remove(
    "removeService",
    "/services/:id",
    "Remove a service that no appointment names",
    { refusals: ["in_use"] },
    service.remove,
  );
}

function addAppointments(app: FastifyInstance, context: Context): void {
  const appointments = section(app, "Appointments", "appointments");
  const handle = appointmentHandlers(context);
  const verb = { body: of.verbBody, answer: of.appointment, refusals: changes };
  appointments.get(
    "listAppointments",
    "/appointments",
    "List appointments by their start",
    { query: queries.appointmentQuery, answer: of.appointmentPage, refusals: ["invalid_cursor"] },
    handle.list,
  );
  appointments.post(
    "bookAppointment",
    "/appointments",
    "Book an appointment; its client is told",
    {
      body: of.appointmentCreate,
      answer: of.appointment,
      statuses: [201],
      refusals: [...times, "name_taken"],
    },
    handle.create,
  );
  addImport(app, context, "appointments", "Appointments");
  appointments.post(
    "seedAppointments",
    "/appointments/seed",
    "Make an example: a salon with two weeks of appointments",
    { body: of.seedBody, answer: of.seedAnswer, statuses: [201], refusals: ["not_empty"] },
    handle.seed,
  );
  appointments.get(
    "listDailyStatistics",
    "/appointments/statistics",
    "What was counted of each day",
    { query: queries.daysQuery, answer: of.dailyPage },
    handle.statistics,
  );
  appointments.get(
    "getAppointment",
    "/appointments/:id",
    "Get an appointment",
    { answer: of.appointment },
    handle.get,
  );
  appointments.patch(
    "updateAppointment",
    "/appointments/:id",
    "Change what nobody agrees upon anew",
    { body: of.appointmentPatch, answer: of.appointment, refusals: [...times, "name_taken", ...stale] },
    handle.update,
  );
  appointments.get(
    "listAppointmentMessages",
    "/appointments/:id/messages",
    "What its client is told of it, was told, and was not, with the reason",
    { answer: of.messagePage },
    handle.messages,
  );
  appointments.post(
    "moveAppointment",
    "/appointments/:id/move",
    "Give it another time; its reminders move with it",
    { body: of.moveBody, answer: of.appointment, refusals: [...times, ...changes] },
    handle.move,
  );
  appointments.post(
    "confirmAppointment",
    "/appointments/:id/confirm",
    "Confirm it",
    verb,
    handle.verb("confirm"),
  );
  appointments.post(
    "rescheduleAppointment",
    "/appointments/:id/reschedule",
    "Give its time up until a new one is agreed",
    verb,
    handle.verb("reschedule"),
  );
  appointments.post(
    "cancelAppointment",
    "/appointments/:id/cancel",
    "Cancel it; nothing more is told of it",
    verb,
    handle.verb("cancel"),
  );
  appointments.post(
    "startAppointment",
    "/appointments/:id/start",
    "The client is there",
    verb,
    handle.verb("start"),
  );
  appointments.post(
    "completeAppointment",
    "/appointments/:id/complete",
    "It is over",
    verb,
    handle.verb("complete"),
  );
  appointments.post(
    "missAppointment",
    "/appointments/:id/no-show",
    "The client did not come",
    verb,
    handle.verb("no-show"),
  );

  const businesses = section(app, "Businesses", "appointments");
  businesses.get(
    "getBusinessStatistics",
    "/businesses/:id/statistics",
    "What was counted of a business",
    { answer: of.businessStatistics },
    handle.businessStatistics,
  );
}

function addAfter(app: FastifyInstance, context: Context): void {
  const { reviews: review, rooms: room } = afterHandlers(context);
  const reviews = section(app, "Reviews", "appointments");
  reviews.get(
    "listReviews",
    "/reviews",
    "List reviews",
    { query: queries.reviewQuery, answer: of.reviewPage, refusals: ["invalid_cursor"] },
    review.list,
  );
  reviews.post(
    "createReview",
    "/reviews",
    "Store a review, and count it",
    {
      body: of.reviewCreate,
      answer: of.review,
      statuses: [201],
      refusals: ["name_taken", "reference_unknown"],
    },
    review.create,
  );
  addImport(app, context, "reviews", "Reviews");
  reviews.get("getReview", "/reviews/:id", "Get a review", { answer: of.review }, review.get);
  reviews.patch(
    "updateReview",
    "/reviews/:id",
    "Change a review",
    { body: of.reviewPatch, answer: of.review, refusals: stale },
    review.update,
  );
  reviews.remove("removeReview", "/reviews/:id", "Remove a review", {}, review.remove);

  const rooms = section(app, "Chat rooms", "appointments");
  rooms.get(
    "listChatRooms",
    "/chat-rooms",
    "List chat rooms",
    { query: queries.chatRoomQuery, answer: of.chatRoomPage, refusals: ["invalid_cursor"] },
    room.list,
  );
  rooms.post(
    "openChatRoom",
    "/chat-rooms",
    "Open the chat room of a business and a client",
    { body: of.chatRoomCreate, answer: of.chatRoom, statuses: [200, 201], refusals: ["reference_unknown"] },
    room.create,
  );
  addImport(app, context, "chat-rooms", "Chat rooms");
  rooms.get("getChatRoom", "/chat-rooms/:id", "Get a chat room", { answer: of.chatRoom }, room.get);
  rooms.patch(
    "updateChatRoom",
    "/chat-rooms/:id",
    "Archive a chat room, or open it again",
    { body: of.chatRoomPatch, answer: of.chatRoom, refusals: stale },
    room.update,
  );
  rooms.post(
    "noteChatActivity",
    "/chat-rooms/:id/activity",
    "Somebody said something in it",
    { body: nothing, answer: of.chatRoom, refusals: stale },
    room.activity,
  );
  rooms.remove("removeChatRoom", "/chat-rooms/:id", "Remove a chat room", {}, room.remove);
}

function addImport(app: FastifyInstance, context: Context, noun: Importable, tag: string): void {
  const name = noun.replaceAll(/(?:^|-)([a-z])/g, (_all, letter: string) => letter.toUpperCase());
  section(app, tag, "appointments").post(
    `import${name}`,
    `/${noun}/import`,
    `Import ${noun.replace("-", " ")} from CSV (text/csv)`,
    {
      query: queries.importQuery,
      answer: of.importAnswer,
      bytesMax: IMPORT_BYTES_MAX,
      idempotency: "none",
      refusals: csv,
      description:
        "Rows that cannot be stored are rejected with the reason, and the others are stored. A row whose external_id is known changes what is there, so that a file can be sent again.",
    },
    importHandler(context, noun),
  );
}
