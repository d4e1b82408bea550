import { formatUtc } from "../../domain/zone.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { ProgramTx } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import type { Actor, Parts } from "./parts.ts";
import { type Person, openPerson, sealPerson } from "./person.ts";
import { customerNotFound, refuse } from "./refusals.ts";
import { lockCustomer } from "./rest.ts";
import { NEVER_BUSY } from "./rules.ts";
import type { CustomerRow } from "./tables.ts";

export type CustomerWish = Person & { readonly customerCode: string | null };
export type CustomerEdit = Partial<CustomerWish>;

export type Page = { readonly after: number; readonly limit: number };

export async function listCustomers({ house, sql }: Parts, actor: Actor, page: Page): Promise<CustomerRow[]> {
  return house.read("list customers", () => sql.customers.page({ workspace_id: actor.workspaceId, ...page }));
}

/** The customer with a number or a code; none or one. */
export async function findCustomers(
  { house, sql }: Parts,
  actor: Actor,
  by: { readonly phone?: string; readonly code?: string },
): Promise<CustomerRow[]> {
  const { workspaceId } = actor;
  return house.read("find a customer", function* (): Tx<CustomerRow[]> {
    if (by.phone !== undefined) {
      const phone_hash = house.secrets.numberHash(workspaceId, by.phone);
      return yield* sql.customers.byPhones([{ workspace_id: workspaceId, phone_hash }]);
    }
    return yield* sql.customers.byCodes([{ workspace_id: workspaceId, customer_code: by.code ?? "" }]);
  });
}

export async function readCustomer({ house, sql }: Parts, actor: Actor, id: number): Promise<CustomerRow> {
  const [row] = await house.read("read a customer", () =>
    sql.customers.byIds([{ workspace_id: actor.workspaceId, id }]),
  );
  if (row === undefined) throw customerNotFound();
  return row;
}

export function createCustomer(parts: Parts, actor: Actor, wish: CustomerWish): Promise<CustomerRow> {
  return parts.house.transact("create a customer", actor, { rows: 1 }, function* (tx): Tx<CustomerRow> {
    const row = newCustomer(parts, tx, wish);
    const made = yield* parts.sql.customers.insert([row]);
    if (made.length === 0) throw taken();
    return row;
  });
}

export function newCustomer({ house }: Parts, tx: ProgramTx, wish: CustomerWish): CustomerRow {
  const id = tx.nextId();
  const { workspaceId } = tx.actor;
  const { customerCode, ...person } = wish;
  return {
    id,
    workspace_id: workspaceId,
    customer_code: customerCode,
    ...sealPerson(house.secrets, workspaceId, id, person),
    calls: 0,
    called_at: null,
    called_day: 0,
    busy_day: NEVER_BUSY,
    done_day: 0,
    version: 1,
    created_at: tx.now,
    updated_at: tx.now,
  };
}

export function updateCustomer(
  parts: Parts,
  actor: Actor,
  id: number,
  edit: CustomerEdit,
): Promise<CustomerRow> {
  return parts.house.transact("change a customer", actor, {}, function* (tx): Tx<CustomerRow> {
    const row = yield* lockCustomer(parts, actor.workspaceId, id);
    if (row === undefined) throw customerNotFound();
    const after = changedCustomer(parts, row, edit, tx.now);
    const { workspace_id } = row;
    const sameNumber = yield* parts.sql.customers.byPhones([{ workspace_id, phone_hash: after.phone_hash }]);
    const sameCode =
      after.customer_code === null
        ? []
        : yield* parts.sql.customers.byCodes([{ workspace_id, customer_code: after.customer_code }]);
    if ([...sameNumber, ...sameCode].some((other: CustomerRow) => other.id !== id)) throw taken();
    yield* parts.sql.customers.update([after]);
    return after;
  });
}

export function changedCustomer(
  { house }: Parts,
  row: CustomerRow,
  edit: CustomerEdit,
  now: number,
): CustomerRow {
  const { secrets } = house;
  const { customerCode = row.customer_code, ...person } = edit;
  const sealed = sealPerson(secrets, row.workspace_id, row.id, {
    ...openPerson(secrets, row, row.id),
    ...person,
  });
  return { ...row, customer_code: customerCode, ...sealed, updated_at: now };
}

const CALLS_MAX = 2000;

/** Removes a customer with all that the program knows of them; their waiting calls are canceled. */
export function removeCustomer(parts: Parts, actor: Actor, id: number): Promise<void> {
  const needs = { cancels: CALLS_MAX };
  return parts.house.transact("remove a customer", actor, needs, function* (tx): Tx<void> {
    const live = (yield* parts.sql.calls.ofCustomers([{ customer_id: id }])).filter((row) => row.live === 1);
    for (const row of live.slice(0, CALLS_MAX)) {
      const canceled = yield* tx.cancelCall(row.call_id, "canceled_by_request");
      if (canceled === "too_late" && row.workspace_id === actor.workspaceId)
        throw refuse("The customer is being called; wait until the call has ended");
    }
    const customer = yield* lockCustomer(parts, actor.workspaceId, id);
    if (customer === undefined) throw customerNotFound();
    yield* forget(parts, [customer]);
  });
}

/** Removes customers and everything that is theirs. Resolves to how many rows that were. */
export function* forget({ sql }: Parts, customers: readonly CustomerRow[]): Tx<number> {
  const keys = customers.map(({ id }) => ({ customer_id: id }));
  const calls = yield* sql.calls.ofCustomers(keys);
  yield* sql.calls.removeExtensions(calls);
  yield* sql.calls.remove(calls);
  yield* sql.holdings.removeOf(keys);
  yield* sql.customers.remove(customers.map(({ id }) => ({ id })));
  return customers.length + calls.length;
}

export function renderCustomer({ house }: Parts, row: CustomerRow) {
  const person = openPerson(house.secrets, row, row.id);
  return {
    id: house.secrets.publicId("customer", row.id),
    customer_code: row.customer_code,
    name: person.name,
    phone: person.phone,
    email: person.email,
    age: person.age,
    city: person.city,
    address: person.address,
    call_count: row.calls,
    last_call_date: row.called_at === null ? null : formatUtc(row.called_at),
    created_at: formatUtc(row.created_at),
    updated_at: formatUtc(row.updated_at),
  };
}

function taken(): Refusal {
  return new Refusal("name_taken", "A customer with this phone or customer_code exists already");
}
