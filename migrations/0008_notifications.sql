-- Notifications: what people are told by push, e-mail and SMS, to whom, and what became of it.
-- status 'sending' is written before a request leaves: whatever is found there after a crash is never sent again.

create table notifications (
  id /*sqlite integer*/ /*postgres bigint*/ not null primary key,
  workspace_id bigint not null,
  queue text not null check (queue = 'appointments' or queue = 'notifications' or queue = 'reviews' or queue = 'maintenance'),
  channel text not null check (channel = 'push' or channel = 'email' or channel = 'sms'),
  event text not null,
  status text not null check (status = 'pending' or status = 'sending' or status = 'sent' or status = 'delivered' or status = 'failed' or status = 'bounced' or status = 'canceled' or status = 'expired'),
  reason text,
  recipient_id text,
  -- Sealed, and its keyed hash, by which a person's notifications are found again. Null: what the recipient has registered.
  address text,
  address_hash text,
  -- Sealed: subject, body and data.
  document text not null,
  quiet text,
  dedupe_key text,
  operation_id bigint,
  -- When it is sent, or tried again; null when nothing more comes.
  due_at bigint,
  asked_at bigint not null,
  expires_at bigint not null,
  tries bigint not null check (tries >= 0),
  retries_max bigint not null check (retries_max >= 0),
  -- What became of each address that was tried, as JSON; devices by their ids.
  targets text,
  provider text,
  detail text,
  node_id bigint,
  sending_at bigint,
  sent_at bigint,
  delivered_at bigint,
  ended_at bigint,
  created_by text not null,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null
) /*postgres with (fillfactor = 70)*/;
create index notifications_of_workspace on notifications (workspace_id, id);
create index notifications_of_recipient on notifications (workspace_id, recipient_id, id) where recipient_id is not null;
create index notifications_to_address on notifications (workspace_id, address_hash) where address_hash is not null;
create index notifications_of_operation on notifications (operation_id, status, id) where operation_id is not null;
create index notifications_failed on notifications (created_at) where status = 'failed';
create index notifications_under_way on notifications (id) where status = 'sending';
create unique index notifications_once on notifications (workspace_id, dedupe_key) where dedupe_key is not null;

-- Notifications that wait for their instant, and nothing else, by queue and channel. Claiming deletes from it.
create table notification_due (
  lane bigint not null,
  due_at bigint not null,
  notification_id bigint not null,
  primary key (lane, due_at, notification_id)
) /*sqlite without rowid*/;

-- A person, by an id of the programs or of the caller: where they are told, and when not.
create table recipients (
  id bigint not null primary key,
  workspace_id bigint not null,
  recipient_id text not null,
  email text,
  email_hash text,
  phone text,
  number_hash text,
  timezone text,
  quiet_from text,
  quiet_to text,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index recipients_by_recipient_id on recipients (workspace_id, recipient_id);
create index recipients_by_email on recipients (workspace_id, email_hash) where email_hash is not null;
create index recipients_by_number on recipients (workspace_id, number_hash) where number_hash is not null;

-- A device of a recipient; its token is sealed and belongs to one recipient at a time.
create table devices (
  id bigint not null primary key,
  workspace_id bigint not null,
  recipient_id text not null,
  token text not null,
  token_hash text not null,
  platform text,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index devices_by_token on devices (workspace_id, token_hash);
create index devices_of_recipient on devices (workspace_id, recipient_id, id);

create table notification_templates (
  id bigint not null primary key,
  workspace_id bigint not null,
  name text not null,
  subject text,
  body text not null,
  variables text not null,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index notification_templates_by_name on notification_templates (workspace_id, name);

-- Work that is accepted at once and done piece by piece. done and failed count items; position is the next part to do.
create table operations (
  id bigint not null primary key,
  workspace_id bigint not null,
  kind text not null check (kind = 'notifications.bulk'),
  status text not null check (status = 'running' or status = 'canceling' or status = 'completed' or status = 'canceled'),
  document text not null,
  total bigint not null check (total >= 0),
  done bigint not null check (done >= 0),
  failed bigint not null check (failed >= 0),
  position bigint not null,
  created_by text not null,
  ended_at bigint,
  created_at bigint not null,
  updated_at bigint not null
);
create index operations_of_workspace on operations (workspace_id, id);
create index operations_under_way on operations (id) where ended_at is null;

-- The items of an operation, a thousand or so a row, sealed; a row goes when it is done.
create table operation_parts (
  operation_id bigint not null,
  part bigint not null,
  items text not null,
  primary key (operation_id, part)
) /*sqlite without rowid*/;

-- The log of notifications for people who look at the database: instants as timestamps (UTC), no addresses and no words.
create view notification_logs as
select
  id,
  workspace_id,
  recipient_id,
  channel as notification_type,
  event,
  case when status = 'sending' then 'pending' else status end as status,
  case when tries > 1 then tries - 1 else 0 end as retry_count,
  retries_max as max_retries,
  reason,
  detail as error_message,
  provider,
  queue,
  /*sqlite date(due_at / 1000, 'unixepoch') || ' ' || time(due_at / 1000, 'unixepoch')*/ /*postgres to_timestamp(due_at / 1000.0) at time zone 'UTC'*/ as next_try_at,
  /*sqlite date(sent_at / 1000, 'unixepoch') || ' ' || time(sent_at / 1000, 'unixepoch')*/ /*postgres to_timestamp(sent_at / 1000.0) at time zone 'UTC'*/ as sent_at,
  /*sqlite date(delivered_at / 1000, 'unixepoch') || ' ' || time(delivered_at / 1000, 'unixepoch')*/ /*postgres to_timestamp(delivered_at / 1000.0) at time zone 'UTC'*/ as delivered_at,
  /*sqlite date(created_at / 1000, 'unixepoch') || ' ' || time(created_at / 1000, 'unixepoch')*/ /*postgres to_timestamp(created_at / 1000.0) at time zone 'UTC'*/ as created_at,
  /*sqlite date(updated_at / 1000, 'unixepoch') || ' ' || time(updated_at / 1000, 'unixepoch')*/ /*postgres to_timestamp(updated_at / 1000.0) at time zone 'UTC'*/ as updated_at
from notifications;
