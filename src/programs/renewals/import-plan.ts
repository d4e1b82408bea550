import { changedCustomer } from "./customers.ts";
import type { ImportPolicy, ImportRow, Rejected } from "./import-row.ts";
import type { Parts } from "./parts.ts";
import { type Person, openPerson, sealPerson } from "./person.ts";
import { restOf } from "./rest.ts";
import { NEVER_BUSY, addMonths, dayIn } from "./rules.ts";
import type { CustomerRow, HoldingRow, PolicyRow } from "./tables.ts";

/** What the store holds of that which some rows are about. */
export type Known = {
  readonly byPhone: Map<string, CustomerRow>;
  readonly byCode: Map<string, CustomerRow>;
  /** Numbers that rows before have taken from their customers: the database has room for them only afterwards. */
  readonly freed: Set<string>;
  readonly policies: Map<string, PolicyRow>;
  /** By customer. */
  readonly holdings: Map<number, HoldingRow[]>;
};

/** What has to be written so that the store says what the rows say. */
export type Plan = {
  readonly newCustomers: Map<number, CustomerRow>;
  readonly changedCustomers: Map<number, CustomerRow>;
  readonly newPolicies: PolicyRow[];
  readonly newHoldings: Map<number, HoldingRow>;
  readonly changedHoldings: Map<number, HoldingRow>;
  readonly rejected: Rejected[];
  unchanged: number;
};

type Making = {
  readonly parts: Parts;
  readonly workspaceId: number;
  readonly now: number;
  readonly nextId: () => number;
};

/** Plans rows in their order; a later row about the same customer and policy sees what an earlier one does. */
export function planRows(making: Making, known: Known, rows: readonly ImportRow[]): Plan {
  const plan: Plan = {
    newCustomers: new Map(),
    changedCustomers: new Map(),
    newPolicies: [],
    newHoldings: new Map(),
    changedHoldings: new Map(),
    rejected: [],
    unchanged: 0,
  };
  for (const row of rows) {
    const reason = planRow(making, known, plan, row);
    if (reason !== null) plan.rejected.push({ line: row.line, reason });
  }
  return plan;
}

/** Null, or why the row cannot be used; then it changes nothing. */
function planRow(making: Making, known: Known, plan: Plan, row: ImportRow): string | null {
  const { secrets } = making.parts.house;
  const hash = secrets.numberHash(making.workspaceId, row.phone);
  if (known.freed.has(hash))
    return "the phone number passes from one customer to another in this file: import this row again";
  const ofPhone = known.byPhone.get(hash);
  const ofCode = row.customerCode === null ? undefined : known.byCode.get(row.customerCode);
  if (ofCode !== undefined && ofPhone !== undefined && ofCode.id !== ofPhone.id)
    return `the phone number is that of another customer than customer_code ${row.customerCode}`;
  const customer = ofCode ?? ofPhone;
  if (customer === undefined && row.name === null) return "name is empty, and the customer is not known yet";
  if (
    ofCode === undefined &&
    row.customerCode !== null &&
    ofPhone !== undefined &&
    ofPhone.customer_code !== null
  )
    return `the phone number is that of the customer with customer_code ${ofPhone.customer_code}`;
  const policy = row.policy === null ? null : policyOf(making, known, row.policy);
  if (typeof policy === "string") return policy;
  const kept = keepCustomer(making, known, plan, row, customer);
  if (policy !== null && row.policy !== null) {
    if (policy.isNew) {
      plan.newPolicies.push(policy.row);
      known.policies.set(policy.row.policy_number, policy.row);
    }
    const isKept = keepHolding(making, known, plan, kept.row, policy.row, row.policy);
    if (isKept || kept.isKept) return null;
  } else if (kept.isKept) return null;
  plan.unchanged += 1;
  return null;
}

/** The policy of a row, made where it is not known; or why that cannot be. */
function policyOf(
  { workspaceId, now, nextId }: Making,
  known: Known,
  wanted: ImportPolicy,
): { row: PolicyRow; isNew: boolean } | string {
  const found = known.policies.get(wanted.number);
  if (found !== undefined) return { row: found, isNew: false };
  if (wanted.months === null)
    return `policy_number ${wanted.number} is not known: create the policy first, or fill duration_months`;
  const row: PolicyRow = {
    id: nextId(),
    workspace_id: workspaceId,
    policy_number: wanted.number,
    policy_name: wanted.name ?? wanted.number,
    policy_type: wanted.type,
    description: null,
    base_premium: wanted.basePremium,
    base_sum_assured: wanted.baseSumAssured,
    duration_months: wanted.months,
    version: 1,
    created_at: now,
    updated_at: now,
  };
  return { row, isNew: true };
}

