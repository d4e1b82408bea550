import { sql } from "kysely";
import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const named: Columns = { workspace_id: "bigint", name: "text" };
const stamps: Columns = { version: "bigint", created_at: "bigint", updated_at: "bigint" };
const hoursColumns: Columns = {
  id: "bigint",
  ...named,
  timezone: "text",
  weekly: "text",
  closed_dates: "text",
  holidays: "text",
  ...stamps,
};
const policyColumns: Columns = { id: "bigint", ...named, spec: "text", ...stamps };
const lineColumns: Columns = {
  id: "bigint",
  ...named,
  carrier: "text",
  status: "text",
  status_reason: "text",
  settings: "text",
  caller_id: "text",
  slots_max: "bigint",
  calls_per_second: "double precision",
  burst: "bigint",
  daily_max: "bigint",
  ring_timeout_ms: "bigint",
  max_duration_ms: "bigint",
  timezone: "text",
  hours_id: "bigint",
  retry_policy_id: "bigint",
  ...stamps,
};
const id: Columns = { id: "bigint" };
const nameFree = { conflict: "on conflict (workspace_id, name) do nothing", returning: "id" };

function without(columns: Columns, ...names: readonly string[]): Columns {
  return Object.fromEntries(Object.entries(columns).filter(([name]) => !names.includes(name)));
}

/** Ids, workspaces, settings, nodes, keys. */
export function houseStatements(
  make: StatementMaker,
): Pick<Statements, "ids" | "workspaces" | "settings" | "nodes" | "keys"> {
  return {
    ids: {
      take: make.query((db, arg) =>
        db
          .insertInto("id_blocks")
          .values({ name: arg("name"), next_id: sql`1 + cast(${arg("count")} as bigint)` })
          .onConflict((conflict) =>
            conflict
              .column("name")
              .doUpdateSet({ next_id: sql`id_blocks.next_id + cast(${arg("count")} as bigint)` }),
          )
          .returning("next_id"),
      ),
    },
    workspaces: {
      all: make.query((db) => db.selectFrom("workspaces").selectAll().orderBy("id")),
      lock: make.query((db, arg) => {
        const one = db.selectFrom("workspaces").selectAll().where("id", "=", arg("id"));
        return make.dialect.locksRows ? one.forUpdate() : one;
      }),
      insert: make.insertMany(
        "workspaces",
        {
          id: "bigint",
          name: "text",
          stopped_at: "bigint",
          stopped_reason: "text",
          plan_version: "bigint",
          created_at: "bigint",
        },
        { conflict: "on conflict (name) do nothing" },
      ),
      setStopped: make.query(
        (db, arg) =>
          db
            .updateTable("workspaces")
            .set({ stopped_at: arg("stopped_at"), stopped_reason: arg("stopped_reason") })
            .where("id", "=", arg("id")) as never,
      ),
      bumpPlan: make.query(
        (db, arg) =>
          db
            .updateTable("workspaces")
            .set({ plan_version: sql`plan_version + 1` })
            .where("id", "=", arg("id")) as never,
      ),
    },
    settings: {
      all: make.query((db) => db.selectFrom("settings").selectAll()),
      get: make.query((db, arg) =>
        db
          .selectFrom("settings")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("name", "=", arg("name")),
      ),
      put: make.insertMany(
        "settings",
        { ...named, value: "text", updated_at: "bigint" },
        {
          conflict:
            "on conflict (workspace_id, name) do update set value = excluded.value, updated_at = excluded.updated_at",
        },
      ),
    },
    nodes: {
      insert: make.insertMany("nodes", {
        id: "bigint",
        name: "text",
        started_at: "bigint",
        seen_at: "bigint",
        stopped_at: "bigint",
      }),
      seen: make.query(
        (db, arg) =>
          db
            .updateTable("nodes")
            .set({ seen_at: arg("seen_at") })
            .where("id", "=", arg("id")) as never,
      ),
      stopped: make.query(
        (db, arg) =>
          db
            .updateTable("nodes")
            .set({ stopped_at: arg("stopped_at") })
            .where("id", "=", arg("id")) as never,
      ),
      all: make.query((db) => db.selectFrom("nodes").selectAll().orderBy("id")),
      forget: make.query(
        (db, arg) => db.deleteFrom("nodes").where("stopped_at", "<", arg("before")) as never,
      ),
    },
    keys: {
      insert: make.insertMany("api_keys", {
        id: "bigint",
        ...named,
        secret_hash: "text",
        hint: "text",
        scopes: "text",
        expires_at: "bigint",
        revoked_at: "bigint",
        last_used_at: "bigint",
        created_at: "bigint",
      }),
      bySecret: make.query((db, arg) =>
        db.selectFrom("api_keys").selectAll().where("secret_hash", "=", arg("secret_hash")),
      ),
      all: make.query((db) => db.selectFrom("api_keys").selectAll().orderBy("id")),
      revoke: make.query(
        (db, arg) =>
          db
            .updateTable("api_keys")
            .set({ revoked_at: arg("revoked_at") })
            .where("id", "=", arg("id")) as never,
      ),
      used: make.updateMany("api_keys", id, { last_used_at: "bigint" }),
    },
  };
}

