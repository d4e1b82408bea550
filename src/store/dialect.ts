import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type * as live from "../ports/live-rows.ts";
import type * as told from "../ports/notification-rows.ts";
import type * as rows from "../ports/rows.ts";
import type * as times from "../ports/timetable-rows.ts";

/** The tables, for Kysely. `commit_id` orders the ledger by commit on Postgres; it is 0 on SQLite. */
export type Tables = {
  workspaces: rows.WorkspaceRow;
  settings: rows.SettingRow;
  id_blocks: rows.IdBlockRow;
  nodes: rows.NodeRow;
  hours: rows.HoursRow;
  retry_policies: rows.RetryPolicyRow;
  lines: rows.LineRow;
  line_counters: rows.LineCountersRow;
  lanes: rows.LaneRow;
  calls: rows.CallRow;
  call_documents: rows.CallDocumentRow;
  agents: rows.AgentRow;
  series: rows.SeriesRow;
  series_occurrences: rows.OccurrenceRow;
  due: rows.DueRow;
  attempts: rows.AttemptRow;
  reports: rows.ReportRow;
  ledger: rows.LedgerRow & { commit_id: number };
  suppressions: rows.SuppressionRow;
  people: rows.PersonRow;
  idempotency_keys: rows.IdempotencyRow;
  dedupe_keys: rows.DedupeRow;
  api_keys: rows.ApiKeyRow;
  outbox: rows.OutboxRow;
  live_workspaces: live.LiveWorkspaceRow;
  live_numbers: live.LiveNumberRow;
  live_countries: live.LiveCountryRow;
  live_blocks: live.LiveBlockRow;
  unguarded_lines: live.UnguardedLineRow;
  line_budgets: live.LineBudgetRow;
  line_spending: live.LineSpendingRow;
  charges: live.ChargeRow;
  erasures: rows.ErasureRow;
  program_marks: rows.ProgramMarkRow;
  timetable: times.TimetableRow;
  job_runs: times.JobRunRow;
  node_works: times.NodeWorksRow;
  event_cursors: rows.EventCursorRow;
  subscribers: rows.SubscriberRow;
  deliveries: rows.DeliveryRow;
  delivery_due: rows.DeliveryDueRow;
  notifications: told.NotificationRow;
  notification_due: told.NotificationDueRow;
  recipients: told.RecipientRow;
  devices: told.DeviceRow;
  notification_templates: told.TemplateRow;
  operations: told.OperationRow;
  operation_parts: told.OperationPartRow;
};

/** Everything in which the two databases differ, by name. */
export type Dialect = {
  readonly name: "sqlite" | "postgres";
  /** Compiles only; it never runs anything. */
  readonly compiler: Kysely<Tables>;
  /** Rows that a transaction is about to change are locked by `for update`; SQLite has one writer and needs none. */
  readonly locksRows: boolean;
  /** Text for the condition that hides ledger rows whose elder siblings may still commit. */
  readonly settledLedger: string;
  /** The only "now()" in SQL: the server's time in UTC ms. Null where the store has no clock of its own. */
  readonly serverTime: string | null;
};

export const sqliteDialect: Dialect = {
  name: "sqlite",
  compiler: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  locksRows: false,
  settledLedger: "1 = 1",
  serverTime: null,
};

export const postgresDialect: Dialect = {
  name: "postgres",
  compiler: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
  locksRows: true,
  settledLedger: "commit_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
  serverTime: "select (extract(epoch from clock_timestamp()) * 1000)::bigint as now",
};
