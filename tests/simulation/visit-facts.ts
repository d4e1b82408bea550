import type { AppointmentRow, MessageRow } from "../../src/programs/appointments/rows.ts";
import type { NotificationRow } from "../../src/ports/notification-rows.ts";
import type { ZoneBook } from "../../src/domain/zone.ts";
import type { Dial } from "./facts.ts";
import type { Guest, History, Posted, QuietText, Shop, Visit, VisitStep } from "./history.ts";

/** Something that left to tell a client of an appointment: a letter to an address, or a dial. */
export type Telling = {
  readonly what: string;
  readonly visit: Visit;
  readonly appointment: AppointmentRow;
  readonly kind: string;
  /** The start that it tells of. */
  readonly startsAt: number;
  readonly address: string;
  /** Whether the client has it, or was rung. */
  readonly isTaken: boolean;
  readonly at: number;
  /** When it was noticed, by the machine's clock as it stood. */
  readonly noticedAt: number;
  /** Null for a letter. */
  readonly callId: number | null;
};

/** Appointments, as people know them and as the store does. */
export type VisitFacts = {
  readonly tellings: readonly Telling[];
  readonly appointmentOf: ReadonlyMap<string, AppointmentRow>;
  readonly messagesOf: ReadonlyMap<number, readonly MessageRow[]>;
  readonly notifications: ReadonlyMap<number, NotificationRow>;
};

export function visitFactsOf(history: History, dials: readonly Dial[]): VisitFacts {
  const { appointments, messages, notifications } = history.rows;
  const visits = new Map(history.visits.map((visit) => [visit.external, visit]));
  const known = new Map(
    appointments.map((row) => [
      history.appointmentIdOf(row.id),
      { appointment: row, visit: visits.get(row.external_id ?? "") },
    ]),
  );
  const about = (id: string | undefined): { appointment: AppointmentRow; visit: Visit } => {
    const { appointment, visit } = known.get(id ?? "") ?? {};
    if (appointment === undefined || visit === undefined)
      throw new Error(`Somebody was told of the appointment ${String(id)}, which nobody booked`);
    return { appointment, visit };
  };
  const letters = history.letters.map((letter) => ({
    ...about(letter.data["appointment_id"]),
    ...fromLetter(letter),
  }));
  const calls = dials.flatMap((dial) => {
    const said = fromDial(dial);
    return said === null ? [] : [{ ...about(history.appointmentIdOf(said.appointmentId)), ...said }];
  });
  return {
    tellings: [...letters, ...calls],
    appointmentOf: new Map(appointments.map((row) => [row.external_id ?? "", row])),
    messagesOf: Map.groupBy(messages, (row) => row.appointment_id),
    notifications: new Map(notifications.map((row) => [row.id, row])),
  };
}

function fromLetter({ id, address, data, isTaken, at, wall }: Posted) {
  return {
    what: `letter ${id} (${data["kind"] ?? "?"})`,
    kind: data["kind"] ?? "?",
    startsAt: Date.parse(data["starts_at"] ?? ""),
    address,
    isTaken,
    at,
    noticedAt: wall,
    callId: null,
  };
}

/** A call says what it tells by the key under which it is made once: appointment, kind and start. */
function fromDial({ call, request, witness }: Dial) {
  const [, id, kind, startsAt] = /^appointment:(\d+):([^:]+):(\d+):/.exec(call?.dedupe_key ?? "") ?? [];
  if (call === null || id === undefined || kind === undefined) return null;
  return {
    what: `${request.attemptId} (${kind})`,
    kind,
    startsAt: Number(startsAt),
    address: request.to,
    isTaken: true,
    at: request.at,
    noticedAt: (witness.ringAt ?? request.at) + request.wall - request.at,
    callId: call.id,
    appointmentId: Number(id),
  };
}

/** What agreed upon a start, and what gave it up: `ended` certainly, `doubted` perhaps. */
export type Reign = {
  readonly since: VisitStep;
  readonly confirmed: VisitStep | null;
  readonly ended: VisitStep | null;
};

const ending = new Set<string>(["cancel", "reschedule", "start", "complete", "no-show"]);

/** The time for which a start was agreed; null when nobody heard that it was. Starts never come twice. */
export function reignOf({ steps }: Visit, startsAt: number): Reign | null {
  const heard = steps.filter((step) => step.heard === "yes");
  const index = heard.findIndex(
    (step) => step.startsAt === startsAt && (step.what === "book" || step.what === "move"),
  );
  const since = heard[index];
  if (since === undefined) return null;
  const later = heard.slice(index);
  const end = later.findIndex((step) => ending.has(step.what) || step.startsAt !== startsAt);
  const within = end === -1 ? later : later.slice(0, end);
  return {
    since,
    confirmed: within.find((step) => step.status === "confirmed") ?? null,
    ended: later[end] ?? null,
  };
}

/** How long before the start a reminder of the kind is meant to come: the instant, by hours or by the local clock. */
export function idealOf(zones: ZoneBook, { timezone }: Shop, kind: string, startsAt: number): number {
  const [, days, hours, minutes] = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?$/.exec(kind) ?? [];
  const at = startsAt - Number(hours ?? 0) * 3_600_000 - Number(minutes ?? 0) * 60_000;
  if (days === undefined) return at;
  const clock = localText(zones, timezone, at).slice(11, 16);
  const near = at - Number(days) * 86_400_000;
  // The earliest first: a time that comes twice means its first coming.
  for (const shiftMs of [-3_600_000, -1_800_000, 0, 1_800_000, 3_600_000]) {
    if (localText(zones, timezone, near + shiftMs).slice(11, 16) === clock) return near + shiftMs;
  }
  // The clock jumped over that time; it comes within the hour.
  return near - 3_600_000;
}

/** Whether a guest wants to be left in peace, by the local clock as text. */
export function isQuietFor(
  zones: ZoneBook,
  { shop, guest }: { readonly shop: Shop; readonly guest: Guest },
  at: number,
): boolean {
  const quiet: QuietText | null = guest.quiet ?? shop.quiet;
  if (quiet === null) return false;
  const clock = localText(zones, guest.timezone ?? shop.timezone, at).slice(11, 16);
  const { from, to } = quiet;
  return from < to ? clock >= from && clock < to : clock >= from || clock < to;
}

/** "2026-11-22T10:00:00.000Z", meant as local time; zones by a walk through the table. */
function localText(zones: ZoneBook, name: string, at: number): string {
  const zone = zones.zone(name);
  if (zone === undefined) throw new Error(`There is no zone ${name}`);
  let segment = 0;
  while (at >= (zone.untils[segment] ?? Infinity)) segment += 1;
  return new Date(at + (zone.offsetsMs[segment] ?? 0)).toISOString();
}
