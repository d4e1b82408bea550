import type { FastifyReply } from "fastify";

import { parseDay } from "../../domain/civil.ts";
import { Refusal, refuseField } from "../../domain/refusal.ts";
import type { ZoneRules } from "../../domain/zone.ts";
import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  instantOf,
  limitOf,
  refuseParameter,
  sendPage,
  wholePage,
} from "../../ports/http/requests.ts";
import type { ProgramActor } from "../../ports/program.ts";

import * as after from "./after.ts";
import * as appointments from "./appointments.ts";
import type { Context } from "./context.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { requireBusiness } from "./directory.ts";
import { zoneOf } from "./facts.ts";
import { created, filterId, own, pageById, same } from "./handlers-directory.ts";
import { readLength, readTime } from "./read.ts";
import { idOf, referenceOf } from "./refs.ts";
import { renderers } from "./render.ts";
import type { AppointmentRow } from "./rows.ts";
import type { AppointmentQuery, ChatRoomQuery, DaysQuery, ReviewQuery } from "./queries.ts";
import type {
  AppointmentCreate,
  AppointmentPatchBody,
  ChatRoomCreate,
  ChatRoomPatch,
  MoveBody,
  ReviewCreate,
  ReviewPatch,
  VerbBody,
} from "./schemas.ts";
import { seedSalon } from "./seed.ts";
import type { AppointmentVerb } from "./status.ts";

/** The handlers of appointments. */
export function appointmentHandlers(context: Context) {
  const render = renderers(context);
  const shown = async (rows: readonly AppointmentRow[]) => {
    const ids = [...new Set(rows.map((row) => row.business_id))];
    const businesses = await context.house.read("read businesses", () =>
      context.statements.businesses.byIds(ids.map((id) => ({ id }))),
    );
    const zones = new Map(businesses.map(({ id, timezone }) => [id, timezone]));
    return rows.map((row) => render.appointment(row, zones.get(row.business_id) ?? "UTC"));
  };
  const show = async (row: AppointmentRow, reply: FastifyReply) => {
    reply.header("etag", etagOf(row.version));
    const [json] = await shown([row]);
    return json;
  };
  const idOfRequest = (request: Checked) => idOf(context, actorOf(request), "appointment", request.params.id);

  return {
    list: async (request: Checked<unknown, AppointmentQuery>, reply: FastifyReply) => {
      const { data, nextCursor } = await listPage(context, actorOf(request), request.query);
      return sendPage({ data: await shown(data), nextCursor }, same, request, reply);
    },
    create: async (request: Checked<AppointmentCreate>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const row = await appointments.bookAppointment(
        context,
        actor,
        await readBooking(context, actor, request.body),
      );
      created(reply, `/v1/appointments/${context.house.secrets.publicId("appointment", row.id)}`);
      return show(row, reply);
    },
    get: async (request: Checked, reply: FastifyReply) =>
      show(
        await appointments.requireAppointment(context, actorOf(request), await idOfRequest(request)),
        reply,
      ),
    update: async (request: Checked<AppointmentPatchBody>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const id = await idOfRequest(request);
      const patch = await readPatch(context, actor, id, request.body);
      return show(
        await appointments.patchAppointment(context, actor, id, patch, ifVersionOf(request)),
        reply,
      );
    },
    messages: async (request: Checked) => {
      const rows = await appointments.listMessages(context, actorOf(request), await idOfRequest(request));
      return wholePage(rows.map(render.message));
    },
    move: async (request: Checked<MoveBody>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const id = await idOfRequest(request);
      const { zone } = await placeOf(context, actor, id);
      const particulars = { ...readTimes(request.body, zone), ...staffOf(request.body) };
      const row = await appointments.doWithAppointment(
        context,
        actor,
        id,
        "move",
        particulars,
        ifVersionOf(request),
      );
      return show(row, reply);
    },
    verb: (verb: AppointmentVerb) => async (request: Checked<VerbBody>, reply: FastifyReply) => {
      const id = await idOfRequest(request);
      const body = request.body ?? {};
      const version = ifVersionOf(request);
      return show(
        await appointments.doWithAppointment(context, actorOf(request), id, verb, body, version),
        reply,
      );
    },
    seed: async (request: Checked<{ readonly beside?: boolean } | null>, reply: FastifyReply) => {
      const seeded = await seedSalon(context, actorOf(request), { beside: request.body?.beside === true });
      reply.code(201);
      return { ...seeded, business_id: context.house.secrets.publicId("business", seeded.businessId) };
    },
    statistics: async (request: Checked<unknown, DaysQuery>) => {
      const { from = "0000-01-01", to = "9999-12-31" } = request.query;
      for (const [name, text] of Object.entries({ from, to })) {
        if (parseDay(text) === undefined) throw refuseParameter(name, `${name} is a date such as 2026-11-22`);
      }
      const rows = await context.house.read("read statistics", () =>
        context.statements.statistics.daily({
          ...own(actorOf(request)),
          from,
          to,
          limit: limitOf(request.query),
        }),
      );
      return wholePage(rows.map(render.daily));
    },
    businessStatistics: async (request: Checked) => {
      const actor = actorOf(request);
      const id = await idOf(context, actor, "business", request.params.id);
      await requireBusiness(context, actor, id);
      const [row] = await context.house.read("read statistics", () =>
        context.statements.statistics.ofBusiness({ business_id: id }),
      );
      if (row === undefined)
        throw new Refusal("not_found", "Nothing was counted yet: run the job update-business-statistics.");
      return render.businessStatistics(row);
    },
  };
}

