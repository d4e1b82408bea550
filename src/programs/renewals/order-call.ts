import { MINUTE_MS, DAY_MS, formatDay } from "../../domain/civil.ts";
import { Refusal } from "../../domain/refusal.ts";
import { localToInstant } from "../../domain/zone.ts";
import type { Tx } from "../../ports/store.ts";

import { type CallOrder, callWish, newRow, sealNotes } from "./new-call.ts";
import { type Actor, type Parts, todayOf } from "./parts.ts";
import { type Person, openPerson } from "./person.ts";
import { customerNotFound, holdingNotFound, refuse } from "./refusals.ts";
import { busyDay, lockCustomer, writeRest } from "./rest.ts";
import { clockOf } from "./rules.ts";
import { keepLine, readSettings } from "./settings.ts";
import type { CustomerRow, HoldingRow, PolicyRow, RenewalCallRow } from "./tables.ts";

/** The highest of the core's priorities: somebody waits for it. */
const AT_ONCE = 9;
/** A time that is just over is meant as now. */
const PAST_MS = MINUTE_MS;

export type ScheduleOrder = {
  readonly customerId: number;
  readonly holdingId: number | null;
  readonly day: number;
  /** Minutes since midnight; null: when the daily run is. */
  readonly minute: number | null;
  readonly reason: string;
  readonly priority: number;
  readonly notes: string | null;
};

/** Makes a call for a day. Throws a refusal when the day or its time has passed, or somebody is not known. */
export async function scheduleCall(
  parts: Parts,
  actor: Actor,
  order: ScheduleOrder,
): Promise<RenewalCallRow> {
  const settings = await readSettings(parts, actor);
  const at = instantOf(parts, order, settings.daily_minute);
  const about = await readAbout(parts, actor, order.customerId, order.holdingId);
  const wanted = {
    ...order,
    holdingId: about.holding?.id ?? null,
    source: "scheduled" as const,
    taskId: null,
  };
  const made = await place(parts, actor, about, at, wanted, null);
  if (made === null) throw new Error("A call that asks for no version was not made");
  return made;
}

function instantOf(parts: Parts, order: ScheduleOrder, dailyMinute: number): number {
  const now = parts.house.clock.now();
  const localMs = order.day * DAY_MS + (order.minute ?? dailyMinute) * MINUTE_MS;
  const at = localToInstant(parts.zone, localMs)?.at ?? now;
  if (at >= now - PAST_MS) return Math.max(at, now);
  // Today, after the daily run, and nobody has said when: at once.
  if (order.minute === null && order.day === todayOf(parts)) return now;
  const when = `${formatDay(order.day)} ${clockOf(order.minute ?? dailyMinute)}`;
  throw refuse(`scheduled_date and scheduled_time are in the past: ${when} in ${parts.zone.name}`);
}

/** Calls a customer at once. While a call of the customer is due or under way, that one is meant. */
export async function initiateCall(
  parts: Parts,
  actor: Actor,
  order: Pick<ScheduleOrder, "customerId" | "holdingId" | "reason" | "notes">,
): Promise<RenewalCallRow> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const about = await readAbout(parts, actor, order.customerId, order.holdingId);
    const running = await runningCall(parts, actor, order.customerId);
    if (running !== null) return running;
    const wanted = {
      ...order,
      holdingId: about.holding?.id ?? null,
      source: "initiated" as const,
      taskId: null,
      priority: AT_ONCE,
      day: todayOf(parts),
      minute: null,
    };
    const made = await place(parts, actor, about, parts.house.clock.now(), wanted, about.customer.version);
    if (made !== null) return made;
  }
  throw refuse("The customer is being changed all the time; ask again");
}
const TRIES_MAX = 5;

async function runningCall(parts: Parts, actor: Actor, customerId: number): Promise<RenewalCallRow | null> {
  const { house, sql } = parts;
  const rows = await house.read("find calls of a customer", () =>
    sql.calls.listOfCustomer({
      workspace_id: actor.workspaceId,
      value: customerId,
      before: Number.MAX_SAFE_INTEGER,
      limit: LOOKED_AT,
    }),
  );
  const live = rows.filter((row) => row.live === 1);
  const calls = await house.calls(
    actor,
    live.map((row) => row.call_id),
  );
  return live.find((_row, index) => ["queued", "dialing"].includes(calls[index]?.status ?? "")) ?? null;
}
const LOOKED_AT = 20;

