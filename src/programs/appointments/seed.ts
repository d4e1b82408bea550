import { DAY_MS, MINUTE_MS, dayOfMs, weekdayOf } from "../../domain/civil.ts";
import { Refusal } from "../../domain/refusal.ts";
import { type ZoneRules, localToInstant, offsetAt } from "../../domain/zone.ts";
import type { ProgramActor } from "../../ports/program.ts";

import { createReview, openChatRoom } from "./after.ts";
import { bookAppointment } from "./appointments.ts";
import type { Context } from "./context.ts";
import { createBusiness, createClient, createService } from "./directory.ts";
import { zoneOf } from "./facts.ts";
import type { AppointmentRow, ServiceRow } from "./rows.ts";
import type { AppointmentStatus } from "./status.ts";

/** What was made. */
export type Seeded = {
  readonly businessId: number;
  readonly services: number;
  readonly clients: number;
  readonly appointments: number;
  readonly reviews: number;
};

const timezone = "America/New_York";
const staff = ["Maya", "Jonas", "Priya", "Leo"];
const menu = [
  ["Haircut", "45m", "48.00"],
  ["Color and cut", "2h", "145.00"],
  ["Blow-dry", "30m", "35.00"],
  ["Beard trim", "20m", "22.00"],
  ["Manicure", "50m", "40.00"],
  ["Facial", "1h", "85.00"],
] as const;
const names = [
  "Ana Ruiz",
  "Ben Okafor",
  "Chloe Martin",
  "Dev Patel",
  "Elif Demir",
  "Finn Larsen",
  "Grace Kim",
  "Hugo Silva",
  "Ines Costa",
  "Jamal Reed",
  "Kira Novak",
  "Liam Byrne",
  "Mina Sato",
  "Noah Weiss",
  "Olga Petrova",
  "Paulo Mendes",
  "Quinn Foster",
  "Rosa Conti",
  "Samir Haddad",
  "Tara Singh",
  "Uma Rao",
  "Victor Lund",
  "Wanda Kowal",
  "Xavier Blanc",
  "Yara Nasser",
  "Zoe Walker",
  "Aiko Mori",
  "Bruno Rossi",
  "Carla Gomez",
  "Dana Cohen",
  "Erik Holm",
  "Fatima Ali",
  "Gavin Moore",
  "Helen Papas",
  "Ivan Horvat",
  "Julia Braun",
  "Kofi Mensah",
  "Lena Fischer",
  "Marco Greco",
  "Nadia Saleh",
];
const comments = [
  "Exactly what I asked for.",
  "Friendly, and on time.",
  "Lovely place. I will come back.",
  "Good, but I had to wait a little.",
  "The best cut I have had in years.",
];
const opensAt = 9 * 60;
const closesAt = 18 * 60;
const daysBack = 7;
const daysAhead = 6;
const firstNumber = 100;

/**
 * Makes an example through the program's own verbs: a salon, what it offers, forty clients with numbers that belong to
 * nobody, and two weeks of appointments around now. The clients are reminded of those to come, but not told that they were
 * booked. Throws `not_empty` when there is a business already and nobody asked for one more.
 */
export async function seedSalon(
  context: Context,
  actor: ProgramActor,
  { beside }: { readonly beside: boolean },
): Promise<Seeded> {
  const [known] = await context.house.read("look for a business", () =>
    context.statements.businesses.after({ workspace_id: actor.workspaceId, after_id: 0, limit: 1 }),
  );
  if (known !== undefined && !beside)
    throw new Refusal("not_empty", "There is a business already; send beside: true for one more.");
  const business = await createBusiness(context, actor, {
    name: "Aurora Hair & Beauty",
    timezone,
    channel: "sms",
  });
  const services: ServiceRow[] = [];
  for (const [name, duration, price] of menu)
    services.push(
      await createService(context, actor, business.id, { business_id: "", name, duration, price }),
    );
  const clientIds = await makeClients(context, actor);
  const made = await makeAppointments(context, actor, { businessId: business.id, services, clientIds });
  for (const clientId of clientIds.slice(0, 5)) await openChatRoom(context, actor, business.id, clientId);
  return {
    businessId: business.id,
    services: services.length,
    clients: clientIds.length,
    appointments: made.length,
    reviews: await makeReviews(context, actor, made),
  };
}

