import { sql } from "kysely";
import type { CallListArgs, Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const id: Columns = { id: "bigint" };
const changeColumns: Columns = {
  lane_id: "bigint",
  status: "text",
  requested_at: "bigint",
  due_at: "bigint",
  closes_at: "bigint",
  expires_at: "bigint",
  expires_after_ms: "bigint",
  plan_version: "bigint",
  attempts: "bigint",
  attempt_id: "bigint",
  ledger_head: "bigint",
  reason: "text",
  outcome: "text",
  disposition: "text",
  dispatched_at: "bigint",
  ended_at: "bigint",
  updated_at: "bigint",
};
const callColumns: Columns = {
  id: "bigint",
  workspace_id: "bigint",
  number_hash: "text",
  purpose: "text",
  dedupe_key: "text",
  series_id: "bigint",
  version: "bigint",
  created_at: "bigint",
  ...changeColumns,
};
const selectedCall = Object.keys(callColumns).join(", ");
const documentColumns: Columns = {
  call_id: "bigint",
  workspace_id: "bigint",
  phone: "text",
  external_id: "text",
  owner: "text",
  agent: "text",
  document: "text",
};
const dueColumns: Columns = { lane_id: "bigint", due_at: "bigint", call_id: "bigint" };

/** Calls, their documents, and the queue of what is due. */
export function callStatements(make: StatementMaker): Pick<Statements, "calls" | "documents" | "due"> {
  return {
    calls: {
      insert: make.insertMany("calls", callColumns),
      byIds: make.selectMany("calls", id, selectedCall),
      lock: make.selectMany("calls", id, selectedCall, { lock: true }),
      change: make.countedUpdateMany("calls", { id: "bigint", version: "bigint" }, changeColumns, {
        also: "version = calls.version + 1",
      }),
      renumber: make.updateMany("calls", id, { number_hash: "text" }),
      list: make.query((db, arg: <K extends keyof CallListArgs & string>(name: K) => CallListArgs[K]) =>
        db
          .selectFrom("calls")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .where(sql<boolean>`(cast(${arg("status")} as text) is null or status = ${arg("status")})`)
          .where("due_at", ">", arg("not_due_after"))
          .where(sql<boolean>`(cast(${arg("outcome")} as text) is null or outcome = ${arg("outcome")})`)
          .where(
            sql<boolean>`(cast(${arg("line_id")} as bigint) is null or lane_id in (select lanes.id from lanes where lanes.line_id = ${arg("line_id")}))`,
          )
          .where(sql<boolean>`(cast(${arg("purpose")} as text) is null or purpose = ${arg("purpose")})`)
          .where(
            sql<boolean>`(cast(${arg("number_hash")} as text) is null or number_hash = ${arg("number_hash")})`,
          )
          .where("due_at", ">=", arg("due_after"))
          .where("due_at", "<", arg("due_before"))
          .where("created_at", ">=", arg("created_after"))
          .where("created_at", "<", arg("created_before"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      countByStatus: make.query((db, arg) =>
        db
          .selectFrom("calls")
          .select(["status", "outcome", sql<number>`count(*)`.as("count")])
          .where("workspace_id", "=", arg("workspace_id"))
          .where("created_at", ">=", arg("since"))
          .groupBy(["status", "outcome"]),
      ),
      // The inner limit bounds the look: old calls have low ids, so they are found at the front.
      ended: make.query((db, arg) =>
        db
          .selectFrom(
            db
              .selectFrom("calls")
              .select(["id", "attempt_id", "ended_at"])
              .where("id", ">", arg("after_id"))
              .orderBy("id")
              .limit(5000)
              .as("oldest"),
          )
          .select(["id", "attempt_id"])
          .where("ended_at", "<", arg("before"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      remove: make.deleteMany("calls", id),
      ofSeries: make.query((db, arg) =>
        db
          .selectFrom("calls")
          .select(["id", "status", "attempts", "due_at"])
          .where("series_id", "=", arg("series_id"))
          .where("id", "<", arg("before_id"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      updatedOf: make.query((db, arg) =>
        db
          .selectFrom("calls")
          .select(sql<number>`count(*)`.as("count"))
          .where("workspace_id", "=", arg("workspace_id"))
          .where("updated_at", ">", arg("after")),
      ),
    },
    documents: {
      insert: make.insertMany("call_documents", documentColumns),
      byIds: make.selectMany(
        "call_documents",
        { call_id: "bigint" },
        Object.keys(documentColumns).join(", "),
      ),
      byExternalId: make.query((db, arg) =>
        db
          .selectFrom("call_documents")
          .select("call_id")
          .where("workspace_id", "=", arg("workspace_id"))
          .where("external_id", "=", arg("external_id"))
          .orderBy("call_id", "desc")
          .limit(arg("limit")),
      ),
      byOwner: make.query((db, arg) =>
        db
          .selectFrom("call_documents")
          .select("call_id")
          .where("workspace_id", "=", arg("workspace_id"))
          .where("owner", "=", arg("owner"))
          .where("call_id", "<", arg("before_id"))
          .orderBy("call_id", "desc")
          .limit(arg("limit")),
      ),
      // No index tells what nobody owns; reading past the rows of others costs far less than reading their calls.
      byOwnerOrNone: make.query((db, arg) =>
        db
          .selectFrom("call_documents")
          .select("call_id")
          .where("workspace_id", "=", arg("workspace_id"))
          .where(({ eb, or }) => or([eb("owner", "=", arg("owner")), eb("owner", "is", null)]))
          .where("call_id", "<", arg("before_id"))
          .orderBy("call_id", "desc")
          .limit(arg("limit")),
      ),
      update: make.updateMany(
        "call_documents",
        { call_id: "bigint" },
        { phone: "text", external_id: "text", owner: "text", agent: "text", document: "text" },
      ),
      after: make.query((db, arg) =>
        db
          .selectFrom("call_documents")
          .selectAll()
          .where("call_id", ">", arg("call_id"))
          .orderBy("call_id")
          .limit(arg("limit")),
      ),
      remove: make.deleteMany("call_documents", { call_id: "bigint" }),
    },
    due: {
      insert: make.insertMany("due", dueColumns),
      remove: make.deleteMany("due", dueColumns),
      take: takeDue(make),
      heads: make.headMany("due", "lane_id", "due_at"),
      waiting: make.query((db, arg) =>
        db
          .selectFrom("due")
          .innerJoin("calls", "calls.id", "due.call_id")
          .select(["due.call_id", "due.due_at", "calls.expires_at"])
          .where("due.lane_id", "=", arg("lane_id"))
          .where("due.due_at", "<=", arg("now"))
          .where(({ eb, refTuple, tuple }) =>
            eb(refTuple("due.due_at", "due.call_id"), ">", tuple(arg("after_due_at"), arg("after_call_id"))),
          )
          .orderBy("due.due_at")
          .orderBy("due.call_id")
          .limit(arg("limit")),
      ),
      stale: make.query((db, arg) =>
        db
          .selectFrom("due")
          .innerJoin("calls", "calls.id", "due.call_id")
          .select(["due.call_id", "due.due_at", "calls.plan_version"])
          .where("due.lane_id", "=", arg("lane_id"))
          .where(({ eb, refTuple, tuple }) =>
            eb(refTuple("due.due_at", "due.call_id"), ">", tuple(arg("after_due_at"), arg("after_call_id"))),
          )
          .orderBy("due.due_at")
          .orderBy("due.call_id")
          .limit(arg("limit")),
      ),
      countDue: make.query((db, arg) =>
        db
          .selectFrom(
            db
              .selectFrom("due")
              .select("call_id")
              .where("lane_id", "=", arg("lane_id"))
              .where("due_at", "<=", arg("now"))
              .limit(arg("limit"))
              .as("some"),
          )
          .select(sql<number>`count(*)`.as("count")),
      ),
    },
  };
}

/**
 * Postgres skips rows that another claimer holds, and uses the key, only by an inner select. SQLite has one claimer: there
 * the first rows are read in key order and then deleted as one range.
 */
function takeDue(make: StatementMaker): Statements["due"]["take"] {
  const first = make.query<
    { lane_id: number; now: number; limit: number },
    { call_id: number; due_at: number }
  >((db, arg) =>
    db
      .selectFrom("due")
      .select(["call_id", "due_at"])
      .where("lane_id", "=", arg("lane_id"))
      .where("due_at", "<=", arg("now"))
      .orderBy("due_at")
      .orderBy("call_id")
      .limit(arg("limit")),
  );
  if (make.dialect.name === "sqlite") {
    const range = make.query<{ lane_id: number; due_at: number; call_id: number }, never>((db, arg) =>
      db
        .deleteFrom("due")
        .where("lane_id", "=", arg("lane_id"))
        .where(({ eb, refTuple, tuple }) =>
          eb(refTuple("due_at", "call_id"), "<=", tuple(arg("due_at"), arg("call_id"))),
        ),
    );
    return function* take(args) {
      const rows = yield* first(args);
      const last = rows.at(-1);
      if (last !== undefined)
        yield* range({ lane_id: args.lane_id, due_at: last.due_at, call_id: last.call_id });
      return rows;
    };
  }
  return make.query((db, arg) =>
    db
      .deleteFrom("due")
      .where(
        ({ refTuple }) => refTuple("lane_id", "due_at", "call_id"),
        "in",
        db
          .selectFrom("due")
          .select(["due.lane_id", "due.due_at", "due.call_id"])
          .where("due.lane_id", "=", arg("lane_id"))
          .where("due.due_at", "<=", arg("now"))
          .orderBy("due.due_at")
          .orderBy("due.call_id")
          .limit(arg("limit"))
          .forUpdate()
          .skipLocked() as never,
      )
      .returning(["call_id", "due_at"]),
  );
}
