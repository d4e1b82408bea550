import type { Quiet } from "../../domain/quiet-hours.ts";
import { formatLocal, formatUtc } from "../../domain/zone.ts";
import type { CallWish, NotificationWish } from "../../ports/program.ts";

import type { Context } from "./context.ts";
import { type Facts, quietFor, zoneOf } from "./facts.ts";
import { openWindow, quietHours } from "./quiet.ts";
import type { AppointmentRow, BusinessRow, ClientRow, TellChannel } from "./rows.ts";
import { type Planned, eventOf, isAnswer, isReminder } from "./rules.ts";
import { type Subject, factsOf, wordsOf } from "./words.ts";

/** The purpose of the calls that recall appointments. */
export const callPurpose = "appointment_reminder";

/** A message that is ready to be told, but for its instant and its key. */
export type Composed = Planned & {
  /** Null: nobody can be reached. */
  readonly channel: TellChannel | null;
  /** Of its words and its address, so that a change of either is seen. */
  readonly digest: string;
  readonly wish:
    | { readonly by: "notification"; readonly wish: NotificationWish }
    | { readonly by: "call"; readonly wish: CallWish }
    | null;
};

/** Puts a planned message into words, for the way by which its client is told. `facts.appointment` is as it will be. */
export function compose(context: Context, facts: Facts, planned: Planned): Composed {
  const { appointment, business, client } = facts;
  const reach = reachOf(context, client);
  const channel = channelFor(planned.kind, client.channel ?? business.channel, reach);
  if (channel === null) return { ...planned, channel, digest: "", wish: null };
  const subject = subjectOf(context, facts);
  const quiet = quietFor(context, business, client);
  const wish =
    channel === "call"
      ? {
          by: "call" as const,
          wish: callWish(context, { appointment, business, client }, subject, reach, quiet),
        }
      : {
          by: "notification" as const,
          wish: notificationWish(context, { planned, appointment, business, channel, subject, reach, quiet }),
        };
  return { ...planned, channel, digest: context.house.secrets.keyHash(JSON.stringify(wish)), wish };
}

/** Where a client is reached; null for ways that are not known. */
type Reach = { readonly phone: string | null; readonly email: string | null; readonly push: string | null };

function reachOf({ house }: Context, client: ClientRow): Reach {
  const { secrets } = house;
  return {
    phone: client.phone === null ? null : secrets.open(client.phone, `clients.phone:${client.id}`),
    email: client.email === null ? null : secrets.open(client.email, `clients.email:${client.id}`),
    push: client.recipient_id,
  };
}

/**
 * The way that was chosen, if the client can be reached by it, else the first of push, e-mail and text message by which they
 * can. Nobody is called who did not choose it, and calls only recall.
 */
function channelFor(kind: string, chosen: TellChannel, reach: Reach): TellChannel | null {
  const can = { push: reach.push, email: reach.email, sms: reach.phone, call: reach.phone };
  const isCall = chosen === "call" && !isReminder(kind);
  if (!isCall && can[chosen] !== null) return chosen;
  return (["push", "email", "sms"] as const).find((channel) => can[channel] !== null) ?? null;
}

function subjectOf(context: Context, { appointment, business, client, service, messages }: Facts): Subject {
  return {
    client: context.house.secrets.open(client.name, `clients.name:${client.id}`),
    business: business.name,
    service: service?.name ?? null,
    zone: zoneOf(context, business.timezone),
    startsAt: appointment.starts_at,
    code: appointment.code,
    isMoved: messages.some(
      ({ kind, round, starts_at: startsAt }) =>
        kind === "confirmation" && round < appointment.round && startsAt !== appointment.starts_at,
    ),
  };
}

function notificationWish(
  { house }: Context,
  about: {
    readonly planned: Planned;
    readonly appointment: AppointmentRow;
    readonly business: BusinessRow;
    readonly channel: Exclude<TellChannel, "call">;
    readonly subject: Subject;
    readonly reach: Reach;
    readonly quiet: Quiet | null;
  },
): NotificationWish {
  const { planned, appointment, business, channel, subject, reach, quiet } = about;
  const address = channel === "email" ? reach.email : channel === "sms" ? reach.phone : null;
  return {
    channel,
    event: eventOf(planned.kind),
    to: {
      ...(reach.push !== null && { recipientId: reach.push }),
      ...(address !== null && { address }),
    },
    ...wordsOf(planned.kind, subject),
    data: {
      appointment_id: house.secrets.publicId("appointment", appointment.id),
      business_id: house.secrets.publicId("business", business.id),
      kind: planned.kind,
      starts_at: formatUtc(appointment.starts_at),
    },
    expiresAt: planned.expiresAt,
    ...(quiet !== null && !isAnswer(planned.kind) && { quiet: quietHours(quiet) }),
    queue: planned.kind.startsWith("review") ? "reviews" : "appointments",
  };
}

function callWish(
  { house }: Context,
  parties: {
    readonly appointment: AppointmentRow;
    readonly business: BusinessRow;
    readonly client: ClientRow;
  },
  subject: Subject,
  { phone }: Reach,
  quiet: Quiet | null,
): CallWish {
  const { appointment, business, client } = parties;
  const id = house.secrets.publicId("appointment", appointment.id);
  return {
    to: phone ?? "",
    ...(subject.client !== "" && { name: subject.client }),
    timezone: client.timezone ?? business.timezone,
    purpose: callPurpose,
    externalId: id,
    metadata: {
      appointment_id: id,
      ...factsOf(subject),
      starts_at_local: formatLocal(subject.zone, subject.startsAt),
    },
    ...(quiet !== null && { window: openWindow(quiet) }),
  };
}
