import type { CsvRow } from "../../ports/csv.ts";
import { Refusal } from "../../domain/refusal.ts";
import { type Checked, actorOf } from "../../ports/http/requests.ts";
import type { ProgramActor } from "../../ports/program.ts";

import * as after from "./after.ts";
import * as appointments from "./appointments.ts";
import type { Context } from "./context.ts";
import * as directory from "./directory.ts";
import { readBooking } from "./handlers.ts";
import { findId, referenceOf } from "./refs.ts";
import type { ImportQuery } from "./queries.ts";
import type { AppointmentCreate, BusinessCreate, ClientCreate, ServiceCreate } from "./schemas.ts";
import { type AppointmentStatus, appointmentStatuses } from "./status.ts";
import { tellChannels } from "./rows.ts";

/** What can be imported, as its paths name it. */
export type Importable = "businesses" | "clients" | "services" | "appointments" | "reviews" | "chat-rooms";

const rowsMax = 100_000;
const errorsMax = 1000;
const cellMax = 4000;

/** A row by its columns; empty cells are missing. */
type Cells = Readonly<Record<string, string | undefined>>;
type Stored = "created" | "updated";
type Storing = {
  readonly context: Context;
  readonly actor: ProgramActor;
  readonly cells: Cells;
  readonly confirms: boolean;
  /** Checks everything, and stores nothing. */
  readonly preview: boolean;
};

/** Reads a CSV body row by row, each stored by itself, so that a bad row keeps no good one out. */
export function importHandler(context: Context, noun: Importable) {
  return async (request: Checked<unknown, ImportQuery>) => {
    const { body } = request;
    if (!isStream(body))
      throw new Refusal("unsupported_media_type", "Send the file as it is, with Content-Type: text/csv.");
    const actor = actorOf(request);
    const { preview = false, send_confirmations: confirms = false } = request.query;
    const table = await context.house.readCsv(body);
    const columns = columnsOf(noun, table.header);
    const counts = { rows: 0, created: 0, updated: 0, rejected: 0 };
    const errors: { line: number; code: string; detail: string }[] = [];
    const seen = new Set<string>();
    for await (const row of table.rows) {
      counts.rows += 1;
      if (counts.rows > rowsMax) throw new Refusal("too_many_items", `A file has at most ${rowsMax} rows.`);
      try {
        const cells = cellsOf(columns.names, row);
        refuseTwin(seen, noun, cells);
        counts[await kinds[noun].store({ context, actor, cells, confirms, preview })] += 1;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        counts.rejected += 1;
        if (errors.length < errorsMax)
          errors.push({ line: row.line, code: error.code, detail: error.message });
      }
    }
    return { preview, ...counts, errors, unused_columns: columns.unused };
  };
}

/** The columns of each noun, the needed ones first, and how a row of it is stored. */
const kinds: Record<
  Importable,
  {
    readonly needed: readonly string[];
    readonly known: readonly string[];
    readonly store: (storing: Storing) => Promise<Stored>;
  }
> = {
  businesses: {
    needed: ["name", "timezone"],
    known: ["reminders", "channel", "quiet_from", "quiet_to", "external_id"],
    store: storeBusiness,
  },
  clients: {
    needed: ["name"],
    known: ["phone", "email", "recipient_id", "timezone", "channel", "quiet_from", "quiet_to", "external_id"],
    store: storeClient,
  },
  services: {
    needed: ["business_id", "name", "duration"],
    known: ["price", "external_id"],
    store: storeService,
  },
  appointments: {
    needed: ["business_id", "client_id", "starts_at"],
    known: ["service_id", "ends_at", "duration", "staff", "notes", "status", "external_id"],
    store: storeAppointment,
  },
  reviews: {
    needed: ["rating"],
    known: ["appointment_id", "business_id", "client_id", "comment"],
    store: storeReview,
  },
  "chat-rooms": { needed: ["business_id", "client_id"], known: [], store: storeRoom },
};

/** Other names under which columns are met. */
const aliases: Readonly<Record<string, string>> = {
  full_name: "name",
  client_name: "name",
  phone_number: "phone",
  mobile: "phone",
  e_mail: "email",
  email_address: "email",
  firebase_uid: "recipient_id",
  time_zone: "timezone",
  tz: "timezone",
  preferred_channel: "channel",
  business: "business_id",
  client: "client_id",
  service: "service_id",
  appointment: "appointment_id",
  start: "starts_at",
  end: "ends_at",
};

