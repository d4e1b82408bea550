import { formatDuration } from "../../domain/duration.ts";
import { formatLocal, formatUtc } from "../../domain/zone.ts";

import type { Context } from "./context.ts";
import { zoneOf } from "./facts.ts";
import { quietText } from "./quiet.ts";
import type {
  AggregateRow,
  AppointmentRow,
  BusinessRow,
  BusinessStatisticsRow,
  ChatRoomRow,
  ClientRow,
  DailyRow,
  MessageRow,
  ReviewRow,
  ServiceRow,
} from "./rows.ts";
import { eventOf } from "./rules.ts";
import { bookingStatusOf } from "./status.ts";

/** Rows as the API shows them; sealed columns are opened. */
export function renderers(context: Context) {
  const { secrets } = context.house;
  const open = (sealed: string | null, place: string) =>
    sealed === null ? null : secrets.open(sealed, place);
  return {
    business: (row: BusinessRow, aggregate: AggregateRow | undefined) => ({
      id: secrets.publicId("business", row.id),
      external_id: row.external_id,
      name: row.name,
      timezone: row.timezone,
      reminders: JSON.parse(row.reminders) as string[],
      channel: row.channel,
      quiet_hours: quietText(row),
      send_missed: row.tells_missed === 1,
      ask_reviews: row.asks_reviews === 1,
      ...summaryOf(aggregate),
      ...stampsOf(row),
    }),

    client: (row: ClientRow) => ({
      id: secrets.publicId("client", row.id),
      external_id: row.external_id,
      name: secrets.open(row.name, `clients.name:${row.id}`),
      phone: open(row.phone, `clients.phone:${row.id}`),
      email: open(row.email, `clients.email:${row.id}`),
      recipient_id: row.recipient_id,
      timezone: row.timezone,
      channel: row.channel,
      quiet_hours: quietText(row),
      ...stampsOf(row),
    }),

    service: (row: ServiceRow) => ({
      id: secrets.publicId("service", row.id),
      external_id: row.external_id,
      business_id: secrets.publicId("business", row.business_id),
      name: row.name,
      duration: formatDuration(row.duration_ms),
      price: row.price,
      is_active: row.is_active === 1,
      ...stampsOf(row),
    }),

    appointment: (row: AppointmentRow, timezone: string) => ({
      id: secrets.publicId("appointment", row.id),
      external_id: row.external_id,
      status: row.status,
      booking_status: bookingStatusOf(row.status),
      confirmation_code: row.code,
      business_id: secrets.publicId("business", row.business_id),
      client_id: secrets.publicId("client", row.client_id),
      service_id: row.service_id === null ? null : secrets.publicId("service", row.service_id),
      staff: row.staff,
      starts_at: formatUtc(row.starts_at),
      ends_at: formatUtc(row.ends_at),
      starts_at_local: formatLocal(zoneOf(context, timezone), row.starts_at),
      timezone,
      notes: open(row.notes, `appointments.notes:${row.id}`),
      is_active: row.is_active === 1,
      client_confirmed_at: utcOrNull(row.client_confirmed_at),
      reschedule_asked_at: utcOrNull(row.reschedule_asked_at),
      confirmed_at: utcOrNull(row.confirmed_at),
      completed_at: utcOrNull(row.completed_at),
      cancelled_at: utcOrNull(row.canceled_at),
      cancelled_by: row.canceled_by,
      cancellation_reason: open(row.cancel_reason, `appointments.cancel_reason:${row.id}`),
      ...stampsOf(row),
    }),

    message: (row: MessageRow) => ({
      kind: row.kind,
      event: eventOf(row.kind),
      channel: row.channel,
      at: formatUtc(row.at),
      expires_at: formatUtc(row.expires_at),
      starts_at: formatUtc(row.starts_at),
      status: row.status,
      reason: row.reason,
      notification_id:
        row.notification_id === null ? null : secrets.publicId("notification", row.notification_id),
      call_id: row.call_id === null ? null : secrets.publicId("call", row.call_id),
    }),

    review: (row: ReviewRow) => ({
      id: secrets.publicId("review", row.id),
      business_id: secrets.publicId("business", row.business_id),
      client_id: secrets.publicId("client", row.client_id),
      appointment_id:
        row.appointment_id === null ? null : secrets.publicId("appointment", row.appointment_id),
      rating: row.rating,
      comment: open(row.comment, `reviews.comment:${row.id}`),
      ...stampsOf(row),
    }),

    chatRoom: (row: ChatRoomRow) => ({
      id: secrets.publicId("chat_room", row.id),
      business_id: secrets.publicId("business", row.business_id),
      client_id: secrets.publicId("client", row.client_id),
      is_active: row.is_active === 1,
      last_activity_at: formatUtc(row.last_activity_at),
      ...stampsOf(row),
    }),

    businessStatistics: (row: BusinessStatisticsRow) => ({
      business_id: secrets.publicId("business", row.business_id),
      appointments: row.appointments,
      by_status: JSON.parse(row.by_status) as Record<string, number>,
      completion_rate: row.completion_rate,
      review_count: row.reviews,
      average_rating: row.average_rating,
      counted_at: formatUtc(row.counted_at),
    }),

    daily: ({ workspace_id: _own, by_status: byStatus, counted_at: countedAt, ...row }: DailyRow) => ({
      ...row,
      by_status: JSON.parse(byStatus) as Record<string, number>,
      counted_at: formatUtc(countedAt),
    }),
  };
}
export type Renderers = ReturnType<typeof renderers>;

function summaryOf(aggregate: AggregateRow | undefined) {
  const count = aggregate?.reviews ?? 0;
  return {
    review_count: count,
    average_rating: averageOf(aggregate?.rating_sum ?? 0, count),
    rating_distribution: {
      1: aggregate?.stars_1 ?? 0,
      2: aggregate?.stars_2 ?? 0,
      3: aggregate?.stars_3 ?? 0,
      4: aggregate?.stars_4 ?? 0,
      5: aggregate?.stars_5 ?? 0,
    },
  };
}

/** To two decimals; null of nothing. */
export function averageOf(sum: number, count: number): number | null {
  return count === 0 ? null : Math.round((100 * sum) / count) / 100;
}

function stampsOf(row: {
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
}) {
  return {
    version: row.version,
    created_at: formatUtc(row.created_at),
    updated_at: formatUtc(row.updated_at),
  };
}

function utcOrNull(at: number | null): string | null {
  return at === null ? null : formatUtc(at);
}
