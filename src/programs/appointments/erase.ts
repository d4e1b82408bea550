import type { ErasedPerson, ProgramTx } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import type { Context } from "./context.ts";
import { withdrawRow } from "./tell.ts";

/** Messages that may wait for one person; more are withdrawn when the house asks again. */
const messagesMax = 500;

/**
 * Removes whoever asked to be forgotten: the row of the client stays, emptied, so that what was counted stays right. What
 * was still to be told is withdrawn.
 */
export function* erasePerson(
  context: Context,
  tx: ProgramTx,
  person: ErasedPerson,
): Tx<Readonly<Record<string, number>>> {
  const { clients, appointments, reviews, messages } = context.statements;
  const { secrets } = context.house;
  const ids = yield* clientsOf(context, person);
  const counts = { clients: ids.length, messages: 0, notes: 0, comments: 0 };
  for (const id of ids) {
    for (const row of yield* messages.plannedOfClient({ client_id: id, limit: messagesMax })) {
      yield* withdrawRow(context, tx, row, "person_erased");
      counts.messages += 1;
    }
    counts.notes += (yield* appointments.forgetNotes({ client_id: id })).length;
    counts.comments += (yield* reviews.forgetComments({ client_id: id })).length;
    yield* clients.erase([
      { id, name: secrets.seal("", `clients.name:${id}`), erased_at: tx.now, updated_at: tx.now },
    ]);
  }
  return counts;
}

/** By what else a client is known: their number, their address and their id belong together. */
export async function identifyPerson(
  context: Context,
  person: ErasedPerson,
): Promise<Pick<ErasedPerson, "numbers" | "emails" | "recipientIds">> {
  const { secrets } = context.house;
  const rows = await context.house.read("look for a person", function* () {
    const ids = yield* clientsOf(context, person);
    return yield* context.statements.clients.byIds(ids.map((id) => ({ id })));
  });
  return {
    numbers: rows.flatMap(({ id, phone }) =>
      phone === null ? [] : [secrets.open(phone, `clients.phone:${id}`)],
    ),
    emails: rows.flatMap(({ id, email }) =>
      email === null ? [] : [secrets.open(email, `clients.email:${id}`)],
    ),
    recipientIds: rows.flatMap(({ recipient_id: recipientId }) =>
      recipientId === null ? [] : [recipientId],
    ),
  };
}

function* clientsOf({ statements, house }: Context, person: ErasedPerson): Tx<readonly number[]> {
  const { clients } = statements;
  const workspace_id = person.workspaceId;
  const found = [
    ...(yield* clients.ofPhones(person.numberHashes.map((phone_hash) => ({ workspace_id, phone_hash })))),
    ...(yield* clients.ofEmails(
      person.emails.map((email) => ({
        workspace_id,
        email_hash: house.secrets.keyHash(`email|${workspace_id}|${email.toLowerCase()}`),
      })),
    )),
    ...(yield* clients.ofRecipients(
      person.recipientIds.map((recipient_id) => ({ workspace_id, recipient_id })),
    )),
  ];
  return [...new Set(found.map(({ id }) => id))];
}
