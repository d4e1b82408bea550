import { sql } from "kysely";

import type { SqlColumns, SqlMaker } from "../../ports/sql.ts";

import type { RenewalStatus } from "./status.ts";
import type { CallSource, ExtensionRow, RenewalCallRow, Tables } from "./tables.ts";

const heard: SqlColumns = {
  status: "text",
  live: "bigint",
  retry_count: "bigint",
  outcome: "text",
  disposition: "text",
  called_at: "bigint",
  ended_at: "bigint",
  check_at: "bigint",
  updated_at: "bigint",
};
const said: SqlColumns = {
  customer_policy_id: "bigint",
  summary: "text",
  renewal_agreed: "bigint",
  upgrade_agreed: "bigint",
  upgrade_to_policy_id: "bigint",
  updated_at: "bigint",
};
const columns: SqlColumns = {
  id: "bigint",
  workspace_id: "bigint",
  call_id: "bigint",
  customer_id: "bigint",
  source: "text",
  task_id: "text",
  reason: "text",
  priority: "bigint",
  scheduled_day: "bigint",
  scheduled_minute: "bigint",
  notes: "text",
  ...said,
  ...heard,
  created_at: "bigint",
};
const every = Object.keys(columns).join(", ");

type Sql = SqlMaker<Tables>;
/** A list of a workspace's calls; the last ones first. Null leaves a filter out. */
export type CallFilter = {
  readonly workspace_id: number;
  readonly before: number;
  readonly limit: number;
};

