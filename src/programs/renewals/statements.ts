import { sql } from "kysely";

import type { SqlColumns, SqlMaker } from "../../ports/sql.ts";

import { callStatements } from "./statements-calls.ts";
import type {
  CustomerRow,
  HoldingRow,
  HoldingStatus,
  PolicyRow,
  RestDays,
  SettingsRow,
  Tables,
} from "./tables.ts";

const stamps: SqlColumns = { version: "bigint", created_at: "bigint", updated_at: "bigint" };
const restDays: SqlColumns = { called_day: "bigint", busy_day: "bigint", done_day: "bigint" };
const id: SqlColumns = { id: "bigint" };
const rowKey: SqlColumns = { workspace_id: "bigint", id: "bigint" };
const settingsColumns: SqlColumns = {
  enabled: "bigint",
  daily_minute: "bigint",
  days_before_expiry: "bigint",
  max_calls_per_day: "bigint",
  max_concurrent_calls: "bigint",
  retry_failed_after_hours: "bigint",
  max_retries_per_customer: "bigint",
  skip_if_called_within_days: "bigint",
  updated_at: "bigint",
};
const customerColumns: SqlColumns = {
  customer_code: "text",
  phone_hash: "text",
  email_hash: "text",
  phone: "text",
  details: "text",
};
const policyColumns: SqlColumns = {
  policy_number: "text",
  policy_name: "text",
  policy_type: "text",
  description: "text",
  base_premium: "double precision",
  base_sum_assured: "double precision",
  duration_months: "bigint",
};
const holdingColumns: SqlColumns = {
  policy_id: "bigint",
  status: "text",
  start_day: "bigint",
  end_day: "bigint",
  premium_amount: "double precision",
  sum_assured: "double precision",
};
const everyCustomerColumn = `id, workspace_id, ${Object.keys(customerColumns).join(", ")}, calls, called_at, called_day, busy_day, done_day, version, created_at, updated_at`;
const everyPolicyColumn = `id, workspace_id, ${Object.keys(policyColumns).join(", ")}, version, created_at, updated_at`;
const everyHoldingColumn = `id, workspace_id, customer_id, ${Object.keys(holdingColumns).join(", ")}, called_day, busy_day, done_day, version, created_at, updated_at`;

type Sql = SqlMaker<Tables>;
type Key = { readonly workspace_id: number; readonly id: number };
type Page = { readonly workspace_id: number; readonly after: number; readonly limit: number };

/** Every statement of the program. */
export function renewalStatements(make: Sql) {
  return {
    settings: settingsStatements(make),
    customers: customerStatements(make),
    policies: policyStatements(make),
    holdings: holdingStatements(make),
    calls: callStatements(make),
  };
}
export type Statements = ReturnType<typeof renewalStatements>;

/** A customer that may be called, with the policy that ends soonest. */
export type PendingRow = Pick<CustomerRow, "phone" | "details" | "calls" | "called_at" | "version"> & {
  readonly id: number;
  readonly customer_id: number;
  readonly policy_id: number;
  readonly policy_name: string;
  readonly end_day: number;
};

function settingsStatements(make: Sql) {
  return {
    get: make.selectMany<{ workspace_id: number }, SettingsRow>(
      "renewal_settings",
      { workspace_id: "bigint" },
      `workspace_id, ${Object.keys(settingsColumns).join(", ")}`,
    ),
    /** Whoever selects or edits holds this row, so that no two of them see the same customers. */
    lock: make.selectMany<{ workspace_id: number }, SettingsRow>(
      "renewal_settings",
      { workspace_id: "bigint" },
      `workspace_id, ${Object.keys(settingsColumns).join(", ")}`,
      { lock: true },
    ),
    insert: make.insertMany<SettingsRow>(
      "renewal_settings",
      { workspace_id: "bigint", ...settingsColumns },
      { conflict: "on conflict (workspace_id) do nothing" },
    ),
    update: make.updateMany<SettingsRow>("renewal_settings", { workspace_id: "bigint" }, settingsColumns),
  };
}

