import { formatDay } from "../../domain/civil.ts";
import { formatUtc } from "../../domain/zone.ts";

import { type Actor, type Parts, todayOf } from "./parts.ts";
import { openPerson } from "./person.ts";
import type { PendingRow } from "./statements.ts";

/** Where a walk through the customers that may be called goes on: after this policy. */
export type After = Pick<PendingRow, "end_day" | "id">;

type Asked = {
  readonly days: number;
  readonly limit: number;
  readonly skipDays: number;
  readonly after?: After;
};

/** Who may be called today about a policy that ends within so many days: the soonest first, each customer once. */
export async function pendingRows(parts: Parts, actor: Actor, asked: Asked): Promise<readonly PendingRow[]> {
  const today = todayOf(parts);
  const after = asked.after ?? { end_day: today - 1, id: Number.MAX_SAFE_INTEGER };
  return parts.house.read("find customers to call", () =>
    parts.sql.holdings.pending({
      workspace_id: actor.workspaceId,
      status: "active",
      today,
      until: today + asked.days,
      called_before: today - asked.skipDays,
      after_day: after.end_day,
      after_id: after.id,
      limit: asked.limit,
    }),
  );
}

export function renderPending(parts: Parts, rows: readonly PendingRow[]) {
  const { secrets } = parts.house;
  const today = todayOf(parts);
  const customers = rows.map((row) => {
    const person = openPerson(secrets, row, row.customer_id);
    const endDate = formatDay(row.end_day);
    return {
      customer_id: secrets.publicId("customer", row.customer_id),
      customer_name: person.name,
      customer_phone: person.phone,
      customer_policy_id: secrets.publicId("customer_policy", row.id),
      policy_id: secrets.publicId("policy", row.policy_id),
      policy_name: row.policy_name,
      policy_end_date: endDate,
      end_date: endDate,
      days_to_expiry: row.end_day - today,
      last_call_date: row.called_at === null ? null : formatUtc(row.called_at),
      call_count: row.calls,
    };
  });
  return { count: customers.length, customers };
}
