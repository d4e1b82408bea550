import { Refusal, refuseField } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { ProgramActor } from "../../ports/program.ts";

import { type Edit, changeAppointment, insertAppointment } from "./change.ts";
import type { Context } from "./context.ts";
import { type Facts, type Parties, quietFor } from "./facts.ts";
import { codeOf } from "./code.ts";
import type { AppointmentRow, MessageRow } from "./rows.ts";
import { planAfterwards } from "./rules.ts";
import type { AppointmentList } from "./statements-appointments.ts";
import { type AppointmentStatus, type AppointmentVerb, statusAfter, verbsOf } from "./status.ts";

/** A new appointment, its ids already read. */
export type Booking = {
  readonly businessId: number;
  readonly clientId: number;
  readonly serviceId: number | null;
  readonly startsAt: number;
  /** Null: as long as its service takes. */
  readonly endsAt: number | null;
  readonly staff: string | null;
  readonly notes: string | null;
  readonly externalId: string | null;
  /** Null: confirmed, or when it is over, completed. */
  readonly status: AppointmentStatus | null;
  /** Whether the client is told that it was booked. */
  readonly confirms: boolean;
};

/** What a verb may say beside. Instants are UTC ms. */
export type Particulars = {
  readonly startsAt?: number;
  readonly endsAt?: number;
  readonly staff?: string | null;
  readonly reason?: string;
  readonly by?: "business" | "client";
  /** Move: whether the client is told of the new time (default true), also who was not told of the first one. */
  readonly confirms?: boolean;
};

/** What may be changed without anything being agreed anew. Null takes away. */
export type AppointmentPatch = {
  readonly serviceId?: number | null;
  readonly endsAt?: number;
  readonly staff?: string | null;
  readonly notes?: string | null;
  readonly externalId?: string | null;
  readonly isActive?: boolean;
};

/** Walk-ins are entered a little late. */
const lateMax = 15 * 60_000;
const farMs = 2 * 366 * 86_400_000;
const longestMs = 86_400_000;
const codesMax = 8;

/** Books an appointment and tells its client, in one transaction. Throws `Refusal`. */
export async function bookAppointment(
  context: Context,
  actor: ProgramActor,
  booking: Booking,
): Promise<AppointmentRow> {
  for (let tries = 0; tries < codesMax; tries += 1) {
    const now = context.house.clock.now();
    const parties = await readParties(context, actor, booking);
    const appointment = await rowOf(context, actor, booking, parties, now);
    const made = await insertAppointment(context, actor, { ...parties, appointment, messages: [] });
    if (made === "made") return requireAppointment(context, actor, appointment.id);
    if (made === "taken" && booking.externalId !== null) await refuseTwin(context, actor, booking.externalId);
  }
  throw new Refusal("precondition_failed", "Others changed the business or the client at the same time.");
}

/** Checks what `bookAppointment` would, but for the time of whoever serves; stores nothing. */
export async function checkBooking(context: Context, actor: ProgramActor, booking: Booking): Promise<void> {
  const parties = await readParties(context, actor, booking);
  await rowOf(context, actor, booking, parties, context.house.clock.now());
}

/** Confirms, moves, cancels … an appointment, and what its client is told with it. Throws `Refusal`. */
export async function doWithAppointment(
  context: Context,
  actor: ProgramActor,
  id: number,
  verb: AppointmentVerb,
  particulars: Particulars = {},
  ifVersion?: number,
): Promise<AppointmentRow> {
  return changeAppointment(context, actor, id, (facts, now) => {
    requireVersion(facts.appointment, ifVersion);
    const status = statusAfter(facts.appointment.status, verb);
    if (status === null) throw refuseState(facts.appointment.status, verb);
    return edits[verb](context, facts, { ...facts.appointment, status }, particulars, now);
  });
}

/** Changes what nobody has to agree upon anew. */
export async function patchAppointment(
  context: Context,
  actor: ProgramActor,
  id: number,
  patch: AppointmentPatch,
  ifVersion?: number,
): Promise<AppointmentRow> {
  const serviceId = patch.serviceId ?? null;
  if (serviceId !== null) {
    const { business_id: businessId } = await requireAppointment(context, actor, id);
    await requireService(context, actor, serviceId, businessId);
  }
  return changeAppointment(context, actor, id, ({ appointment: before }) => {
    requireVersion(before, ifVersion);
    const endsAt = patch.endsAt ?? before.ends_at;
    checkLength(before.starts_at, endsAt);
    const notes = patch.notes;
    return {
      after: {
        ...before,
        ...(patch.serviceId !== undefined && { service_id: patch.serviceId }),
        ...(patch.staff !== undefined && { staff: patch.staff }),
        ...(patch.externalId !== undefined && { external_id: patch.externalId }),
        ...(patch.isActive !== undefined && { is_active: patch.isActive ? 1 : 0 }),
        ...(notes !== undefined && { notes: sealNotes(context, before.id, notes) }),
        ends_at: endsAt,
        needs_plan: 1,
      },
      note: null,
    };
  });
}

