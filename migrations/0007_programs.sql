-- Programs: businesses that decide whom to call or remind. Each has tables of its own; this one they share.
-- A row for each transaction of a program, with which of its runs was committed, so that one whose answer was lost is not
-- done again.

create table program_marks (
  id bigint not null primary key,
  run bigint not null,
  created_at bigint not null
);
create index program_marks_by_age on program_marks (created_at);