type About = {
  readonly customer: CustomerRow;
  readonly person: Person;
  readonly holding: HoldingRow | null;
  readonly policy: PolicyRow | null;
};

/** Whom the call is for, and about which policy: the one that was named, else the one that ends soonest. */
async function readAbout(
  parts: Parts,
  actor: Actor,
  customerId: number,
  holdingId: number | null,
): Promise<About> {
  const { house, sql } = parts;
  const today = todayOf(parts);
  const found = await house.read("read a customer", function* () {
    const [customer] = yield* sql.customers.byIds([{ workspace_id: actor.workspaceId, id: customerId }]);
    const [soonest] = yield* sql.holdings.soonestOf({
      customer_id: customerId,
      status: "active",
      from: today,
    });
    const id = holdingId ?? soonest?.id ?? 0;
    const [holding] = yield* sql.holdings.byIds([{ workspace_id: actor.workspaceId, id }]);
    const key = { workspace_id: actor.workspaceId, id: holding?.policy_id ?? 0 };
    const [policy] = yield* sql.policies.byIds([key]);
    return { customer, holding, policy };
  });
  const { customer, holding, policy } = found;
  if (customer === undefined) throw customerNotFound();
  if (holdingId !== null && holding?.customer_id !== customerId) throw holdingNotFound();
  const person = openPerson(house.secrets, customer, customer.id);
  return { customer, person, holding: holding ?? null, policy: policy ?? null };
}

/** Null when the customer is not at the version asked for: somebody else may have made the call. `order.notes` are not sealed. */
async function place(
  parts: Parts,
  actor: Actor,
  about: About,
  at: number,
  order: CallOrder,
  ifVersion: number | null,
): Promise<RenewalCallRow | null> {
  const { house, sql } = parts;
  const { customer, person, holding, policy } = about;
  const { secrets } = house;
  const line = await keepLine(parts, actor, await readSettings(parts, actor));
  const draft = await house.draftCall(
    actor,
    callWish({
      person,
      line,
      at,
      priority: order.priority,
      metadata: {
        customer_id: secrets.publicId("customer", customer.id),
        ...(holding !== null && {
          customer_policy_id: secrets.publicId("customer_policy", holding.id),
          policy_end_date: formatDay(holding.end_day),
        }),
        ...(policy !== null && { policy_name: policy.policy_name }),
        reason: order.reason,
      },
    }),
  );
  const needs = { rows: 1, calls: 1 };
  const row = await house.transact("make a call", actor, needs, function* (tx): Tx<RenewalCallRow | null> {
    const held = yield* lockCustomer(parts, actor.workspaceId, customer.id);
    if (held === undefined) throw customerNotFound();
    if (ifVersion !== null && held.version !== ifVersion) return null;
    const id = tx.nextId();
    const callId = yield* tx.schedule(draft);
    const made = newRow(tx, { id, callId, draft }, { ...order, notes: sealNotes(parts, id, order.notes) });
    yield* sql.calls.insert([made]);
    yield* writeRest(parts, [{ ...held, busy_day: Math.min(held.busy_day, order.day) }]);
    return made;
  });
  house.wake();
  return row;
}

/** Cancels a call that waits. Throws a refusal when it is too late. */
export async function cancelCall(parts: Parts, actor: Actor, row: RenewalCallRow): Promise<void> {
  const { house, sql } = parts;
  await house.transact("cancel a call", actor, { cancels: 1 }, function* (tx): Tx<null> {
    // The call itself first, as in every transaction that changes it.
    const canceled = yield* tx.cancelCall(row.call_id, "canceled_by_request");
    if (canceled !== "canceled") throw refuse("Scheduled call can no longer be cancelled");
    const [seen] = yield* sql.calls.lockByCalls([{ call_id: row.call_id }]);
    if (seen === undefined) throw new Refusal("not_found", "Scheduled call not found");
    const { status, ...heard } = { ...seen, updated_at: tx.now };
    if (status === "cancelled") return null;
    yield* sql.calls.setHeard([{ ...heard, status: "cancelled", live: 0, ended_at: tx.now }]);
    const customer = yield* lockCustomer(parts, actor.workspaceId, seen.customer_id);
    if (customer === undefined) return null;
    yield* writeRest(parts, [{ ...customer, busy_day: yield* busyDay(parts, customer.id) }]);
    return null;
  });
}