async function storeBusiness({ context, actor, cells, preview }: Storing): Promise<Stored> {
  const { reminders } = cells;
  const body: BusinessCreate = {
    name: needed(cells, "name"),
    timezone: needed(cells, "timezone"),
    ...(reminders !== undefined && { reminders: reminders.split(/[\s,;|]+/).filter((one) => one !== "") }),
    ...channelOf(cells),
    ...quietOf(cells),
    ...externalOf(cells),
  };
  const id = await known(context, actor, "business", cells);
  if (preview) directory.checkBusiness(context, body);
  else if (id === null) await directory.createBusiness(context, actor, body);
  else await directory.updateBusiness(context, actor, id, body);
  return id === null ? "created" : "updated";
}

async function storeClient({ context, actor, cells, preview }: Storing): Promise<Stored> {
  const { phone, email, recipient_id: recipientId, timezone } = cells;
  const body: ClientCreate = {
    name: needed(cells, "name"),
    ...(phone !== undefined && { phone }),
    ...(email !== undefined && { email }),
    ...(recipientId !== undefined && { recipient_id: recipientId }),
    ...(timezone !== undefined && { timezone }),
    ...channelOf(cells),
    ...quietOf(cells),
    ...externalOf(cells),
  };
  const id = await known(context, actor, "client", cells);
  if (preview) directory.checkClient(context, actor, body);
  else if (id === null) await directory.createClient(context, actor, body);
  else await directory.updateClient(context, actor, id, body);
  return id === null ? "created" : "updated";
}

async function storeService({ context, actor, cells, preview }: Storing): Promise<Stored> {
  const businessId = await referenceOf(
    context,
    actor,
    "business",
    needed(cells, "business_id"),
    "/business_id",
  );
  const { price } = cells;
  const body: ServiceCreate = {
    business_id: needed(cells, "business_id"),
    name: needed(cells, "name"),
    duration: needed(cells, "duration"),
    ...(price !== undefined && { price }),
    ...externalOf(cells),
  };
  const id = await known(context, actor, "service", cells);
  const { business_id: _same, ...patch } = body;
  if (preview) directory.checkService(patch);
  else if (id === null) await directory.createService(context, actor, businessId, body);
  else await directory.updateService(context, actor, id, patch);
  return id === null ? "created" : "updated";
}

/** What is booked already is moved, when the file says another time; its status is for the API's verbs. */
async function storeAppointment({ context, actor, cells, confirms, preview }: Storing): Promise<Stored> {
  const { service_id: service, ends_at: endsAt, duration, staff, notes } = cells;
  const status = statusOf(cells["status"]);
  const body: AppointmentCreate = {
    business_id: needed(cells, "business_id"),
    client_id: needed(cells, "client_id"),
    starts_at: needed(cells, "starts_at"),
    ...(service !== undefined && { service_id: service }),
    ...(endsAt !== undefined && { ends_at: endsAt }),
    ...(duration !== undefined && { duration }),
    ...(staff !== undefined && { staff }),
    ...(notes !== undefined && { notes }),
    ...(status !== undefined && { status }),
    ...externalOf(cells),
    send_confirmation: confirms,
  };
  const booking = await readBooking(context, actor, body);
  const id = await known(context, actor, "appointment", cells);
  if (id === null) {
    if (preview) await appointments.checkBooking(context, actor, booking);
    else await appointments.bookAppointment(context, actor, booking);
    return "created";
  }
  const row = await appointments.requireAppointment(context, actor, id);
  if (!preview && row.starts_at !== booking.startsAt) {
    const { startsAt, endsAt: ends } = booking;
    await appointments.doWithAppointment(context, actor, id, "move", {
      startsAt,
      confirms,
      ...(ends !== null && { endsAt: ends }),
    });
  }
  if (!preview)
    await appointments.patchAppointment(context, actor, id, {
      ...(staff !== undefined && { staff }),
      ...(notes !== undefined && { notes }),
    });
  return "updated";
}

