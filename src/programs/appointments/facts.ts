import { Refusal } from "../../domain/refusal.ts";
import type { Quiet } from "../../domain/quiet-hours.ts";
import type { ZoneRules } from "../../domain/zone.ts";
import type { ProgramActor } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import type { Context } from "./context.ts";
import { quietOf } from "./quiet.ts";
import type { AppointmentRow, BusinessRow, ClientRow, MessageRow, ServiceRow } from "./rows.ts";
import { type Offset, type Terms, orderOffsets, readOffset } from "./rules.ts";

/** Whom and what an appointment is about. */
export type Parties = {
  readonly business: BusinessRow;
  readonly client: ClientRow;
  readonly service: ServiceRow | null;
};

/** An appointment with all that decides what is told of it. */
export type Facts = Parties & {
  readonly appointment: AppointmentRow;
  readonly messages: readonly MessageRow[];
};

/** Reads them; null when there is no such appointment in the workspace. */
export async function readFacts(context: Context, actor: ProgramActor, id: number): Promise<Facts | null> {
  return context.house.read("read an appointment", () => factsOf(context, actor, id));
}

/** The same inside a transaction, the appointment locked until its end. */
export function* factsOf(context: Context, actor: ProgramActor, id: number): Tx<Facts | null> {
  const { appointments, businesses, clients, services, messages } = context.statements;
  const [appointment] = yield* appointments.lock([{ id }]);
  if (appointment === undefined || appointment.workspace_id !== actor.workspaceId) return null;
  const [business] = yield* businesses.byIds([{ id: appointment.business_id }]);
  const [client] = yield* clients.byIds([{ id: appointment.client_id }]);
  const [service] =
    appointment.service_id === null ? [] : yield* services.byIds([{ id: appointment.service_id }]);
  // Somebody else may have deleted them from the tables.
  if (business === undefined || client === undefined) return null;
  const told = yield* messages.ofAppointments([{ appointment_id: id }]);
  return {
    appointment,
    business,
    client,
    service: service ?? null,
    messages: told.toSorted((a, b) => a.id - b.id),
  };
}

/** What changes whenever something changes that decides what is told. */
export function markOf({ appointment, business, client, service, messages }: Facts): string {
  return [
    appointment.version,
    appointment.starts_at,
    appointment.status,
    appointment.planned_for,
    ...partiesMark({ business, client, service }),
    ...messages.map(({ id, status, generation }) => `${id}:${status}:${generation}`),
  ].join(" ");
}

export function partiesMark({ business, client, service }: Parties): readonly (number | string)[] {
  return [business.version, client.version, service === null ? "" : service.version];
}

/** When a client of the business is told something. */
export function termsOf(context: Context, { business, client }: Pick<Parties, "business" | "client">): Terms {
  const zone = zoneOf(context, business.timezone);
  return { zone, reminders: offsetsOf(business), quiet: quietFor(context, business, client) };
}

/** The client's own quiet hours, else the business's; in the client's zone, else in the business's. */
export function quietFor(context: Context, business: BusinessRow, client: ClientRow): Quiet | null {
  const { quiet_from: from, quiet_to: to } = client.quiet_from === null ? business : client;
  if (from === null || to === null) return null;
  return quietOf(zoneOf(context, client.timezone ?? business.timezone), from, to);
}

/** A zone that was checked when it was stored; a release of the zone data may have dropped it since. */
export function zoneOf(context: Context, name: string): ZoneRules {
  const zone = context.house.zones.zone(name);
  if (zone === undefined)
    throw new Refusal("timezone_unknown", `The zone "${name.slice(0, 64)}" is not known any more.`);
  return zone;
}

function offsetsOf({ reminders }: BusinessRow): readonly Offset[] {
  const texts = JSON.parse(reminders) as string[];
  return orderOffsets(texts.map(readOffset).filter((offset) => offset !== null));
}
