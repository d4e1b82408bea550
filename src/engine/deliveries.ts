import { Refusal } from "../domain/refusal.ts";
import { formatUtc } from "../domain/zone.ts";
import type { DeliveryRow, SubscriberRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { pageOf, readCursor } from "./cursor.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { newDelivery } from "./fan-out.ts";
import { apiVersion } from "./messages.ts";
import type { DeliveryDetail, DeliveryFilter, DeliveryView } from "./notify.ts";
import { runSure } from "./run-sure.ts";
import { subscriberId } from "./subscriber-view.ts";
import { bodyPlace } from "./subscribers.ts";
import { requireSubscriber } from "./subscriptions.ts";
import { readInstant } from "./when.ts";

const recoverPage = 500;
const recoverMax = 100_000;

/** Owes an endpoint or a handler a message that says nothing but that it is a test. */
export async function sendTest(context: Context, actor: Actor, id: string): Promise<DeliveryView> {
  const subscriber = await requireSubscriber(context, actor, id);
  requireEnabled(subscriber);
  const lease = await context.ids.reserve({ delivery: 1 });
  const deliveryId = lease.next("delivery");
  const now = context.clock.now();
  const type = subscriber.kind === "endpoint" ? "webhook_endpoint.test" : "notification_handler.test";
  const messageId = `evt_test_${context.secrets.publicId("delivery", deliveryId)}`;
  const body = JSON.stringify({
    id: messageId,
    type,
    timestamp: formatUtc(now),
    api_version: apiVersion,
    data: { id, name: subscriber.name, test: true },
    sequence: null,
  });
  const row = newDelivery({
    id: deliveryId,
    workspace_id: subscriber.workspace_id,
    subscriber_id: subscriber.id,
    message_id: messageId,
    event_type: type,
    call_id: null,
    body: context.secrets.seal(body, bodyPlace(deliveryId)),
    created_at: now,
  });
  await runSure(context, "owe a test", function* () {
    yield* context.store.statements.deliveries.insert([row]);
    yield* context.store.statements.deliveryDue.insert([dueNow(row, now)]);
  });
  context.wake("deliver-events");
  return view(context, row, subscriber);
}

export async function listDeliveries(
  context: Context,
  actor: Actor,
  id: string,
  filter: DeliveryFilter,
  page: PageRequest,
): Promise<Page<DeliveryView>> {
  const subscriber = await requireSubscriber(context, actor, id);
  const mark = `deliveries ${subscriber.id} ${filter.status ?? ""}`;
  const rows = await context.store.read("list deliveries", () =>
    context.store.statements.deliveries.list({
      subscriber_id: subscriber.id,
      before_id: page.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(page.cursor, mark),
      status: filter.status ?? null,
      limit: page.limit + 1,
    }),
  );
  return pageOf(rows, page, mark, (row) => view(context, row, subscriber));
}

export async function getDelivery(
  context: Context,
  actor: Actor,
  deliveryId: string,
): Promise<DeliveryDetail> {
  const { row, subscriber } = await requireDelivery(context, actor, deliveryId);
  return { ...view(context, row, subscriber), body: context.secrets.open(row.body, bodyPlace(row.id)) };
}

/** Owes a message anew, under its old id, whatever became of it; its retries begin from the start. */
export async function resendDelivery(
  context: Context,
  actor: Actor,
  deliveryId: string,
): Promise<DeliveryView> {
  const { row, subscriber } = await requireDelivery(context, actor, deliveryId);
  requireEnabled(subscriber);
  const again = await runSure(context, "owe a message again", () => oweAgain(context, [row]));
  context.wake("deliver-events");
  return view(context, again[0] ?? row, subscriber);
}

/** Owes again what failed and was made since an instant; answers how many. What is on its way already is left alone. */
export async function recoverDeliveries(
  context: Context,
  actor: Actor,
  id: string,
  since: string,
): Promise<number> {
  const subscriber = await requireSubscriber(context, actor, id);
  requireEnabled(subscriber);
  const from = readInstant(context, since, null, "compatible", "/since").at;
  let count = 0;
  for (let after = 0; count < recoverMax;) {
    const found = await runSure(context, "owe what failed again", function* () {
      const rows = yield* context.store.statements.deliveries.failedSince({
        subscriber_id: subscriber.id,
        since: from,
        after_id: after,
        limit: recoverPage,
      });
      yield* oweAgain(context, rows);
      return rows;
    });
    count += found.length;
    after = found.at(-1)?.id ?? after;
    if (found.length < recoverPage) break;
  }
  context.wake("deliver-events");
  return count;
}

/** Removes messages from before an instant; true when there may be more of them. */
export async function pruneDeliveries(context: Context, before: number, limit: number): Promise<boolean> {
  const { statements } = context.store;
  return context.store.run("prune deliveries", function* () {
    const removed = yield* statements.deliveries.removeBefore({ before, limit });
    for (const { id, status } of yield* statements.subscribers.all({}))
      if (status === "disabled") yield* statements.deliveryDue.forget({ subscriber_id: id, before });
    return removed.length === limit;
  });
}

function* oweAgain(context: Context, rows: readonly DeliveryRow[]): Tx<readonly DeliveryRow[]> {
  const { statements } = context.store;
  const now = context.clock.now();
  const again = rows.map((row) => ({
    ...row,
    status: "pending" as const,
    due_at: now,
    step: 0,
    ended_at: null,
  }));
  yield* statements.deliveries.settle(again);
  yield* statements.deliveryDue.insert(again.map((row) => dueNow(row, now)));
  return again;
}

function dueNow(row: DeliveryRow, now: number) {
  return { subscriber_id: row.subscriber_id, due_at: now, delivery_id: row.id };
}

function requireEnabled(subscriber: SubscriberRow): void {
  if (subscriber.status === "disabled")
    throw new Refusal("subscriber_disabled", "It is disabled, so nothing is sent to it.");
}

async function requireDelivery(
  context: Context,
  actor: Actor,
  deliveryId: string,
): Promise<{ row: DeliveryRow; subscriber: SubscriberRow }> {
  const { statements } = context.store;
  const id = context.secrets.readId("delivery", deliveryId);
  const found = await context.store.read("find a delivery", function* () {
    const [row] = id === null ? [] : yield* statements.deliveries.byIds([{ id }]);
    const [subscriber] =
      row === undefined ? [] : yield* statements.subscribers.byIds([{ id: row.subscriber_id }]);
    return { row, subscriber };
  });
  const { row, subscriber } = found;
  if (row === undefined || subscriber === undefined || row.workspace_id !== actor.workspaceId)
    throw new Refusal("not_found", `There is no delivery "${deliveryId.slice(0, 64)}".`);
  return { row, subscriber };
}

function view(context: Context, row: DeliveryRow, subscriber: SubscriberRow): DeliveryView {
  return {
    id: context.secrets.publicId("delivery", row.id),
    subscriberId: subscriberId(context, subscriber),
    messageId: row.message_id,
    type: row.event_type,
    callId: row.call_id === null ? null : context.secrets.publicId("call", row.call_id),
    status: row.status,
    tries: row.tries,
    nextTryAt: row.due_at,
    lastTriedAt: row.tried_at,
    endedAt: row.ended_at,
    answer: row.answer_status === null ? null : { status: row.answer_status, body: row.answer_body ?? "" },
    durationMs: row.duration_ms,
    detail: row.detail,
    createdAt: row.created_at,
  };
}
