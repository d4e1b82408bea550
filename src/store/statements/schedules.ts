import { type Kysely, type RawBuilder, sql } from "kysely";
import type {
  CallLogFilterArgs,
  CallLogRow,
  CallTotalsRow,
  ScheduleFilterArgs,
  ScheduleRow,
} from "../../ports/schedule-statements.ts";
import type { Statements } from "../../ports/statements.ts";
import type { Tables } from "../dialect.ts";
import type { StatementMaker } from "../statement.ts";

type Arg<Args> = <K extends keyof Args & string>(name: K) => Args[K];
type Counted = { readonly count: number };
type Part = { readonly limit: number; readonly offset: number };
type Stretch = Part & { readonly upto: number };
type Slice = { readonly from_id: number; readonly to_id: number };
type Whose = Pick<ScheduleFilterArgs, "workspace_id" | "owner" | "or_unowned" | "agent">;

/** What DELETE leaves behind; the lists of these statements leave such calls and series out. */
const deleted = "deleted_by_request";
/** A call that was made to repeat: the series in its place is listed. */
const replaced = "replaced_by_series";

/**
 * Lists over calls and series together. A total and an offset are what the callers of these lists know, so both count
 * what they pass; where an owner is given, his own calls are found by their index first.
 */
export function scheduleStatements(make: StatementMaker): Pick<Statements, "schedules"> {
  const ofOne = {
    page: make.query<ScheduleFilterArgs & Stretch, ScheduleRow>((db, arg) => page(db, arg, true)),
    countCalls: make.query<ScheduleFilterArgs & Slice, Counted>((db, arg) => countCalls(db, arg, true)),
    logs: make.query<CallLogFilterArgs & Part, CallLogRow>((db, arg) => logs(db, arg, true)),
    countLogs: make.query<CallLogFilterArgs & Slice, Counted>((db, arg) => countLogs(db, arg, true)),
    totals: make.query<CallLogFilterArgs & Slice, CallTotalsRow>((db, arg) => totals(db, arg, true)),
  };
  const ofAll = {
    page: make.query<ScheduleFilterArgs & Stretch, ScheduleRow>((db, arg) => page(db, arg, false)),
    countCalls: make.query<ScheduleFilterArgs & Slice, Counted>((db, arg) => countCalls(db, arg, false)),
    logs: make.query<CallLogFilterArgs & Part, CallLogRow>((db, arg) => logs(db, arg, false)),
    countLogs: make.query<CallLogFilterArgs & Slice, Counted>((db, arg) => countLogs(db, arg, false)),
    totals: make.query<CallLogFilterArgs & Slice, CallTotalsRow>((db, arg) => totals(db, arg, false)),
  };
  const by = (args: Whose) => (args.owner !== null && args.or_unowned === 0 ? ofOne : ofAll);
  return {
    schedules: {
      page: (args) => by(args).page(args),
      countCalls: (args) => by(args).countCalls(args),
      countSeries: make.query<ScheduleFilterArgs, Counted>((db, arg) =>
        seriesListed(db, arg).select(counted.as("count")),
      ),
      newestCall: make.query((db, arg: Arg<{ workspace_id: number }>) =>
        db
          .selectFrom("calls")
          .select(sql<number | null>`max(id)`.as("id"))
          .where("workspace_id", "=", arg("workspace_id")),
      ),
      logs: (args) => by(args).logs(args),
      countLogs: (args) => by(args).countLogs(args),
      countSlots: make.query<CallLogFilterArgs, Counted>((db, arg) =>
        slotsMissed(db, arg).select(counted.as("count")),
      ),
      totals: (args) => by(args).totals(args),
      ofSeries: make.query((db, arg: Arg<{ id: number; now: number }>) =>
        db
          .selectFrom("series")
          .select([
            seriesShown(arg("now")).as("shown"),
            sql<
              number | null
            >`(select max(calls.id) from calls where calls.series_id = series.id and calls.attempt_id is not null)`.as(
              "dialed_id",
            ),
          ])
          .where("id", "=", arg("id")),
      ),
      hideSeries: make.query(
        (db, arg: Arg<{ id: number; reason: string; now: number }>) =>
          db
            .updateTable("series")
            .set({
              status_reason: arg("reason"),
              updated_at: arg("now"),
              version: sql<number>`version + 1`,
            })
            .where("id", "=", arg("id"))
            .where("status", "=", "ended") as never,
      ),
    },
  };
}

type Db = Kysely<Tables>;