/** Hours, retry policies, lines and their counters, lanes. */
export function policyStatements(
  make: StatementMaker,
): Pick<Statements, "hours" | "retryPolicies" | "lines" | "lanes"> {
  return {
    hours: {
      all: make.query((db) => db.selectFrom("hours").selectAll().orderBy("id")),
      insert: make.insertMany("hours", hoursColumns, nameFree),
      update: make.updateMany(
        "hours",
        { id: "bigint", version: "bigint" },
        without(hoursColumns, "id", "version"),
        { also: "version = hours.version + 1", returning: "hours.id" },
      ),
      remove: make.deleteMany("hours", id),
    },
    retryPolicies: {
      all: make.query((db) => db.selectFrom("retry_policies").selectAll().orderBy("id")),
      insert: make.insertMany("retry_policies", policyColumns, nameFree),
      update: make.updateMany(
        "retry_policies",
        { id: "bigint", version: "bigint" },
        without(policyColumns, "id", "version"),
        { also: "version = retry_policies.version + 1", returning: "retry_policies.id" },
      ),
      remove: make.deleteMany("retry_policies", id),
    },
    lines: {
      all: make.query((db) => db.selectFrom("lines").selectAll().orderBy("id")),
      insert: make.insertMany("lines", lineColumns, nameFree),
      update: make.updateMany(
        "lines",
        { id: "bigint", version: "bigint" },
        without(lineColumns, "id", "version"),
        { also: "version = lines.version + 1", returning: "lines.id" },
      ),
      setStatus: make.query(
        (db, arg) =>
          db
            .updateTable("lines")
            .set({
              status: arg("status") as "active",
              status_reason: arg("status_reason"),
              updated_at: arg("updated_at"),
              version: sql`version + 1`,
            })
            .where("id", "=", arg("id")) as never,
      ),
      insertCounters: make.insertMany("line_counters", {
        line_id: "bigint",
        slots_used: "bigint",
        next_free_at: "double precision",
        backoff_until: "bigint",
        day: "bigint",
        day_used: "bigint",
      }),
      lockForClaim: make.query((db, arg) => {
        const one = db
          .selectFrom("lines")
          .innerJoin("line_counters", "line_counters.line_id", "lines.id")
          .innerJoin("workspaces", "workspaces.id", "lines.workspace_id")
          .select([
            "lines.id",
            "lines.workspace_id",
            "lines.status",
            "lines.slots_max",
            "lines.calls_per_second",
            "lines.burst",
            "lines.daily_max",
            "lines.ring_timeout_ms",
            "lines.max_duration_ms",
            "lines.timezone",
            "line_counters.slots_used",
            "line_counters.next_free_at",
            "line_counters.backoff_until",
            "line_counters.day",
            "line_counters.day_used",
            "workspaces.stopped_at",
            "workspaces.plan_version",
          ])
          .where("lines.id", "=", arg("id"));
        return make.dialect.locksRows ? one.forUpdate("line_counters") : one;
      }),
      flags: make.selectMany("lines", id, "id, status, workspace_id"),
      claimed: make.updateMany(
        "line_counters",
        { line_id: "bigint" },
        { slots_used: "bigint", next_free_at: "double precision", day: "bigint", day_used: "bigint" },
      ),
      release: make.query(
        (db, arg) =>
          db
            .updateTable("line_counters")
            .set({ slots_used: sql`slots_used - cast(${arg("count")} as bigint)` })
            .where("line_id", "=", arg("line_id")) as never,
      ),
      backOff: make.query(
        (db, arg) =>
          db
            .updateTable("line_counters")
            .set({ backoff_until: arg("until") })
            .where("line_id", "=", arg("line_id"))
            .where("backoff_until", "<", arg("until")) as never,
      ),
      counters: make.query((db) => db.selectFrom("line_counters").selectAll()),
    },
    lanes: {
      all: make.query((db) => db.selectFrom("lanes").selectAll().orderBy("id")),
      insert: make.insertMany(
        "lanes",
        {
          id: "bigint",
          workspace_id: "bigint",
          line_id: "bigint",
          campaign_id: "bigint",
          priority: "bigint",
        },
        { conflict: "on conflict (line_id, campaign_id, priority) do nothing" },
      ),
    },
  };
}
