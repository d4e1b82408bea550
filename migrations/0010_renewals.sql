-- Renewals: customers, what they hold, when it ends, and the calls that are made about it.
-- Days are counted from 1970-01-01, in the zone of the program. Names, numbers, addresses and notes are sealed.

-- What drives the daily run; a workspace that has changed nothing has no row, or the defaults.
create table renewal_settings (
  workspace_id bigint not null primary key,
  enabled bigint not null check (enabled = 0 or enabled = 1),
  daily_minute bigint not null check (daily_minute between 0 and 1439),
  days_before_expiry bigint not null check (days_before_expiry between 1 and 365),
  max_calls_per_day bigint not null check (max_calls_per_day between 1 and 10000),
  max_concurrent_calls bigint not null check (max_concurrent_calls between 1 and 1000),
  retry_failed_after_hours bigint not null check (retry_failed_after_hours between 1 and 720),
  max_retries_per_customer bigint not null check (max_retries_per_customer between 0 and 10),
  skip_if_called_within_days bigint not null check (skip_if_called_within_days between 0 and 365),
  updated_at bigint not null
);

-- busy_day: the first day for which a call of the customer waits or runs (far ahead when none does). called_day and
-- done_day: the last day on which the customer was called, and on which a call was completed (0 before the first).
-- Whoever changes any of it, or what the customer holds, raises the version: by that a selection knows that it is current.
create table renewal_customers (
  id bigint not null primary key,
  workspace_id bigint not null,
  customer_code text,
  phone_hash text not null,
  email_hash text,
  phone text not null,
  details text not null,
  calls bigint not null check (calls >= 0),
  called_at bigint,
  called_day bigint not null,
  busy_day bigint not null,
  done_day bigint not null,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  unique (workspace_id, phone_hash),
  unique (workspace_id, customer_code)
);
create index renewal_customers_of_workspace on renewal_customers (workspace_id, id);
create index renewal_customers_by_email on renewal_customers (workspace_id, email_hash) where email_hash is not null;

create table renewal_policies (
  id bigint not null primary key,
  workspace_id bigint not null,
  policy_number text not null,
  policy_name text not null,
  policy_type text,
  description text,
  base_premium double precision,
  base_sum_assured double precision,
  duration_months bigint not null check (duration_months between 1 and 1200),
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  unique (workspace_id, policy_number)
);
create index renewal_policies_of_workspace on renewal_policies (workspace_id, id);

-- What a customer holds. The three days are copies of the customer's, so that who is to be called next is found in one
-- index: it is walked from the soonest end on, and whoever rests is passed over without being looked up.
create table renewal_customer_policies (
  id bigint not null primary key,
  workspace_id bigint not null,
  customer_id bigint not null,
  policy_id bigint not null,
  status text not null
    check (status = 'active' or status = 'pending' or status = 'expired' or status = 'cancelled'),
  start_day bigint not null,
  end_day bigint not null,
  premium_amount double precision,
  sum_assured double precision,
  called_day bigint not null,
  busy_day bigint not null,
  done_day bigint not null,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
create index renewal_policies_that_end
  on renewal_customer_policies (workspace_id, status, end_day, id, called_day, busy_day, done_day, customer_id);
create index renewal_policies_of_customer on renewal_customer_policies (customer_id, status, end_day, id);
create index renewal_customers_of_policy on renewal_customer_policies (policy_id);

-- A call that the program has made or was asked for, as it was last heard of; the call itself is the engine's.
create table renewal_calls (
  id bigint not null primary key,
  workspace_id bigint not null,
  call_id bigint not null unique,
  customer_id bigint not null,
  customer_policy_id bigint,
  source text not null
    check (source = 'daily' or source = 'trigger' or source = 'batch' or source = 'scheduled' or source = 'initiated'),
  task_id text,
  reason text not null,
  priority bigint not null,
  scheduled_day bigint not null,
  scheduled_minute bigint,
  notes text,
  status text not null
    check (status = 'pending' or status = 'queued' or status = 'completed' or status = 'failed'
      or status = 'cancelled' or status = 'skipped'),
  live bigint not null check (live = 0 or live = 1),
  retry_count bigint not null,
  outcome text,
  disposition text,
  called_at bigint,
  ended_at bigint,
  summary text,
  renewal_agreed bigint check (renewal_agreed = 0 or renewal_agreed = 1),
  upgrade_agreed bigint check (upgrade_agreed = 0 or upgrade_agreed = 1),
  upgrade_to_policy_id bigint,
  check_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
create index renewal_calls_by_day on renewal_calls (workspace_id, scheduled_day, status, id);
create index renewal_calls_of_workspace on renewal_calls (workspace_id, id);
create index renewal_calls_of_customer on renewal_calls (customer_id, id);
create index renewal_calls_that_live on renewal_calls (customer_id, scheduled_day) where live = 1;
create index renewal_calls_to_check on renewal_calls (workspace_id, check_at, id) where live = 1;
create index renewal_calls_by_age on renewal_calls (workspace_id, created_at) where live = 0;

-- What a call has changed: once for each call and kind, however often and in whatever order it is reported.
create table renewal_extensions (
  call_id bigint not null,
  kind text not null check (kind = 'renewal' or kind = 'upgrade'),
  workspace_id bigint not null,
  customer_policy_id bigint not null,
  from_end_day bigint not null,
  to_end_day bigint not null,
  from_policy_id bigint not null,
  to_policy_id bigint not null,
  created_at bigint not null,
  primary key (call_id, kind)
) /*sqlite without rowid*/;
create index renewal_extensions_of_policy on renewal_extensions (customer_policy_id);
create index renewal_extensions_by_age on renewal_extensions (workspace_id, created_at);
