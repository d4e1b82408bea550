-- People who asked to be forgotten. What was asked for stands in the row, sealed, until all of it was done.

create table erasures (
  id bigint not null primary key,
  workspace_id bigint not null,
  status text not null check (status = 'running' or status = 'waiting' or status = 'done'),
  person text,
  counts text not null,
  actor text not null,
  created_at bigint not null,
  ended_at bigint
);
create index erasures_of_workspace on erasures (workspace_id, id);
create index erasures_open on erasures (id) where person is not null;