/** Works out anew what is told of an appointment, because something it depends on was changed. */
export async function planAppointmentAgain(context: Context, actor: ProgramActor, id: number): Promise<void> {
  await changeAppointment(context, actor, id, ({ appointment }) => ({
    after: { ...appointment },
    note: null,
  }));
}

export async function requireAppointment(
  context: Context,
  actor: ProgramActor,
  id: number,
): Promise<AppointmentRow> {
  const [row] = await context.house.read("read an appointment", () =>
    context.statements.appointments.byIds([{ id }]),
  );
  if (row === undefined || row.workspace_id !== actor.workspaceId)
    throw new Refusal("not_found", "There is no such appointment.");
  return row;
}

export async function listAppointments(
  context: Context,
  args: AppointmentList,
): Promise<readonly AppointmentRow[]> {
  return context.house.read("list appointments", () => context.statements.appointments.list(args));
}

/** What is told of it, was told, and was not, the earliest first. */
export async function listMessages(
  context: Context,
  actor: ProgramActor,
  id: number,
): Promise<readonly MessageRow[]> {
  await requireAppointment(context, actor, id);
  const rows = await context.house.read("list messages", () =>
    context.statements.messages.ofAppointments([{ appointment_id: id }]),
  );
  return rows.toSorted((a, b) => a.at - b.at || a.id - b.id);
}

/** What each verb does beside changing the status. */
const edits: Record<
  AppointmentVerb,
  (context: Context, facts: Facts, row: AppointmentRow, particulars: Particulars, now: number) => Edit | null
> = {
  confirm: (_context, { appointment }, row, { by }, now) => {
    const client_confirmed_at = row.client_confirmed_at ?? (by === "client" ? now : null);
    if (appointment.status === "confirmed" && client_confirmed_at === row.client_confirmed_at) return null;
    return {
      after: { ...row, confirms: 1, client_confirmed_at, confirmed_at: row.confirmed_at ?? now },
      note: { type: "appointment.confirmed", ...(by !== undefined && { reason: `by_${by}` }) },
    };
  },
  move: (_context, _facts, row, { startsAt, endsAt, staff, confirms = true }, now) => {
    if (startsAt === undefined) throw refuseField("invalid_body", "/starts_at", "Say when it is to begin.");
    const ends = endsAt ?? startsAt + (row.ends_at - row.starts_at);
    checkLength(startsAt, ends);
    checkFuture(startsAt, now);
    return {
      after: {
        ...row,
        starts_at: startsAt,
        ends_at: ends,
        ...(staff !== undefined && { staff }),
        confirms: confirms ? 1 : 0,
        client_confirmed_at: null,
        reschedule_asked_at: null,
        confirmed_at: row.status === "confirmed" ? (row.confirmed_at ?? now) : null,
      },
      note: { type: "appointment.moved" },
    };
  },
  reschedule: (_context, _facts, row, { by }, now) => ({
    after: { ...row, reschedule_asked_at: row.reschedule_asked_at ?? now, confirmed_at: null },
    note: { type: "appointment.rescheduled", ...(by !== undefined && { reason: `by_${by}` }) },
  }),
  cancel: ({ house }, _facts, row, { reason, by }, now) => ({
    after: {
      ...row,
      canceled_at: now,
      canceled_by: by ?? null,
      cancel_reason:
        reason === undefined ? null : house.secrets.seal(reason, `appointments.cancel_reason:${row.id}`),
    },
    note: { type: "appointment.canceled", ...(by !== undefined && { reason: `by_${by}` }) },
  }),
  start: (_context, _facts, row) => ({ after: row, note: { type: "appointment.started" } }),
  complete: (_context, _facts, row, _particulars, now) => ({
    after: { ...row, completed_at: now },
    note: { type: "appointment.completed" },
  }),
  "no-show": (context, { business, client, appointment }, row, _particulars, now) => {
    if (appointment.starts_at > now)
      throw new Refusal("appointment_state", `It begins at ${formatUtc(appointment.starts_at)}.`);
    const missed = planAfterwards("missed", now, quietFor(context, business, client));
    return {
      after: row,
      note: { type: "appointment.missed" },
      ...(business.tells_missed === 1 && { beside: [missed] }),
    };
  },
};

