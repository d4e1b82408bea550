import { formatDay } from "../../domain/civil.ts";
import { Refusal } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { ProgramTx } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import type { Page } from "./customers.ts";
import { type Actor, type Parts, todayOf } from "./parts.ts";
import { customerNotFound, holdingNotFound, policyNotFound, refuse } from "./refusals.ts";
import { lockCustomer, restOf } from "./rest.ts";
import { addMonths, dayIn } from "./rules.ts";
import type { CustomerRow, HoldingRow, HoldingStatus, PolicyRow } from "./tables.ts";

export type PolicyWish = Pick<
  PolicyRow,
  | "policy_number"
  | "policy_name"
  | "policy_type"
  | "description"
  | "base_premium"
  | "base_sum_assured"
  | "duration_months"
>;

export async function listPolicies({ house, sql }: Parts, actor: Actor, page: Page): Promise<PolicyRow[]> {
  return house.read("list policies", () => sql.policies.page({ workspace_id: actor.workspaceId, ...page }));
}

export async function readPolicy({ house, sql }: Parts, actor: Actor, id: number): Promise<PolicyRow> {
  const [row] = await house.read("read a policy", () =>
    sql.policies.byIds([{ workspace_id: actor.workspaceId, id }]),
  );
  if (row === undefined) throw policyNotFound();
  return row;
}

export function createPolicy({ house, sql }: Parts, actor: Actor, wish: PolicyWish): Promise<PolicyRow> {
  return house.transact("create a policy", actor, { rows: 1 }, function* (tx): Tx<PolicyRow> {
    const row = newPolicy(tx, wish);
    const made = yield* sql.policies.insert([row]);
    if (made.length === 0) throw taken(wish.policy_number);
    return row;
  });
}

export function newPolicy(tx: ProgramTx, wish: PolicyWish): PolicyRow {
  const stamps = { version: 1, created_at: tx.now, updated_at: tx.now };
  return { id: tx.nextId(), workspace_id: tx.actor.workspaceId, ...wish, ...stamps };
}

export function updatePolicy(
  { house, sql }: Parts,
  actor: Actor,
  id: number,
  edit: Partial<PolicyWish>,
): Promise<PolicyRow> {
  return house.transact("change a policy", actor, {}, function* (tx): Tx<PolicyRow> {
    const workspace_id = actor.workspaceId;
    const [row] = yield* sql.policies.byIds([{ workspace_id, id }]);
    if (row === undefined) throw policyNotFound();
    const after: PolicyRow = { ...row, ...edit, updated_at: tx.now };
    const same = yield* sql.policies.byNumbers([{ workspace_id, policy_number: after.policy_number }]);
    if (same.some((other: PolicyRow) => other.id !== id)) throw taken(after.policy_number);
    yield* sql.policies.update([after]);
    return after;
  });
}

export function removePolicy({ house, sql }: Parts, actor: Actor, id: number): Promise<void> {
  return house.transact("remove a policy", actor, {}, function* (): Tx<void> {
    const [row] = yield* sql.policies.byIds([{ workspace_id: actor.workspaceId, id }]);
    if (row === undefined) throw policyNotFound();
    const held = yield* sql.holdings.ofPolicy({ policy_id: id });
    if (held.length > 0) throw new Refusal("in_use", "Policy is held by customers");
    yield* sql.policies.remove([{ id }]);
  });
}

export function renderPolicy({ house }: Parts, row: PolicyRow) {
  return {
    id: house.secrets.publicId("policy", row.id),
    policy_number: row.policy_number,
    policy_name: row.policy_name,
    policy_type: row.policy_type,
    description: row.description,
    base_premium: row.base_premium,
    base_sum_assured: row.base_sum_assured,
    duration_months: row.duration_months,
    created_at: formatUtc(row.created_at),
    updated_at: formatUtc(row.updated_at),
  };
}

/** A policy that a customer is to hold. Absent: it begins today, and ends after the policy's months. */
export type HoldingWish = {
  readonly policyId: number;
  readonly startDay: number | null;
  readonly endDay: number | null;
  readonly status: HoldingStatus;
  readonly premiumAmount: number | null;
  readonly sumAssured: number | null;
};

export async function listHoldings(
  { house, sql }: Parts,
  actor: Actor,
  customerId: number,
): Promise<HoldingRow[]> {
  return house.read("list policies of a customer", function* (): Tx<HoldingRow[]> {
    const [customer] = yield* sql.customers.byIds([{ workspace_id: actor.workspaceId, id: customerId }]);
    if (customer === undefined) throw customerNotFound();
    const rows = yield* sql.holdings.ofCustomers([{ customer_id: customerId }]);
    return rows.toSorted((a: HoldingRow, b: HoldingRow) => a.end_day - b.end_day || a.id - b.id);
  });
}

