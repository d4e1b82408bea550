import type { MessageChannel } from "./messenger.ts";
import type { QueueName } from "./program.ts";

/** Rows of telling people as they stand in the store: instants in UTC ms. */
export type NotificationRow = {
  id: number;
  workspace_id: number;
  queue: QueueName;
  channel: MessageChannel;
  event: string;
  status: "pending" | "sending" | "sent" | "delivered" | "failed" | "bounced" | "canceled" | "expired";
  reason: string | null;
  recipient_id: string | null;
  address: string | null;
  address_hash: string | null;
  document: string;
  /** JSON of `QuietHours`. */
  quiet: string | null;
  dedupe_key: string | null;
  operation_id: number | null;
  due_at: number | null;
  asked_at: number;
  expires_at: number;
  tries: number;
  retries_max: number;
  /** JSON: what became of each address that was tried. */
  targets: string | null;
  provider: string | null;
  detail: string | null;
  node_id: number | null;
  sending_at: number | null;
  sent_at: number | null;
  delivered_at: number | null;
  ended_at: number | null;
  created_by: string;
  version: number;
  created_at: number;
  updated_at: number;
};

export type NotificationDueRow = { lane: number; due_at: number; notification_id: number };

export type RecipientRow = {
  id: number;
  workspace_id: number;
  recipient_id: string;
  email: string | null;
  email_hash: string | null;
  phone: string | null;
  number_hash: string | null;
  timezone: string | null;
  quiet_from: string | null;
  quiet_to: string | null;
  version: number;
  created_at: number;
  updated_at: number;
};

export type DeviceRow = {
  id: number;
  workspace_id: number;
  recipient_id: string;
  token: string;
  token_hash: string;
  platform: string | null;
  created_at: number;
  updated_at: number;
};

export type TemplateRow = {
  id: number;
  workspace_id: number;
  name: string;
  subject: string | null;
  body: string;
  /** JSON: the names of its variables. */
  variables: string;
  version: number;
  created_at: number;
  updated_at: number;
};

export type OperationRow = {
  id: number;
  workspace_id: number;
  kind: "notifications.bulk";
  status: "running" | "canceling" | "completed" | "canceled";
  document: string;
  total: number;
  done: number;
  failed: number;
  position: number;
  created_by: string;
  ended_at: number | null;
  created_at: number;
  updated_at: number;
};

export type OperationPartRow = { operation_id: number; part: number; items: string };
