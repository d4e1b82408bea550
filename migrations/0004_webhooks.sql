-- Who is told what happens (webhook endpoints and notification handlers), and every message that they are owed.

-- Up to which entry of the ledger messages were made. One row, moved in the transaction that writes the messages.
create table event_cursors (
  name text not null primary key,
  commit_id bigint not null,
  id bigint not null
);

-- target, secret and old_secret are sealed. An endpoint without a successful try since failing_since is disabled in the end.
create table subscribers (
  id bigint not null primary key,
  workspace_id bigint not null,
  kind text not null check (kind = 'endpoint' or kind = 'handler'),
  name text not null,
  channel text not null,
  target text not null,
  payload text not null check (payload = 'thin' or payload = 'full'),
  event_types text not null,
  secret text,
  old_secret text,
  old_secret_until bigint,
  status text not null check (status = 'enabled' or status = 'disabled'),
  status_reason text,
  since_commit_id bigint not null,
  since_id bigint not null,
  failing_since bigint,
  delivered_at bigint,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
create index subscribers_of_workspace on subscribers (workspace_id, kind, id);

-- A message to one subscriber: what is sent (sealed, the same at each try), and how the last try went.
create table deliveries (
  id /*sqlite integer*/ /*postgres bigint*/ not null primary key,
  workspace_id bigint not null,
  subscriber_id bigint not null,
  message_id text not null,
  event_type text not null,
  call_id bigint,
  body text not null,
  status text not null check (status = 'pending' or status = 'delivered' or status = 'failed'),
  due_at bigint,
  step bigint not null check (step >= 0),
  tries bigint not null check (tries >= 0),
  tried_at bigint,
  ended_at bigint,
  answer_status bigint,
  answer_body text,
  detail text,
  duration_ms bigint,
  created_at bigint not null,
  unique (subscriber_id, message_id)
);
create index deliveries_of_subscriber on deliveries (subscriber_id, id);

-- Messages that wait for their instant, and nothing else, by subscriber, so that a slow one keeps nobody else waiting.
-- Taking one puts it off by a lease instead of deleting it: after a crash it is sent again, under the same message id.
create table delivery_due (
  subscriber_id bigint not null,
  due_at bigint not null,
  delivery_id bigint not null,
  primary key (subscriber_id, due_at, delivery_id)
) /*sqlite without rowid*/;
