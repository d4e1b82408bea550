import type { Tx } from "../../ports/store.ts";

import type { Actor, Parts } from "./parts.ts";
import { NEVER_BUSY } from "./rules.ts";
import type { CustomerRow, RestDays } from "./tables.ts";

/** Holds a customer until the end of the transaction; undefined when there is none in the workspace. */
export function* lockCustomer(
  { sql }: Parts,
  workspaceId: Actor["workspaceId"],
  id: number,
): Tx<CustomerRow | undefined> {
  const [row] = yield* sql.customers.lock([{ workspace_id: workspaceId, id }]);
  return row;
}

/** Writes what keeps customers that are held from being called, on them and on all that they hold. */
export function* writeRest({ sql }: Parts, rows: readonly CustomerRow[]): Tx<void> {
  yield* sql.customers.setRest(
    rows.map(({ id, calls, called_at, ...row }) => ({ id, calls, called_at, ...restOf(row) })),
  );
  yield* sql.holdings.setRest(rows.map((row) => ({ customer_id: row.id, ...restOf(row) })));
}

/** Whether a call of a customer that is held waits or runs, read anew after one of them has changed. */
export function* busyDay({ sql }: Parts, customerId: number): Tx<number> {
  const [first] = yield* sql.calls.firstLive({ customer_id: customerId });
  return first?.scheduled_day ?? NEVER_BUSY;
}

export function restOf({ called_day, busy_day, done_day }: RestDays): RestDays {
  return { called_day, busy_day, done_day };
}
