import { Refusal, refuseField } from "../domain/refusal.ts";
import type { RecipientRow } from "../ports/notification-rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { beforeOf, cutPage } from "./cursor.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { checkVersion } from "./lines.ts";
import { addressHash, checkRecipientId, readAddress, readQuiet } from "./notification-draft.ts";
import type { RecipientInput, RecipientView } from "./notifications-api.ts";
import { runSure } from "./run-sure.ts";
import { zoneNamed } from "./when.ts";

/** Where the sealed parts of a recipient and its devices stand, bound into their envelopes. */
export const emailPlace = (id: number): string => `recipients|email|${id}`;
export const phonePlace = (id: number): string => `recipients|phone|${id}`;
export const tokenPlace = (id: number): string => `devices|token|${id}`;

/** Writes down where a person is told, and when not; what is left out stays as it is. */
export async function putRecipient(
  context: Context,
  actor: Actor,
  recipientId: string,
  input: RecipientInput,
  ifVersion: number | undefined,
): Promise<RecipientView> {
  checkRecipientId(recipientId, "/id");
  const lease = await context.ids.reserve({ record: 1, ledger: 1 });
  const now = context.clock.now();
  const { statements } = context.store;
  const fresh = newRecipient(context, actor, lease.next("record"), recipientId, now);
  await runSure(context, "write down a recipient", function* (again): Tx<void> {
    const [known] = yield* statements.recipients.lock([fresh]);
    if (again && known?.updated_at === now) return;
    if (ifVersion !== undefined) checkVersion(known?.version ?? 0, ifVersion);
    const row = patched(context, actor, known ?? fresh, input, now);
    yield* statements.recipients.put([row]);
    const [there = row] = yield* statements.recipients.of([row]);
    // Somebody wrote the same recipient down at the same moment: what is sealed is bound to the id that stands there.
    if (there.id !== row.id) yield* statements.recipients.put([patched(context, actor, there, input, now)]);
    yield* statements.ledger.insert(entryOf(context, lease, actor, there, "recipient.updated").rows);
  });
  context.announce();
  return getRecipient(context, actor, recipientId);
}

export async function getRecipient(
  context: Context,
  actor: Actor,
  recipientId: string,
): Promise<RecipientView> {
  const row = await requireRecipient(context, actor, recipientId);
  return (await views(context, [row]))[0] as RecipientView;
}

export async function listRecipients(
  context: Context,
  actor: Actor,
  page: PageRequest,
): Promise<Page<RecipientView>> {
  const before = beforeOf(page, "recipients");
  const rows = await context.store.read("list recipients", () =>
    context.store.statements.recipients.list({
      workspace_id: actor.workspaceId,
      before_id: before,
      limit: page.limit + 1,
    }),
  );
  const { data, nextCursor } = cutPage(rows, page, "recipients");
  return { data: await views(context, data), nextCursor };
}

/** Forgets a recipient with its devices; notifications that were made stay as they are. */
export async function removeRecipient(context: Context, actor: Actor, recipientId: string): Promise<void> {
  const row = await requireRecipient(context, actor, recipientId);
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = entryOf(
    context,
    lease,
    actor,
    { ...row, updated_at: context.clock.now() },
    "recipient.removed",
  );
  await runSure(context, "forget a recipient", function* (): Tx<void> {
    const { statements } = context.store;
    yield* statements.devices.remove(yield* statements.devices.ofRecipients([row]));
    yield* statements.recipients.remove([row]);
    yield* statements.ledger.insert(entries.rows);
  });
  context.announce();
}

async function findRecipient(
  context: Context,
  actor: Actor,
  recipientId: string,
): Promise<RecipientRow | undefined> {
  const [row] = await context.store.read("find a recipient", () =>
    context.store.statements.recipients.of([{ workspace_id: actor.workspaceId, recipient_id: recipientId }]),
  );
  return row;
}

