import { forever } from "../domain/ids.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import type { OperationRow } from "../ports/notification-rows.ts";
import { notificationStatuses } from "../ports/program.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor, Idempotency } from "./engine.ts";
import { keyRow, resourceOfKey } from "./idempotency.ts";
import { Entries } from "./ledger.ts";
import {
  type Drafted,
  checkRecipientId,
  dedupeKeyMax,
  draftForMany,
  recipientIdMax,
} from "./notification-draft.ts";
import { shownStatus } from "./notification-view.ts";
import { cancelNotificationInTx, insertNotifications } from "./notification-write.ts";
import type { BulkWish, OperationView } from "./notifications-api.ts";
import { runSure } from "./run-sure.ts";

const itemsMax = 100_000;
const partSize = 1000;
const pollMs = 1000;

/** Where the sealed parts of an operation stand, bound into their envelopes. */
export const operationPlace = (id: number): string => `operations|document|${id}`;
export const partPlace = (id: number, part: number): string => `operation_parts|items|${id}|${part}`;

type Bulk = Omit<Drafted, "to">;

/** Accepts a notification for each of many recipients. Whoever is named twice is told once. */
export async function notifyMany(
  context: Context,
  actor: Actor,
  { recipientIds, ...wish }: BulkWish,
  idempotency: Idempotency | undefined,
): Promise<{ readonly operation: OperationView; readonly replayed: boolean }> {
  const held = await resourceOfKey(context, actor, idempotency, "operation");
  if (held !== null) return { operation: await readView(context, held), replayed: true };
  const drafted = await draftForMany(context, actor, wish);
  const recipients = readRecipients(recipientIds);
  const { dedupe_key: key } = drafted.facts;
  if (key !== null && key.length > dedupeKeyMax - recipientIdMax / 2)
    throw refuseField(
      "invalid_body",
      "/dedupe_key",
      `Send at most ${dedupeKeyMax - recipientIdMax / 2} characters.`,
    );
  const lease = await context.ids.reserve({ record: 1, call: 1, ledger: 1 });
  const id = lease.next("record");
  const keyId = lease.next("call");
  const now = context.clock.now();
  const row: OperationRow = {
    id,
    workspace_id: actor.workspaceId,
    kind: "notifications.bulk",
    status: "running",
    document: context.secrets.seal(JSON.stringify(drafted), operationPlace(id)),
    total: recipients.length,
    done: 0,
    failed: 0,
    position: 0,
    created_by: actor.name,
    ended_at: null,
    created_at: now,
    updated_at: now,
  };
  const isOurs = await runSure(context, "accept many notifications", function* (again): Tx<boolean> {
    const { statements } = context.store;
    if (again && (yield* statements.operations.byIds([{ id }])).length > 0) return true;
    if (idempotency !== undefined) {
      const keyOf = keyRow(context, actor, idempotency, keyId, `operation:${id}`, 202, now);
      if ((yield* statements.idempotency.insert([keyOf])).length === 0) return false;
    }
    yield* statements.operations.insert([row]);
    yield* statements.operations.insertParts(partsOf(context, id, recipients));
    const entries = new Entries(lease);
    note(context, entries, row, "operation.started", actor.name);
    yield* statements.ledger.insert(entries.rows);
    return true;
  });
  if (!isOurs) {
    const winner = await resourceOfKey(context, actor, idempotency, "operation");
    if (winner === null) throw new Error("An idempotency key is taken, and nobody holds it");
    return { operation: await readView(context, winner), replayed: true };
  }
  context.announce();
  context.wake("operations");
  return { operation: await readView(context, id), replayed: false };
}

export async function getOperation(
  context: Context,
  actor: Actor,
  operationId: string,
): Promise<OperationView> {
  return readView(context, (await requireOperation(context, actor, operationId)).id);
}

