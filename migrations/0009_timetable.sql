-- The timetable: jobs of programs that run by a rule, and every run that came of it.

-- One row a workspace and job, made at the start. What nobody has edited follows the program. slot… is the latest slot of
-- the rule that was used up; wake_at is the next one's instant, null while none comes.
create table timetable (
  workspace_id bigint not null,
  job text not null,
  rule text,
  rule_edited bigint not null check (rule_edited = 0 or rule_edited = 1),
  timezone text not null,
  timezone_edited bigint not null check (timezone_edited = 0 or timezone_edited = 1),
  enabled bigint not null check (enabled = 0 or enabled = 1),
  enabled_edited bigint not null check (enabled_edited = 0 or enabled_edited = 1),
  start_local bigint not null,
  slot text,
  slot_local bigint,
  slot_at bigint,
  slot_number bigint not null,
  wake_at bigint,
  last_run_id bigint,
  last_status text,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (workspace_id, job)
) /*sqlite without rowid*/;
create index timetable_to_wake on timetable (wake_at) where wake_at is not null;
create index timetable_failing on timetable (workspace_id, job) where last_status = 'failed';

-- A slot gives one run, whoever plans it, and a job has one run at a time: the database forbids another. coalesced counts
-- the slots for which a run stands beside its own (or, of a run that was missed, those that passed with it).
create table job_runs (
  id bigint not null primary key,
  workspace_id bigint not null,
  job text not null,
  queue text not null,
  slot text not null,
  status text not null check (status = 'waiting' or status = 'running' or status = 'succeeded' or status = 'failed' or status = 'missed'),
  asked_by text,
  at bigint not null,
  coalesced bigint not null check (coalesced >= 0),
  tries bigint not null check (tries >= 0),
  node_id bigint,
  started_at bigint,
  ended_at bigint,
  result text,
  error text,
  created_at bigint not null,
  unique (workspace_id, job, slot)
);
create unique index job_runs_running on job_runs (workspace_id, job) where status = 'running';
create index job_runs_waiting on job_runs (queue, id) where status = 'waiting';
create index job_runs_of_workspace on job_runs (workspace_id, id);
create index job_runs_of_job on job_runs (workspace_id, job, id);
create index job_runs_by_end on job_runs (ended_at) where ended_at is not null;

-- What a node works on, beside answering. queues are words with commas.
create table node_works (
  node_id bigint not null primary key,
  calls bigint not null check (calls = 0 or calls = 1),
  queues text not null,
  jobs_max bigint not null
);
