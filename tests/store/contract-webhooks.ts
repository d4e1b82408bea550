import assert from "node:assert/strict";
import type { DeliveryRow, SubscriberRow } from "../../src/ports/rows.ts";
import { ledgerRow, rowsAt } from "../support/rows.ts";
import { type Promised, same } from "./contract.ts";

function subscriberRow(id: number, over: Partial<SubscriberRow> = {}): SubscriberRow {
  return {
    id,
    workspace_id: 1,
    kind: "endpoint",
    name: "",
    channel: "webhook",
    target: "{}",
    payload: "thin",
    event_types: '["*"]',
    secret: "whsec_x",
    old_secret: null,
    old_secret_until: null,
    status: "enabled",
    status_reason: null,
    since_commit_id: 0,
    since_id: 0,
    failing_since: null,
    delivered_at: null,
    version: 1,
    created_at: rowsAt,
    updated_at: rowsAt,
    ...over,
  };
}

function deliveryRow(id: number, over: Partial<DeliveryRow> = {}): DeliveryRow {
  return {
    id,
    workspace_id: 1,
    subscriber_id: 1,
    message_id: `evt_${id}`,
    event_type: "call.completed",
    call_id: null,
    body: "{}",
    status: "pending",
    due_at: rowsAt,
    step: 0,
    tries: 0,
    tried_at: null,
    ended_at: null,
    answer_status: null,
    answer_body: null,
    detail: null,
    duration_ms: null,
    created_at: rowsAt,
    ...over,
  };
}