/** The calls of the program, and what they have changed. */
export function callStatements(make: Sql) {
  const list = (column: "none" | "scheduled_day" | "customer_id") =>
    make.query<CallFilter & { readonly value: number }, RenewalCallRow>((db, arg) => {
      const all = db
        .selectFrom("renewal_calls")
        .selectAll()
        .where("workspace_id", "=", arg("workspace_id"))
        .where("id", "<", arg("before"))
        .orderBy("id", "desc")
        .limit(arg("limit"));
      return column === "none" ? all : all.where(column, "=", arg("value"));
    });
  return {
    insert: make.insertMany<RenewalCallRow>("renewal_calls", columns),
    byIds: make.selectMany<{ workspace_id: number; id: number }, RenewalCallRow>(
      "renewal_calls",
      { workspace_id: "bigint", id: "bigint" },
      every,
    ),
    byCalls: make.selectMany<{ call_id: number }, RenewalCallRow>(
      "renewal_calls",
      { call_id: "bigint" },
      every,
    ),
    /** Whoever stores what was said of a call, or what became of it, holds its row: the second one sees what the first wrote. */
    lockByCalls: make.selectMany<{ call_id: number }, RenewalCallRow>(
      "renewal_calls",
      { call_id: "bigint" },
      every,
      { lock: true },
    ),
    setHeard: make.updateMany<RenewalCallRow>("renewal_calls", { id: "bigint" }, heard),
    putOff: make.updateMany<{ id: number; check_at: number }>(
      "renewal_calls",
      { id: "bigint" },
      { check_at: "bigint" },
    ),
    setSaid: make.updateMany<RenewalCallRow>("renewal_calls", { id: "bigint" }, said),
    listAll: list("none"),
    listOfDay: list("scheduled_day"),
    listOfCustomer: list("customer_id"),
    /** The first day for which a call of the customer waits or runs. */
    firstLive: make.query<{ customer_id: number }, { scheduled_day: number }>((db, arg) =>
      db
        .selectFrom("renewal_calls")
        .select("scheduled_day")
        .where("customer_id", "=", arg("customer_id"))
        .where("live", "=", sql.lit(1))
        .orderBy("scheduled_day")
        .limit(1),
    ),
    /** Those that wait or run and are to be looked at by an instant. */
    toCheck: make.query<
      { workspace_id: number; now: number; limit: number },
      Pick<RenewalCallRow, "call_id" | "check_at">
    >((db, arg) =>
      db
        .selectFrom("renewal_calls")
        .select(["call_id", "check_at"])
        .where("workspace_id", "=", arg("workspace_id"))
        .where("live", "=", sql.lit(1))
        .where("check_at", "<=", arg("now"))
        .orderBy("check_at")
        .orderBy("id")
        .limit(arg("limit")),
    ),
    nextCheck: make.query<{ workspace_id: number }, { check_at: number }>((db, arg) =>
      db
        .selectFrom("renewal_calls")
        .select("check_at")
        .where("workspace_id", "=", arg("workspace_id"))
        .where("live", "=", sql.lit(1))
        .orderBy("check_at")
        .limit(1),
    ),
    countLive: make.query<{ workspace_id: number }, { count: number }>((db, arg) =>
      db
        .selectFrom("renewal_calls")
        .select(sql<number>`count(*)`.as("count"))
        .where("workspace_id", "=", arg("workspace_id"))
        .where("live", "=", sql.lit(1)),
    ),
    /** How many calls of a day stand where, from the index alone. */
    countsOfDay: make.query<{ workspace_id: number; day: number }, { status: RenewalStatus; count: number }>(
      (db, arg) =>
        db
          .selectFrom("renewal_calls")
          .select(["status", sql<number>`count(*)`.as("count")])
          .where("workspace_id", "=", arg("workspace_id"))
          .where("scheduled_day", "=", arg("day"))
          .groupBy("status"),
    ),
    /** How many of a span of days stand where: days × statuses × sources rows, however many calls. */
    counts: make.query<
      { workspace_id: number; from: number; until: number },
      {
        scheduled_day: number;
        status: RenewalStatus;
        source: CallSource;
        outcome: string | null;
        agreed: number;
        upgraded: number;
        count: number;
      }
    >((db, arg) =>
      db
        .selectFrom("renewal_calls")
        .select([
          "scheduled_day",
          "status",
          "source",
          "outcome",
          sql<number>`coalesce(renewal_agreed, 0)`.as("agreed"),
          sql<number>`coalesce(upgrade_agreed, 0)`.as("upgraded"),
          sql<number>`count(*)`.as("count"),
        ])
        .where("workspace_id", "=", arg("workspace_id"))
        .where("scheduled_day", ">=", arg("from"))
        .where("scheduled_day", "<=", arg("until"))
        .groupBy(["scheduled_day", "status", "source", "outcome", "renewal_agreed", "upgrade_agreed"]),
    ),
    /** Calls that ended and are older than an instant. */
    old: make.query<{ workspace_id: number; before: number; limit: number }, { id: number; call_id: number }>(
      (db, arg) =>
        db
          .selectFrom("renewal_calls")
          .select(["id", "call_id"])
          .where("workspace_id", "=", arg("workspace_id"))
          .where("live", "=", sql.lit(0))
          .where("created_at", "<", arg("before"))
          .orderBy("created_at")
          .limit(arg("limit")),
    ),
    ofCustomers: make.selectMany<{ customer_id: number }, RenewalCallRow>(
      "renewal_calls",
      { customer_id: "bigint" },
      every,
    ),
    remove: make.deleteMany<{ id: number }>("renewal_calls", { id: "bigint" }),
    /** One row at most for each call and kind: what returns nothing was done before. */
    extend: make.insertMany<ExtensionRow, { call_id: number }>(
      "renewal_extensions",
      {
        call_id: "bigint",
        kind: "text",
        workspace_id: "bigint",
        customer_policy_id: "bigint",
        from_end_day: "bigint",
        to_end_day: "bigint",
        from_policy_id: "bigint",
        to_policy_id: "bigint",
        created_at: "bigint",
      },
      { conflict: "on conflict (call_id, kind) do nothing", returning: "call_id" },
    ),
    extensionsOf: make.selectMany<{ call_id: number }, ExtensionRow>(
      "renewal_extensions",
      { call_id: "bigint" },
      "call_id, kind, workspace_id, customer_policy_id, from_end_day, to_end_day, from_policy_id, to_policy_id, created_at",
    ),
    extensionCounts: make.query<
      { workspace_id: number; from: number },
      { kind: ExtensionRow["kind"]; count: number }
    >((db, arg) =>
      db
        .selectFrom("renewal_extensions")
        .select(["kind", sql<number>`count(*)`.as("count")])
        .where("workspace_id", "=", arg("workspace_id"))
        .where("created_at", ">=", arg("from"))
        .groupBy("kind"),
    ),
    removeExtensions: make.deleteMany<{ call_id: number }>("renewal_extensions", { call_id: "bigint" }),
  };
}