function customerStatements(make: Sql) {
  return {
    byIds: make.selectMany<Key, CustomerRow>("renewal_customers", rowKey, everyCustomerColumn),
    /** In the order of ids, on Postgres until the transaction's end. */
    lock: make.selectMany<Key, CustomerRow>("renewal_customers", rowKey, everyCustomerColumn, { lock: true }),
    byPhones: make.selectMany<{ workspace_id: number; phone_hash: string }, CustomerRow>(
      "renewal_customers",
      { workspace_id: "bigint", phone_hash: "text" },
      everyCustomerColumn,
    ),
    byCodes: make.selectMany<{ workspace_id: number; customer_code: string }, CustomerRow>(
      "renewal_customers",
      { workspace_id: "bigint", customer_code: "text" },
      everyCustomerColumn,
    ),
    byEmails: make.selectMany<{ workspace_id: number; email_hash: string }, CustomerRow>(
      "renewal_customers",
      { workspace_id: "bigint", email_hash: "text" },
      everyCustomerColumn,
    ),
    page: make.query<Page, CustomerRow>((db, arg) =>
      db
        .selectFrom("renewal_customers")
        .selectAll()
        .where("workspace_id", "=", arg("workspace_id"))
        .where("id", ">", arg("after"))
        .orderBy("id")
        .limit(arg("limit")),
    ),
    /** A number or code that somebody has already leaves the row out of what is returned. */
    insert: make.insertMany<CustomerRow, { id: number }>(
      "renewal_customers",
      {
        ...rowKey,
        ...customerColumns,
        calls: "bigint",
        called_at: "bigint",
        ...restDays,
        ...stamps,
      },
      { conflict: "on conflict do nothing", returning: "id" },
    ),
    update: make.updateMany<CustomerRow>(
      "renewal_customers",
      id,
      { ...customerColumns, updated_at: "bigint" },
      {
        also: "version = renewal_customers.version + 1",
      },
    ),
    /** What keeps them from being called, or what they hold, has changed. */
    setRest: make.updateMany<RestDays & { id: number; calls: number; called_at: number | null }>(
      "renewal_customers",
      id,
      { ...restDays, calls: "bigint", called_at: "bigint" },
      { also: "version = renewal_customers.version + 1" },
    ),
    touch: make.updateMany<{ id: number; updated_at: number }>(
      "renewal_customers",
      id,
      { updated_at: "bigint" },
      { also: "version = renewal_customers.version + 1" },
    ),
    remove: make.deleteMany<{ id: number }>("renewal_customers", id),
  };
}

function policyStatements(make: Sql) {
  return {
    byIds: make.selectMany<Key, PolicyRow>("renewal_policies", rowKey, everyPolicyColumn),
    byNumbers: make.selectMany<{ workspace_id: number; policy_number: string }, PolicyRow>(
      "renewal_policies",
      { workspace_id: "bigint", policy_number: "text" },
      everyPolicyColumn,
    ),
    page: make.query<Page, PolicyRow>((db, arg) =>
      db
        .selectFrom("renewal_policies")
        .selectAll()
        .where("workspace_id", "=", arg("workspace_id"))
        .where("id", ">", arg("after"))
        .orderBy("id")
        .limit(arg("limit")),
    ),
    insert: make.insertMany<PolicyRow, { id: number }>(
      "renewal_policies",
      { ...rowKey, ...policyColumns, ...stamps },
      { conflict: "on conflict do nothing", returning: "id" },
    ),
    update: make.updateMany<PolicyRow>(
      "renewal_policies",
      id,
      { ...policyColumns, updated_at: "bigint" },
      {
        also: "version = renewal_policies.version + 1",
      },
    ),
    remove: make.deleteMany<{ id: number }>("renewal_policies", id),
  };
}

