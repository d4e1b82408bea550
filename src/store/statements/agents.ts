import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const key: Columns = { workspace_id: "bigint", agent_id: "text" };
const changing: Columns = { name: "text", metadata: "text", updated_at: "bigint" };
const columns: Columns = { id: "bigint", ...key, ...changing, version: "bigint", created_at: "bigint" };

/** Agents, by the ids that callers gave them. */
export function agentStatements(make: StatementMaker): Pick<Statements, "agents"> {
  return {
    agents: {
      insert: make.insertMany("agents", columns, {
        conflict: "on conflict (workspace_id, agent_id) do nothing",
        returning: "id",
      }),
      of: make.selectMany("agents", key, Object.keys(columns).join(", ")),
      list: make.query((db, arg) =>
        db
          .selectFrom("agents")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      update: make.updateMany("agents", { id: "bigint", version: "bigint" }, changing, {
        also: "version = agents.version + 1",
        returning: "agents.id",
      }),
      remove: make.deleteMany("agents", { id: "bigint" }),
    },
  };
}