async function makeClients(context: Context, actor: ProgramActor): Promise<readonly number[]> {
  const ids: number[] = [];
  for (const [index, name] of names.entries()) {
    const address = name.toLowerCase().replaceAll(" ", ".");
    const client = await createClient(context, actor, {
      name,
      phone: `+12125550${firstNumber + index}`,
      email: `${address}@example.com`,
      ...(index % 3 === 0 && { recipient_id: `uid-${address}` }),
      // Most are content with a text message; some chose otherwise.
      ...(index % 10 === 3 && { channel: "push" as const, recipient_id: `uid-${address}` }),
      ...(index % 10 === 5 && { channel: "email" as const }),
      ...(index % 10 === 7 && { channel: "call" as const }),
    });
    ids.push(client.id);
  }
  return ids;
}

/** Each of the staff, day by day, one appointment after the other. */
async function makeAppointments(
  context: Context,
  actor: ProgramActor,
  parts: {
    readonly businessId: number;
    readonly services: readonly ServiceRow[];
    readonly clientIds: readonly number[];
  },
): Promise<readonly AppointmentRow[]> {
  const { house } = context;
  const zone = zoneOf(context, timezone);
  const today = dayOfMs(house.clock.now() + offsetAt(zone, house.clock.now()));
  const made: AppointmentRow[] = [];
  for (let day = today - daysBack; day <= today + daysAhead; day += 1) {
    // The salon rests on Sundays.
    if (weekdayOf(day) === 0) continue;
    for (const person of staff) {
      let minute = opensAt;
      for (;;) {
        const service = pick(context, parts.services);
        minute += breakOf(context);
        const startsAt = instantOf(zone, day, minute);
        minute += service.duration_ms / MINUTE_MS;
        if (minute > closesAt) break;
        const row = await bookAppointment(context, actor, {
          businessId: parts.businessId,
          clientId: pick(context, parts.clientIds),
          serviceId: service.id,
          startsAt,
          endsAt: null,
          staff: person,
          notes: null,
          externalId: null,
          status: statusFor(context, startsAt, startsAt + service.duration_ms),
          confirms: false,
        });
        made.push(row);
      }
    }
  }
  return made;
}

async function makeReviews(
  context: Context,
  actor: ProgramActor,
  appointments: readonly AppointmentRow[],
): Promise<number> {
  let reviews = 0;
  for (const { id, status } of appointments) {
    if (status !== "completed" || context.house.random.float() < 0.6) continue;
    await createReview(context, actor, {
      appointmentId: id,
      businessId: null,
      clientId: null,
      rating: 5 - Math.floor(3 * context.house.random.float() ** 2),
      comment: context.house.random.float() < 0.5 ? pick(context, comments) : null,
    });
    reviews += 1;
  }
  return reviews;
}

function statusFor({ house }: Context, startsAt: number, endsAt: number): AppointmentStatus {
  const now = house.clock.now();
  const chance = house.random.float();
  if (endsAt <= now) return chance < 0.85 ? "completed" : chance < 0.93 ? "cancelled" : "no_show";
  if (startsAt <= now) return "in_progress";
  return chance < 0.85 ? "confirmed" : "pending";
}

/** Between two appointments: half an hour to two hours, on the quarter. */
function breakOf({ house }: Context): number {
  return 15 * (2 + Math.floor(7 * house.random.float()));
}

/** Local times on which the clocks change are in no salon's day. */
function instantOf(zone: ZoneRules, day: number, minute: number): number {
  const local = day * DAY_MS + minute * MINUTE_MS;
  return localToInstant(zone, local)?.at ?? local;
}

function pick<T>({ house }: Context, items: readonly T[]): T {
  const item = items[Math.floor(items.length * house.random.float())];
  if (item === undefined) throw new Error("There is nothing to pick from");
  return item;
}
