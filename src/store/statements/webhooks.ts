import { sql } from "kysely";
import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const id: Columns = { id: "bigint" };
const subscriberChange: Columns = {
  workspace_id: "bigint",
  kind: "text",
  name: "text",
  channel: "text",
  target: "text",
  payload: "text",
  event_types: "text",
  secret: "text",
  old_secret: "text",
  old_secret_until: "bigint",
  status: "text",
  status_reason: "text",
  since_commit_id: "bigint",
  since_id: "bigint",
  created_at: "bigint",
  updated_at: "bigint",
};
const subscriber: Columns = {
  ...id,
  ...subscriberChange,
  failing_since: "bigint",
  delivered_at: "bigint",
  version: "bigint",
};
const settled: Columns = {
  status: "text",
  due_at: "bigint",
  step: "bigint",
  tries: "bigint",
  tried_at: "bigint",
  ended_at: "bigint",
  answer_status: "bigint",
  answer_body: "text",
  detail: "text",
  duration_ms: "bigint",
};
const delivery: Columns = {
  ...id,
  workspace_id: "bigint",
  subscriber_id: "bigint",
  message_id: "text",
  event_type: "text",
  call_id: "bigint",
  body: "text",
  ...settled,
  created_at: "bigint",
};
const due: Columns = { subscriber_id: "bigint", due_at: "bigint", delivery_id: "bigint" };

/** Who is told what happens, and what they are owed. */
export function webhookStatements(
  make: StatementMaker,
): Pick<Statements, "cursors" | "subscribers" | "deliveries" | "deliveryDue"> {
  return {
    cursors: {
      get: make.query((db, arg) =>
        db.selectFrom("event_cursors").selectAll().where("name", "=", arg("name")),
      ),
      put: make.insertMany(
        "event_cursors",
        { name: "text", commit_id: "bigint", id: "bigint" },
        { conflict: "on conflict (name) do update set commit_id = excluded.commit_id, id = excluded.id" },
      ),
      move: make.query((db, arg) =>
        db
          .updateTable("event_cursors")
          .set({ commit_id: arg("commit_id"), id: arg("id") })
          .where("name", "=", arg("name"))
          .where("commit_id", "=", arg("from_commit_id"))
          .where("id", "=", arg("from_id"))
          .returning("name"),
      ),
    },
    subscribers: {
      enabled: make.query((db) =>
        db.selectFrom("subscribers").selectAll().where("status", "=", "enabled").orderBy("id"),
      ),
      all: make.query((db) => db.selectFrom("subscribers").selectAll().orderBy("id")),
      list: make.query((db, arg) =>
        db
          .selectFrom("subscribers")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("kind", "=", arg("kind") as "endpoint")
          .orderBy("id"),
      ),
      byIds: make.selectMany("subscribers", id, Object.keys(subscriber).join(", ")),
      insert: make.insertMany("subscribers", subscriber),
      update: make.updateMany("subscribers", { ...id, version: "bigint" }, subscriberChange, {
        also: "version = subscribers.version + 1",
        returning: "subscribers.id",
      }),
      delivered: make.updateMany(
        "subscribers",
        id,
        { delivered_at: "bigint" },
        { also: "failing_since = null" },
      ),
      failing: make.updateMany(
        "subscribers",
        id,
        { failing_since: "bigint" },
        { guard: "subscribers.failing_since is null" },
      ),
      disable: make.updateMany(
        "subscribers",
        id,
        { status_reason: "text", updated_at: "bigint" },
        {
          also: "status = 'disabled', version = subscribers.version + 1",
          guard: "subscribers.status = 'enabled'",
          returning: "subscribers.id",
        },
      ),
      remove: make.deleteMany("subscribers", id),
      setSealed: make.updateMany("subscribers", id, { target: "text", secret: "text", old_secret: "text" }),
    },
    deliveries: {
      insert: make.insertMany("deliveries", delivery, {
        conflict: "on conflict (subscriber_id, message_id) do nothing",
        returning: "id",
      }),
      byIds: make.selectMany("deliveries", id, Object.keys(delivery).join(", ")),
      settle: make.updateMany("deliveries", id, settled),
      list: make.query((db, arg) =>
        db
          .selectFrom("deliveries")
          .selectAll()
          .where("subscriber_id", "=", arg("subscriber_id"))
          .where("id", "<", arg("before_id"))
          .where(sql<boolean>`(cast(${arg("status")} as text) is null or status = ${arg("status")})`)
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      failedSince: make.query((db, arg) =>
        db
          .selectFrom("deliveries")
          .selectAll()
          .where("subscriber_id", "=", arg("subscriber_id"))
          .where("id", ">", arg("after_id"))
          .where("status", "=", "failed")
          .where("created_at", ">=", arg("since"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      after: make.query((db, arg) =>
        db
          .selectFrom("deliveries")
          .select(["id", "body"])
          .where("id", ">", arg("id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      setBody: make.updateMany("deliveries", id, { body: "text" }),
      // The inner limit bounds the look, for ids rise with time.
      removeBefore: make.query((db, arg) =>
        db
          .deleteFrom("deliveries")
          .where(
            "id",
            "in",
            db
              .selectFrom(
                db
                  .selectFrom("deliveries")
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
    deliveryDue: {
      insert: make.insertMany("delivery_due", due, {
        conflict: "on conflict (subscriber_id, due_at, delivery_id) do nothing",
      }),
      remove: make.deleteMany("delivery_due", due),
      // Postgres skips rows that another node is taking.
      take: make.query((db, arg) => {
        const first = db
          .selectFrom("delivery_due")
          .select(["delivery_due.subscriber_id", "delivery_due.due_at", "delivery_due.delivery_id"])
          .where("delivery_due.subscriber_id", "=", arg("subscriber_id"))
          .where("delivery_due.due_at", "<=", arg("now"))
          .orderBy("delivery_due.due_at")
          .orderBy("delivery_due.delivery_id")
          .limit(arg("limit"));
        return db
          .deleteFrom("delivery_due")
          .where(
            ({ refTuple }) => refTuple("subscriber_id", "due_at", "delivery_id"),
            "in",
            (make.dialect.locksRows ? first.forUpdate().skipLocked() : first) as never,
          )
          .returning(["subscriber_id", "due_at", "delivery_id"]);
      }),
      heads: make.headMany("delivery_due", "subscriber_id", "due_at"),
      forget: make.query(
        (db, arg) =>
          db
            .deleteFrom("delivery_due")
            .where("subscriber_id", "=", arg("subscriber_id"))
            .where("due_at", "<", arg("before")) as never,
      ),
    },
  };
}
