import { sql } from "kysely";
import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const key: Columns = { workspace_id: "bigint", job: "text" };
const place: Columns = {
  slot: "text",
  slot_local: "bigint",
  slot_at: "bigint",
  slot_number: "bigint",
  wake_at: "bigint",
};
const changed: Columns = {
  rule: "text",
  rule_edited: "bigint",
  timezone: "text",
  timezone_edited: "bigint",
  enabled: "bigint",
  enabled_edited: "bigint",
  start_local: "bigint",
  ...place,
  updated_at: "bigint",
};
const ran: Columns = { last_run_id: "bigint", last_status: "text" };
const job: Columns = { ...key, ...changed, ...ran, version: "bigint", created_at: "bigint" };
const jobColumns = Object.keys(job).join(", ");

const id: Columns = { id: "bigint" };
const progress: Columns = {
  status: "text",
  at: "bigint",
  coalesced: "bigint",
  tries: "bigint",
  node_id: "bigint",
  started_at: "bigint",
  ended_at: "bigint",
  result: "text",
  error: "text",
};
const run: Columns = {
  ...id,
  ...key,
  queue: "text",
  slot: "text",
  asked_by: "text",
  ...progress,
  created_at: "bigint",
};
const runColumns = Object.keys(run).join(", ");

/** The timetable of programs' jobs, their runs, and what each node works on. */
export function timetableStatements(
  make: StatementMaker,
): Pick<Statements, "timetable" | "jobRuns" | "nodeWorks"> {
  return {
    timetable: {
      insert: make.insertMany("timetable", job, { conflict: "on conflict (workspace_id, job) do nothing" }),
      of: make.selectMany("timetable", key, jobColumns),
      lock: make.selectMany("timetable", key, jobColumns, { lock: true }),
      ofWorkspace: make.query((db, arg) =>
        db.selectFrom("timetable").selectAll().where("workspace_id", "=", arg("workspace_id")).orderBy("job"),
      ),
      change: make.countedUpdateMany("timetable", { ...key, version: "bigint" }, changed, {
        also: "version = timetable.version + 1",
      }),
      place: make.updateMany("timetable", key, place),
      ran: make.updateMany("timetable", key, ran),
      toWake: make.query((db, arg) =>
        db
          .selectFrom("timetable")
          .selectAll()
          .where("wake_at", "<=", arg("now"))
          .orderBy("wake_at")
          .orderBy("workspace_id")
          .orderBy("job")
          .limit(arg("limit")),
      ),
      // Without the condition Postgres would not know that the index of waiting jobs holds every candidate.
      nextWake: make.query((db) =>
        db
          .selectFrom("timetable")
          .select("wake_at")
          .where("wake_at", "is not", null)
          .orderBy("wake_at")
          .limit(1),
      ),
      failing: make.query((db, arg) =>
        db
          .selectFrom("timetable")
          .select(["workspace_id", "job"])
          .where("last_status", "=", sql.lit("failed"))
          .orderBy("workspace_id")
          .orderBy("job")
          .limit(arg("limit")),
      ),
    },
    jobRuns: {
      insert: make.insertMany("job_runs", run, {
        conflict: "on conflict (workspace_id, job, slot) do nothing",
        returning: "id",
      }),
      byIds: make.selectMany("job_runs", id, runColumns),
      lock: make.selectMany("job_runs", id, runColumns, { lock: true }),
      ofState: make.selectMany("job_runs", { ...key, status: "text" }, runColumns),
      // The state stands in the text, so that the index of waiting runs is known to hold every candidate.
      waiting: make.query((db, arg) =>
        db
          .selectFrom("job_runs")
          .selectAll()
          .where("status", "=", sql.lit("waiting"))
          .where("queue", "=", arg("queue") as never)
          .where("id", ">", arg("after_id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      running: make.query((db, arg) =>
        db
          .selectFrom("job_runs")
          .selectAll()
          .where("status", "=", sql.lit("running"))
          .orderBy("workspace_id")
          .orderBy("job")
          .limit(arg("limit")),
      ),
      change: make.updateMany("job_runs", id, progress),
      list: make.query((db, arg) =>
        db
          .selectFrom("job_runs")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .where(sql<boolean>`(cast(${arg("job")} as text) is null or job = ${arg("job")})`)
          .where(sql<boolean>`(cast(${arg("status")} as text) is null or status = ${arg("status")})`)
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      totals: make.query((db, arg) =>
        db
          .selectFrom("job_runs")
          .select([
            "job",
            "queue",
            "status",
            sql<number>`count(*)`.as("count"),
            sql<number | null>`cast(sum(ended_at - started_at) as bigint)`.as("duration_ms"),
            sql<number | null>`max(ended_at - started_at)`.as("longest_ms"),
          ])
          .where("ended_at", ">=", arg("since"))
          .where("workspace_id", "=", arg("workspace_id"))
          .groupBy(["job", "queue", "status"])
          .orderBy("job")
          .orderBy("status"),
      ),
      countOpen: make.query((db, arg) =>
        db
          .selectFrom("job_runs")
          .select(["queue", "status", sql<number>`count(*)`.as("count")])
          .where(sql<boolean>`(status = 'waiting' or status = 'running')`)
          .where("workspace_id", "=", arg("workspace_id"))
          .groupBy(["queue", "status"]),
      ),
      removeBefore: make.query((db, arg) =>
        db
          .deleteFrom("job_runs")
          .where(
            "id",
            "in",
            db
              .selectFrom("job_runs")
              .select("id")
              .where("ended_at", "<", arg("before"))
              .orderBy("ended_at")
              .limit(arg("limit")),
          )
          .returning("id"),
      ),
    },
    nodeWorks: {
      put: make.insertMany(
        "node_works",
        { node_id: "bigint", calls: "bigint", queues: "text", jobs_max: "bigint" },
        { conflict: "on conflict (node_id) do nothing" },
      ),
      all: make.query((db) => db.selectFrom("node_works").selectAll().orderBy("node_id")),
      forgetGone: make.query(
        (db) =>
          db
            .deleteFrom("node_works")
            .where("node_id", "not in", db.selectFrom("nodes").select("id")) as never,
      ),
    },
  };
}
