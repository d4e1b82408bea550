import { Refusal } from "../../domain/refusal.ts";
import type { ProgramActor } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import { requireVersion } from "./appointments.ts";
import type { Context } from "./context.ts";
import { readEmail, readLength, readPhone, readPrice, readQuiet, readReminders, readZone } from "./read.ts";
import { requireOwn } from "./refs.ts";
import type { BusinessRow, ClientRow, ServiceRow } from "./rows.ts";
import type {
  BusinessCreate,
  BusinessPatch,
  ClientCreate,
  ClientPatch,
  ServiceCreate,
  ServicePatch,
} from "./schemas.ts";

/** Stores a new business. Throws `Refusal` with the field at fault. */
export async function createBusiness(
  context: Context,
  actor: ProgramActor,
  body: BusinessCreate,
): Promise<BusinessRow> {
  const row: BusinessRow = {
    ...(await made(context, actor)),
    external_id: null,
    name: body.name,
    timezone: body.timezone,
    reminders: '["24h","2h"]',
    channel: "push",
    quiet_from: null,
    quiet_to: null,
    tells_missed: 1,
    asks_reviews: 1,
    ...businessColumns(context, body),
  };
  return insertRow(context, actor, row, (rows) => context.statements.businesses.insert(rows));
}

/** Changes a business; what is told of its appointments is worked out anew right after. */
export async function updateBusiness(
  context: Context,
  actor: ProgramActor,
  id: number,
  patch: BusinessPatch,
  ifVersion?: number,
): Promise<BusinessRow> {
  const before = await requireBusiness(context, actor, id);
  requireVersion(before, ifVersion);
  const after = { ...before, ...businessColumns(context, patch), updated_at: context.house.clock.now() };
  const { businesses, appointments } = context.statements;
  return changeRow(context, actor, after, function* () {
    if ((yield* businesses.change([after])) !== 1) return false;
    yield* appointments.planBusinessAgain({ business_id: id, now: after.updated_at });
    return true;
  });
}

export async function requireBusiness(
  context: Context,
  actor: ProgramActor,
  id: number,
): Promise<BusinessRow> {
  const [row] = await context.house.read("read a business", () =>
    context.statements.businesses.byIds([{ id }]),
  );
  return requireOwn(actor, "business", row);
}

/** Removes a business that never had an appointment. */
export async function removeBusiness(context: Context, actor: ProgramActor, id: number): Promise<void> {
  await requireBusiness(context, actor, id);
  const { businesses, appointments, services } = context.statements;
  await context.house.transact("remove a business", actor, {}, function* () {
    yield* businesses.lock([{ id }]);
    const inUse =
      (yield* appointments.ofBusiness({ business_id: id, limit: 1 })).length > 0 ||
      (yield* services.list({ ...everything(actor), business_id: id, limit: 1 })).length > 0;
    if (inUse) throw new Refusal("in_use", "The business has appointments or services.");
    yield* businesses.remove([{ id }]);
  });
}

/** Stores a new client. Throws `Refusal` with the field at fault. */
export async function createClient(
  context: Context,
  actor: ProgramActor,
  body: ClientCreate,
): Promise<ClientRow> {
  const base = await made(context, actor);
  const row: ClientRow = {
    ...base,
    external_id: null,
    name: "",
    phone: null,
    phone_hash: null,
    email: null,
    email_hash: null,
    recipient_id: null,
    timezone: null,
    channel: null,
    quiet_from: null,
    quiet_to: null,
    erased_at: null,
    ...clientColumns(context, actor, base.id, body),
  };
  return insertRow(context, actor, row, (rows) => context.statements.clients.insert(rows));
}

/** Changes a client; what is told of their appointments is worked out anew right after. */
export async function updateClient(
  context: Context,
  actor: ProgramActor,
  id: number,
  patch: ClientPatch,
  ifVersion?: number,
): Promise<ClientRow> {
  const before = await requireClient(context, actor, id);
  requireVersion(before, ifVersion);
  const after = {
    ...before,
    ...clientColumns(context, actor, id, patch),
    updated_at: context.house.clock.now(),
  };
  const { clients, appointments } = context.statements;
  return changeRow(context, actor, after, function* () {
    if ((yield* clients.change([after])) !== 1) return false;
    yield* appointments.planClientAgain({ client_id: id, now: after.updated_at });
    return true;
  });
}