function keepCustomer(
  making: Making,
  known: Known,
  plan: Plan,
  row: ImportRow,
  customer: CustomerRow | undefined,
): { row: CustomerRow; isKept: boolean } {
  const kept = customer === undefined ? newOne(making, row) : changedOne(making, customer, row);
  if (kept === customer) return { row: kept, isKept: false };
  const list =
    customer === undefined || plan.newCustomers.has(kept.id) ? plan.newCustomers : plan.changedCustomers;
  list.set(kept.id, kept);
  if (customer !== undefined && customer.phone_hash !== kept.phone_hash) {
    known.byPhone.delete(customer.phone_hash);
    known.freed.add(customer.phone_hash);
  }
  known.byPhone.set(kept.phone_hash, kept);
  if (kept.customer_code !== null) known.byCode.set(kept.customer_code, kept);
  return { row: kept, isKept: true };
}

function newOne({ parts, workspaceId, now, nextId }: Making, row: ImportRow): CustomerRow {
  const id = nextId();
  const { phone, name, email, age, city, address } = row;
  const person: Person = { phone, name: name ?? "", email, age, city, address };
  return {
    id,
    workspace_id: workspaceId,
    customer_code: row.customerCode,
    ...sealPerson(parts.house.secrets, workspaceId, id, person),
    calls: 0,
    called_at: null,
    called_day: 0,
    busy_day: NEVER_BUSY,
    done_day: 0,
    version: 1,
    created_at: now,
    updated_at: now,
  };
}

/** The same row when the file says nothing new, so that importing it again changes nothing. */
function changedOne({ parts, now }: Making, customer: CustomerRow, row: ImportRow): CustomerRow {
  const before = openPerson(parts.house.secrets, customer, customer.id);
  const after: Person = {
    phone: row.phone,
    name: row.name ?? before.name,
    email: row.email ?? before.email,
    age: row.age ?? before.age,
    city: row.city ?? before.city,
    address: row.address ?? before.address,
  };
  const customerCode = row.customerCode ?? customer.customer_code;
  const names = Object.keys(after) as (keyof Person)[];
  const isSame =
    customerCode === customer.customer_code && names.every((name) => after[name] === before[name]);
  return isSame ? customer : changedCustomer(parts, customer, { ...after, customerCode }, now);
}

/** True when something has to be written. */
function keepHolding(
  making: Making,
  known: Known,
  plan: Plan,
  customer: CustomerRow,
  policy: PolicyRow,
  wanted: ImportPolicy,
): boolean {
  const all = known.holdings.get(customer.id) ?? [];
  const index = all.findIndex((one) => one.policy_id === policy.id);
  const before = all[index];
  const after =
    before === undefined ? newHeld(making, customer, policy, wanted) : changedHeld(making, before, wanted);
  if (after === before) return false;
  known.holdings.set(customer.id, before === undefined ? [...all, after] : all.with(index, after));
  const list =
    before === undefined || plan.newHoldings.has(after.id) ? plan.newHoldings : plan.changedHoldings;
  list.set(after.id, after);
  return true;
}

function newHeld(
  { parts, now, nextId, workspaceId }: Making,
  customer: CustomerRow,
  policy: PolicyRow,
  wanted: ImportPolicy,
): HoldingRow {
  const startDay =
    wanted.startDay ??
    (wanted.endDay === null ? dayIn(parts.zone, now) : addMonths(wanted.endDay, -policy.duration_months));
  return {
    id: nextId(),
    workspace_id: workspaceId,
    customer_id: customer.id,
    policy_id: policy.id,
    status: wanted.status ?? "active",
    start_day: startDay,
    end_day: wanted.endDay ?? addMonths(startDay, policy.duration_months),
    premium_amount: wanted.premiumAmount ?? policy.base_premium,
    sum_assured: wanted.sumAssured ?? policy.base_sum_assured,
    ...restOf(customer),
    version: 1,
    created_at: now,
    updated_at: now,
  };
}

function changedHeld({ now }: Making, before: HoldingRow, wanted: ImportPolicy): HoldingRow {
  const after: HoldingRow = {
    ...before,
    status: wanted.status ?? before.status,
    start_day: wanted.startDay ?? before.start_day,
    end_day: wanted.endDay ?? before.end_day,
    premium_amount: wanted.premiumAmount ?? before.premium_amount,
    sum_assured: wanted.sumAssured ?? before.sum_assured,
  };
  const names = Object.keys(after) as (keyof HoldingRow)[];
  return names.every((name) => after[name] === before[name]) ? before : { ...after, updated_at: now };
}
