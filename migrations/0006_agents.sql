-- Agents: who speaks in a call, by the caller's own ids. A call names one as text; a row only says that there is such an agent.

create table agents (
  id bigint not null primary key,
  workspace_id bigint not null,
  agent_id text not null,
  name text not null,
  metadata text not null,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null
);
create unique index agents_by_agent_id on agents (workspace_id, agent_id);
