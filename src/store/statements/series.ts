import { sql } from "kysely";
import type { SeriesListArgs, Statements } from "../../ports/statements.ts";
import type { Columns, StatementMaker } from "../statement.ts";

const id: Columns = { id: "bigint" };
const changed: Columns = {
  status: "text",
  status_reason: "text",
  owner: "text",
  agent: "text",
  number_hash: "text",
  phone: "text",
  document: "text",
  timezone: "text",
  overlap: "text",
  overlap_max: "bigint",
  slot: "text",
  slot_local: "bigint",
  slot_at: "bigint",
  slot_number: "bigint",
  call_id: "bigint",
  wake_at: "bigint",
  paused_at: "bigint",
  updated_at: "bigint",
};
const series: Columns = {
  ...id,
  workspace_id: "bigint",
  version: "bigint",
  created_at: "bigint",
  ...changed,
};
const selected = Object.keys(series).join(", ");

const slot: Columns = { series_id: "bigint", slot: "text" };
const outcome: Columns = {
  number: "bigint",
  at: "bigint",
  kind: "text",
  status: "text",
  reason: "text",
  call_id: "bigint",
};
const occurrence: Columns = { ...slot, workspace_id: "bigint", ...outcome, created_at: "bigint" };

/** Rules that yield calls, and what each of their slots came to. */
export function seriesStatements(make: StatementMaker): Pick<Statements, "series" | "occurrences"> {
  return {
    series: {
      insert: make.insertMany("series", series),
      byIds: make.selectMany("series", id, selected),
      lock: make.selectMany("series", id, selected, { lock: true }),
      change: make.countedUpdateMany("series", { id: "bigint", version: "bigint" }, changed, {
        also: "version = series.version + 1",
      }),
      list: make.query((db, arg: <K extends keyof SeriesListArgs & string>(name: K) => SeriesListArgs[K]) =>
        db
          .selectFrom("series")
          .selectAll()
          .where("workspace_id", "=", arg("workspace_id"))
          .where("id", "<", arg("before_id"))
          .where(sql<boolean>`(cast(${arg("status")} as text) is null or status = ${arg("status")})`)
          .where(
            sql<boolean>`(cast(${arg("owner")} as text) is null or owner = ${arg("owner")} or (owner is null and ${arg("or_unowned")} = 1))`,
          )
          .where(sql<boolean>`(cast(${arg("agent")} as text) is null or agent = ${arg("agent")})`)
          .where(
            sql<boolean>`(cast(${arg("number_hash")} as text) is null or number_hash = ${arg("number_hash")})`,
          )
          .orderBy("id", "desc")
          .limit(arg("limit")),
      ),
      toWake: make.query((db, arg) =>
        db
          .selectFrom("series")
          .selectAll()
          .where("wake_at", "<=", arg("now"))
          .orderBy("wake_at")
          .limit(arg("limit")),
      ),
      // Without the condition Postgres would not know that the index of waiting series holds every candidate.
      nextWake: make.query((db) =>
        db
          .selectFrom("series")
          .select("wake_at")
          .where("wake_at", "is not", null)
          .orderBy("wake_at")
          .limit(1),
      ),
      overlaps: make.selectMany("series", id, "id, overlap, overlap_max"),
      after: make.query((db, arg) =>
        db.selectFrom("series").selectAll().where("id", ">", arg("id")).orderBy("id").limit(arg("limit")),
      ),
      reseal: make.updateMany("series", id, { phone: "text", document: "text" }),
      removeEnded: make.query((db, arg) =>
        db
          .deleteFrom("series")
          .where(
            "id",
            "in",
            db
              .selectFrom("series")
              .select("id")
              .where("status", "=", "ended")
              .where("updated_at", "<", arg("before"))
              .orderBy("id")
              .limit(arg("limit")),
          )
          .returning("id"),
      ),
    },
    occurrences: {
      insert: make.insertMany("series_occurrences", occurrence),
      of: make.selectMany("series_occurrences", slot, Object.keys(occurrence).join(", ")),
      change: make.updateMany("series_occurrences", slot, outcome),
      remove: make.deleteMany("series_occurrences", slot),
      list: make.query((db, arg) =>
        db
          .selectFrom("series_occurrences")
          .selectAll()
          .where("series_id", "=", arg("series_id"))
          .where(({ eb, refTuple, tuple }) =>
            eb(refTuple("at", "slot"), "<", tuple(arg("before_at"), arg("before_slot"))),
          )
          .orderBy("at", "desc")
          .orderBy("slot", "desc")
          .limit(arg("limit")),
      ),
      removeOf: make.deleteMany("series_occurrences", { series_id: "bigint" }),
      removeBefore: make.query((db, arg) =>
        db
          .deleteFrom("series_occurrences")
          .where(
            ({ refTuple }) => refTuple("series_id", "slot"),
            "in",
            db
              .selectFrom("series_occurrences")
              .select(["series_id", "slot"])
              .where("created_at", "<", arg("before"))
              .limit(arg("limit")) as never,
          )
          .returning(["series_id", "slot"]),
      ),
    },
  };
}