/** The handlers of reviews and chat rooms. */
export function afterHandlers(context: Context) {
  return { reviews: reviewHandlers(context), rooms: roomHandlers(context) };
}

function reviewHandlers(context: Context) {
  const render = renderers(context);
  const show = (row: Parameters<typeof render.review>[0], reply: FastifyReply) => {
    reply.header("etag", etagOf(row.version));
    return render.review(row);
  };
  const idOfRequest = (request: Checked) => idOf(context, actorOf(request), "review", request.params.id);
  return {
    list: async (request: Checked<unknown, ReviewQuery>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const filters = {
        business_id: await filterId(context, actor, "business", request.query.business_id),
        client_id: await filterId(context, actor, "client", request.query.client_id),
        rating: request.query.rating ?? null,
      };
      const page = await pageById(request, ["reviews", filters], (args) => ({
        read: () => context.statements.reviews.list({ ...own(actor), ...filters, ...args }),
        context,
      }));
      return sendPage(page, render.review, request, reply);
    },
    create: async (request: Checked<ReviewCreate>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const { appointment_id: appointment, business_id: business, client_id: client } = request.body;
      const refer = async (noun: "appointment" | "business" | "client", text: string | undefined) =>
        text === undefined ? null : referenceOf(context, actor, noun, text, `/${noun}_id`);
      const row = await after.createReview(context, actor, {
        appointmentId: await refer("appointment", appointment),
        businessId: await refer("business", business),
        clientId: await refer("client", client),
        rating: request.body.rating,
        comment: request.body.comment ?? null,
      });
      created(reply, `/v1/reviews/${context.house.secrets.publicId("review", row.id)}`);
      return show(row, reply);
    },
    get: async (request: Checked, reply: FastifyReply) =>
      show(await after.requireReview(context, actorOf(request), await idOfRequest(request)), reply),
    update: async (request: Checked<ReviewPatch>, reply: FastifyReply) => {
      const id = await idOfRequest(request);
      const version = ifVersionOf(request);
      return show(await after.updateReview(context, actorOf(request), id, request.body, version), reply);
    },
    remove: async (request: Checked, reply: FastifyReply) => {
      await after.removeReview(context, actorOf(request), await idOfRequest(request));
      reply.code(204);
    },
  };
}

function roomHandlers(context: Context) {
  const render = renderers(context);
  const show = (row: Parameters<typeof render.chatRoom>[0], reply: FastifyReply) => {
    reply.header("etag", etagOf(row.version));
    return render.chatRoom(row);
  };
  const idOfRequest = (request: Checked) => idOf(context, actorOf(request), "chat_room", request.params.id);
  return {
    list: async (request: Checked<unknown, ChatRoomQuery>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const { is_active: isActive } = request.query;
      const filters = {
        business_id: await filterId(context, actor, "business", request.query.business_id),
        client_id: await filterId(context, actor, "client", request.query.client_id),
        is_active: isActive === undefined ? null : Number(isActive),
      };
      const page = await pageById(request, ["chat rooms", filters], (args) => ({
        read: () => context.statements.rooms.list({ ...own(actor), ...filters, ...args }),
        context,
      }));
      return sendPage(page, render.chatRoom, request, reply);
    },
    create: async (request: Checked<ChatRoomCreate>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const { business_id: business, client_id: client } = request.body;
      const { room, isNew } = await after.openChatRoom(
        context,
        actor,
        await referenceOf(context, actor, "business", business, "/business_id"),
        await referenceOf(context, actor, "client", client, "/client_id"),
      );
      if (isNew) created(reply, `/v1/chat-rooms/${context.house.secrets.publicId("chat_room", room.id)}`);
      return show(room, reply);
    },
    get: async (request: Checked, reply: FastifyReply) =>
      show(await after.requireChatRoom(context, actorOf(request), await idOfRequest(request)), reply),
    update: async (request: Checked<ChatRoomPatch>, reply: FastifyReply) => {
      const id = await idOfRequest(request);
      const change = { isActive: request.body.is_active ?? true, isActivity: false };
      return show(
        await after.updateChatRoom(context, actorOf(request), id, change, ifVersionOf(request)),
        reply,
      );
    },
    activity: async (request: Checked, reply: FastifyReply) => {
      const change = { isActive: true, isActivity: true };
      const id = await idOfRequest(request);
      return show(await after.updateChatRoom(context, actorOf(request), id, change), reply);
    },
    remove: async (request: Checked, reply: FastifyReply) => {
      await after.removeChatRoom(context, actorOf(request), await idOfRequest(request));
      reply.code(204);
    },
  };
}