/** Who is told what happens, and what they are owed. */
export const webhookContract: readonly Promised[] = [
  [
    "subscribers come back as they were written, and only the enabled ones are told",
    async (store) => {
      const rows = [
        subscriberRow(1),
        subscriberRow(2, { kind: "handler", secret: null, status: "disabled" }),
      ];
      await store.run("insert", () => store.statements.subscribers.insert(rows));
      same(await store.read("all", () => store.statements.subscribers.all({})), rows);
      same(await store.read("enabled", () => store.statements.subscribers.enabled({})), rows.slice(0, 1));
      const of = { workspace_id: 1, kind: "handler" };
      same(await store.read("list", () => store.statements.subscribers.list(of)), rows.slice(1));
      const elsewhere = { workspace_id: 2, kind: "handler" };
      same(await store.read("list", () => store.statements.subscribers.list(elsewhere)), []);
    },
  ],
  [
    "a subscriber is changed only at the version that was read, disabled once, and its failures begin once",
    async (store) => {
      const { subscribers } = store.statements;
      await store.run("insert", () => subscribers.insert([subscriberRow(1)]));
      const answers = await store.run("change", function* () {
        const first = yield* subscribers.update([subscriberRow(1, { name: "a" })]);
        const stale = yield* subscribers.update([subscriberRow(1, { name: "b" })]);
        yield* subscribers.failing([{ id: 1, failing_since: 5 }]);
        yield* subscribers.failing([{ id: 1, failing_since: 9 }]);
        const disable = [{ id: 1, status_reason: "failing", updated_at: 10 }];
        const disabled = yield* subscribers.disable(disable);
        const again = yield* subscribers.disable(disable);
        return [first.length, stale.length, disabled.length, again.length];
      });
      assert.deepEqual(answers, [1, 0, 1, 0]);
      const [row] = await store.read("read", () => subscribers.byIds([{ id: 1 }]));
      same(
        [row?.name, row?.version, row?.failing_since, row?.status, row?.status_reason],
        ["a", 3, 5, "disabled", "failing"],
      );
      await store.run("deliver", () => subscribers.delivered([{ id: 1, delivered_at: 20 }]));
      const [later] = await store.read("read", () => subscribers.byIds([{ id: 1 }]));
      same([later?.failing_since, later?.delivered_at], [null, 20]);
    },
  ],
  [
    "a message is kept once for each subscriber, and 0 and 1,000 of them come back as they were written",
    async (store) => {
      const { deliveries } = store.statements;
      const rows = Array.from({ length: 1000 }, (_, index) => deliveryRow(index + 1, { call_id: index }));
      const fresh = await store.run("insert", function* () {
        yield* deliveries.insert([]);
        const first = yield* deliveries.insert(rows);
        const again = yield* deliveries.insert([
          deliveryRow(2000, { message_id: "evt_1" }),
          deliveryRow(2001, { message_id: "evt_1", subscriber_id: 2 }),
        ]);
        return [first.length, again.map(({ id }) => id)];
      });
      same(fresh, [1000, [2001]]);
      const read = await store.read("read", () => deliveries.byIds(rows.map(({ id }) => ({ id }))));
      same(
        read.toSorted((a, b) => a.id - b.id),
        rows,
      );
    },
  ],
  [
    "messages are listed newest first by status, found as failed since an instant, and removed by age",
    async (store) => {
      const { deliveries } = store.statements;
      await store.run("insert", () =>
        deliveries.insert([1, 2, 3, 4].map((id) => deliveryRow(id, { created_at: rowsAt + id }))),
      );
      await store.run("settle", () =>
        deliveries.settle(
          [2, 4].map((id) => ({
            ...deliveryRow(id),
            status: "failed" as const,
            due_at: null,
            tries: 3,
            detail: "no",
          })),
        ),
      );
      const ids = async (status: string | null, before: number): Promise<number[]> =>
        (
          await store.read("list", () =>
            deliveries.list({ subscriber_id: 1, before_id: before, status, limit: 3 }),
          )
        ).map(({ id }) => id);
      assert.deepEqual(await ids(null, 1000), [4, 3, 2]);
      assert.deepEqual(await ids(null, 2), [1]);
      assert.deepEqual(await ids("failed", 1000), [4, 2]);
      const since = (from: number) =>
        store.read("failed", () =>
          deliveries.failedSince({ subscriber_id: 1, since: from, after_id: 0, limit: 10 }),
        );
      same(
        (await since(rowsAt)).map(({ id, detail }) => [id, detail]),
        [
          [2, "no"],
          [4, "no"],
        ],
      );
      assert.equal((await since(rowsAt + 3)).length, 1);
      const removed = await store.run("prune", () =>
        deliveries.removeBefore({ before: rowsAt + 3, limit: 10 }),
      );
      same(
        removed.map(({ id }) => id).toSorted((a, b) => a - b),
        [1, 2],
      );
      assert.deepEqual(await ids(null, 1000), [4, 3]);
    },
  ],
  [
    "what is due is taken subscriber by subscriber, the earliest first, and nothing twice",
    async (store) => {
      const { deliveryDue } = store.statements;
      const due = (subscriber_id: number, due_at: number, delivery_id: number) => ({
        subscriber_id,
        due_at,
        delivery_id,
      });
      await store.run("insert", () =>
        deliveryDue.insert([due(1, 30, 3), due(1, 10, 1), due(1, 20, 2), due(2, 5, 9), due(1, 10, 1)]),
      );
      const take = (now: number, limit: number) =>
        store.run("take", () => deliveryDue.take({ subscriber_id: 1, now, limit }));
      const heads = await store.read("heads", () =>
        deliveryDue.heads([{ subscriber_id: 1 }, { subscriber_id: 2 }, { subscriber_id: 3 }]),
      );
      same(
        heads.toSorted((a, b) => a.subscriber_id - b.subscriber_id),
        [
          { subscriber_id: 1, due_at: 10 },
          { subscriber_id: 2, due_at: 5 },
        ],
      );
      same(await take(25, 1), [due(1, 10, 1)]);
      same(await take(25, 10), [due(1, 20, 2)]);
      same(await take(25, 10), []);
      await store.run("forget", () => deliveryDue.forget({ subscriber_id: 1, before: 31 }));
      same(await take(99, 10), []);
      await store.run("remove", () => deliveryDue.remove([due(2, 5, 9), due(2, 5, 10)]));
      same(await store.read("heads", () => deliveryDue.heads([{ subscriber_id: 2 }])), []);
    },
  ],
  [
    "the cursor is moved by whoever saw where it stood, and reads every workspace's entries in commit order",
    async (store) => {
      const { cursors, ledger } = store.statements;
      same(await store.read("newest", () => ledger.newest({})), []);
      await store.run("first", () => ledger.insert([ledgerRow(1), ledgerRow(2, { workspace_id: 2 })]));
      await store.run("second", () => ledger.insert([ledgerRow(3)]));
      const all = await store.read("after", () => ledger.afterAny({ commit_id: -1, id: 0, limit: 10 }));
      same(
        all.map(({ id }) => id),
        [1, 2, 3],
      );
      const [first] = all;
      const rest = await store.read("after", () =>
        ledger.afterAny({ commit_id: first?.commit_id ?? 0, id: 1, limit: 1 }),
      );
      same(
        rest.map(({ id }) => id),
        [2],
      );
      const [newest] = await store.read("newest", () => ledger.newest({}));
      assert.equal(newest?.id, 3);
      const answers = await store.run("move", function* () {
        yield* cursors.put([{ name: "c", commit_id: 0, id: 1 }]);
        yield* cursors.put([{ name: "c", commit_id: 0, id: 2 }]);
        const move = { name: "c", commit_id: 7, id: 3 };
        const won = yield* cursors.move({ ...move, from_commit_id: 0, from_id: 2 });
        const lost = yield* cursors.move({ ...move, from_commit_id: 0, from_id: 2 });
        return [won.length, lost.length, yield* cursors.get({ name: "c" })];
      });
      same(answers, [1, 0, [{ name: "c", commit_id: 7, id: 3 }]]);
    },
  ],
];