async function requireRecipient(context: Context, actor: Actor, recipientId: string): Promise<RecipientRow> {
  const row = await findRecipient(context, actor, recipientId);
  if (row === undefined)
    throw new Refusal("not_found", `There is no recipient "${recipientId.slice(0, 64)}".`);
  return row;
}

function newRecipient(
  context: Context,
  actor: Actor,
  id: number,
  recipientId: string,
  now: number,
): RecipientRow {
  return {
    id,
    workspace_id: actor.workspaceId,
    recipient_id: recipientId,
    ...emailOf(context, actor, id, null),
    ...phoneOf(context, actor, id, null),
    timezone: null,
    quiet_from: null,
    quiet_to: null,
    version: 1,
    created_at: now,
    updated_at: now,
  };
}

/** The row with what was said. Throws a refusal for what cannot be. */
function patched(
  context: Context,
  actor: Actor,
  before: RecipientRow,
  input: RecipientInput,
  now: number,
): RecipientRow {
  const { id } = before;
  const row: RecipientRow = {
    ...before,
    ...(input.email === undefined ? {} : emailOf(context, actor, id, input.email)),
    ...(input.phone === undefined ? {} : phoneOf(context, actor, id, input.phone)),
    ...(input.timezone === undefined ? {} : { timezone: input.timezone }),
    ...(input.quiet === undefined
      ? {}
      : { quiet_from: input.quiet?.from ?? null, quiet_to: input.quiet?.to ?? null }),
    updated_at: now,
  };
  checkTimes(context, row);
  return row;
}

function emailOf(
  context: Context,
  actor: Actor,
  id: number,
  text: string | null,
): Pick<RecipientRow, "email" | "email_hash"> {
  if (text === null) return { email: null, email_hash: null };
  const email = readAddress("email", text, "/email");
  return {
    email: context.secrets.seal(email, emailPlace(id)),
    email_hash: addressHash(context, actor.workspaceId, "email", email),
  };
}

function phoneOf(
  context: Context,
  actor: Actor,
  id: number,
  text: string | null,
): Pick<RecipientRow, "phone" | "number_hash"> {
  if (text === null) return { phone: null, number_hash: null };
  const phone = readAddress("sms", text, "/phone");
  return {
    phone: context.secrets.seal(phone, phonePlace(id)),
    number_hash: addressHash(context, actor.workspaceId, "sms", phone),
  };
}

/** Quiet hours without a zone would be a guess. */
function checkTimes(context: Context, row: RecipientRow): void {
  if (row.timezone !== null) zoneNamed(context, row.timezone, "/timezone");
  if (row.quiet_from === null || row.quiet_to === null) return;
  if (row.timezone === null)
    throw refuseField("timezone_required", "/timezone", "Quiet hours are local times, so they need a zone.");
  readQuiet(context, { timezone: row.timezone, from: row.quiet_from, to: row.quiet_to }, "/quiet_hours");
}

function entryOf(
  context: Context,
  lease: ConstructorParameters<typeof Entries>[0],
  actor: Actor,
  row: RecipientRow,
  type: "recipient.updated" | "recipient.removed",
): Entries {
  const entries = new Entries(lease);
  entries.addWide(row.workspace_id, {
    at: row.updated_at,
    type,
    actor: actor.name,
    data: { recipient: context.secrets.publicId("recipient", row.id) },
  });
  return entries;
}

async function views(context: Context, rows: readonly RecipientRow[]): Promise<RecipientView[]> {
  const devices = await context.store.read("read recipients' devices", () =>
    context.store.statements.devices.ofRecipients(rows),
  );
  const { secrets } = context;
  return rows.map((row) => ({
    id: row.recipient_id,
    ref: secrets.publicId("recipient", row.id),
    email: row.email === null ? null : secrets.open(row.email, emailPlace(row.id)),
    phone: row.phone === null ? null : secrets.open(row.phone, phonePlace(row.id)),
    timezone: row.timezone,
    quiet:
      row.quiet_from === null || row.quiet_to === null ? null : { from: row.quiet_from, to: row.quiet_to },
    devices: devices.filter(({ recipient_id }) => recipient_id === row.recipient_id).length,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
}
