-- Series: a rule that yields calls. One row an occurrence, unique by its slot, written with its call.
-- A series waits in its own row: wake_at is the instant at which it is looked at again; null while nothing comes.
-- overlap and overlap_max are read in the claim, where the limits are kept.

create table series (
  id bigint not null primary key,
  workspace_id bigint not null,
  status text not null check (status = 'active' or status = 'paused' or status = 'ended'),
  status_reason text,
  owner text,
  agent text,
  number_hash text not null,
  phone text not null,
  document text not null,
  timezone text not null,
  overlap text not null check (overlap = 'skip' or overlap = 'buffer_one' or overlap = 'allow'),
  overlap_max bigint not null,
  -- The latest slot of the rule that was used up: its key, wall time, instant and number. Null before the first.
  slot text,
  slot_local bigint,
  slot_at bigint,
  slot_number bigint not null,
  -- The call of that slot, while it may still wait.
  call_id bigint,
  wake_at bigint,
  paused_at bigint,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
create index series_of_workspace on series (workspace_id, id);
create index series_of_owner on series (workspace_id, owner, id) where owner is not null;
create index series_to_wake on series (wake_at) where wake_at is not null;

create table series_occurrences (
  series_id bigint not null,
  slot text not null,
  workspace_id bigint not null,
  number bigint not null,
  at bigint not null,
  kind text not null check (kind = 'rule' or kind = 'run_now' or kind = 'backfill'),
  status text not null check (status = 'scheduled' or status = 'skipped' or status = 'missed'),
  reason text,
  call_id bigint,
  created_at bigint not null,
  primary key (series_id, slot)
) /*sqlite without rowid*/;
create index series_occurrences_by_time on series_occurrences (series_id, at, slot);
create index calls_of_series on calls (series_id, id) where series_id is not null;
create index series_occurrences_by_age on series_occurrences (created_at);
create index series_ended on series (updated_at) where status = 'ended';
