import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const id: Columns = { id: "bigint" };
const changing: Columns = {
  status: "text",
  done: "bigint",
  failed: "bigint",
  position: "bigint",
  ended_at: "bigint",
  updated_at: "bigint",
};
const operation: Columns = {
  ...id,
  workspace_id: "bigint",
  kind: "text",
  document: "text",
  total: "bigint",
  created_by: "text",
  created_at: "bigint",
  ...changing,
};
const part: Columns = { operation_id: "bigint", part: "bigint" };

/** Work that was accepted at once and is done piece by piece. */
export function operationStatements(make: StatementMaker): Pick<Statements, "operations"> {
  const selected = Object.keys(operation).join(", ");
  return {
    operations: {
      insert: make.insertMany("operations", operation),
      byIds: make.selectMany("operations", id, selected),
      lock: make.selectMany("operations", id, selected, { lock: true }),
      change: make.updateMany("operations", id, changing),
      open: make.query((db, arg) =>
        db
          .selectFrom("operations")
          .selectAll()
          .where("ended_at", "is", null)
          .orderBy("id")
          .limit(arg("limit")),
      ),
      insertParts: make.insertMany("operation_parts", { ...part, items: "text" }),
      part: make.query((db, arg) =>
        db
          .selectFrom("operation_parts")
          .selectAll()
          .where("operation_id", "=", arg("operation_id"))
          .where("part", "=", arg("part")),
      ),
      removePart: make.deleteMany("operation_parts", part),
      removeParts: make.deleteMany("operation_parts", { operation_id: "bigint" }),
      after: make.query((db, arg) =>
        db
          .selectFrom("operations")
          .select(["id", "document"])
          .where("id", ">", arg("id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      reseal: make.updateMany("operations", id, { document: "text" }),
      parts: make.query((db, arg) =>
        db
          .selectFrom("operation_parts")
          .selectAll()
          .where("operation_id", "=", arg("operation_id"))
          .where("part", ">", arg("after_part"))
          .orderBy("part")
          .limit(arg("limit")),
      ),
      resealParts: make.updateMany("operation_parts", part, { items: "text" }),
      removeEnded: make.query((db, arg) =>
        db
          .deleteFrom("operations")
          .where(
            "id",
            "in",
            db
              .selectFrom("operations")
              .select("id")
              .where("workspace_id", "=", arg("workspace_id"))
              .where("ended_at", "<", arg("before"))
              .orderBy("id")
              .limit(arg("limit")),
          )
          .returning("id"),
      ),
    },
  };
}