/** Ids rise with time, so that of each kind no more than the newest are looked at. */
function page(db: Db, arg: Arg<ScheduleFilterArgs & Stretch>, ofOwner: boolean) {
  const newestCalls = callsListed(db, arg, ofOwner)
    .select([sql<"call" | "series">`'call'`.as("kind"), "calls.id", "calls.created_at"])
    .orderBy("calls.id", "desc")
    .limit(arg("upto"));
  const newestSeries = seriesListed(db, arg)
    .select([sql<"call" | "series">`'series'`.as("kind"), "series.id", "series.created_at"])
    .orderBy("series.id", "desc")
    .limit(arg("upto"));
  const found = db
    .selectFrom(newestCalls.as("newest_calls"))
    .selectAll()
    .unionAll(db.selectFrom(newestSeries.as("newest_series")).selectAll());
  return db
    .selectFrom(found.as("found"))
    .select(["kind", "id"])
    .orderBy("created_at", "desc")
    .orderBy("kind")
    .orderBy("id", "desc")
    .limit(arg("limit"))
    .offset(arg("offset"))
    .$castTo<ScheduleRow>();
}

function countCalls(db: Db, arg: Arg<ScheduleFilterArgs & Slice>, ofOwner: boolean) {
  return callsListed(db, arg, ofOwner)
    .select(counted.as("count"))
    .where("calls.id", ">", arg("from_id"))
    .where("calls.id", "<=", arg("to_id"));
}

/** Calls that no series yielded or replaced, and that nobody deleted. */
function callsListed(db: Db, arg: Arg<ScheduleFilterArgs>, ofOwner: boolean) {
  return calls(db, arg, ofOwner)
    .where("calls.series_id", "is", null)
    .where("calls.reason", "<>", deleted)
    .where("calls.reason", "<>", replaced)
    .where(isShown(arg("shown"), callShown(arg("now"))));
}

function seriesListed(db: Db, arg: Arg<ScheduleFilterArgs>) {
  return series(db, arg)
    .where(sql<boolean>`(status_reason is null or status_reason <> ${sql.lit(deleted)})`)
    .where(isShown(arg("shown"), seriesShown(arg("now"))));
}

function logs(db: Db, arg: Arg<CallLogFilterArgs & Part>, ofOwner: boolean) {
  const found = callsLogged(db, arg, ofOwner)
    .select([
      sql<"call" | "slot">`'call'`.as("kind"),
      "calls.id",
      sql<string>`''`.as("slot"),
      loggedAt.as("at"),
    ])
    .unionAll(
      slotsMissed(db, arg).select([
        sql<"call" | "slot">`'slot'`.as("kind"),
        "series.id",
        "series_occurrences.slot",
        "series_occurrences.at",
      ]),
    );
  return db
    .selectFrom(found.as("found"))
    .select(["kind", "id", "slot"])
    .orderBy("at", "desc")
    .orderBy("kind")
    .orderBy("id", "desc")
    .orderBy("slot", "desc")
    .limit(arg("limit"))
    .offset(arg("offset"))
    .$castTo<CallLogRow>();
}

function countLogs(db: Db, arg: Arg<CallLogFilterArgs & Slice>, ofOwner: boolean) {
  return callsLogged(db, arg, ofOwner)
    .select(counted.as("count"))
    .where("calls.id", ">", arg("from_id"))
    .where("calls.id", "<=", arg("to_id"));
}

function totals(db: Db, arg: Arg<CallLogFilterArgs & Slice>, ofOwner: boolean) {
  const found = calls(db, arg, ofOwner)
    .leftJoin("attempts", "attempts.id", "calls.attempt_id")
    .select([
      callShown(arg("now")).as("shown"),
      sql<number>`coalesce(attempts.duration_ms, 0)`.as("duration_ms"),
    ])
    .where(withExternalId(arg("external_id"), sql.ref("calls.id")))
    .where("calls.due_at", ">=", arg("from_at"))
    .where("calls.due_at", "<", arg("to_at"))
    .where("calls.id", ">", arg("from_id"))
    .where("calls.id", "<=", arg("to_id"));
  return db
    .selectFrom(found.as("found"))
    .select(["shown", counted.as("count"), sql<number>`cast(sum(duration_ms) as bigint)`.as("duration_ms")])
    .groupBy("shown")
    .$castTo<CallTotalsRow>();
}

