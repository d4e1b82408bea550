import { sql } from "kysely";
import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const id: Columns = { id: "bigint" };
const changing: Columns = {
  status: "text",
  reason: "text",
  dedupe_key: "text",
  due_at: "bigint",
  expires_at: "bigint",
  tries: "bigint",
  targets: "text",
  provider: "text",
  detail: "text",
  node_id: "bigint",
  sending_at: "bigint",
  sent_at: "bigint",
  delivered_at: "bigint",
  ended_at: "bigint",
  updated_at: "bigint",
};
const notification: Columns = {
  ...id,
  workspace_id: "bigint",
  queue: "text",
  channel: "text",
  event: "text",
  recipient_id: "text",
  address: "text",
  address_hash: "text",
  document: "text",
  quiet: "text",
  operation_id: "bigint",
  asked_at: "bigint",
  retries_max: "bigint",
  created_by: "text",
  version: "bigint",
  created_at: "bigint",
  ...changing,
};
const due: Columns = { lane: "bigint", due_at: "bigint", notification_id: "bigint" };

/** What people are told, and what waits for its instant. */
export function notificationStatements(
  make: StatementMaker,
): Pick<Statements, "notifications" | "notificationDue"> {
  const selected = Object.keys(notification).join(", ");
  return {
    notifications: {
      insert: make.insertMany("notifications", notification, {
        conflict: "on conflict (workspace_id, dedupe_key) where dedupe_key is not null do nothing",
        returning: "id",
      }),
      byIds: make.selectMany("notifications", id, selected),
      lock: make.selectMany("notifications", id, selected, { lock: true }),
      byDedupeKey: make.query((db, arg) =>
        db
          .selectFrom("notifications")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("dedupe_key", "=", arg("dedupe_key")),
      ),
      change: make.updateMany("notifications", id, changing, { also: "version = notifications.version + 1" }),
      list: make.query((db, arg) =>
        db
          .selectFrom("notifications")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .where(
            sql<boolean>`(cast(${arg("status")} as text) is null or status = ${arg("status")} or (status = 'sending' and cast(${arg("status")} as text) = 'pending'))`,
          )
          .where(sql<boolean>`(cast(${arg("event")} as text) is null or event = ${arg("event")})`)
          .where(sql<boolean>`(cast(${arg("channel")} as text) is null or channel = ${arg("channel")})`)
          .where(
            sql<boolean>`(cast(${arg("recipient_id")} as text) is null or recipient_id = ${arg("recipient_id")})`,
          )
          .where(
            sql<boolean>`(cast(${arg("operation_id")} as bigint) is null or operation_id = ${arg("operation_id")})`,
          )
          .where("created_at", ">=", arg("created_after"))
          .where("created_at", "<", arg("created_before"))
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      underWay: make.query((db, arg) =>
        db
          .selectFrom("notifications")
          .select(["id", "node_id", "sending_at"])
          .where("status", "=", sql.lit("sending"))
          .where("id", ">", arg("after_id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      givenUp: make.query((db, arg) =>
        db
          .selectFrom("notifications")
          .selectAll()
          .where("status", "=", sql.lit("failed"))
          .where("created_at", ">=", arg("since"))
          .where("workspace_id", "=", arg("workspace_id"))
          .where("due_at", "is", null)
          .where(sql<boolean>`tries <= retries_max`)
          .where(
            sql<boolean>`(reason = 'no_address' or reason = 'address_gone' or reason = 'timezone_unknown' or reason = 'channel_missing')`,
          )
          .orderBy("created_at")
          .limit(arg("limit")),
      ),
      waitingOf: make.query((db, arg) =>
        db
          .selectFrom("notifications")
          .selectAll()
          .where("operation_id", "=", arg("operation_id"))
          .where("status", "=", sql.lit("pending"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      countOfOperation: make.query((db, arg) =>
        db
          .selectFrom("notifications")
          .select(["status", sql<number>`count(*)`.as("count")])
          .where("operation_id", "=", arg("operation_id"))
          .groupBy("status"),
      ),
      ofPerson: make.query((db, arg) =>
        db
          .selectFrom("notifications")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where(
            sql<boolean>`(recipient_id = cast(${arg("recipient_id")} as text) or address_hash = cast(${arg("address_hash")} as text))`,
          )
          .where("id", ">", arg("after_id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      after: make.query((db, arg) =>
        db
          .selectFrom("notifications")
          .select(["id", "address", "document"])
          .where("id", ">", arg("id"))
          .orderBy("id")
          .limit(arg("limit")),
      ),
      reseal: make.updateMany("notifications", id, { address: "text", document: "text" }),
      blank: make.updateMany(
        "notifications",
        id,
        { document: "text", updated_at: "bigint" },
        {
          also: "recipient_id = null, address = null, address_hash = null, targets = null, detail = null, dedupe_key = null, version = notifications.version + 1",
        },
      ),
      // The inner limit bounds the look: old notifications have low ids, so they are found at the front.
      removeEnded: make.query((db, arg) =>
        db
          .deleteFrom("notifications")
          .where(
            "id",
            "in",
            db
              .selectFrom(
                db
                  .selectFrom("notifications")
                  .select(["id", "status", "ended_at", "created_at"])
                  .where("workspace_id", "=", arg("workspace_id"))
                  .where("due_at", "is", null)
                  .where("status", "<>", sql.lit("sending"))
                  .orderBy("id")
                  .limit(20_000)
                  .as("oldest"),
              )
              .select("id")
              .where(
                sql<boolean>`(coalesce(ended_at, created_at) < ${arg("told_before")} or ((status = 'failed' or status = 'bounced') and coalesce(ended_at, created_at) < ${arg("failed_before")}))`,
              )
              .orderBy("id")
              .limit(arg("limit")),
          )
          .returning("id"),
      ),
    },
    notificationDue: {
      insert: make.insertMany("notification_due", due),
      remove: make.deleteMany("notification_due", due),
      // Postgres skips rows that another node is taking.
      take: make.query((db, arg) => {
        const first = db
          .selectFrom("notification_due")
          .select(["notification_due.lane", "notification_due.due_at", "notification_due.notification_id"])
          .where("notification_due.lane", "=", arg("lane"))
          .where("notification_due.due_at", "<=", arg("now"))
          .orderBy("notification_due.due_at")
          .orderBy("notification_due.notification_id")
          .limit(arg("limit"));
        return db
          .deleteFrom("notification_due")
          .where(
            ({ refTuple }) => refTuple("lane", "due_at", "notification_id"),
            "in",
            (make.dialect.locksRows ? first.forUpdate().skipLocked() : first) as never,
          )
          .returning(["lane", "due_at", "notification_id"]);
      }),
      heads: make.headMany("notification_due", "lane", "due_at"),
      countDue: make.query((db, arg) =>
        db
          .selectFrom(
            db
              .selectFrom("notification_due")
              .select("notification_id")
              .where("lane", "=", arg("lane"))
              .where("due_at", "<=", arg("now"))
              .limit(arg("limit"))
              .as("first"),
          )
          .select(sql<number>`count(*)`.as("count")),
      ),
    },
  };
}