/** Whoever was erased is not found. */
export async function requireClient(context: Context, actor: ProgramActor, id: number): Promise<ClientRow> {
  const [row] = await context.house.read("read a client", () => context.statements.clients.byIds([{ id }]));
  const found = requireOwn(actor, "client", row);
  if (found.erased_at !== null) throw new Refusal("not_found", "The client was erased.");
  return found;
}

/** Removes a client who never had an appointment. Whoever had one is erased (`/v1/people`), so that the counts stay. */
export async function removeClient(context: Context, actor: ProgramActor, id: number): Promise<void> {
  await requireClient(context, actor, id);
  const { clients, appointments } = context.statements;
  await context.house.transact("remove a client", actor, {}, function* () {
    if ((yield* appointments.ofClient({ client_id: id, limit: 1 })).length > 0)
      throw new Refusal("in_use", "The client has appointments.");
    yield* clients.remove([{ id }]);
  });
}

/** Stores a new service. Throws `Refusal` with the field at fault. */
export async function createService(
  context: Context,
  actor: ProgramActor,
  businessId: number,
  body: ServiceCreate,
): Promise<ServiceRow> {
  const { business_id: _named, ...fields } = body;
  await requireBusiness(context, actor, businessId);
  const row: ServiceRow = {
    ...(await made(context, actor)),
    business_id: businessId,
    external_id: null,
    name: body.name,
    duration_ms: 0,
    price: null,
    is_active: 1,
    ...serviceColumns(fields),
  };
  return insertRow(context, actor, row, (rows) => context.statements.services.insert(rows));
}

/** Changes a service. Appointments keep their length; its new name is told. */
export async function updateService(
  context: Context,
  actor: ProgramActor,
  id: number,
  patch: ServicePatch,
  ifVersion?: number,
): Promise<ServiceRow> {
  const before = await requireService(context, actor, id);
  requireVersion(before, ifVersion);
  const after = { ...before, ...serviceColumns(patch), updated_at: context.house.clock.now() };
  const { services, appointments } = context.statements;
  return changeRow(context, actor, after, function* () {
    if ((yield* services.change([after])) !== 1) return false;
    yield* appointments.planServiceAgain({
      business_id: before.business_id,
      service_id: id,
      now: after.updated_at,
    });
    return true;
  });
}

export async function requireService(context: Context, actor: ProgramActor, id: number): Promise<ServiceRow> {
  const [row] = await context.house.read("read a service", () => context.statements.services.byIds([{ id }]));
  return requireOwn(actor, "service", row);
}

/** Removes a service that no appointment names; one that is not offered any more is made inactive. */
export async function removeService(context: Context, actor: ProgramActor, id: number): Promise<void> {
  const { business_id: businessId } = await requireService(context, actor, id);
  const { services, appointments } = context.statements;
  await context.house.transact("remove a service", actor, {}, function* () {
    if ((yield* appointments.ofService({ business_id: businessId, service_id: id })).length > 0)
      throw new Refusal("in_use", "Appointments name the service; set is_active to false.");
    yield* services.remove([{ id }]);
  });
}

/** The hash by which an address is found; the same that notifications find it by. */
export function emailHash(
  { house }: Context,
  actor: Pick<ProgramActor, "workspaceId">,
  email: string,
): string {
  return house.secrets.keyHash(`email|${actor.workspaceId}|${email.toLowerCase()}`);
}

function businessColumns(context: Context, body: Partial<BusinessPatch>): Partial<BusinessRow> {
  const { name, timezone, reminders, channel, quiet_hours: quiet, external_id: externalId } = body;
  const { send_missed: missed, ask_reviews: reviews } = body;
  return {
    ...(name !== undefined && { name }),
    ...(timezone !== undefined && { timezone: readZone(context, timezone, "/timezone").name }),
    ...(reminders !== undefined && { reminders: readReminders(reminders, "/reminders") }),
    ...(channel !== undefined && { channel }),
    ...(quiet !== undefined && readQuiet(quiet, "/quiet_hours")),
    ...(missed !== undefined && { tells_missed: missed ? 1 : 0 }),
    ...(reviews !== undefined && { asks_reviews: reviews ? 1 : 0 }),
    ...(externalId !== undefined && { external_id: externalId }),
  };
}