/** Stops an operation: nobody is told any more who was not told yet. What was sent stays sent. */
export async function cancelOperation(
  context: Context,
  actor: Actor,
  operationId: string,
): Promise<OperationView> {
  const { id } = await requireOperation(context, actor, operationId);
  const { statements } = context.store;
  const now = context.clock.now();
  const lease = await context.ids.reserve({ ledger: 1 });
  await runSure(context, "cancel an operation", function* () {
    const [row] = yield* statements.operations.lock([{ id }]);
    if (row === undefined || row.status === "canceled" || row.status === "canceling") return;
    const entries = new Entries(lease);
    const after = { ...row, status: "canceling" as const, ended_at: null, updated_at: now };
    yield* statements.operations.change([after]);
    note(context, entries, after, "operation.canceled", actor.name);
    yield* statements.ledger.insert(entries.rows);
  });
  context.announce();
  context.wake("operations");
  return readView(context, id);
}

/**
 * The duty that carries operations out: one part a turn, the oldest operation first. A part's notifications, its removal
 * and the operation's progress are one transaction, so that after a crash, and with several nodes at it, each recipient has
 * one notification.
 */
export function makeOperations(context: Context): () => Promise<number> {
  return async () => {
    const idleUntil = context.store.singleOwner ? forever : context.clock.now() + pollMs;
    if (context.state.draining) return idleUntil;
    if (!context.store.roomForMore()) return context.clock.now() + pollMs;
    const open = await context.store.read("look for operations", () =>
      context.store.statements.operations.open({ limit: 1 }),
    );
    const [row] = open;
    if (row === undefined) return idleUntil;
    const actor: Actor = { workspaceId: row.workspace_id, name: row.created_by };
    if (row.status === "canceling") await cancelPart(context, actor, row.id);
    else await storePart(context, actor, row);
    return context.clock.now();
  };
}

async function storePart(context: Context, actor: Actor, seen: OperationRow): Promise<void> {
  const { statements } = context.store;
  const bulk = JSON.parse(context.secrets.open(seen.document, operationPlace(seen.id))) as Bulk;
  const lease = await context.ids.reserve({ record: partSize, ledger: 1 });
  const stored = await runSure(context, "store a part of many notifications", function* (): Tx<boolean> {
    lease.rewind("record");
    const now = context.clock.now();
    const entries = new Entries(lease);
    const [row] = yield* statements.operations.lock([{ id: seen.id }]);
    // Another node was faster, or this very run happened and its answer was lost.
    if (row === undefined || row.status !== "running" || row.position !== seen.position) return false;
    const [part] = yield* statements.operations.part({ operation_id: row.id, part: row.position });
    const items =
      part === undefined
        ? []
        : (JSON.parse(context.secrets.open(part.items, partPlace(row.id, part.part))) as string[]);
    const ids = yield* insertNotifications(
      context,
      actor,
      items.map((recipientId) => ({
        id: lease.next("record"),
        draft: draftFor(bulk, recipientId, now),
        operationId: row.id,
      })),
      now,
    );
    const failed = ids.filter((id) => id === null).length;
    const isLast = row.done + row.failed + items.length >= row.total || part === undefined;
    const after: OperationRow = {
      ...row,
      status: isLast ? "completed" : "running",
      done: row.done + items.length - failed,
      failed: row.failed + failed,
      position: row.position + 1,
      ended_at: isLast ? now : null,
      updated_at: now,
    };
    yield* statements.operations.change([after]);
    if (part !== undefined) yield* statements.operations.removePart([part]);
    if (isLast) note(context, entries, after, "operation.completed", null);
    yield* statements.ledger.insert(entries.rows);
    return true;
  });
  context.ids.release(lease);
  if (!stored) return;
  context.announce();
  context.wake("tell", Math.max(bulk.dueAt, context.clock.now()));
}

