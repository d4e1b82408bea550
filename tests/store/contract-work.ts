import assert from "node:assert/strict";
import type { CallListArgs } from "../../src/ports/statements.ts";
import type { Store } from "../../src/ports/store.ts";
import { attemptRow, callRow, documentRow, ledgerRow, rowsAt } from "../support/rows.ts";
import { type Promised, same } from "./contract.ts";

const dues = (lane: number, ...pairs: [dueAt: number, callId: number][]) =>
  pairs.map(([due_at, call_id]) => ({ lane_id: lane, due_at, call_id }));

const list = (over: Partial<CallListArgs>): CallListArgs => ({
  workspace_id: 1,
  before_id: Number.MAX_SAFE_INTEGER,
  limit: 100,
  status: null,
  not_due_after: -1,
  outcome: null,
  line_id: null,
  purpose: null,
  number_hash: null,
  due_after: 0,
  due_before: Number.MAX_SAFE_INTEGER,
  created_after: 0,
  created_before: Number.MAX_SAFE_INTEGER,
  ...over,
});

async function listed(store: Store, over: Partial<CallListArgs>): Promise<number[]> {
  const rows = await store.read("list", () => store.statements.calls.list(list(over)));
  return rows.map((row) => row.id);
}

/** Calls, what is due, attempts, reports, the ledger and the outbox. */
export const workContract: readonly Promised[] = [
  [
    "a bulk of 0, 1 and 1,000 calls comes back as it was written, nulls and all",
    async (store) => {
      for (const [index, count] of [0, 1, 1000].entries()) {
        const rows = Array.from({ length: count }, (_, i) =>
          callRow(
            index * 10_000 + i + 1,
            i % 2 === 0 ? {} : { purpose: 'o\'clock "π"', expires_after_ms: null },
          ),
        );
        await store.run("insert", function* () {
          yield* store.statements.calls.insert(rows);
          yield* store.statements.documents.insert(rows.map((row) => documentRow(row.id)));
        });
        const read = await store.read("read", () =>
          store.statements.calls.byIds(rows.map(({ id }) => ({ id }))),
        );
        same(
          read.toSorted((a, b) => a.id - b.id),
          rows,
        );
      }
    },
  ],
  [
    "a call is changed only at the version that was read, and its version goes up by one",
    async (store) => {
      await store.run("insert", () => store.statements.calls.insert([callRow(1), callRow(2)]));
      const changed = await store.run("change", () =>
        store.statements.calls.change([
          callRow(1, { status: "dialing", attempt_id: 9 }),
          callRow(2, { version: 7, status: "failed" }),
        ]),
      );
      assert.equal(changed, 1);
      const rows = await store.read("read", () => store.statements.calls.lock([{ id: 1 }, { id: 2 }]));
      same(
        rows.map(({ id, status, version, attempt_id }) => ({ id, status, version, attempt_id })),
        [
          { id: 1, status: "dialing", version: 2, attempt_id: 9 },
          { id: 2, status: "scheduled", version: 1, attempt_id: null },
        ],
      );
    },
  ],
  [
    "due calls are taken out in the order of their instant, then of their id, and only those that are due",
    async (store) => {
      await store.run("insert", () =>
        store.statements.due.insert([...dues(1, [30, 1], [10, 5], [10, 2], [99, 3]), ...dues(2, [1, 4])]),
      );
      const take = (limit: number) =>
        store.run("take", () => store.statements.due.take({ lane_id: 1, now: 50, limit }));
      const byOrder = (rows: { call_id: number }[]) =>
        rows.map((row) => row.call_id).toSorted((a, b) => a - b);
      same(byOrder(await take(2)), [2, 5]);
      same(byOrder(await take(10)), [1]);
      same(await take(10), []);
      const heads = await store.read("heads", () =>
        store.statements.due.heads([{ lane_id: 1 }, { lane_id: 2 }, { lane_id: 3 }]),
      );
      same(
        heads.toSorted((a, b) => a.lane_id - b.lane_id),
        [
          { lane_id: 1, due_at: 99 },
          { lane_id: 2, due_at: 1 },
        ],
      );
    },
  ],
  [
    "a lane is paged through by position: what waits, what was planned under an older version, how much is due",
    async (store) => {
      await store.run("insert", function* () {
        yield* store.statements.calls.insert([
          callRow(1, { due_at: 10, expires_at: 20 }),
          callRow(2, { due_at: 10, plan_version: 2 }),
          callRow(3, { due_at: 30 }),
        ]);
        yield* store.statements.due.insert(dues(1, [10, 1], [10, 2], [30, 3]));
      });
      const waiting = (after_due_at: number, after_call_id: number) =>
        store.read("waiting", () =>
          store.statements.due.waiting({ lane_id: 1, after_due_at, after_call_id, now: 29, limit: 5 }),
        );
      same(await waiting(-1, 0), [
        { call_id: 1, due_at: 10, expires_at: 20 },
        { call_id: 2, due_at: 10, expires_at: callRow(2).expires_at },
      ]);
      same(
        (await waiting(10, 1)).map((row) => row.call_id),
        [2],
      );
      const stale = await store.read("stale", () =>
        store.statements.due.stale({
          lane_id: 1,
          after_due_at: 10,
          after_call_id: 1,
          plan_version: 2,
          limit: 2,
        }),
      );
      same(stale, [
        { call_id: 2, due_at: 10, plan_version: 2 },
        { call_id: 3, due_at: 30, plan_version: 1 },
      ]);
      const count = (limit: number) =>
        store.read("count", () => store.statements.due.countDue({ lane_id: 1, now: 30, limit }));
      same([await count(100), await count(2)], [[{ count: 3 }], [{ count: 2 }]]);
    },
  ],
  [
    "a list of calls obeys each filter and its cursor, newest first",
    async (store) => {
      await store.run("insert", function* () {
        yield* store.statements.lanes.insert([
          { id: 1, workspace_id: 1, line_id: 5, campaign_id: 0, priority: 5 },
          { id: 2, workspace_id: 1, line_id: 6, campaign_id: 0, priority: 5 },
        ]);
        yield* store.statements.calls.insert([
          callRow(1, { status: "completed", outcome: "busy", created_at: 1 }),
          callRow(2, { lane_id: 2, purpose: "renewal", due_at: 7 }),
          callRow(3, { number_hash: "mine", status: "failed", ended_at: 5 }),
          callRow(4, { workspace_id: 2 }),
          callRow(5),
        ]);
      });
      same(await listed(store, {}), [5, 3, 2, 1]);
      same(await listed(store, { before_id: 3, limit: 1 }), [2]);
      same(await listed(store, { status: "failed" }), [3]);
      same(await listed(store, { outcome: "busy" }), [1]);
      same(await listed(store, { line_id: 6 }), [2]);
      same(await listed(store, { purpose: "renewal" }), [2]);
      same(await listed(store, { number_hash: "mine" }), [3]);
      same(await listed(store, { due_before: 8 }), [2]);
      same(await listed(store, { not_due_after: 7, status: "scheduled" }), [5]);
      same(await listed(store, { created_before: 2 }), [1]);
      same(await listed(store, { workspace_id: 2 }), [4]);
      const counts = await store.read("count", () =>
        store.statements.calls.countByStatus({ workspace_id: 1, since: 0 }),
      );
      assert.equal(counts.find((row) => row.status === "scheduled")?.count, 2);
      const ended = await store.read("ended", () =>
        store.statements.calls.ended({ before: 6, after_id: 0, limit: 10 }),
      );
      same(ended, [{ id: 3, attempt_id: null }]);
    },
  ],
  [
    "documents are found by the caller's own id, newest first, and may be sealed anew",
    async (store) => {
      const { documents } = store.statements;
      await store.run("insert", () =>
        documents.insert([
          documentRow(1, { external_id: "x" }),
          documentRow(2, { external_id: "x" }),
          documentRow(3, { external_id: "y" }),
          documentRow(4),
        ]),
      );
      const find = await store.read("find", () =>
        documents.byExternalId({ workspace_id: 1, external_id: "x", limit: 10 }),
      );
      same(find, [{ call_id: 2 }, { call_id: 1 }]);
      await store.run("update", () =>
        documents.update([documentRow(4, { phone: "sealed", document: '{"a":1}' })]),
      );
      const after = await store.read("after", () => documents.after({ call_id: 2, limit: 10 }));
      same(
        after.map((row) => [row.call_id, row.phone]),
        [
          [3, "+12125550100"],
          [4, "sealed"],
        ],
      );
      await store.run("remove", () => documents.remove([{ call_id: 1 }, { call_id: 77 }]));
      assert.equal((await store.read("read", () => documents.byIds([{ call_id: 1 }]))).length, 0);
    },
  ],
  [
    "only the owner of a claimed attempt wins its fence, and only once",
    async (store) => {
      const { attempts } = store.statements;
      await store.run("insert", () => attempts.insert([attemptRow(1), attemptRow(2, { node_id: 8 })]));
      const fence = () =>
        store.run("fence", () =>
          attempts.fence([
            { id: 1, node_id: 1, placing_at: 5 },
            { id: 2, node_id: 1, placing_at: 5 },
          ]),
        );
      const won = await fence();
      same(
        won.map((row) => [row.id, row.call_id, row.deadline_at]),
        [[1, 1, attemptRow(1).deadline_at]],
      );
      same(await store.read("read", () => attempts.byIds([{ id: 1 }])), [
        attemptRow(1, { status: "placing", placing_at: 5 }),
      ]);
      same(await fence(), []);
    },
  ],
  [
    "the attempt of a carrier's call is found among those of its time",
    async (store) => {
      const { attempts } = store.statements;
      await store.run("insert", () =>
        attempts.insert([
          attemptRow(1, { carrier_ref: "ref" }),
          attemptRow(2, { carrier_ref: null }),
          attemptRow(3, { carrier_ref: "other" }),
          attemptRow(900, { carrier_ref: "ref" }),
        ]),
      );
      const found = (from_id: number, to_id: number, carrier_ref: string) =>
        store.read("look", () => attempts.withRef({ from_id, to_id, carrier_ref }));
      same(await found(-10, 100, "ref"), [{ id: 1 }]);
      same(await found(2, 100, "ref"), []);
      same((await found(1, 900, "ref")).length, 2);
      same(await found(1, 900, "nobody's"), []);
    },
  ],
  [
    "open attempts are found by the instant at which they must be looked at",
    async (store) => {
      const { attempts } = store.statements;
      await store.run("insert", () =>
        attempts.insert([
          attemptRow(1, { check_at: 30 }),
          attemptRow(2, { check_at: 10, line_id: 2 }),
          attemptRow(3, { check_at: null, status: "ended" }),
        ]),
      );
      const ids = (rows: { id: number }[]) => rows.map((row) => row.id);
      same(ids(await store.read("check", () => attempts.toCheck({ now: 30, limit: 9 }))), [2, 1]);
      same(await store.read("next", () => attempts.nextCheck({})), [{ check_at: 10 }]);
      same(ids(await store.read("open", () => attempts.open({ after_id: 1, limit: 9 }))), [2]);
      const counted = await store.read("count", () => attempts.countOpen({}));
      same(
        counted.toSorted((a, b) => a.line_id - b.line_id),
        [
          { line_id: 1, count: 1 },
          { line_id: 2, count: 1 },
        ],
      );
      await store.run("set", () =>
        attempts.setCheck([
          { id: 1, check_at: 50, checks: 2 },
          { id: 3, check_at: 60, checks: 2 },
        ]),
      );
      const rows = await store.read("read", () => attempts.byIds([{ id: 1 }, { id: 3 }]));
      same(
        rows.toSorted((a, b) => a.id - b.id).map((row) => [row.check_at, row.checks]),
        [
          [50, 2],
          [null, 0],
        ],
      );
      const ended = attemptRow(1, {
        status: "ended",
        slot_held: 0,
        outcome: "busy",
        check_at: null,
        reports: 3,
      });
      await store.run("change", () => attempts.change([ended]));
      same(await store.read("read", () => attempts.lock([{ id: 1 }])), [ended]);
      await store.run("remove", () => attempts.remove([{ id: 1 }, { id: 2 }]));
      same(await store.read("next", () => attempts.nextCheck({})), [{ check_at: null }]);
    },
  ],
  [
    "a report that came before falls to its key, also twice in one transaction's rows",
    async (store) => {
      const { reports } = store.statements;
      const report = (attempt_id: number, report_key: string, body = "{}") => ({
        attempt_id,
        report_key,
        workspace_id: 1,
        received_at: rowsAt,
        body,
      });
      const first = await store.run("insert", () =>
        reports.insert([report(1, "a"), report(1, "a"), report(2, "a")]),
      );
      assert.equal(first.length, 2);
      const again = await store.run("insert", () =>
        reports.insert([report(1, "a", "other"), report(1, "b")]),
      );
      same(again, [{ attempt_id: 1, report_key: "b" }]);
      const kept = await store.read("read", () => reports.ofAttempts([{ attempt_id: 1 }]));
      const byKey = Object.fromEntries(kept.map((row) => [row.report_key, row.body]));
      same(byKey, { a: "{}", b: "{}" });
      await store.run("remove", () => reports.remove([{ attempt_id: 1 }]));
      same(await store.read("read", () => reports.ofAttempts([{ attempt_id: 1 }])), []);
    },
  ],
  [
    "the ledger is read in the order of its commits, from a cursor on, each workspace by itself",
    async (store) => {
      const { ledger } = store.statements;
      await store.run("later ids first", () =>
        ledger.insert([ledgerRow(3, { data: '{"a":1}' }), ledgerRow(4)]),
      );
      await store.run("another workspace", () => ledger.insert([ledgerRow(5, { workspace_id: 2 })]));
      await store.run("and the rest", () => ledger.insert([ledgerRow(6)]));
      const begin = { workspace_id: 1, commit_id: -1, id: 0, limit: 2 };
      const page = await store.read("after", () => ledger.after(begin));
      same(
        page.map((row) => row.id),
        [3, 4],
      );
      const { commit_id = 0, id = 0 } = page.at(-1) ?? {};
      const next = await store.read("after", () => ledger.after({ ...begin, commit_id, id }));
      same(
        next.map((row) => row.id),
        [6],
      );
      const last = await store.read("last", () => ledger.last({ workspace_id: 1 }));
      same(
        last.map((row) => row.id),
        [6],
      );
      const [row] = await store.read("byIds", () => ledger.byIds([{ id: 3 }]));
      same(row, ledgerRow(3, { data: '{"a":1}' }));
    },
  ],
  [
    "what the outbox owes is taken in the order of its instants and may be put off",
    async (store) => {
      const { outbox } = store.statements;
      const owed = (id: number, due_at: number) =>
        ({
          id,
          workspace_id: 1,
          kind: "hang_up",
          attempt_id: id,
          due_at,
          tries: 0,
          created_at: rowsAt,
        }) as const;
      same(await store.read("next", () => outbox.next({})), [{ due_at: null }]);
      await store.run("insert", () => outbox.insert([owed(1, 20), owed(2, 10), owed(3, 99)]));
      const due = await store.read("due", () => outbox.due({ now: 50, limit: 9 }));
      same(due, [owed(2, 10), owed(1, 20)]);
      await store.run("settle", function* () {
        yield* outbox.postpone([{ id: 2, due_at: 70, tries: 1 }]);
        yield* outbox.remove([{ id: 1 }]);
      });
      same(await store.read("next", () => outbox.next({})), [{ due_at: 70 }]);
    },
  ],
];
