-- Appointments: businesses, their services and clients, what was agreed, what the clients are told of it, and what it came to.
-- name, phone, email, comment and notes of people are sealed; the hashes beside them are keyed, for looking them up.

create table businesses (
  id bigint not null primary key,
  workspace_id bigint not null,
  external_id text,
  name text not null,
  timezone text not null,
  -- How long before an appointment its client is reminded, as a JSON list such as ["24h", "2h"].
  reminders text not null,
  channel text not null check (channel = 'push' or channel = 'email' or channel = 'sms' or channel = 'call'),
  -- Local times between which nobody is told anything; both or neither.
  quiet_from text,
  quiet_to text,
  tells_missed bigint not null check (tells_missed = 0 or tells_missed = 1),
  asks_reviews bigint not null check (asks_reviews = 0 or asks_reviews = 1),
  version bigint not null default 1,
  created_at bigint not null,
  updated_at bigint not null,
  check ((quiet_from is null) = (quiet_to is null))
);
create index businesses_of_workspace on businesses (workspace_id, id);
create unique index businesses_by_external_id on businesses (workspace_id, external_id) where external_id is not null;

create table clients (
  id bigint not null primary key,
  workspace_id bigint not null,
  external_id text,
  name text not null,
  phone text,
  phone_hash text,
  email text,
  email_hash text,
  -- Under which the client's devices are registered.
  recipient_id text,
  timezone text,
  channel text check (channel = 'push' or channel = 'email' or channel = 'sms' or channel = 'call'),
  quiet_from text,
  quiet_to text,
  erased_at bigint,
  version bigint not null default 1,
  created_at bigint not null,
  updated_at bigint not null,
  check ((quiet_from is null) = (quiet_to is null))
);
create index clients_of_workspace on clients (workspace_id, id);
create index clients_by_creation on clients (workspace_id, created_at);
create unique index clients_by_external_id on clients (workspace_id, external_id) where external_id is not null;
create index clients_by_phone on clients (workspace_id, phone_hash) where phone_hash is not null;
create index clients_by_email on clients (workspace_id, email_hash) where email_hash is not null;
create index clients_by_recipient on clients (workspace_id, recipient_id) where recipient_id is not null;

create table services (
  id bigint not null primary key,
  workspace_id bigint not null,
  business_id bigint not null,
  external_id text,
  name text not null,
  duration_ms bigint not null check (duration_ms > 0),
  price text,
  is_active bigint not null check (is_active = 0 or is_active = 1),
  version bigint not null default 1,
  created_at bigint not null,
  updated_at bigint not null
);
create index services_of_workspace on services (workspace_id, id);
create index services_of_business on services (business_id, id);
create unique index services_by_external_id on services (workspace_id, external_id) where external_id is not null;

-- needs_plan: what is told of it shall be worked out again. round counts how often it was agreed upon anew; told_from is when
-- that was, and planned_for the start for which it was planned. A row that something else inserts is planned because it is 1.
create table appointments (
  id bigint not null primary key,
  workspace_id bigint not null,
  business_id bigint not null,
  client_id bigint not null,
  service_id bigint,
  external_id text,
  status text not null check (
    status = 'pending' or status = 'confirmed' or status = 'in_progress' or status = 'completed'
    or status = 'cancelled' or status = 'no_show' or status = 'rescheduled'
  ),
  code text not null,
  staff text,
  starts_at bigint not null,
  ends_at bigint not null,
  notes text,
  is_active bigint not null default 1 check (is_active = 0 or is_active = 1),
  confirms bigint not null default 1 check (confirms = 0 or confirms = 1),
  needs_plan bigint not null default 1 check (needs_plan = 0 or needs_plan = 1),
  round bigint not null default 0,
  told_from bigint,
  planned_for bigint,
  client_confirmed_at bigint,
  reschedule_asked_at bigint,
  confirmed_at bigint,
  completed_at bigint,
  canceled_at bigint,
  canceled_by text,
  cancel_reason text,
  version bigint not null default 1,
  created_at bigint not null,
  updated_at bigint not null,
  -- The search for what overlaps looks back a day.
  check (ends_at > starts_at and ends_at - starts_at <= 86400000)
);
create unique index appointments_by_code on appointments (business_id, code);
create unique index appointments_by_external_id on appointments (workspace_id, external_id) where external_id is not null;
create index appointments_by_start on appointments (workspace_id, starts_at, id);
create index appointments_of_business on appointments (business_id, starts_at, id);
create index appointments_of_client on appointments (client_id, starts_at, id);
create index appointments_of_staff on appointments (business_id, staff, starts_at) where staff is not null;
create index appointments_to_plan on appointments (workspace_id, id) where needs_plan = 1;
create index appointments_planned on appointments (workspace_id, planned_for) where planned_for is not null;
create index appointments_completed on appointments (workspace_id, completed_at) where completed_at is not null;
create index appointments_active on appointments (workspace_id, ends_at) where is_active = 1;