/** The next notifications of a canceled operation that have not been sent; with the last ones it has ended. */
async function cancelPart(context: Context, actor: Actor, id: number): Promise<void> {
  const { statements } = context.store;
  const lease = await context.ids.reserve({ ledger: partSize });
  await runSure(context, "cancel a part of many notifications", function* () {
    const now = context.clock.now();
    const entries = new Entries(lease);
    const [row] = yield* statements.operations.lock([{ id }]);
    if (row === undefined || row.status !== "canceling") return;
    yield* statements.operations.removeParts([{ operation_id: id }]);
    const waiting = yield* statements.notifications.waitingOf({ operation_id: id, limit: partSize });
    for (const one of waiting)
      yield* cancelNotificationInTx(context, entries, actor, one.id, "operation_canceled", now);
    if (waiting.length < partSize)
      yield* statements.operations.change([{ ...row, status: "canceled", ended_at: now, updated_at: now }]);
    yield* statements.ledger.insert(entries.rows);
  });
  context.ids.release(lease);
  context.announce();
}

function draftFor({ facts, ...bulk }: Bulk, recipientId: string, now: number): Drafted {
  return {
    ...bulk,
    dueAt: Math.max(bulk.dueAt, now),
    to: { recipientId, address: null },
    facts: {
      ...facts,
      dedupe_key: facts.dedupe_key === null ? null : `${facts.dedupe_key}|${recipientId}`,
    },
  };
}

function readRecipients(ids: readonly string[]): readonly string[] {
  if (ids.length === 0) throw refuseField("invalid_body", "/recipient_ids", "Name at least one recipient.");
  if (ids.length > itemsMax)
    throw refuseField(
      "too_many_recipients",
      "/recipient_ids",
      `${ids.length} recipients; ${itemsMax} are allowed.`,
    );
  for (const [index, id] of ids.entries()) checkRecipientId(id, `/recipient_ids/${index}`);
  return [...new Set(ids)];
}

function partsOf(context: Context, id: number, recipients: readonly string[]) {
  const parts: { operation_id: number; part: number; items: string }[] = [];
  for (let from = 0; from < recipients.length; from += partSize) {
    const part = parts.length;
    const items = JSON.stringify(recipients.slice(from, from + partSize));
    parts.push({ operation_id: id, part, items: context.secrets.seal(items, partPlace(id, part)) });
  }
  return parts;
}

async function requireOperation(context: Context, actor: Actor, operationId: string): Promise<OperationRow> {
  const id = context.secrets.readId("operation", operationId);
  const [row] =
    id === null
      ? []
      : await context.store.read("find an operation", () =>
          context.store.statements.operations.byIds([{ id }]),
        );
  if (row === undefined || row.workspace_id !== actor.workspaceId)
    throw new Refusal("not_found", `There is no operation "${operationId.slice(0, 64)}".`);
  return row;
}

async function readView(context: Context, id: number): Promise<OperationView> {
  const { statements } = context.store;
  const { row, counts } = await context.store.read("read an operation", function* () {
    const [row] = yield* statements.operations.byIds([{ id }]);
    return { row, counts: yield* statements.notifications.countOfOperation({ operation_id: id }) };
  });
  if (row === undefined) throw new Refusal("not_found", "The operation is no longer kept.");
  const notifications = { ...none };
  for (const { status, count } of counts) notifications[shownStatus(status)] += count;
  return {
    id: context.secrets.publicId("operation", row.id),
    kind: row.kind,
    status: row.status,
    total: row.total,
    done: row.done,
    failed: row.failed,
    notifications,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    updatedAt: row.updated_at,
  };
}

const none = Object.fromEntries(notificationStatuses.map((status) => [status, 0])) as Record<
  (typeof notificationStatuses)[number],
  number
>;

function note(
  context: Context,
  entries: Entries,
  row: OperationRow,
  type: "operation.started" | "operation.completed" | "operation.canceled",
  actor: string | null,
): void {
  entries.addWide(row.workspace_id, {
    at: row.updated_at,
    type,
    actor,
    data: {
      operation_id: context.secrets.publicId("operation", row.id),
      kind: row.kind,
      total: row.total,
      done: row.done,
      failed: row.failed,
    },
  });
}