function clientColumns(
  context: Context,
  actor: ProgramActor,
  id: number,
  body: Partial<ClientPatch>,
): Partial<ClientRow> {
  const { secrets } = context.house;
  const { name, phone, email, timezone, channel, quiet_hours: quiet, external_id: externalId } = body;
  const recipientId = body.recipient_id === undefined ? body.firebase_uid : body.recipient_id;
  const number = phone === undefined || phone === null ? phone : readPhone(phone, "/phone");
  const address = email === undefined || email === null ? email : readEmail(email, "/email");
  return {
    ...(name !== undefined && { name: secrets.seal(name, `clients.name:${id}`) }),
    ...(number !== undefined && {
      phone: number === null ? null : secrets.seal(number, `clients.phone:${id}`),
      phone_hash: number === null ? null : secrets.numberHash(actor.workspaceId, number),
    }),
    ...(address !== undefined && {
      email: address === null ? null : secrets.seal(address, `clients.email:${id}`),
      email_hash: address === null ? null : emailHash(context, actor, address),
    }),
    ...(recipientId !== undefined && { recipient_id: recipientId }),
    ...(timezone !== undefined && {
      timezone: timezone === null ? null : readZone(context, timezone, "/timezone").name,
    }),
    ...(channel !== undefined && { channel }),
    ...(quiet !== undefined && readQuiet(quiet, "/quiet_hours")),
    ...(externalId !== undefined && { external_id: externalId }),
  };
}

function serviceColumns(body: Partial<ServicePatch>): Partial<ServiceRow> {
  const { name, duration, price, is_active: isActive, external_id: externalId } = body;
  return {
    ...(name !== undefined && { name }),
    ...(duration !== undefined && { duration_ms: readLength(duration, "/duration") }),
    ...(price !== undefined && { price: price === null ? null : readPrice(price, "/price") }),
    ...(isActive !== undefined && { is_active: isActive ? 1 : 0 }),
    ...(externalId !== undefined && { external_id: externalId }),
  };
}

async function made(context: Context, actor: ProgramActor) {
  const now = context.house.clock.now();
  return {
    id: await context.nextId(actor),
    workspace_id: actor.workspaceId,
    version: 1,
    created_at: now,
    updated_at: now,
  };
}

async function insertRow<Row extends { readonly external_id: string | null }>(
  context: Context,
  actor: ProgramActor,
  row: Row,
  insert: (rows: readonly Row[]) => Tx<readonly { readonly id: number }[]>,
): Promise<Row> {
  await context.house.transact("store a new row", actor, {}, function* () {
    if ((yield* insert([row])).length === 0) throw taken(row.external_id);
  });
  return row;
}

async function changeRow<Row extends { readonly version: number }>(
  context: Context,
  actor: ProgramActor,
  after: Row,
  write: () => Tx<boolean>,
): Promise<Row> {
  const changed = await context.house.transact("change a row", actor, {}, write);
  if (!changed) throw new Refusal("precondition_failed", "It was changed at the same time.");
  context.house.wake();
  return { ...after, version: after.version + 1 };
}

function taken(externalId: string | null): Refusal {
  return new Refusal("name_taken", `There is one with the external_id "${externalId}" already.`);
}

/** A list's arguments for all that a workspace has. */
function everything(actor: ProgramActor) {
  return { workspace_id: actor.workspaceId, before_id: Number.MAX_SAFE_INTEGER };
}

/** Checks what `createBusiness` would, and stores nothing. */
export function checkBusiness(context: Context, body: BusinessCreate): void {
  businessColumns(context, body);
}

/** Checks what `createClient` would, and stores nothing. */
export function checkClient(context: Context, actor: ProgramActor, body: ClientCreate): void {
  clientColumns(context, actor, 0, body);
}

/** Checks what `createService` would, and stores nothing. */
export function checkService(body: ServicePatch): void {
  serviceColumns(body);
}