-- What a client is told of an appointment, once in each round; also what was not told, and why. digest: of its words and address.
create table appointment_messages (
  id bigint not null primary key,
  workspace_id bigint not null,
  appointment_id bigint not null,
  kind text not null,
  round bigint not null,
  starts_at bigint not null,
  channel text,
  at bigint not null,
  expires_at bigint not null,
  digest text not null,
  generation bigint not null,
  status text not null check (
    status = 'planned' or status = 'sent' or status = 'delivered' or status = 'failed' or status = 'bounced'
    or status = 'canceled' or status = 'expired' or status = 'withdrawn' or status = 'dropped'
  ),
  reason text,
  notification_id bigint,
  call_id bigint,
  created_at bigint not null,
  updated_at bigint not null,
  unique (appointment_id, kind, round)
);
create index appointment_messages_planned on appointment_messages (workspace_id, at) where status = 'planned';
create index appointment_messages_by_kind on appointment_messages (workspace_id, kind, at);
create index appointment_messages_of_notification on appointment_messages (notification_id) where notification_id is not null;
create index appointment_messages_of_call on appointment_messages (call_id) where call_id is not null;
create index appointment_messages_by_age on appointment_messages (workspace_id, updated_at);

create table reviews (
  id bigint not null primary key,
  workspace_id bigint not null,
  business_id bigint not null,
  client_id bigint not null,
  appointment_id bigint,
  rating bigint not null check (rating >= 1 and rating <= 5),
  comment text,
  version bigint not null default 1,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index reviews_of_appointment on reviews (appointment_id) where appointment_id is not null;
create index reviews_of_workspace on reviews (workspace_id, id);
create index reviews_by_creation on reviews (workspace_id, created_at);
create index reviews_of_business on reviews (business_id, client_id);
create index reviews_of_client on reviews (client_id, id);

create table review_aggregates (
  business_id bigint not null primary key,
  workspace_id bigint not null,
  reviews bigint not null,
  rating_sum bigint not null,
  stars_1 bigint not null,
  stars_2 bigint not null,
  stars_3 bigint not null,
  stars_4 bigint not null,
  stars_5 bigint not null,
  updated_at bigint not null
);

create table chat_rooms (
  id bigint not null primary key,
  workspace_id bigint not null,
  business_id bigint not null,
  client_id bigint not null,
  is_active bigint not null default 1 check (is_active = 0 or is_active = 1),
  last_activity_at bigint not null,
  version bigint not null default 1,
  created_at bigint not null,
  updated_at bigint not null,
  unique (business_id, client_id)
);
create index chat_rooms_of_workspace on chat_rooms (workspace_id, id);
create index chat_rooms_of_client on chat_rooms (client_id, id);
create index chat_rooms_by_activity on chat_rooms (workspace_id, last_activity_at) where is_active = 1;

-- A day of the timetable's zone, as it was counted on the day after.
create table daily_statistics (
  workspace_id bigint not null,
  day text not null,
  timezone text not null,
  appointments bigint not null,
  by_status text not null,
  new_clients bigint not null,
  new_businesses bigint not null,
  active_businesses bigint not null,
  reviews bigint not null,
  average_rating double precision,
  counted_at bigint not null,
  primary key (workspace_id, day)
);

create table business_statistics (
  business_id bigint not null primary key,
  workspace_id bigint not null,
  appointments bigint not null,
  by_status text not null,
  completion_rate double precision,
  reviews bigint not null,
  average_rating double precision,
  counted_at bigint not null
);