export function createHolding(
  parts: Parts,
  actor: Actor,
  customerId: number,
  wish: HoldingWish,
): Promise<HoldingRow> {
  const { house, sql } = parts;
  return house.transact("give a customer a policy", actor, { rows: 1 }, function* (tx): Tx<HoldingRow> {
    const customer = yield* lockCustomer(parts, actor.workspaceId, customerId);
    if (customer === undefined) throw customerNotFound();
    const [policy] = yield* sql.policies.byIds([{ workspace_id: actor.workspaceId, id: wish.policyId }]);
    if (policy === undefined) throw policyNotFound();
    const row = newHolding(parts, tx, customer, policy, wish);
    if (row.end_day < row.start_day) throw refuse("end_date is before start_date");
    yield* sql.holdings.insert([row]);
    yield* sql.customers.touch([{ id: customerId, updated_at: tx.now }]);
    return row;
  });
}

export function newHolding(
  parts: Parts,
  tx: ProgramTx,
  customer: CustomerRow,
  policy: PolicyRow,
  wish: HoldingWish,
): HoldingRow {
  const startDay =
    wish.startDay ??
    (wish.endDay === null ? dayIn(parts.zone, tx.now) : addMonths(wish.endDay, -policy.duration_months));
  return {
    id: tx.nextId(),
    workspace_id: tx.actor.workspaceId,
    customer_id: customer.id,
    policy_id: policy.id,
    status: wish.status,
    start_day: startDay,
    end_day: wish.endDay ?? addMonths(startDay, policy.duration_months),
    premium_amount: wish.premiumAmount ?? policy.base_premium,
    sum_assured: wish.sumAssured ?? policy.base_sum_assured,
    ...restOf(customer),
    version: 1,
    created_at: tx.now,
    updated_at: tx.now,
  };
}

export type HoldingEdit = Partial<
  Pick<HoldingRow, "policy_id" | "status" | "start_day" | "end_day" | "premium_amount" | "sum_assured">
>;

/** Changes, or with null removes, a policy that a customer holds. */
export function changeHolding(
  parts: Parts,
  actor: Actor,
  customerId: number,
  id: number,
  edit: HoldingEdit | null,
): Promise<HoldingRow> {
  const { house, sql } = parts;
  const workspace_id = actor.workspaceId;
  return house.transact("change a policy of a customer", actor, {}, function* (tx): Tx<HoldingRow> {
    const customer = yield* lockCustomer(parts, workspace_id, customerId);
    if (customer === undefined) throw customerNotFound();
    const [row] = yield* sql.holdings.byIds([{ workspace_id, id }]);
    if (row === undefined || row.customer_id !== customerId) throw holdingNotFound();
    yield* sql.customers.touch([{ id: customerId, updated_at: tx.now }]);
    if (edit === null) {
      yield* sql.holdings.remove([{ id }]);
      return row;
    }
    const after: HoldingRow = { ...row, ...edit, updated_at: tx.now };
    if (after.end_day < after.start_day) throw refuse("end_date is before start_date");
    const [policy] = yield* sql.policies.byIds([{ workspace_id, id: after.policy_id }]);
    if (policy === undefined) throw policyNotFound();
    yield* sql.holdings.update([after]);
    return after;
  });
}

export async function renderHoldings(parts: Parts, actor: Actor, rows: readonly HoldingRow[]) {
  const { house, sql } = parts;
  const keys = rows.map((row) => ({ workspace_id: actor.workspaceId, id: row.policy_id }));
  const found = await house.read("read policies", () => sql.policies.byIds(keys));
  const policies = new Map<number, PolicyRow>(found.map((row) => [row.id, row]));
  const today = todayOf(parts);
  return rows.map((row) => ({
    id: house.secrets.publicId("customer_policy", row.id),
    customer_id: house.secrets.publicId("customer", row.customer_id),
    policy_id: house.secrets.publicId("policy", row.policy_id),
    policy_number: policies.get(row.policy_id)?.policy_number ?? null,
    policy_name: policies.get(row.policy_id)?.policy_name ?? null,
    status: row.status,
    start_date: formatDay(row.start_day),
    end_date: formatDay(row.end_day),
    days_to_expiry: row.end_day - today,
    premium_amount: row.premium_amount,
    sum_assured: row.sum_assured,
    created_at: formatUtc(row.created_at),
    updated_at: formatUtc(row.updated_at),
  }));
}

function taken(number: string): Refusal {
  return new Refusal("name_taken", `A policy with the policy_number ${number} exists already`);
}
