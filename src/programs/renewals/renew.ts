import { formatDay } from "../../domain/civil.ts";
import type { Tx } from "../../ports/store.ts";

import type { OwnTx, Parts } from "./parts.ts";
import { dayIn, extendedEnd } from "./rules.ts";
import type { ExtensionRow, HoldingRow, RenewalCallRow } from "./tables.ts";

/** True once a call says that the customer renews: the agent's summary, or what the carrier reported of the talk. */
export function isAgreed(row: Pick<RenewalCallRow, "renewal_agreed" | "disposition">): boolean {
  return row.renewal_agreed === 1 || row.disposition === "renewal_agreed";
}

/**
 * Does what was agreed on a call that is completed: moves the policy to the agreed one, then extends it. Each once for the
 * call, by the key of its row, so it may run at every report. The customer must be held.
 */
export function* settleAgreement(parts: Parts, tx: OwnTx, row: RenewalCallRow): Tx<void> {
  const wantsUpgrade = row.upgrade_agreed === 1 && row.upgrade_to_policy_id !== null;
  if (row.status !== "completed" || row.customer_policy_id === null) return;
  if (!wantsUpgrade && !isAgreed(row)) return;
  const { sql } = parts;
  const [held] = yield* sql.holdings.byIds([{ workspace_id: row.workspace_id, id: row.customer_policy_id }]);
  if (held === undefined) return;
  const upgraded = wantsUpgrade ? yield* upgrade(parts, tx, row, held) : held;
  const extended = isAgreed(row) ? yield* extend(parts, tx, row, upgraded) : upgraded;
  if (extended === held) return;
  yield* sql.holdings.update([{ ...extended, updated_at: tx.now }]);
  yield* sql.customers.touch([{ id: row.customer_id, updated_at: tx.now }]);
}

function* upgrade(parts: Parts, tx: OwnTx, row: RenewalCallRow, held: HoldingRow): Tx<HoldingRow> {
  const [policy] = yield* parts.sql.policies.byIds([
    { workspace_id: row.workspace_id, id: row.upgrade_to_policy_id ?? 0 },
  ]);
  if (policy === undefined) return held;
  const after = {
    ...held,
    policy_id: policy.id,
    premium_amount: policy.base_premium ?? held.premium_amount,
    sum_assured: policy.base_sum_assured ?? held.sum_assured,
  };
  if (!(yield* isFirst(parts, tx, row, "upgrade", held, after))) return held;
  const { secrets } = parts.house;
  tx.note({
    type: "policy.upgraded",
    callId: row.call_id,
    data: {
      customer_policy_id: secrets.publicId("customer_policy", held.id),
      from_policy_id: secrets.publicId("policy", held.policy_id),
      to_policy_id: secrets.publicId("policy", policy.id),
    },
  });
  return after;
}

function* extend(parts: Parts, tx: OwnTx, row: RenewalCallRow, held: HoldingRow): Tx<HoldingRow> {
  const [policy] = yield* parts.sql.policies.byIds([{ workspace_id: row.workspace_id, id: held.policy_id }]);
  if (policy === undefined) return held;
  const today = dayIn(parts.zone, tx.now);
  const after = {
    ...held,
    status: "active" as const,
    end_day: extendedEnd(held.end_day, today, policy.duration_months),
  };
  if (!(yield* isFirst(parts, tx, row, "renewal", held, after))) return held;
  tx.note({
    type: "policy.renewed",
    callId: row.call_id,
    data: {
      customer_policy_id: parts.house.secrets.publicId("customer_policy", held.id),
      from: formatDay(held.end_day),
      to: formatDay(after.end_day),
    },
  });
  return after;
}

function* isFirst(
  { sql }: Parts,
  tx: OwnTx,
  row: RenewalCallRow,
  kind: ExtensionRow["kind"],
  from: HoldingRow,
  to: HoldingRow,
): Tx<boolean> {
  const won = yield* sql.calls.extend([
    {
      call_id: row.call_id,
      kind,
      workspace_id: row.workspace_id,
      customer_policy_id: from.id,
      from_end_day: from.end_day,
      to_end_day: to.end_day,
      from_policy_id: from.policy_id,
      to_policy_id: to.policy_id,
      created_at: tx.now,
    },
  ]);
  return won.length > 0;
}