/** What was dialed, and what should have been and was not. */
function callsLogged(db: Db, arg: Arg<CallLogFilterArgs>, ofOwner: boolean) {
  return calls(db, arg, ofOwner)
    .leftJoin("attempts", "attempts.id", "calls.attempt_id")
    .where(
      sql<boolean>`(calls.attempt_id is not null or calls.status = 'expired' or calls.status = 'skipped' or calls.status = 'needs_review')`,
    )
    .where(isShown(arg("shown"), callShown(arg("now"))))
    .where(withExternalId(arg("external_id"), sql.ref("calls.id")))
    .where(loggedAt, ">=", arg("from_at"))
    .where(loggedAt, "<", arg("to_at"));
}

/** Slots that passed without a call. What a caller told of his series stands with the calls that it did yield. */
function slotsMissed(db: Db, arg: Arg<CallLogFilterArgs>) {
  const external = arg("external_id");
  return series(db, arg)
    .innerJoin("series_occurrences", "series_occurrences.series_id", "series.id")
    .where("series_occurrences.status", "=", "missed")
    .where("series_occurrences.call_id", "is", null)
    .where(sql<boolean>`(cast(${arg("shown")} as text) is null or ${arg("shown")} like '%,expired,%')`)
    .where(
      sql<boolean>`(cast(${external} as text) is null or exists (select 1 from calls inner join call_documents on call_documents.call_id = calls.id where calls.series_id = series.id and call_documents.external_id = ${external}))`,
    )
    .where("series_occurrences.at", ">=", arg("from_at"))
    .where("series_occurrences.at", "<", arg("to_at"));
}

/** Calls by whose they are. `ofOwner`: one owner's alone, found by his index. */
function calls(db: Db, arg: Arg<Whose>, ofOwner: boolean) {
  const [owner, agent] = [arg("owner"), arg("agent")];
  const mine = db.selectFrom("calls").where("calls.workspace_id", "=", arg("workspace_id"));
  if (ofOwner) {
    return mine.where(
      "calls.id",
      "in",
      db
        .selectFrom("call_documents")
        .select("call_documents.call_id")
        .where("call_documents.workspace_id", "=", arg("workspace_id"))
        .where("call_documents.owner", "=", owner)
        .where(sql<boolean>`(cast(${agent} as text) is null or call_documents.agent = ${agent})`),
    );
  }
  return mine.where(
    sql<boolean>`((cast(${owner} as text) is null and cast(${agent} as text) is null) or exists (select 1 from call_documents where call_documents.call_id = calls.id and (cast(${owner} as text) is null or call_documents.owner = ${owner} or (call_documents.owner is null and ${arg("or_unowned")} = 1)) and (cast(${agent} as text) is null or call_documents.agent = ${agent})))`,
  );
}

function series(db: Db, arg: Arg<Whose>) {
  const [owner, agent] = [arg("owner"), arg("agent")];
  return db
    .selectFrom("series")
    .where("series.workspace_id", "=", arg("workspace_id"))
    .where(
      sql<boolean>`(cast(${owner} as text) is null or series.owner = ${owner} or (series.owner is null and ${arg("or_unowned")} = 1))`,
    )
    .where(sql<boolean>`(cast(${agent} as text) is null or series.agent = ${agent})`);
}

const counted = sql<number>`count(*)`;

/** When it was dialed last, or when it should have been. */
const loggedAt = sql<number>`coalesce(attempts.claimed_at, calls.due_at)`;

function withExternalId(external: string | null, callId: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`(cast(${external} as text) is null or exists (select 1 from call_documents where call_documents.call_id = ${callId} and call_documents.external_id = ${external}))`;
}

function isShown(shown: string | null, status: RawBuilder<string>): RawBuilder<boolean> {
  return sql<boolean>`(cast(${shown} as text) is null or ${shown} like '%,' || ${status} || ',%')`;
}

/** A scheduled call that is due is shown as queued. */
function callShown(now: number): RawBuilder<string> {
  return sql<string>`(case when calls.status = 'scheduled' and calls.due_at <= ${now} then 'queued' else calls.status end)`;
}

/** A series stands as its calls do while any of them is due or dialed; once its rule has run out, it ends with the last one. */
function seriesShown(now: number): RawBuilder<string> {
  const has = (condition: RawBuilder<unknown>) =>
    sql`exists (select 1 from calls where calls.series_id = series.id and ${condition})`;
  return sql<string>`(case
    when series.status = 'paused' then 'paused'
    when series.status = 'ended' and coalesce(series.status_reason, '') <> 'rule_finished' then 'canceled'
    when ${has(sql`calls.status = 'dialing'`)} then 'dialing'
    when ${has(sql`calls.status = 'scheduled' and calls.due_at <= ${now}`)} then 'queued'
    when series.status = 'active' or ${has(sql`calls.status = 'scheduled'`)} then 'scheduled'
    else 'completed' end)`;
}
