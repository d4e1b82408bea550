import { classifyDestination } from "../domain/destination.ts";
import type { NotificationReason } from "../domain/notification.ts";
import { type Quiet, quietUntil } from "../domain/quiet-hours.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Letter, MessageChannel } from "../ports/messenger.ts";
import type { DeviceRow, NotificationRow, RecipientRow } from "../ports/notification-rows.ts";
import type { ChangedNotification, QuietHours } from "../ports/program.ts";
import type { SuppressionRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { idsForListeners, notificationsChanged } from "./hooks.ts";
import type { Lease } from "./ids.ts";
import { Entries } from "./ledger.ts";
import { readQuiet } from "./notification-draft.ts";
import {
  type WorkingNotification,
  dueRow,
  noteNotification,
  openAddress,
  openWords,
  step,
} from "./notification-write.ts";
import { emailPlace, phonePlace, tokenPlace } from "./recipients.ts";
import { runSure } from "./run-sure.ts";

/** An address of a notification and what became of it there; `device` is 0 for one that is no registered device. */
export type Target = {
  readonly device: number;
  readonly status: "sending" | "sent" | "not_sent" | "failed" | "unconfirmed";
  readonly reference?: string;
  readonly code?: string;
};

/** A notification that is ours to send, now and once. */
export type Claimed = {
  readonly row: NotificationRow;
  readonly quiet: readonly Quiet[];
  readonly letters: readonly { readonly device: number; readonly letter: Letter }[];
};

export type Share = { readonly lane: number; readonly limit: number };

/** What is known of the people whom the taken notifications are for. */
type People = {
  readonly recipients: ReadonlyMap<string, RecipientRow>;
  readonly devices: ReadonlyMap<string, readonly DeviceRow[]>;
  readonly suppressions: ReadonlyMap<string, readonly SuppressionRow[]>;
};

type Judgement =
  | { readonly kind: "send"; readonly claimed: Omit<Claimed, "row"> }
  | { readonly kind: "move"; readonly to: number }
  | { readonly kind: "expire"; readonly reason: "too_late" | "quiet_hours" }
  | { readonly kind: "fail"; readonly reason: NotificationReason };

/**
 * Claim and fence in one: 1. take what is due out of its lanes; 2. decide for each whether it may be sent now; 3. write
 * `sending`, the addresses and what became of the others. Only after this transaction a request leaves, at once, so what a
 * crash leaves in `sending` is all that may have been sent without our knowing.
 */
export async function claimDue(context: Context, shares: readonly Share[], now: number): Promise<Claimed[]> {
  const most = shares.reduce((sum, { limit }) => sum + limit, 0);
  const heard = idsForListeners(context, most);
  const lease = await context.ids.reserve({ ...heard, ledger: most + heard.ledger });
  const entryId = lease.next("ledger");
  const won = new Map<number, Claimed>();
  const { result, noted } = await runSure(context, "take due notifications", function* (again) {
    const { statements } = context.store;
    const entries = new Entries(lease);
    lease.rewind("record");
    // What the run before this one won when its answer was lost: nothing was sent yet.
    const before = again ? yield* statements.notifications.byIds([...won.keys()].map((id) => ({ id }))) : [];
    const kept = before.filter((row) => isOurs(context, row, now)).flatMap(({ id }) => won.get(id) ?? []);
    const isDone =
      kept.length > 0 || (again && (yield* statements.ledger.byIds([{ id: entryId }])).length > 0);
    if (isDone) return { result: kept, noted: most };
    const taken = [];
    for (const share of shares) taken.push(...(yield* statements.notificationDue.take({ ...share, now })));
    const dueAt = new Map(taken.map((one) => [one.notification_id, one.due_at]));
    const rows = (yield* statements.notifications.lock([...dueAt.keys()].map((id) => ({ id })))).filter(
      (row) => (row.status === "pending" || row.status === "failed") && row.due_at === dueAt.get(row.id),
    );
    const result = [...kept, ...(yield* claimRows(context, lease, entries, rows, now))];
    for (const claimed of result) won.set(claimed.row.id, claimed);
    return { result, noted: entries.rows.length };
  });
  context.ids.release(lease);
  if (noted > 0) context.announce();
  return result;
}

/** Why a claimed notification must not leave at this instant after all; null when it may. */
export function notNow({ row, quiet }: Claimed, now: number): "too_late" | "quiet_hours" | null {
  if (row.expires_at <= now) return "too_late";
  return quietUntil(quiet, now) === now ? null : "quiet_hours";
}

export function isOurs(
  context: Pick<Context, "nodeId">,
  row: Pick<NotificationRow, "status" | "node_id" | "sending_at">,
  claimedAt: number | null,
): boolean {
  return row.status === "sending" && row.node_id === context.nodeId && row.sending_at === claimedAt;
}

function* claimRows(
  context: Context,
  lease: Lease,
  entries: Entries,
  rows: readonly NotificationRow[],
  now: number,
): Tx<Claimed[]> {
  const { statements } = context.store;
  const people = yield* readPeople(context, rows);
  const claimed: Claimed[] = [];
  const changed: ChangedNotification[] = [];
  const after: WorkingNotification[] = [];
  for (const before of rows) {
    const row: WorkingNotification = { ...before };
    const judgement = judge(context, row, people, now);
    if (judgement.kind === "send") {
      begin(context, row, judgement.claimed, now);
      claimed.push({ row, ...judgement.claimed });
    } else if (judgement.kind === "move") {
      step(row, "move", now);
      Object.assign(row, { due_at: judgement.to, reason: "quiet_hours" });
      noteNotification(context, entries, row, "notification.moved", now, { data: { to_at: judgement.to } });
    } else {
      giveUp(context, entries, row, judgement, now);
      changed.push(changedOf(row));
    }
    after.push(row);
  }
  yield* statements.notifications.change(after);
  yield* statements.notificationDue.insert(after.flatMap(dueRow));
  yield* notificationsChanged(context, lease, entries, now, changed);
  yield* statements.ledger.insert(entries.rows);
  return claimed;
}

export function changedOf(row: NotificationRow): ChangedNotification {
  const status = row.status === "sending" ? "pending" : row.status;
  return { id: row.id, workspaceId: row.workspace_id, event: row.event, status };
}

function begin(
  context: Context,
  row: WorkingNotification,
  { letters }: Pick<Claimed, "letters">,
  now: number,
): void {
  step(row, "claim", now);
  row.tries += 1;
  row.due_at = null;
  row.reason = null;
  row.node_id = context.nodeId;
  row.sending_at = now;
  row.targets = writeTargets(
    row,
    letters.map(({ device }) => ({ device, status: "sending" })),
  );
}

/** A retry that comes too late stays the failure that it was. */
function giveUp(
  context: Context,
  entries: Entries,
  row: WorkingNotification,
  judgement: Extract<Judgement, { kind: "expire" | "fail" }>,
  now: number,
): void {
  const expires = judgement.kind === "expire" && row.status === "pending";
  step(row, expires ? "expire" : "fail", now);
  if (judgement.kind === "fail") row.tries += 1;
  if (expires || judgement.kind === "fail") row.reason = judgement.reason;
  row.due_at = null;
  row.ended_at = now;
  noteNotification(context, entries, row, expires ? "notification.expired" : "notification.failed", now);
}

function judge(context: Context, row: NotificationRow, people: People, now: number): Judgement {
  if (row.expires_at <= now) return { kind: "expire", reason: "too_late" };
  if (context.messengers?.[row.channel] === undefined) return { kind: "fail", reason: "channel_missing" };
  const recipient = people.recipients.get(personKey(row));
  try {
    const quiet = quietOf(context, row, recipient);
    const loudAt = quietUntil(quiet, now);
    if (loudAt === null || loudAt >= row.expires_at) return { kind: "expire", reason: "quiet_hours" };
    if (loudAt > now) return { kind: "move", to: loudAt };
    const addresses = addressesOf(context, row, recipient, people.devices.get(personKey(row)) ?? []);
    if (addresses.length === 0) return { kind: "fail", reason: "no_address" };
    if (isSuppressed(context, row, addresses, people, now)) return { kind: "fail", reason: "suppressed" };
    if (isNeverTexted(context, row, addresses)) return { kind: "fail", reason: "destination_refused" };
    if (isInCanary(context, row, addresses)) return { kind: "fail", reason: "not_on_allow_list" };
    return { kind: "send", claimed: { quiet, letters: lettersOf(context, row, addresses) } };
  } catch (error) {
    if (error instanceof Refusal) return { kind: "fail", reason: "timezone_unknown" };
    context.log.error("A notification's row cannot be read; it is not sent.", {
      notification: context.secrets.publicId("notification", row.id),
      error: error as Error,
    });
    return { kind: "fail", reason: "unreadable" };
  }
}

/** The quiet hours of the notification itself and those of its recipient. Throws a refusal for a zone that is not known. */
function quietOf(context: Context, row: NotificationRow, recipient: RecipientRow | undefined): Quiet[] {
  const own = row.quiet === null ? [] : [JSON.parse(row.quiet) as QuietHours];
  const { timezone, quiet_from: from, quiet_to: to } = recipient ?? {};
  const theirs =
    typeof timezone === "string" && typeof from === "string" && typeof to === "string"
      ? [{ timezone, from, to }]
      : [];
  return [...own, ...theirs].map((quiet) => readQuiet(context, quiet, "/quiet_hours"));
}

type Address = { readonly device: number; readonly address: string };

function addressesOf(
  context: Context,
  row: NotificationRow,
  recipient: RecipientRow | undefined,
  devices: readonly DeviceRow[],
): Address[] {
  const { secrets } = context;
  const given = openAddress(context, row);
  if (given !== null) return [{ device: 0, address: given }];
  if (row.channel === "push") {
    const known = new Map(readTargets(row).map((target) => [target.device, target.status]));
    return devices
      .filter(({ id }) => (known.get(id) ?? "not_sent") === "not_sent")
      .map(({ id, token }) => ({ device: id, address: secrets.open(token, tokenPlace(id)) }));
  }
  if (recipient === undefined) return [];
  const { id, email, phone } = recipient;
  if (row.channel === "email")
    return email === null ? [] : [{ device: 0, address: secrets.open(email, emailPlace(id)) }];
  return phone === null ? [] : [{ device: 0, address: secrets.open(phone, phonePlace(id)) }];
}

/** A number on the do-not-call list gets no text messages either; a suppression of a purpose holds for the event of that name. */
function isSuppressed(
  context: Context,
  row: NotificationRow,
  addresses: readonly Address[],
  people: People,
  now: number,
): boolean {
  if (row.channel !== "sms") return false;
  return addresses.some(({ address }) =>
    (
      people.suppressions.get(
        hashKey(row.workspace_id, context.secrets.numberHash(row.workspace_id, address)),
      ) ?? []
    )
      .filter(({ kind, until_at: until }) => kind === "suppressed" && (until === null || until > now))
      .some(({ scope }) => scope === "" || scope === row.event),
  );
}

/** A provider that reaches people sends no text where no real line would call: such numbers cost money, or help nobody. */
function isNeverTexted(context: Context, row: NotificationRow, addresses: readonly Address[]): boolean {
  if (row.channel !== "sms" || context.messengers?.sms.isSandbox !== false) return false;
  return addresses.some(
    ({ address }) => classifyDestination(address, context.phoneMetadata).kind === "never",
  );
}

/** A workspace in canary texts only whom its real lines may ring: an account set up for a trial tells nobody by surprise. */
function isInCanary(context: Context, row: NotificationRow, addresses: readonly Address[]): boolean {
  if (row.channel !== "sms" || context.messengers?.sms.isSandbox !== false) return false;
  const { rules, numbers } = context.book.liveOf(row.workspace_id);
  if (rules.isOpen) return false;
  return addresses.some(({ address }) => !numbers.has(context.secrets.numberHash(row.workspace_id, address)));
}

function lettersOf(
  context: Context,
  row: NotificationRow,
  addresses: readonly Address[],
): Claimed["letters"] {
  const { secrets } = context;
  const words = openWords(context, row);
  const id = secrets.publicId("notification", row.id);
  return addresses.map(({ device, address }) => ({
    device,
    letter: {
      id: device === 0 ? id : `${id}.${secrets.publicId("device", device)}`,
      channel: row.channel,
      address,
      ...words,
      event: row.event,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
    },
  }));
}

function* readPeople(context: Context, rows: readonly NotificationRow[]): Tx<People> {
  const { statements } = context.store;
  const named = rows.flatMap(({ workspace_id, recipient_id, channel, address }) =>
    recipient_id === null ? [] : [{ workspace_id, recipient_id, channel, address }],
  );
  const unique = (of: typeof named) => [...new Map(of.map((one) => [personKey(one), one])).values()];
  const recipients = yield* statements.recipients.of(unique(named));
  const devices = yield* statements.devices.ofRecipients(
    unique(named.filter(({ channel, address }) => channel === "push" && address === null)),
  );
  const bySms = rows.filter(({ channel }) => channel === ("sms" satisfies MessageChannel));
  const theirs = new Map(recipients.map((row) => [personKey(row), row.number_hash]));
  const numbers = bySms.flatMap((row) => {
    const number_hash = row.address_hash ?? theirs.get(personKey(row)) ?? null;
    return number_hash === null ? [] : [{ workspace_id: row.workspace_id, number_hash }];
  });
  const suppressions = yield* statements.suppressions.of([
    ...new Map(numbers.map((one) => [hashKey(one.workspace_id, one.number_hash), one])).values(),
  ]);
  return {
    recipients: new Map(recipients.map((row) => [personKey(row), row])),
    devices: Map.groupBy(devices, personKey),
    suppressions: Map.groupBy(suppressions, (row) => hashKey(row.workspace_id, row.number_hash)),
  };
}

function personKey({
  workspace_id,
  recipient_id,
}: {
  workspace_id: number;
  recipient_id: string | null;
}): string {
  return `${workspace_id}|${recipient_id ?? ""}`;
}

function hashKey(workspaceId: number, hash: string): string {
  return `${workspaceId}|${hash}`;
}

export function readTargets(row: Pick<NotificationRow, "targets">): readonly Target[] {
  return row.targets === null ? [] : (JSON.parse(row.targets) as Target[]);
}

/** What became of each address, the latest try last; earlier tries at the same one are written over. */
export function writeTargets(row: Pick<NotificationRow, "targets">, tried: readonly Target[]): string {
  const all = new Map(readTargets(row).map((target) => [target.device, target]));
  for (const target of tried) all.set(target.device, target);
  return JSON.stringify([...all.values()]);
}
