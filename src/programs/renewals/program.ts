import type { ErasedPerson, House, Plugged, Program, ProgramTx } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import { forget } from "./customers.ts";
import { renewalsDoor } from "./door.ts";
import { followCalls } from "./follow.ts";
import { renewalListener } from "./hear.ts";
import { type Parts, partsOf } from "./parts.ts";
import { emailHash } from "./person.ts";
import { removeOld } from "./stats.ts";
import type { CustomerRow } from "./tables.ts";
import { dailyJob } from "./trigger.ts";

/** Calls customers whose policies are about to end, and extends those that are renewed. */
export const program: Program = { name: "renewals", plug };

const PRUNED_AT_ONCE = 500;

function plug(house: House): Plugged {
  const parts = partsOf(house);
  return {
    doors: [renewalsDoor(parts)],
    jobs: [dailyJob(parts)],
    calls: renewalListener(parts),
    duty: () => followCalls(parts),
    erase: (tx, person) => erase(parts, tx, person),
    prune: (tx, before) => removeOld(parts, tx.actor, before, PRUNED_AT_ONCE),
  };
}

/** Removes a customer by number, e-mail address or id, with policies and calls. */
function* erase(parts: Parts, tx: ProgramTx, person: ErasedPerson): Tx<Readonly<Record<string, number>>> {
  const { sql } = parts;
  const { secrets } = parts.house;
  const workspace_id = tx.actor.workspaceId;
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
  const customers = [...new Map(found.map((row) => [row.id, row])).values()];
  return { renewal_rows: yield* forget(parts, customers) };
}
