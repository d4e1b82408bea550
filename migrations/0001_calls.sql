-- The foundation: workspaces, lines, calls and what happens to them.
-- One text for both databases; /*sqlite …*/ and /*postgres …*/ hold the few words that only one of them reads.
-- Conditions are chains of "or": SQLite builds a table for each "in (…)" at every write.
-- Instants are UTC milliseconds. Ids are integers that the program makes; public ids are derived from them.

create table workspaces (
  id bigint not null primary key,
  name text not null unique,
  stopped_at bigint,
  stopped_reason text,
  plan_version bigint not null,
  created_at bigint not null
);

-- workspace_id 0 holds what belongs to the installation.
create table settings (
  workspace_id bigint not null,
  name text not null,
  value text not null,
  updated_at bigint not null,
  primary key (workspace_id, name)
);

-- Blocks of ids are taken from here, so that ids are known before the insert and rise with time.
create table id_blocks (
  name text not null primary key,
  next_id bigint not null
);

-- One row for each start of a process: who owns what was claimed.
create table nodes (
  id bigint not null primary key,
  name text not null,
  started_at bigint not null,
  seen_at bigint not null,
  stopped_at bigint
);

create table hours (
  id bigint not null primary key,
  workspace_id bigint not null,
  name text not null,
  timezone text,
  weekly text not null,
  closed_dates text not null,
  holidays text,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  unique (workspace_id, name)
);

create table retry_policies (
  id bigint not null primary key,
  workspace_id bigint not null,
  name text not null,
  spec text not null,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  unique (workspace_id, name)
);

create table lines (
  id bigint not null primary key,
  workspace_id bigint not null,
  name text not null,
  carrier text not null,
  status text not null check (status = 'active' or status = 'paused' or status = 'removed'),
  status_reason text,
  settings text not null,
  caller_id text,
  slots_max bigint not null check (slots_max >= 0),
  calls_per_second double precision not null check (calls_per_second >= 0),
  burst bigint not null check (burst >= 1),
  daily_max bigint not null check (daily_max >= 0),
  ring_timeout_ms bigint not null,
  max_duration_ms bigint not null,
  timezone text not null,
  hours_id bigint,
  retry_policy_id bigint,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  unique (workspace_id, name)
);

create table line_counters (
  line_id bigint not null primary key,
  slots_used bigint not null check (slots_used >= 0),
  next_free_at double precision not null,
  backoff_until bigint not null,
  day bigint not null,
  day_used bigint not null
) /*postgres with (fillfactor = 60)*/;

-- A lane is where due calls queue: one line, one campaign (0: none), one priority (9 first).
create table lanes (
  id bigint not null primary key,
  workspace_id bigint not null,
  line_id bigint not null,
  campaign_id bigint not null,
  priority bigint not null check (priority between 0 and 9),
  unique (line_id, campaign_id, priority)
);

-- The hot row of a call: what claiming and settling read and write. Its document is apart.
create table calls (
  id /*sqlite integer*/ /*postgres bigint*/ not null primary key,
  workspace_id bigint not null,
  lane_id bigint not null,
  status text not null check (status = 'scheduled' or status = 'dialing' or status = 'paused' or status = 'needs_review' or status = 'completed' or status = 'failed' or status = 'expired' or status = 'canceled' or status = 'skipped'),
  number_hash text not null,
  requested_at bigint not null,
  due_at bigint not null,
  closes_at bigint not null,
  expires_at bigint not null,
  expires_after_ms bigint,
  plan_version bigint not null,
  attempts bigint not null,
  attempt_id bigint,
  ledger_head bigint not null,
  reason text not null,
  purpose text,
  dedupe_key text,
  outcome text,
  disposition text,
  dispatched_at bigint,
  ended_at bigint,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null
) /*postgres with (fillfactor = 60)*/;
create index calls_of_workspace on calls (workspace_id, id);
-- What people look for is what went wrong; the happy path pays nothing for finding it. On Postgres such an index would
-- keep every change of a status from being a heap-only update, which costs more than the index gives.
/*sqlite create index calls_in_trouble on calls (workspace_id, status, id) where status <> 'scheduled' and status <> 'dialing' and status <> 'completed';*/

