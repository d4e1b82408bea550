import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const id: Columns = { id: "bigint" };
const changing: Columns = { status: "text", person: "text", counts: "text", ended_at: "bigint" };
const columns: Columns = {
  ...id,
  workspace_id: "bigint",
  ...changing,
  actor: "text",
  created_at: "bigint",
};

/** Forgetting a person, wherever the engine itself knows one. */
export function erasureStatements(make: StatementMaker): Pick<Statements, "erasures"> {
  return {
    erasures: {
      insert: make.insertMany("erasures", columns),
      byIds: make.selectMany("erasures", id, Object.keys(columns).join(", ")),
      list: make.query((db, arg) =>
        db
          .selectFrom("erasures")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      open: make.query((db, arg) =>
        db
          .selectFrom("erasures")
          .selectAll()
          .where("person", "is not", null)
          .orderBy("id")
          .limit(arg("limit")),
      ),
      change: make.updateMany("erasures", id, changing),
      callsOf: make.query((db, arg) =>
        db
          .selectFrom("calls")
          .select(["id", "status", "lane_id", "due_at", "attempt_id", "ledger_head"])
          .where("workspace_id", "=", arg("workspace_id"))
          .where("number_hash", "=", arg("number_hash"))
          .where("id", ">", arg("after_id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      blankCalls: make.updateMany("calls", id, { dedupe_key: "text" }),
      blankAttempts: make.updateMany("attempts", id, { detail: "text", carrier_ref: "text" }),
      setReport: make.updateMany("reports", { attempt_id: "bigint", report_key: "text" }, { body: "text" }),
      setEntry: make.updateMany("ledger", id, { data: "text" }),
      deliveriesAfter: make.query((db, arg) =>
        db
          .selectFrom("deliveries")
          .select(["id", "call_id", "body"])
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", ">", arg("after_id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      setDelivery: make.updateMany("deliveries", id, { body: "text", answer_body: "text" }),
      removeLiveNumber: make.query((db, arg) =>
        db
          .deleteFrom("live_numbers")
          .where("workspace_id", "=", arg("workspace_id"))
          .where("number_hash", "=", arg("number_hash"))
          .returning("id"),
      ),
    },
  };
}