/** A new appointment of a body: ids and times read. Throws `Refusal` with the field. */
export async function readBooking(
  context: Context,
  actor: ProgramActor,
  body: AppointmentCreate,
): Promise<appointments.Booking> {
  const businessId = await referenceOf(context, actor, "business", body.business_id, "/business_id");
  const clientId = await referenceOf(context, actor, "client", body.client_id, "/client_id");
  const serviceId =
    body.service_id === undefined
      ? null
      : await referenceOf(context, actor, "service", body.service_id, "/service_id");
  const business = await requireBusiness(context, actor, businessId);
  const { startsAt = 0, endsAt = null } = readTimes(body, zoneOf(context, business.timezone));
  return {
    businessId,
    clientId,
    serviceId,
    startsAt,
    endsAt,
    staff: body.staff ?? null,
    notes: body.notes ?? null,
    externalId: body.external_id ?? null,
    status: body.status ?? null,
    confirms: body.send_confirmation ?? true,
  };
}

async function readPatch(
  context: Context,
  actor: ProgramActor,
  id: number,
  body: AppointmentPatchBody,
): Promise<appointments.AppointmentPatch> {
  const { row, zone } = await placeOf(context, actor, id);
  const { service_id: service, notes, is_active: isActive, external_id: externalId } = body;
  const { endsAt } = readTimes(body, zone, row.starts_at);
  return {
    ...(service !== undefined && {
      serviceId:
        service === null ? null : await referenceOf(context, actor, "service", service, "/service_id"),
    }),
    ...(endsAt !== undefined && { endsAt }),
    ...staffOf(body),
    ...(notes !== undefined && { notes }),
    ...(externalId !== undefined && { externalId }),
    ...(isActive !== undefined && { isActive }),
  };
}

/** Begin and end, of which the end may be said as a length. */
function readTimes(
  body: { readonly starts_at?: string; readonly ends_at?: string; readonly duration?: string },
  zone: ZoneRules,
  from?: number,
): { readonly startsAt?: number; readonly endsAt?: number } {
  const { starts_at: starts, ends_at: ends, duration } = body;
  if (ends !== undefined && duration !== undefined)
    throw refuseField("invalid_body", "/duration", "Send ends_at or duration, not both.");
  const startsAt = starts === undefined ? from : readTime(starts, zone, "/starts_at");
  const endsAt =
    ends !== undefined
      ? readTime(ends, zone, "/ends_at")
      : duration !== undefined && startsAt !== undefined
        ? startsAt + readLength(duration, "/duration")
        : undefined;
  return { ...(startsAt !== undefined && { startsAt }), ...(endsAt !== undefined && { endsAt }) };
}

function staffOf({ staff }: { readonly staff?: string | null }) {
  return staff === undefined ? {} : { staff };
}

async function placeOf(context: Context, actor: ProgramActor, id: number) {
  const row = await appointments.requireAppointment(context, actor, id);
  const business = await requireBusiness(context, actor, row.business_id);
  return { row, zone: zoneOf(context, business.timezone) };
}

/** Appointments by their start, the earliest first. */
async function listPage(context: Context, actor: ProgramActor, query: AppointmentQuery) {
  const from = instantOf("starts_after", query.starts_after) ?? 0;
  const filters = {
    ...own(actor),
    to: instantOf("starts_before", query.starts_before) ?? Number.MAX_SAFE_INTEGER,
    business_id: await filterId(context, actor, "business", query.business_id),
    client_id: await filterId(context, actor, "client", query.client_id),
    status: query.status ?? null,
    staff: query.staff ?? null,
    is_active: query.is_active === undefined ? null : Number(query.is_active),
    code: query.code?.trim().toUpperCase() ?? null,
  };
  const mark = { from, ...filters };
  const [at = from - 1, id = Number.MAX_SAFE_INTEGER] =
    query.cursor === undefined ? [] : readCursor(query.cursor, 2, mark);
  const limit = limitOf(query);
  const rows = await appointments.listAppointments(context, {
    ...filters,
    after_at: at,
    after_id: id,
    limit: limit + 1,
  });
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return {
    data,
    nextCursor:
      rows.length > limit && last !== undefined ? writeCursor([last.starts_at, last.id], mark) : null,
  };
}
