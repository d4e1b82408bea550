import { type NotificationReason, nextTellAt } from "../domain/notification.ts";
import { withoutNumbers } from "../domain/without-numbers.ts";
import type { Told } from "../ports/messenger.ts";
import type { NotificationRow } from "../ports/notification-rows.ts";
import type { ChangedNotification } from "../ports/program.ts";
import type { Context } from "./context.ts";
import { idsForListeners, notificationsChanged } from "./hooks.ts";
import { Entries } from "./ledger.ts";
import { type WorkingNotification, dueRow, noteNotification, step } from "./notification-write.ts";
import { runSure } from "./run-sure.ts";
import { type Claimed, type Target, changedOf, isOurs, writeTargets } from "./tell-claim.ts";

/** What came of a claimed notification: at each of its addresses, or `null` when it did not leave after all. */
export type Tried = {
  readonly claimed: Claimed;
  readonly told: readonly { readonly device: number; readonly told: Told }[] | null;
  readonly provider: string;
  readonly at: number;
};

/**
 * Records together what came of notifications: one device that took it is enough for `sent`; where one may have taken it
 * and nobody did for certain, it has failed for good; what certainly was not sent is tried again as long as it may be.
 * Devices that take nothing any more are removed. Answers when the next of them is tried again, or null.
 */
export async function recordTold(context: Context, all: readonly Tried[]): Promise<number | null> {
  const { statements } = context.store;
  const gone = all.flatMap(({ claimed, told }) =>
    (told ?? []).flatMap((one) =>
      one.device !== 0 && one.told.kind === "failed" && one.told.isGone === true
        ? [{ id: one.device, row: claimed.row }]
        : [],
    ),
  );
  const heard = idsForListeners(context, all.length);
  const lease = await context.ids.reserve({ ...heard, ledger: all.length + gone.length + heard.ledger });
  const written = await runSure(context, "record what was told", function* () {
    const entries = new Entries(lease);
    lease.rewind("record");
    const byId = new Map(
      (yield* statements.notifications.lock(all.map(({ claimed }) => ({ id: claimed.row.id })))).map(
        (row) => [row.id, row],
      ),
    );
    const after: WorkingNotification[] = [];
    const changed: ChangedNotification[] = [];
    for (const tried of all) {
      const row = settle(context, entries, byId.get(tried.claimed.row.id), tried);
      if (row === null) continue;
      after.push(row);
      if (row.due_at === null) changed.push(changedOf(row));
    }
    yield* statements.notifications.change(after);
    yield* statements.notificationDue.insert(after.flatMap(dueRow));
    const there = new Set((yield* statements.devices.byIds(gone)).map(({ id }) => id));
    yield* statements.devices.remove(gone);
    for (const { id, row } of gone) if (there.has(id)) noteGone(context, entries, id, row);
    yield* notificationsChanged(context, lease, entries, context.clock.now(), changed);
    yield* statements.ledger.insert(entries.rows);
    return { noted: entries.rows.length, due: after.flatMap(({ due_at }) => due_at ?? []) };
  });
  context.ids.release(lease);
  if (written.noted > 0) context.announce();
  return written.due.length === 0 ? null : Math.min(...written.due);
}

/** The row after what came of it; null when somebody has settled it meanwhile. News that it was sent is always welcome. */
function settle(
  context: Context,
  entries: Entries,
  before: NotificationRow | undefined,
  { claimed, told, provider, at }: Tried,
): WorkingNotification | null {
  if (before === undefined) return null;
  const isSent = told?.some((one) => one.told.kind === "sent") === true;
  const isLost = before.status === "failed" && before.reason === "unconfirmed" && isSent;
  if (!isLost && !isOurs(context, before, claimed.row.sending_at)) return null;
  const row: WorkingNotification = { ...before, node_id: null, sending_at: null };
  if (told === null) return released(row, at);
  row.targets = writeTargets(row, told.map(targetOf));
  row.provider = provider;
  row.detail = detailOf(told);
  if (isSent) {
    step(row, "send", at);
    Object.assign(row, { sent_at: at, ended_at: at, reason: null });
    noteNotification(context, entries, row, "notification.sent", at, { data: { provider } });
    return row;
  }
  return failed(
    context,
    entries,
    row,
    told.map((one) => one.told),
    at,
  );
}

/** Nothing has left: it is judged again at once, and the try does not count. */
function released(row: WorkingNotification, at: number): WorkingNotification {
  step(row, "release", at);
  row.tries -= 1;
  row.due_at = at;
  return row;
}

function failed(
  context: Context,
  entries: Entries,
  row: WorkingNotification,
  told: readonly Told[],
  at: number,
): WorkingNotification {
  const bounced = told.some((one) => one.kind === "failed" && one.isBounced === true);
  const isUnknown = told.some((one) => one.kind === "unknown");
  const again = isUnknown ? null : againAt(row, told, at);
  step(row, bounced && again === null && !isUnknown ? "bounce" : "fail", at);
  row.due_at = again;
  row.reason = isUnknown ? "unconfirmed" : reasonOf(told, again);
  row.ended_at = again === null ? at : null;
  const type =
    again !== null
      ? "notification.retry_planned"
      : row.status === "bounced"
        ? "notification.bounced"
        : "notification.failed";
  noteNotification(context, entries, row, type, at, {
    data: { ...(again !== null && { retry_at: again }), code: codeOf(told) },
  });
  return row;
}

function againAt(row: NotificationRow, told: readonly Told[], at: number): number | null {
  const waits = told.flatMap((one) => (one.kind === "not_sent" ? [one.afterMs] : []));
  if (waits.length === 0) return null;
  const asked = waits.flatMap((ms) => ms ?? []);
  return nextTellAt(
    { askedAt: row.asked_at, expiresAt: row.expires_at, tries: row.tries, retriesMax: row.retries_max },
    at,
    asked.length === 0 ? undefined : Math.max(...asked),
  );
}

function reasonOf(told: readonly Told[], again: number | null): NotificationReason {
  if (told.some((one) => one.kind === "not_sent")) return again === null ? "gave_up" : "not_sent";
  return told.every((one) => one.kind === "failed" && one.isGone === true) ? "address_gone" : "refused";
}

function codeOf(told: readonly Told[]): string | null {
  return told.find((one) => one.kind !== "sent")?.code ?? null;
}

function detailOf(told: NonNullable<Tried["told"]>): string | null {
  const words = told.flatMap(({ told: one }) => (one.detail === undefined ? [] : [one.detail]));
  return words.length === 0 ? null : withoutAddresses(words[0] ?? "");
}

/** A provider's words, short and without numbers and addresses. */
function withoutAddresses(text: string): string {
  return withoutNumbers(text.replaceAll(/\S+@\S+/g, "[address]").replaceAll("\0", ""));
}

function targetOf({ device, told }: NonNullable<Tried["told"]>[number]): Target {
  if (told.kind === "sent")
    return { device, status: "sent", ...(told.reference !== null && { reference: told.reference }) };
  return { device, status: told.kind === "unknown" ? "unconfirmed" : told.kind, code: told.code };
}

function noteGone(context: Context, entries: Entries, id: number, row: NotificationRow): void {
  entries.addWide(row.workspace_id, {
    at: context.clock.now(),
    type: "device.removed",
    reason: "unregistered",
    data: { device_id: context.secrets.publicId("device", id) },
  });
}
