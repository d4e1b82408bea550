import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const columns: Columns = { id: "bigint", run: "bigint", created_at: "bigint" };

/** Transactions of programs that were committed. */
export function programStatements(make: StatementMaker): Pick<Statements, "programMarks"> {
  return {
    programMarks: {
      insert: make.insertMany("program_marks", columns),
      byIds: make.selectMany("program_marks", { id: "bigint" }, Object.keys(columns).join(", ")),
      removeBefore: make.query((db, arg) =>
        db
          .deleteFrom("program_marks")
          .where("id", "in", (old) =>
            old
              .selectFrom("program_marks")
              .select("id")
              .where("created_at", "<", arg("before"))
              .orderBy("created_at")
              .limit(arg("limit")),
          )
          .returning("id"),
      ),
    },
  };
}
