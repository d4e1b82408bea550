-- Whose call it is, which agent speaks, and which series it comes from.

alter table calls add column series_id bigint;
alter table call_documents add column owner text;
alter table call_documents add column agent text;
create index call_documents_owner on call_documents (workspace_id, owner, call_id) where owner is not null;