function holdingStatements(make: Sql) {
  return {
    byIds: make.selectMany<Key, HoldingRow>("renewal_customer_policies", rowKey, everyHoldingColumn),
    ofCustomers: make.selectMany<{ customer_id: number }, HoldingRow>(
      "renewal_customer_policies",
      { customer_id: "bigint" },
      everyHoldingColumn,
    ),
    ofPolicy: make.query<{ policy_id: number }, { id: number }>((db, arg) =>
      db
        .selectFrom("renewal_customer_policies")
        .select("id")
        .where("policy_id", "=", arg("policy_id"))
        .limit(1),
    ),
    page: make.query<Page, HoldingRow>((db, arg) =>
      db
        .selectFrom("renewal_customer_policies")
        .selectAll()
        .where("workspace_id", "=", arg("workspace_id"))
        .where("id", ">", arg("after"))
        .orderBy("id")
        .limit(arg("limit")),
    ),
    insert: make.insertMany<HoldingRow>("renewal_customer_policies", {
      ...rowKey,
      customer_id: "bigint",
      ...holdingColumns,
      ...restDays,
      ...stamps,
    }),
    update: make.updateMany<Omit<HoldingRow, keyof RestDays>>(
      "renewal_customer_policies",
      id,
      { ...holdingColumns, updated_at: "bigint" },
      { also: "version = renewal_customer_policies.version + 1" },
    ),
    setRest: make.updateMany<RestDays & { customer_id: number }>(
      "renewal_customer_policies",
      { customer_id: "bigint" },
      restDays,
    ),
    remove: make.deleteMany<{ id: number }>("renewal_customer_policies", id),
    removeOf: make.deleteMany<{ customer_id: number }>("renewal_customer_policies", {
      customer_id: "bigint",
    }),
    /** Some of the policies that a customer holds and that end between two days; the soonest first. */
    soonestOf: make.query<
      { customer_id: number; status: HoldingStatus; from: number },
      Pick<HoldingRow, "id" | "end_day">
    >((db, arg) =>
      db
        .selectFrom("renewal_customer_policies")
        .select(["id", "end_day"])
        .where("customer_id", "=", arg("customer_id"))
        .where("status", "=", arg("status"))
        .where("end_day", ">=", arg("from"))
        .orderBy("end_day")
        .orderBy("id")
        .limit(1),
    ),
    pending: make.query<PendingArgs, PendingRow>((db, arg) =>
      db
        .selectFrom("renewal_customer_policies as held")
        .innerJoin("renewal_customers as customer", "customer.id", "held.customer_id")
        .innerJoin("renewal_policies as policy", "policy.id", "held.policy_id")
        .select([
          "held.id",
          "held.customer_id",
          "held.policy_id",
          "held.end_day",
          "policy.policy_name",
          "customer.phone",
          "customer.details",
          "customer.calls",
          "customer.called_at",
          "customer.version",
        ])
        .where("held.workspace_id", "=", arg("workspace_id"))
        .where("held.status", "=", arg("status"))
        .where("held.end_day", "<=", arg("until"))
        // One comparison of pairs is where the walk of the index begins; it is never before today.
        .where(sql<boolean>`(held.end_day, held.id) > (${arg("after_day")}, ${arg("after_id")})`)
        .where("held.called_day", "<", arg("called_before"))
        .where("held.busy_day", ">", arg("today"))
        .where("held.done_day", "<", arg("today"))
        // One row a customer: none of those that the customer holds ends sooner and not before today.
        .where(
          sql<boolean>`not exists (select 1 from renewal_customer_policies as other where other.customer_id = held.customer_id and other.status = held.status and other.end_day >= ${arg("today")} and (other.end_day, other.id) < (held.end_day, held.id))`,
        )
        .orderBy("held.end_day")
        .orderBy("held.id")
        .limit(arg("limit")),
    ),
  };
}

export type PendingArgs = {
  readonly workspace_id: number;
  readonly status: HoldingStatus;
  readonly today: number;
  readonly until: number;
  /** Called before this day, or never. */
  readonly called_before: number;
  /** Only what comes after this in the order; (today - 1, very large) for all. */
  readonly after_day: number;
  readonly after_id: number;
  readonly limit: number;
};
