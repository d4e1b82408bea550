import { nextTryAt } from "../domain/delivery.ts";
import type { Sent } from "../ports/channel.ts";
import type { DeliveryDueRow, DeliveryRow, SubscriberRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { Entries } from "./ledger.ts";
import { runSure } from "./run-sure.ts";
import { subscriberId } from "./subscriber-view.ts";

/** A message that was sent, and how it went. `due` is the lease under which it was taken. */
export type Tried = {
  readonly row: DeliveryRow;
  readonly due: DeliveryDueRow;
  readonly subscriber: SubscriberRow;
  readonly sent: Sent;
  readonly at: number;
  readonly durationMs: number;
};

const detailMax = 300;
const answerMax = 1024;

/**
 * Records tries together: what was delivered, what is tried again and when, what is given up; and whoever took nothing for
 * days, or wants nothing any more, is disabled. True when somebody was.
 */
export async function recordTries(context: Context, tried: readonly Tried[]): Promise<boolean> {
  const { statements } = context.store;
  const after = tried.map((one) => settledRow(context, one));
  const bySubscriber = [...Map.groupBy(tried, (one) => one.subscriber.id).values()];
  const failing = bySubscriber.filter((all) => all.every(({ sent }) => sent.kind !== "delivered"));
  const lease = await context.ids.reserve({ ledger: 2 * tried.length });
  const written = await runSure(context, "record what came of messages", function* () {
    const entries = new Entries(lease);
    yield* statements.deliveryDue.remove(tried.map(({ due }) => due));
    yield* statements.deliveries.settle(after);
    yield* statements.deliveryDue.insert(
      after.flatMap((row, index) => {
        const before = tried[index];
        return row.due_at === null || before === undefined
          ? []
          : [{ subscriber_id: before.row.subscriber_id, due_at: row.due_at, delivery_id: row.id }];
      }),
    );
    yield* statements.subscribers.delivered(bySubscriber.flatMap(deliveredTo));
    yield* statements.subscribers.failing(
      failing.flatMap(([first]) =>
        first === undefined ? [] : [{ id: first.subscriber.id, failing_since: first.at }],
      ),
    );
    for (const [index, one] of tried.entries()) {
      if (after[index]?.status === "failed") noteFailure(context, entries, one);
    }
    const disabled = yield* disableHopeless(context, entries, failing);
    yield* statements.ledger.insert(entries.rows);
    return { count: entries.rows.length, disabled };
  });
  context.ids.release(lease);
  for (const { row, reason } of written.disabled)
    context.log.warn("A subscriber is disabled: it takes no messages.", {
      id: subscriberId(context, row),
      reason,
    });
  if (written.count > 0) context.announce();
  return written.disabled.length > 0;
}

type Settled = Omit<
  DeliveryRow,
  "workspace_id" | "subscriber_id" | "message_id" | "event_type" | "call_id" | "body" | "created_at"
>;

function settledRow(context: Context, { row, sent, at, durationMs }: Tried): Settled {
  const askedMs = sent.kind === "retry" ? (sent.afterMs ?? null) : null;
  const again = sent.kind === "retry" ? nextTryAt(row.step, at, context.random.float(), askedMs) : null;
  const status = sent.kind === "delivered" ? "delivered" : again === null ? "failed" : "pending";
  return {
    id: row.id,
    status,
    due_at: again,
    step: row.step + 1,
    tries: row.tries + 1,
    tried_at: at,
    ended_at: status === "pending" ? null : at,
    answer_status: sent.answer?.status ?? null,
    answer_body: sent.answer?.body.slice(0, answerMax).replaceAll("\0", "") ?? null,
    detail: sent.detail?.slice(0, detailMax).replaceAll("\0", "") ?? null,
    duration_ms: durationMs,
  };
}

function deliveredTo(all: readonly Tried[]): { id: number; delivered_at: number }[] {
  const last = all.findLast(({ sent }) => sent.kind === "delivered");
  return last === undefined ? [] : [{ id: last.subscriber.id, delivered_at: last.at }];
}

/** An endpoint's failures stand in its log; a handler has nobody who looks there, so its failures are events. */
function noteFailure(context: Context, entries: Entries, { row, subscriber, sent, at }: Tried): void {
  if (subscriber.kind !== "handler" || row.event_type.startsWith("notification.")) return;
  entries.addWide(subscriber.workspace_id, {
    at,
    type: "notification.failed",
    data: {
      handler_id: subscriberId(context, subscriber),
      name: subscriber.name,
      channel: subscriber.channel,
      message_id: row.message_id,
      event_type: row.event_type,
      detail: sent.detail ?? null,
    },
  });
}

type Disabled = { readonly row: SubscriberRow; readonly reason: "gone" | "failing" };

/** Disables whoever said that it is gone, and whoever has taken nothing for days. */
function* disableHopeless(
  context: Context,
  entries: Entries,
  failing: readonly (readonly Tried[])[],
): Tx<readonly Disabled[]> {
  const { statements } = context.store;
  const now = context.clock.now();
  const firsts = failing.flatMap(([first]) => (first === undefined ? [] : [{ id: first.subscriber.id }]));
  const gone = new Set(
    failing.flat().flatMap(({ subscriber, sent }) => (isGone(sent) ? [subscriber.id] : [])),
  );
  const hopeless = (yield* statements.subscribers.byIds(firsts)).flatMap((row): Disabled[] => {
    if (gone.has(row.id)) return [{ row, reason: "gone" }];
    const isDead = row.failing_since !== null && now - row.failing_since >= context.tuning.disableAfterMs;
    return isDead ? [{ row, reason: "failing" }] : [];
  });
  const changed = new Set(
    (yield* statements.subscribers.disable(
      hopeless.map(({ row, reason }) => ({ id: row.id, status_reason: reason, updated_at: now })),
    )).map(({ id }) => id),
  );
  const disabled = hopeless.filter(({ row }) => changed.has(row.id));
  for (const { row, reason } of disabled)
    entries.addWide(row.workspace_id, {
      at: now,
      type: row.kind === "endpoint" ? "webhook_endpoint.disabled" : "notification_handler.disabled",
      reason,
      data: {
        id: subscriberId(context, row),
        name: row.name,
        failing_since_at: row.failing_since,
      },
    });
  return disabled;
}

function isGone(sent: Sent): boolean {
  return sent.kind === "failed" && sent.isGone === true;
}
