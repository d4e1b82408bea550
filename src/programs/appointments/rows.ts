import type { AppointmentStatus } from "./status.ts";

/** How a client is told something. */
export const tellChannels = ["push", "email", "sms", "call"] as const;
export type TellChannel = (typeof tellChannels)[number];

/** Rows as they stand in the tables: instants in UTC ms, ids as integers, flags 1 or 0. */
export type BusinessRow = {
  id: number;
  workspace_id: number;
  external_id: string | null;
  name: string;
  timezone: string;
  reminders: string;
  channel: TellChannel;
  quiet_from: string | null;
  quiet_to: string | null;
  tells_missed: number;
  asks_reviews: number;
  version: number;
  created_at: number;
  updated_at: number;
};

export type ClientRow = {
  id: number;
  workspace_id: number;
  external_id: string | null;
  name: string;
  phone: string | null;
  phone_hash: string | null;
  email: string | null;
  email_hash: string | null;
  recipient_id: string | null;
  timezone: string | null;
  channel: TellChannel | null;
  quiet_from: string | null;
  quiet_to: string | null;
  erased_at: number | null;
  version: number;
  created_at: number;
  updated_at: number;
};

export type ServiceRow = {
  id: number;
  workspace_id: number;
  business_id: number;
  external_id: string | null;
  name: string;
  duration_ms: number;
  price: string | null;
  is_active: number;
  version: number;
  created_at: number;
  updated_at: number;
};

export type AppointmentRow = {
  id: number;
  workspace_id: number;
  business_id: number;
  client_id: number;
  service_id: number | null;
  external_id: string | null;
  status: AppointmentStatus;
  code: string;
  staff: string | null;
  starts_at: number;
  ends_at: number;
  notes: string | null;
  is_active: number;
  confirms: number;
  needs_plan: number;
  round: number;
  told_from: number | null;
  planned_for: number | null;
  client_confirmed_at: number | null;
  reschedule_asked_at: number | null;
  confirmed_at: number | null;
  completed_at: number | null;
  canceled_at: number | null;
  canceled_by: string | null;
  cancel_reason: string | null;
  version: number;
  created_at: number;
  updated_at: number;
};

/**
 * `planned`: it waits for its instant, or is being sent. `withdrawn`: the appointment no longer wants it. `dropped`: it was
 * never planned; `reason` says why. The others are what became of its notification or call.
 */
export type MessageStatus =
  | "planned"
  | "sent"
  | "delivered"
  | "failed"
  | "bounced"
  | "canceled"
  | "expired"
  | "withdrawn"
  | "dropped";

export type MessageRow = {
  id: number;
  workspace_id: number;
  appointment_id: number;
  kind: string;
  round: number;
  starts_at: number;
  /** Null when it was never to be told. */
  channel: TellChannel | null;
  at: number;
  expires_at: number;
  digest: string;
  generation: number;
  status: MessageStatus;
  reason: string | null;
  notification_id: number | null;
  call_id: number | null;
  created_at: number;
  updated_at: number;
};

export type ReviewRow = {
  id: number;
  workspace_id: number;
  business_id: number;
  client_id: number;
  appointment_id: number | null;
  rating: number;
  comment: string | null;
  version: number;
  created_at: number;
  updated_at: number;
};

export type AggregateRow = {
  business_id: number;
  workspace_id: number;
  reviews: number;
  rating_sum: number;
  stars_1: number;
  stars_2: number;
  stars_3: number;
  stars_4: number;
  stars_5: number;
  updated_at: number;
};

export type ChatRoomRow = {
  id: number;
  workspace_id: number;
  business_id: number;
  client_id: number;
  is_active: number;
  last_activity_at: number;
  version: number;
  created_at: number;
  updated_at: number;
};

export type DailyRow = {
  workspace_id: number;
  day: string;
  timezone: string;
  appointments: number;
  by_status: string;
  new_clients: number;
  new_businesses: number;
  active_businesses: number;
  reviews: number;
  average_rating: number | null;
  counted_at: number;
};

export type BusinessStatisticsRow = {
  business_id: number;
  workspace_id: number;
  appointments: number;
  by_status: string;
  completion_rate: number | null;
  reviews: number;
  average_rating: number | null;
  counted_at: number;
};

/** The tables, for Kysely. */
export type Tables = {
  businesses: BusinessRow;
  clients: ClientRow;
  services: ServiceRow;
  appointments: AppointmentRow;
  appointment_messages: MessageRow;
  reviews: ReviewRow;
  review_aggregates: AggregateRow;
  chat_rooms: ChatRoomRow;
  daily_statistics: DailyRow;
  business_statistics: BusinessStatisticsRow;
};
