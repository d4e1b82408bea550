-- Live safety: whom the lines of a workspace that can ring people may ring, and what calls may cost.
-- Amounts are integers: millionths of the unit that the line's budget names.

-- A workspace without a row is in canary: nothing but its allow-list is rung. number_types is a list in JSON;
-- block_hour_max is how many numbers of one block of a thousand may be called in an hour (0: without limit).
create table live_workspaces (
  workspace_id bigint not null primary key,
  is_open bigint not null check (is_open = 0 or is_open = 1),
  opened_at bigint,
  opened_by text,
  number_types text not null,
  block_hour_max bigint not null check (block_hour_max >= 0),
  updated_at bigint not null
);

-- The allow-list.
create table live_numbers (
  id bigint not null primary key,
  workspace_id bigint not null,
  number_hash text not null,
  phone text not null,
  note text,
  created_by text not null,
  created_at bigint not null,
  unique (workspace_id, number_hash)
);

-- Countries that a person has decided on, or that wait for a decision since a call wanted to go there.
create table live_countries (
  workspace_id bigint not null,
  country text not null,
  status text not null check (status = 'allowed' or status = 'refused' or status = 'waiting'),
  changed_by text,
  changed_at bigint not null,
  primary key (workspace_id, country)
) /*sqlite without rowid*/;

-- Dials to one block of a thousand numbers in one hour. The block is kept as a keyed hash, like a number.
create table live_blocks (
  workspace_id bigint not null,
  block_hash text not null,
  hour bigint not null,
  dials bigint not null check (dials >= 0),
  announced bigint not null check (announced = 0 or announced = 1),
  primary key (workspace_id, block_hash, hour)
) /*sqlite without rowid*/;
create index live_blocks_by_hour on live_blocks (hour);

-- Lines whose backend the operator named in the process's own settings: it decides itself whom to ring.
create table unguarded_lines (
  line_id bigint not null primary key,
  workspace_id bigint not null,
  created_at bigint not null
);

-- What a line's calls cost, and what they may cost. A maximum of 0 is none.
create table line_budgets (
  line_id bigint not null primary key,
  workspace_id bigint not null,
  currency text not null,
  per_minute bigint not null check (per_minute >= 0),
  prices text not null,
  call_max bigint not null check (call_max >= 0),
  hour_max bigint not null check (hour_max >= 0),
  day_max bigint not null check (day_max >= 0),
  updated_at bigint not null
);

-- A line's money by hour (since 1970) and by local day. Reserved before dialing; spent once the attempt has ended;
-- overspent is what a carrier charged beyond what had been reserved.
create table line_spending (
  line_id bigint not null,
  span text not null check (span = 'hour' or span = 'day'),
  number bigint not null,
  reserved bigint not null check (reserved >= 0),
  spent bigint not null check (spent >= 0),
  overspent bigint not null check (overspent >= 0),
  -- What the call that had to wait needs; 0 while none does.
  short_of bigint not null check (short_of >= 0),
  announced bigint not null check (announced = 0 or announced = 1),
  primary key (line_id, span, number)
) /*sqlite without rowid*/;

-- The money of one attempt, in the hour and on the day of its claim.
create table charges (
  attempt_id /*sqlite integer*/ /*postgres bigint*/ not null primary key,
  line_id bigint not null,
  hour bigint not null,
  day bigint not null,
  per_minute bigint not null,
  reserved bigint not null check (reserved >= 0),
  spent bigint not null check (spent >= 0),
  settled bigint not null check (settled = 0 or settled = 1)
) /*postgres with (fillfactor = 80)*/;
