import { Refusal, refuseField } from "../domain/refusal.ts";
import type { DeviceRow } from "../ports/notification-rows.ts";
import type { Context } from "./context.ts";
import { beforeOf, pageOf } from "./cursor.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { addressHash, checkRecipientId, readAddress } from "./notification-draft.ts";
import type { DeviceInput, DeviceView } from "./notifications-api.ts";
import { tokenPlace } from "./recipients.ts";
import { runSure } from "./run-sure.ts";

const eachMax = 20;
const platformMax = 40;
const tokenShown = 6;

/**
 * Registers a device by its token. A token that is known moves to this recipient: whoever signs in on a device is told
 * there, and nobody else. The devices that were registered longest ago make room.
 */
export async function registerDevice(
  context: Context,
  actor: Actor,
  input: DeviceInput,
): Promise<{ device: DeviceView; isNew: boolean }> {
  checkRecipientId(input.recipientId, "/recipient_id");
  const token = readAddress("push", input.token, "/token");
  const platform = input.platform ?? null;
  if (platform !== null && !/^[A-Za-z0-9 ._-]+$/.test(platform.slice(0, platformMax + 1)))
    throw refuseField("invalid_body", "/platform", "Write it as android, ios or web.");
  const lease = await context.ids.reserve({ record: 1, ledger: 1 + eachMax });
  const id = lease.next("record");
  const now = context.clock.now();
  const fresh: DeviceRow = {
    id,
    workspace_id: actor.workspaceId,
    recipient_id: input.recipientId,
    token: context.secrets.seal(token, tokenPlace(id)),
    token_hash: addressHash(context, actor.workspaceId, "push", token),
    platform,
    created_at: now,
    updated_at: now,
  };
  const { row, isNew } = await runSure(context, "register a device", function* (again) {
    const { statements } = context.store;
    const entries = new Entries(lease);
    const isFree = (yield* statements.devices.insert([fresh])).length > 0;
    const [known] = isFree ? [] : yield* statements.devices.byToken([fresh]);
    if (again && known?.id === id) return { row: known, isNew: true };
    const row: DeviceRow =
      known === undefined
        ? fresh
        : {
            ...known,
            recipient_id: input.recipientId,
            platform: platform ?? known.platform,
            updated_at: now,
          };
    if (known !== undefined) yield* statements.devices.move([row]);
    if (known?.recipient_id !== row.recipient_id)
      note(context, entries, row, "device.registered", actor, now);
    const all = yield* statements.devices.ofRecipients([row]);
    const old = all.toSorted((a, b) => b.updated_at - a.updated_at || b.id - a.id).slice(eachMax);
    yield* statements.devices.remove(old);
    for (const one of old) note(context, entries, one, "device.removed", actor, now, "too_many");
    yield* statements.ledger.insert(entries.rows);
    return { row, isNew: known === undefined };
  });
  context.ids.release(lease);
  context.announce();
  return { device: viewOf(context, row), isNew };
}

export async function listDevices(
  context: Context,
  actor: Actor,
  filter: { readonly recipientId?: string },
  page: PageRequest,
): Promise<Page<DeviceView>> {
  const mark = `devices ${filter.recipientId ?? ""}`;
  const before = beforeOf(page, mark);
  const rows = await context.store.read("list devices", () =>
    context.store.statements.devices.list({
      workspace_id: actor.workspaceId,
      recipient_id: filter.recipientId ?? null,
      before_id: before,
      limit: page.limit + 1,
    }),
  );
  return pageOf(rows, page, mark, (row) => viewOf(context, row));
}

export async function removeDevice(context: Context, actor: Actor, deviceId: string): Promise<void> {
  const id = context.secrets.readId("device", deviceId);
  const lease = await context.ids.reserve({ ledger: 1 });
  await runSure(context, "remove a device", function* (again) {
    const { statements } = context.store;
    const [row] = id === null ? [] : yield* statements.devices.byIds([{ id }]);
    if (row === undefined && again) return;
    if (row === undefined || row.workspace_id !== actor.workspaceId)
      throw new Refusal("not_found", `There is no device "${deviceId.slice(0, 64)}".`);
    const entries = new Entries(lease);
    note(context, entries, row, "device.removed", actor, context.clock.now(), "by_request");
    yield* statements.devices.remove([row]);
    yield* statements.ledger.insert(entries.rows);
  });
  context.announce();
}

function note(
  context: Context,
  entries: Entries,
  row: DeviceRow,
  type: "device.registered" | "device.removed",
  actor: Actor,
  now: number,
  reason?: string,
): void {
  entries.addWide(row.workspace_id, {
    at: now,
    type,
    actor: actor.name,
    reason: reason ?? null,
    data: { device_id: context.secrets.publicId("device", row.id) },
  });
}

function viewOf(context: Pick<Context, "secrets">, row: DeviceRow): DeviceView {
  return {
    id: context.secrets.publicId("device", row.id),
    recipientId: row.recipient_id,
    platform: row.platform,
    tokenEnd: endOf(context.secrets.open(row.token, tokenPlace(row.id))),
    createdAt: row.created_at,
    seenAt: row.updated_at,
  };
}

/** A device token as it is shown: enough to tell two apart, not enough to send to. */
export function endOf(token: string): string {
  return `…${token.slice(-Math.min(tokenShown, Math.floor(token.length / 4)))}`;
}