async function readParties(context: Context, actor: ProgramActor, booking: Booking): Promise<Parties> {
  const { businesses, clients } = context.statements;
  const [business, client] = await context.house.read("read the parties", function* () {
    const [business] = yield* businesses.byIds([{ id: booking.businessId }]);
    const [client] = yield* clients.byIds([{ id: booking.clientId }]);
    return [business, client] as const;
  });
  if (business === undefined || business.workspace_id !== actor.workspaceId)
    throw refuseField("reference_unknown", "/business_id", "There is no such business.");
  if (client === undefined || client.workspace_id !== actor.workspaceId || client.erased_at !== null)
    throw refuseField("reference_unknown", "/client_id", "There is no such client.");
  const service =
    booking.serviceId === null
      ? null
      : await requireService(context, actor, booking.serviceId, booking.businessId);
  return { business, client, service };
}

async function requireService(context: Context, actor: ProgramActor, serviceId: number, businessId: number) {
  const [service] = await context.house.read("read a service", () =>
    context.statements.services.byIds([{ id: serviceId }]),
  );
  if (service?.workspace_id !== actor.workspaceId || service.business_id !== businessId)
    throw refuseField("reference_unknown", "/service_id", "The business has no such service.");
  return service;
}

async function rowOf(
  context: Context,
  actor: ProgramActor,
  booking: Booking,
  { service }: Parties,
  now: number,
): Promise<AppointmentRow> {
  const { startsAt } = booking;
  const endsAt = booking.endsAt ?? (service === null ? null : startsAt + service.duration_ms);
  if (endsAt === null)
    throw refuseField("invalid_body", "/duration", "Send service_id, duration or ends_at.");
  checkLength(startsAt, endsAt);
  const status = booking.status ?? "confirmed";
  if (status === "pending" || status === "confirmed") checkFuture(startsAt, now);
  const id = await context.nextId(actor);
  return {
    id,
    workspace_id: actor.workspaceId,
    business_id: booking.businessId,
    client_id: booking.clientId,
    service_id: booking.serviceId,
    external_id: booking.externalId,
    status,
    code: codeOf(context.house.random),
    staff: booking.staff,
    starts_at: startsAt,
    ends_at: endsAt,
    notes: sealNotes(context, id, booking.notes),
    is_active: 1,
    confirms: booking.confirms ? 1 : 0,
    needs_plan: 1,
    round: 0,
    told_from: null,
    planned_for: null,
    client_confirmed_at: null,
    reschedule_asked_at: null,
    confirmed_at: status === "confirmed" ? now : null,
    completed_at: status === "completed" ? Math.min(endsAt, now) : null,
    canceled_at: status === "cancelled" ? now : null,
    canceled_by: null,
    cancel_reason: null,
    version: 1,
    created_at: now,
    updated_at: now,
  };
}

function sealNotes({ house }: Context, id: number, notes: string | null): string | null {
  return notes === null ? null : house.secrets.seal(notes, `appointments.notes:${id}`);
}

function checkLength(startsAt: number, endsAt: number): void {
  if (endsAt <= startsAt) throw refuseField("time_invalid", "/ends_at", "It would end before it begins.");
  if (endsAt - startsAt > longestMs)
    throw refuseField("time_invalid", "/ends_at", "An appointment takes at most 24 hours.");
}

function checkFuture(startsAt: number, now: number): void {
  if (startsAt < now - lateMax)
    throw refuseField(
      "time_in_past",
      "/starts_at",
      `${formatUtc(startsAt)} is past; it is ${formatUtc(now)} now. What is over can be entered with its status, such as completed.`,
    );
  if (startsAt > now + farMs)
    throw refuseField("time_too_far", "/starts_at", "That is more than two years ahead.");
}

export function requireVersion(row: { readonly version: number }, wanted: number | undefined): void {
  if (wanted !== undefined && wanted !== row.version)
    throw new Refusal("precondition_failed", `Its version is ${row.version} now.`, {
      extra: { version: row.version },
    });
}

function refuseState(status: AppointmentStatus, verb: AppointmentVerb): Refusal {
  const can = verbsOf(status);
  const allowed = can.length === 0 ? "nothing" : can.join(", ");
  return new Refusal("appointment_state", `It is ${status}, which allows ${allowed}, and not ${verb}.`, {
    extra: { status },
  });
}

async function refuseTwin(context: Context, actor: ProgramActor, externalId: string): Promise<void> {
  const [twin] = await context.house.read("look for an own id", () =>
    context.statements.appointments.byExternalId({
      workspace_id: actor.workspaceId,
      external_id: externalId,
    }),
  );
  if (twin !== undefined)
    throw new Refusal("name_taken", `There is an appointment with the external_id "${externalId}" already.`, {
      extra: { appointment_id: context.house.secrets.publicId("appointment", twin.id) },
    });
}