create table call_documents (
  call_id /*sqlite integer*/ /*postgres bigint*/ not null primary key,
  workspace_id bigint not null,
  phone text not null,
  external_id text,
  document text not null
);
create index call_documents_external on call_documents (workspace_id, external_id) where external_id is not null;

-- Work that waits for its instant, and nothing else. Claiming deletes from it.
create table due (
  lane_id bigint not null,
  due_at bigint not null,
  call_id bigint not null,
  primary key (lane_id, due_at, call_id)
) /*sqlite without rowid*/;

create table attempts (
  id /*sqlite integer*/ /*postgres bigint*/ not null primary key,
  workspace_id bigint not null,
  call_id bigint not null,
  line_id bigint not null,
  node_id bigint not null,
  number bigint not null,
  status text not null check (status = 'claimed' or status = 'placing' or status = 'unknown' or status = 'accepted' or status = 'ringing' or status = 'in_progress' or status = 'ended'),
  slot_held bigint not null check (slot_held = 0 or slot_held = 1),
  due_at bigint not null,
  closes_at bigint not null,
  claimed_at bigint not null,
  deadline_at bigint not null,
  placing_at bigint,
  accepted_at bigint,
  ringing_at bigint,
  answered_at bigint,
  ended_at bigint,
  duration_ms bigint,
  outcome text,
  disposition text,
  carrier_ref text,
  detail text,
  waited_for text,
  max_duration_ms bigint not null,
  check_at bigint,
  checks bigint not null,
  counted bigint not null,
  reports bigint not null,
  previous_id bigint
) /*postgres with (fillfactor = 60)*/;
create index attempts_to_check on attempts (check_at) where check_at is not null;

create table reports (
  attempt_id bigint not null,
  report_key text not null,
  workspace_id bigint not null,
  received_at bigint not null,
  body text not null,
  primary key (attempt_id, report_key)
) /*sqlite without rowid*/;

-- Append-only history, chained backwards per call; it is the event stream.
create table ledger (
  id /*sqlite integer*/ /*postgres bigint*/ not null primary key,
  commit_id bigint not null default /*sqlite 0*/ /*postgres (pg_current_xact_id()::text::bigint)*/,
  workspace_id bigint not null,
  call_id bigint not null,
  attempt_id bigint,
  at bigint not null,
  type text not null,
  reason text,
  actor text,
  data text,
  previous_id bigint
);
/*postgres create index ledger_in_commit_order on ledger (commit_id, id);*/

create table suppressions (
  id bigint not null primary key,
  workspace_id bigint not null,
  number_hash text not null,
  scope text not null,
  kind text not null check (kind = 'suppressed' or kind = 'quarantined'),
  phone text not null,
  reason text not null,
  until_at bigint,
  created_at bigint not null,
  unique (workspace_id, number_hash, scope)
);

-- A person's latest dials, one row a number, so that caps need no counting.
create table people (
  workspace_id bigint not null,
  number_hash text not null,
  dials text not null,
  updated_at bigint not null,
  primary key (workspace_id, number_hash)
) /*sqlite without rowid*/;

create table idempotency_keys (
  id /*sqlite integer*/ /*postgres bigint*/ not null primary key,
  workspace_id bigint not null,
  key_hash text not null,
  fingerprint text not null,
  status bigint not null,
  resource text not null,
  created_at bigint not null,
  unique (workspace_id, key_hash)
);

create table dedupe_keys (
  workspace_id bigint not null,
  dedupe_key text not null,
  call_id bigint not null,
  primary key (workspace_id, dedupe_key)
) /*sqlite without rowid*/;

create table api_keys (
  id bigint not null primary key,
  workspace_id bigint not null,
  name text not null,
  secret_hash text not null unique,
  hint text not null,
  scopes text not null,
  expires_at bigint,
  revoked_at bigint,
  last_used_at bigint,
  created_at bigint not null
);

-- Effects owed to the outside world, written with the change that owes them.
create table outbox (
  id bigint not null primary key,
  workspace_id bigint not null,
  kind text not null,
  attempt_id bigint not null,
  due_at bigint not null,
  tries bigint not null,
  created_at bigint not null
);
create index outbox_due on outbox (due_at);
