import { sql } from "kysely";
import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const id: Columns = { id: "bigint" };
const changed: Columns = {
  status: "text",
  slot_held: "bigint",
  accepted_at: "bigint",
  ringing_at: "bigint",
  answered_at: "bigint",
  ended_at: "bigint",
  duration_ms: "bigint",
  outcome: "text",
  disposition: "text",
  carrier_ref: "text",
  detail: "text",
  check_at: "bigint",
  checks: "bigint",
  counted: "bigint",
  reports: "bigint",
};
const attemptColumns: Columns = {
  id: "bigint",
  workspace_id: "bigint",
  call_id: "bigint",
  line_id: "bigint",
  node_id: "bigint",
  number: "bigint",
  due_at: "bigint",
  closes_at: "bigint",
  claimed_at: "bigint",
  deadline_at: "bigint",
  placing_at: "bigint",
  waited_for: "text",
  max_duration_ms: "bigint",
  previous_id: "bigint",
  ...changed,
};
const selected = Object.keys(attemptColumns).join(", ");
const reportColumns: Columns = {
  attempt_id: "bigint",
  report_key: "text",
  workspace_id: "bigint",
  received_at: "bigint",
  body: "text",
};
const ledgerColumns: Columns = {
  id: "bigint",
  workspace_id: "bigint",
  call_id: "bigint",
  attempt_id: "bigint",
  at: "bigint",
  type: "text",
  reason: "text",
  actor: "text",
  data: "text",
  previous_id: "bigint",
};

