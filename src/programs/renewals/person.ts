import type { Secrets } from "../../ports/secrets.ts";

import { type CustomerDetails, type CustomerRow, places } from "./tables.ts";

/** A customer's sealed columns, opened. */
export type Person = CustomerDetails & { readonly phone: string };

export function openPerson(
  secrets: Secrets,
  row: Pick<CustomerRow, "phone" | "details">,
  id: number,
): Person {
  return {
    phone: secrets.open(row.phone, places.phone(id)),
    ...(JSON.parse(secrets.open(row.details, places.details(id))) as CustomerDetails),
  };
}

type Sealed = Pick<CustomerRow, "phone" | "phone_hash" | "email_hash" | "details">;

export function sealPerson(secrets: Secrets, workspaceId: number, id: number, person: Person): Sealed {
  const { phone, ...details } = person;
  return {
    phone: secrets.seal(phone, places.phone(id)),
    phone_hash: secrets.numberHash(workspaceId, phone),
    email_hash: details.email === null ? null : emailHash(secrets, workspaceId, details.email),
    details: secrets.seal(JSON.stringify(details), places.details(id)),
  };
}

/** By this an e-mail address is found; upper and lower case do not matter. */
export function emailHash(secrets: Secrets, workspaceId: number, email: string): string {
  return secrets.keyHash(`renewals.email:${workspaceId}:${email.toLowerCase()}`);
}
