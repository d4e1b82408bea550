import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const person: Columns = { workspace_id: "bigint", number_hash: "text" };
const key: Columns = { workspace_id: "bigint", key_hash: "text" };
const dedupe: Columns = { workspace_id: "bigint", dedupe_key: "text" };
const suppression: Columns = {
  id: "bigint",
  ...person,
  scope: "text",
  kind: "text",
  phone: "text",
  reason: "text",
  until_at: "bigint",
  created_at: "bigint",
};

/** Who may not be called, who was called lately, and which requests were seen before. */
export function peopleStatements(
  make: StatementMaker,
): Pick<Statements, "suppressions" | "people" | "idempotency" | "dedupe"> {
  return {
    suppressions: {
      of: make.selectMany("suppressions", person, Object.keys(suppression).join(", ")),
      // A person's wish outlives a quarantine and a shorter wish, and is never weakened by either.
      insert: make.insertMany("suppressions", suppression, {
        conflict:
          "on conflict (workspace_id, number_hash, scope) do update set kind = excluded.kind, reason = excluded.reason, until_at = excluded.until_at where suppressions.kind = 'quarantined' or (excluded.kind = 'suppressed' and suppressions.until_at < coalesce(excluded.until_at, 9007199254740991))",
        returning: "id",
      }),
      byId: make.query((db, arg) =>
        db
          .selectFrom("suppressions")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "=", arg("id")),
      ),
      list: make.query((db, arg) =>
        db
          .selectFrom("suppressions")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      remove: make.deleteMany("suppressions", { id: "bigint" }),
      setPhone: make.updateMany("suppressions", { id: "bigint" }, { phone: "text" }),
      removeExpired: make.query(
        (db, arg) => db.deleteFrom("suppressions").where("until_at", "<=", arg("now")) as never,
      ),
      any: make.query((db) => db.selectFrom("suppressions").select("id").limit(1)),
    },
    people: {
      of: make.selectMany("people", person, "workspace_id, number_hash, dials, updated_at"),
      put: make.insertMany(
        "people",
        { ...person, dials: "text", updated_at: "bigint" },
        {
          conflict:
            "on conflict (workspace_id, number_hash) do update set dials = excluded.dials, updated_at = excluded.updated_at",
        },
      ),
      forget: make.query(
        (db, arg) => db.deleteFrom("people").where("updated_at", "<", arg("before")) as never,
      ),
    },
    idempotency: {
      insert: make.insertMany(
        "idempotency_keys",
        {
          id: "bigint",
          ...key,
          fingerprint: "text",
          status: "bigint",
          resource: "text",
          created_at: "bigint",
        },
        { conflict: "on conflict (workspace_id, key_hash) do nothing", returning: "workspace_id, key_hash" },
      ),
      of: make.selectMany(
        "idempotency_keys",
        key,
        "id, workspace_id, key_hash, fingerprint, status, resource, created_at",
      ),
      remove: make.deleteMany("idempotency_keys", key),
      removeBefore: make.query((db, arg) =>
        db
          .deleteFrom("idempotency_keys")
          .where(
            "id",
            "in",
            db
              .selectFrom(
                db
                  .selectFrom("idempotency_keys")
                  .select(["id", "created_at"])
                  .orderBy("id")
                  .limit(arg("limit"))
                  .as("oldest"),
              )
              .select("id")
              .where("created_at", "<", arg("before")),
          )
          .returning("id"),
      ),
    },
    dedupe: {
      insert: make.insertMany(
        "dedupe_keys",
        { ...dedupe, call_id: "bigint" },
        {
          conflict: "on conflict (workspace_id, dedupe_key) do nothing",
          returning: "workspace_id, dedupe_key",
        },
      ),
      of: make.selectMany("dedupe_keys", dedupe, "workspace_id, dedupe_key, call_id"),
      remove: make.deleteMany("dedupe_keys", { ...dedupe, call_id: "bigint" }),
    },
  };
}