/** Attempts, what carriers reported of them, and the ledger. */
export function attemptStatements(
  make: StatementMaker,
): Pick<Statements, "attempts" | "reports" | "ledger" | "outbox"> {
  return {
    attempts: {
      insert: make.insertMany("attempts", attemptColumns),
      byIds: make.selectMany("attempts", id, selected),
      lock: make.selectMany("attempts", id, selected, { lock: true }),
      fence: make.updateMany(
        "attempts",
        { id: "bigint", node_id: "bigint" },
        { placing_at: "bigint" },
        {
          also: "status = 'placing'",
          guard: "attempts.status = 'claimed'",
          returning:
            "attempts.id, attempts.call_id, line_id, number, closes_at, claimed_at, deadline_at, max_duration_ms",
        },
      ),
      change: make.updateMany("attempts", id, changed),
      toCheck: make.query((db, arg) =>
        db
          .selectFrom("attempts")
          .selectAll()
          .where("check_at", "is not", null)
          .where("check_at", "<=", arg("now"))
          .orderBy("check_at")
          .limit(arg("limit")),
      ),
      nextCheck: make.query((db) =>
        db
          .selectFrom("attempts")
          .select(sql<number | null>`min(check_at)`.as("check_at"))
          .where("check_at", "is not", null),
      ),
      setCheck: make.updateMany(
        "attempts",
        id,
        { check_at: "bigint", checks: "bigint" },
        { guard: "attempts.check_at is not null" },
      ),
      open: make.query((db, arg) =>
        db
          .selectFrom("attempts")
          .selectAll()
          .where("check_at", "is not", null)
          .where("id", ">", arg("after_id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      // Bounded by the primary key: carrier_ref has no index, and such a look is rare.
      withRef: make.query((db, arg) =>
        db
          .selectFrom("attempts")
          .select("id")
          .where("id", ">=", arg("from_id"))
          .where("id", "<=", arg("to_id"))
          .where("carrier_ref", "=", arg("carrier_ref"))
          .limit(2),
      ),
      countOpen: make.query((db) =>
        db
          .selectFrom("attempts")
          .select(["line_id", sql<number>`count(*)`.as("count")])
          .where("check_at", "is not", null)
          .groupBy("line_id"),
      ),
      remove: make.deleteMany("attempts", id),
    },
    reports: {
      insertFirst: make.insertMany("reports", reportColumns),
      insert: make.insertMany("reports", reportColumns, {
        conflict: "on conflict (attempt_id, report_key) do nothing",
        returning: "attempt_id, report_key",
      }),
      ofAttempts: make.selectMany("reports", { attempt_id: "bigint" }, Object.keys(reportColumns).join(", ")),
      remove: make.deleteMany("reports", { attempt_id: "bigint" }),
    },
    ledger: {
      insert: make.insertMany("ledger", ledgerColumns),
      byIds: make.selectMany("ledger", id, Object.keys(ledgerColumns).join(", ")),
      // Commit order is insertion order on SQLite, where there is one writer; elsewhere it needs its own column and index.
      after: make.query((db, arg) => {
        const mine = db
          .selectFrom("ledger")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .limit(arg("limit"));
        return make.dialect.name === "sqlite"
          ? mine.where("id", ">", arg("id")).orderBy("id")
          : mine
              .where(({ eb, refTuple, tuple }) =>
                eb(refTuple("commit_id", "id"), ">", tuple(arg("commit_id"), arg("id"))),
              )
              .where(sql<boolean>`${sql.raw(make.dialect.settledLedger)}`)
              .orderBy("commit_id")
              .orderBy("id");
      }),
      last: make.query((db, arg) => {
        const mine = db
          .selectFrom("ledger")
          .select(["commit_id", "id"])
          .where("workspace_id", "=", arg("workspace_id"))
          .limit(1);
        return make.dialect.name === "sqlite"
          ? mine.orderBy("id", "desc")
          : mine
              .where(sql<boolean>`${sql.raw(make.dialect.settledLedger)}`)
              .orderBy("commit_id", "desc")
              .orderBy("id", "desc");
      }),
      afterAny: make.query((db, arg) => {
        const all = db.selectFrom("ledger").selectAll().limit(arg("limit"));
        return make.dialect.name === "sqlite"
          ? all.where("id", ">", arg("id")).orderBy("id")
          : all
              .where(({ eb, refTuple, tuple }) =>
                eb(refTuple("commit_id", "id"), ">", tuple(arg("commit_id"), arg("id"))),
              )
              .where(sql<boolean>`${sql.raw(make.dialect.settledLedger)}`)
              .orderBy("commit_id")
              .orderBy("id");
      }),
      newest: make.query((db) => {
        const all = db.selectFrom("ledger").select(["commit_id", "id"]).limit(1);
        return make.dialect.name === "sqlite"
          ? all.orderBy("id", "desc")
          : all
              .where(sql<boolean>`${sql.raw(make.dialect.settledLedger)}`)
              .orderBy("commit_id", "desc")
              .orderBy("id", "desc");
      }),
      // The inner limit bounds the look, for ids rise with time: without it a ledger with nothing old is read to its end.
      removeBefore: make.query((db, arg) =>
        db
          .deleteFrom("ledger")
          .where(
            "id",
            "in",
            db
              .selectFrom(
                db.selectFrom("ledger").select(["id", "at"]).orderBy("id").limit(arg("limit")).as("oldest"),
              )
              .select("id")
              .where("at", "<", arg("before")),
          )
          .returning("id"),
      ),
    },
    outbox: {
      // Written again after a lost answer, it is the same wish.
      insert: make.insertMany(
        "outbox",
        {
          id: "bigint",
          workspace_id: "bigint",
          kind: "text",
          attempt_id: "bigint",
          due_at: "bigint",
          tries: "bigint",
          created_at: "bigint",
        },
        { conflict: "on conflict (id) do nothing" },
      ),
      due: make.query((db, arg) =>
        db
          .selectFrom("outbox")
          .selectAll()
          .where("due_at", "<=", arg("now"))
          .orderBy("due_at")
          .limit(arg("limit")),
      ),
      next: make.query((db) => db.selectFrom("outbox").select(sql<number | null>`min(due_at)`.as("due_at"))),
      postpone: make.updateMany("outbox", id, { due_at: "bigint", tries: "bigint" }),
      remove: make.deleteMany("outbox", id),
    },
  };
}
