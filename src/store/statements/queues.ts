import { sql } from "kysely";
import type { JobCount } from "../../ports/agent-statements.ts";
import type { Statements } from "../../ports/statements.ts";
import type { StatementMaker } from "../statement.ts";

/** Counts of calls as jobs of a queue. `engine/job-state.ts` says the same of one call; a test compares them. */
export function queueStatements(make: StatementMaker): Pick<Statements, "queues"> {
  return {
    queues: {
      // The states are named inside, so that Postgres groups by columns and not by expressions with placeholders.
      count: make.query((db, arg) =>
        db
          .selectFrom(
            db
              .selectFrom("calls")
              .select([
                "lane_id",
                sql<JobCount["state"]>`case
                  when dispatched_at is not null or status = 'completed' then 'completed'
                  when status = 'dialing' then 'active'
                  when status = 'paused' then 'paused'
                  when status = 'scheduled' and due_at <= cast(${arg("now")} as bigint) then 'waiting'
                  when status = 'scheduled' then 'delayed'
                  when status = 'canceled' or status = 'skipped' then 'cancelled'
                  else 'failed' end`.as("state"),
                sql<number>`case
                  when dispatched_at is not null or status = 'completed'
                    then case when coalesce(dispatched_at, ended_at, updated_at) >= cast(${arg("completed_since")} as bigint) then 1 else 0 end
                  when coalesce(ended_at, updated_at) >= cast(${arg("failed_since")} as bigint) then 1
                  else 0 end`.as("is_recent"),
                sql<number>`case when due_at > cast(${arg("now")} as bigint) then 1 else 0 end`.as(
                  "is_ahead",
                ),
              ])
              .where("workspace_id", "=", arg("workspace_id"))
              .where(
                sql<boolean>`(cast(${arg("line_id")} as bigint) is null or lane_id in (select lanes.id from lanes where lanes.line_id = ${arg("line_id")}))`,
              )
              .as("jobs"),
          )
          .select(["lane_id", "state", "is_recent", "is_ahead", sql<number>`count(*)`.as("count")])
          .groupBy(["lane_id", "state", "is_recent", "is_ahead"]),
      ),
    },
  };
}
