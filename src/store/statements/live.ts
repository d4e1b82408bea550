import { sql } from "kysely";
import type { Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const numberColumns: Columns = {
  id: "bigint",
  workspace_id: "bigint",
  number_hash: "text",
  phone: "text",
  note: "text",
  created_by: "text",
  created_at: "bigint",
};
const block: Columns = { workspace_id: "bigint", block_hash: "text", hour: "bigint" };
const spendingKey: Columns = { line_id: "bigint", span: "text", number: "bigint" };
const money: Columns = { reserved: "bigint", spent: "bigint", overspent: "bigint" };
const spendingColumns = "line_id, span, number, reserved, spent, overspent, short_of, announced";
const chargeColumns: Columns = {
  line_id: "bigint",
  hour: "bigint",
  day: "bigint",
  per_minute: "bigint",
  reserved: "bigint",
  spent: "bigint",
  settled: "bigint",
};

/** Whom real lines may ring, and what calls cost. */
export function liveStatements(make: StatementMaker): Pick<Statements, "live" | "money"> {
  return { live: whomStatements(make), money: moneyStatements(make) };
}

function whomStatements(make: StatementMaker): Statements["live"] {
  return {
    workspaces: make.query((db) => db.selectFrom("live_workspaces").selectAll()),
    putWorkspace: make.insertMany(
      "live_workspaces",
      {
        workspace_id: "bigint",
        is_open: "bigint",
        opened_at: "bigint",
        opened_by: "text",
        number_types: "text",
        block_hour_max: "bigint",
        updated_at: "bigint",
      },
      {
        conflict:
          "on conflict (workspace_id) do update set is_open = excluded.is_open, opened_at = excluded.opened_at, opened_by = excluded.opened_by, number_types = excluded.number_types, block_hour_max = excluded.block_hour_max, updated_at = excluded.updated_at",
      },
    ),
    numbers: make.query((db) => db.selectFrom("live_numbers").selectAll().orderBy("id")),
    insertNumber: make.insertMany("live_numbers", numberColumns, {
      conflict: "on conflict (workspace_id, number_hash) do nothing",
      returning: "id",
    }),
    removeNumber: make.query((db, arg) =>
      db
        .deleteFrom("live_numbers")
        .where("workspace_id", "=", arg("workspace_id"))
        .where("id", "=", arg("id"))
        .returning("id"),
    ),
    setPhone: make.updateMany("live_numbers", { id: "bigint" }, { phone: "text" }),
    countries: make.query((db) =>
      db.selectFrom("live_countries").selectAll().orderBy("workspace_id").orderBy("country"),
    ),
    putCountry: make.insertMany(
      "live_countries",
      {
        workspace_id: "bigint",
        country: "text",
        status: "text",
        changed_by: "text",
        changed_at: "bigint",
      },
      {
        conflict:
          "on conflict (workspace_id, country) do update set status = excluded.status, changed_by = excluded.changed_by, changed_at = excluded.changed_at",
      },
    ),
    askCountry: make.insertMany(
      "live_countries",
      {
        workspace_id: "bigint",
        country: "text",
        status: "text",
        changed_by: "text",
        changed_at: "bigint",
      },
      { conflict: "on conflict (workspace_id, country) do nothing", returning: "country" },
    ),
    removeCountry: make.query((db, arg) =>
      db
        .deleteFrom("live_countries")
        .where("workspace_id", "=", arg("workspace_id"))
        .where("country", "=", arg("country"))
        .returning("country"),
    ),
    blocks: make.selectMany("live_blocks", block, "workspace_id, block_hash, hour, dials, announced", {
      lock: true,
    }),
    // Added to, not replaced: another line of the workspace may have called the same block since it was read.
    addBlock: make.insertMany(
      "live_blocks",
      { ...block, dials: "bigint", announced: "bigint" },
      {
        conflict:
          "on conflict (workspace_id, block_hash, hour) do update set dials = live_blocks.dials + excluded.dials, announced = excluded.announced",
      },
    ),
    forgetBlocks: make.query(
      (db, arg) => db.deleteFrom("live_blocks").where("hour", "<", arg("before_hour")) as never,
    ),
    unguarded: make.query((db) => db.selectFrom("unguarded_lines").selectAll()),
    insertUnguarded: make.insertMany("unguarded_lines", {
      line_id: "bigint",
      workspace_id: "bigint",
      created_at: "bigint",
    }),
  };
}

function moneyStatements(make: StatementMaker): Statements["money"] {
  return {
    budgets: make.query((db) => db.selectFrom("line_budgets").selectAll()),
    budget: make.query((db, arg) =>
      db.selectFrom("line_budgets").selectAll().where("line_id", "=", arg("line_id")),
    ),
    putBudget: make.insertMany(
      "line_budgets",
      {
        line_id: "bigint",
        workspace_id: "bigint",
        currency: "text",
        per_minute: "bigint",
        prices: "text",
        call_max: "bigint",
        hour_max: "bigint",
        day_max: "bigint",
        updated_at: "bigint",
      },
      {
        conflict:
          "on conflict (line_id) do update set currency = excluded.currency, per_minute = excluded.per_minute, prices = excluded.prices, call_max = excluded.call_max, hour_max = excluded.hour_max, day_max = excluded.day_max, updated_at = excluded.updated_at",
      },
    ),
    spending: make.selectMany("line_spending", spendingKey, spendingColumns),
    lockSpending: make.selectMany("line_spending", spendingKey, spendingColumns, { lock: true }),
    // A settlement may have given money back since it was read: what is reserved is added, never written over.
    reserve: make.insertMany(
      "line_spending",
      { ...spendingKey, ...money, short_of: "bigint", announced: "bigint" },
      {
        conflict:
          "on conflict (line_id, span, number) do update set reserved = line_spending.reserved + excluded.reserved, short_of = excluded.short_of, announced = excluded.announced",
      },
    ),
    settle: make.query(
      (db, arg) =>
        db
          .updateTable("line_spending")
          .set({
            reserved: sql`reserved + cast(${arg("reserved")} as bigint)`,
            spent: sql`spent + cast(${arg("spent")} as bigint)`,
            overspent: sql`overspent + cast(${arg("overspent")} as bigint)`,
          })
          .where("line_id", "=", arg("line_id"))
          .where("span", "=", arg("span"))
          .where("number", "=", arg("number")) as never,
    ),
    forgetHours: make.query(
      (db, arg) =>
        db
          .deleteFrom("line_spending")
          .where("span", "=", "hour")
          .where("number", "<", arg("before_hour"))
          .where("reserved", "=", 0) as never,
    ),
    insertCharges: make.insertMany("charges", { attempt_id: "bigint", ...chargeColumns }),
    charges: make.selectMany(
      "charges",
      { attempt_id: "bigint" },
      "attempt_id, line_id, hour, day, per_minute, reserved, spent, settled",
      { lock: true },
    ),
    changeCharges: make.updateMany(
      "charges",
      { attempt_id: "bigint" },
      { spent: "bigint", settled: "bigint" },
    ),
    removeCharges: make.deleteMany("charges", { attempt_id: "bigint" }),
  };
}