async function storeReview({ context, actor, cells, preview }: Storing): Promise<Stored> {
  const rating = Number(needed(cells, "rating"));
  if (!Number.isInteger(rating) || rating < 1 || rating > 5)
    throw new Refusal("invalid_body", "rating is a number of stars from 1 to 5.");
  const refer = async (noun: "appointment" | "business" | "client") => {
    const text = cells[`${noun}_id`];
    return text === undefined ? null : referenceOf(context, actor, noun, text, `/${noun}_id`);
  };
  const input = {
    appointmentId: await refer("appointment"),
    businessId: await refer("business"),
    clientId: await refer("client"),
    rating,
    comment: cells["comment"] ?? null,
  };
  if (preview) await after.reviewParties(context, actor, input);
  else await after.createReview(context, actor, input);
  return "created";
}

async function storeRoom({ context, actor, cells, preview }: Storing): Promise<Stored> {
  const businessId = await referenceOf(
    context,
    actor,
    "business",
    needed(cells, "business_id"),
    "/business_id",
  );
  const clientId = await referenceOf(context, actor, "client", needed(cells, "client_id"), "/client_id");
  if (preview) return "created";
  return (await after.openChatRoom(context, actor, businessId, clientId)).isNew ? "created" : "updated";
}

function columnsOf(noun: Importable, header: readonly string[]) {
  const { needed: must, known: may } = kinds[noun];
  const names = header.map((title) => {
    const name = title.toLowerCase().replaceAll(/[\s-]+/g, "_");
    const column = aliases[name] ?? name;
    return [...must, ...may].includes(column) ? column : null;
  });
  const missing = must.find((name) => !names.includes(name));
  if (missing !== undefined)
    throw new Refusal("csv_invalid", `The file has no column "${missing}"; it needs ${must.join(", ")}.`);
  const twice = names.find((name, index) => name !== null && names.indexOf(name) !== index);
  if (twice !== undefined) throw new Refusal("csv_invalid", `Two columns are both ${twice}.`);
  return { names, unused: header.filter((title, index) => names[index] === null && title !== "") };
}

function cellsOf(names: readonly (string | null)[], { cells }: CsvRow): Cells {
  const extra = cells.slice(names.length).some((cell) => cell !== "");
  if (extra) throw new Refusal("csv_invalid", "The row has more cells than the file has columns.");
  if (cells.some((cell) => cell.length > cellMax || cell.includes("\uFFFD")))
    throw new Refusal("csv_invalid", `A cell is no UTF-8 text, or is longer than ${cellMax} characters.`);
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const cell = cells[index] ?? "";
      return name === null || cell === "" ? [] : [[name, cell]];
    }),
  );
}

function refuseTwin(seen: Set<string>, noun: Importable, cells: Cells): void {
  const { external_id: externalId } = cells;
  if (externalId === undefined) return;
  const key = `${noun} ${externalId}`;
  if (seen.has(key)) throw new Refusal("name_taken", `external_id "${externalId}" stands in the file twice.`);
  seen.add(key);
}

async function known(
  context: Context,
  actor: ProgramActor,
  noun: "business" | "client" | "service" | "appointment",
  { external_id: externalId }: Cells,
): Promise<number | null> {
  return externalId === undefined ? null : findId(context, actor, noun, externalId);
}

function needed(cells: Cells, name: string): string {
  const cell = cells[name];
  if (cell === undefined) throw new Refusal("invalid_body", `The row has no ${name}.`);
  return cell;
}

function channelOf({ channel }: Cells) {
  if (channel === undefined) return {};
  const found = tellChannels.find((one) => one === channel.toLowerCase());
  if (found === undefined) throw new Refusal("invalid_body", `channel is one of ${tellChannels.join(", ")}.`);
  return { channel: found };
}

function quietOf({ quiet_from: from, quiet_to: to }: Cells) {
  if (from === undefined && to === undefined) return {};
  return { quiet_hours: { from: from ?? "", to: to ?? "" } };
}

function externalOf({ external_id: externalId }: Cells) {
  return externalId === undefined ? {} : { external_id: externalId };
}

function statusOf(text: string | undefined): AppointmentStatus | undefined {
  if (text === undefined) return undefined;
  const status = appointmentStatuses.find((one) => one === text.toLowerCase().replaceAll(/[\s-]+/g, "_"));
  if (status === undefined)
    throw new Refusal("invalid_body", `status is one of ${appointmentStatuses.join(", ")}.`);
  return status;
}

function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}
