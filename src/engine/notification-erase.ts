import type { ErasedPerson } from "../ports/program.ts";
import type { NotificationRow, RecipientRow } from "../ports/notification-rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Entries } from "./ledger.ts";
import { addressHash } from "./notification-draft.ts";
import { cancelNotificationInTx } from "./notification-write.ts";

/** More of one person are left for another run. */
const eachMax = 1000;
const blank = JSON.stringify({ subject: null, body: "", data: {} });

/**
 * Removes a person from what is kept of telling people: recipients with their devices go, notifications that wait are
 * canceled, and of all others only what they were and when stays. Answers how many rows of each it was; the person is gone
 * when it answers fewer notifications than `erasedNotificationsMax`.
 */
export function* eraseNotificationsOf(
  context: Context,
  entries: Entries,
  person: ErasedPerson,
  now: number,
): Tx<Readonly<Record<string, number>>> {
  const { statements } = context.store;
  const { workspaceId: workspace_id } = person;
  const recipients = yield* recipientsOf(context, person);
  const recipientIds = [...new Set([...person.recipientIds, ...recipients.map((row) => row.recipient_id)])];
  const devices = yield* statements.devices.ofRecipients(
    recipientIds.map((recipient_id) => ({ workspace_id, recipient_id })),
  );
  const rows = yield* notificationsOf(context, person, recipients);
  for (const row of rows) {
    if (row.due_at !== null)
      yield* cancelNotificationInTx(
        context,
        entries,
        { workspaceId: workspace_id, name: "erasure" },
        row.id,
        "person_erased",
        now,
      );
  }
  yield* statements.notifications.blank(rows.map(({ id }) => ({ id, document: blank, updated_at: now })));
  // While more may be left, the recipients stay: they tell under which ids.
  if (rows.length === eachMax) return { notifications: rows.length };
  yield* statements.devices.remove(devices);
  yield* statements.recipients.remove(recipients);
  return { recipients: recipients.length, devices: devices.length, notifications: rows.length };
}

/** Ids of the ledger that erasing a person may use. */
export const erasedNotificationsMax = eachMax;

function* recipientsOf(context: Context, person: ErasedPerson): Tx<RecipientRow[]> {
  const { recipients } = context.store.statements;
  const { workspaceId: workspace_id } = person;
  const found = yield* recipients.of(
    person.recipientIds.map((recipient_id) => ({ workspace_id, recipient_id })),
  );
  for (const number_hash of person.numberHashes)
    found.push(...(yield* recipients.byNumber({ workspace_id, number_hash })));
  for (const email of person.emails) {
    const email_hash = addressHash(context, workspace_id, "email", email);
    found.push(...(yield* recipients.byEmail({ workspace_id, email_hash })));
  }
  return [...new Map(found.map((row) => [row.id, row])).values()];
}

function* notificationsOf(
  context: Context,
  person: ErasedPerson,
  recipients: readonly RecipientRow[],
): Tx<NotificationRow[]> {
  const { notifications } = context.store.statements;
  const { workspaceId: workspace_id } = person;
  const recipientIds = new Set([...person.recipientIds, ...recipients.map((row) => row.recipient_id)]);
  const hashes = new Set([
    ...person.numberHashes,
    ...person.emails.map((email) => addressHash(context, workspace_id, "email", email)),
    ...recipients.flatMap((row) => [row.email_hash ?? [], row.number_hash ?? []].flat()),
  ]);
  const asked = [
    ...[...recipientIds].map((recipient_id) => ({ recipient_id, address_hash: null })),
    ...[...hashes].map((address_hash) => ({ recipient_id: null, address_hash })),
  ];
  const found = new Map<number, NotificationRow>();
  for (const one of asked) {
    const limit = eachMax - found.size;
    if (limit <= 0) break;
    for (const row of yield* notifications.ofPerson({ workspace_id, ...one, after_id: 0, limit }))
      found.set(row.id, row);
  }
  return [...found.values()];
}
