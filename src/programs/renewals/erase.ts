import type { ErasedPerson, ProgramTx } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import { forget } from "./customers.ts";
import type { Parts } from "./parts.ts";
import { emailHash, openPerson } from "./person.ts";
import type { CustomerRow } from "./tables.ts";

/** Removes a customer with policies and calls. */
export function* erasePerson(
  parts: Parts,
  _tx: ProgramTx,
  person: ErasedPerson,
): Tx<Readonly<Record<string, number>>> {
  return { renewal_rows: yield* forget(parts, yield* customersOf(parts, person)) };
}

/** By what else a customer is known: their number, their address and their id belong together. */
export async function identifyPerson(
  parts: Parts,
  person: ErasedPerson,
): Promise<Pick<ErasedPerson, "numbers" | "emails" | "recipientIds">> {
  const { house } = parts;
  const rows = await house.read("look for a person", () => customersOf(parts, person));
  const people = rows.map((row) => openPerson(house.secrets, row, row.id));
  return {
    numbers: people.map(({ phone }) => phone),
    emails: people.flatMap(({ email }) => (email === null ? [] : [email.toLowerCase()])),
    recipientIds: rows.map(({ id }) => house.secrets.publicId("customer", id)),
  };
}

function* customersOf({ house, sql }: Parts, person: ErasedPerson): Tx<readonly CustomerRow[]> {
  const { secrets } = house;
  const workspace_id = person.workspaceId;
  const found: CustomerRow[] = [
    ...(yield* sql.customers.byPhones(
      person.numberHashes.map((phone_hash) => ({ workspace_id, phone_hash })),
    )),
    ...(yield* sql.customers.byEmails(
      person.emails.map((email) => ({ workspace_id, email_hash: emailHash(secrets, workspace_id, email) })),
    )),
    ...(yield* sql.customers.byIds(
      person.recipientIds.flatMap((text) => {
        const id = secrets.readId("customer", text);
        return id === null ? [] : [{ workspace_id, id }];
      }),
    )),
  ];
  return [...new Map(found.map((row) => [row.id, row])).values()];
}
