import assert from "node:assert/strict";
import {
  countersRow,
  hoursRow,
  idempotencyRow,
  keyRow,
  ledgerRow,
  lineRow,
  policyRow,
  rowsAt,
  suppressionRow,
  workspaceRow,
} from "../support/rows.ts";
import { type Promised, same } from "./contract.ts";

/** Transactions themselves, ids, workspaces, configuration, people and keys. */
export const houseContract: readonly Promised[] = [
  [
    "a transaction that throws leaves nothing behind, and the next one works",
    async (store) => {
      const verb = store.run("fail", function* () {
        yield* store.statements.workspaces.insert([workspaceRow(1)]);
        throw new Error("the verb changed its mind");
      });
      await assert.rejects(verb, /changed its mind/);
      same(await store.read("read", () => store.statements.workspaces.all({})), []);
      await store.run("insert", () => store.statements.workspaces.insert([workspaceRow(1)]));
      assert.equal((await store.read("read", () => store.statements.workspaces.all({}))).length, 1);
    },
  ],
  [
    "what the database forbids is a fault of the store, not of the process",
    async (store) => {
      const wrong = { ...lineRow(1), status: "asleep" as "active" };
      await assert.rejects(
        store.run("insert", () => store.statements.lines.insert([wrong])),
        { name: "StoreError", fault: "broken" },
      );
    },
  ],
  [
    "blocks of ids never overlap, also when they are taken at the same time",
    async (store) => {
      const blocks = await Promise.all(
        [10, 1, 5, 100].map(async (count) => {
          const [row] = await store.run("take", () => store.statements.ids.take({ name: "call", count }));
          const end = row?.next_id ?? 0;
          return Array.from({ length: count }, (_, i) => end - count + i);
        }),
      );
      const ids = blocks.flat();
      assert.equal(new Set(ids).size, 116);
      assert.equal(Math.min(...ids), 1);
      assert.equal(Math.max(...ids), 116);
    },
  ],
  [
    "a workspace is stopped, started and given new plans in place; a taken name changes nothing",
    async (store) => {
      const { workspaces } = store.statements;
      await store.run("insert", () =>
        workspaces.insert([workspaceRow(1), workspaceRow(2, { name: "workspace 1" })]),
      );
      await store.run("change", function* () {
        yield* workspaces.setStopped({ id: 1, stopped_at: 5, stopped_reason: "fire" });
        yield* workspaces.bumpPlan({ id: 1 });
      });
      same(await store.run("lock", () => workspaces.lock({ id: 1 })), [
        workspaceRow(1, { stopped_at: 5, stopped_reason: "fire", plan_version: 2 }),
      ]);
      await store.run("start", () =>
        workspaces.setStopped({ id: 1, stopped_at: null, stopped_reason: null }),
      );
      same(await store.read("all", () => workspaces.all({})), [workspaceRow(1, { plan_version: 2 })]);
    },
  ],
  [
    "a setting that is put again has the new value",
    async (store) => {
      const { settings } = store.statements;
      const setting = (value: string) => ({ workspace_id: 1, name: "hours", value, updated_at: rowsAt });
      await store.run("put", () => settings.put([setting("1"), { ...setting("9"), workspace_id: 0 }]));
      await store.run("put", () => settings.put([setting("2")]));
      same(await store.read("get", () => settings.get({ workspace_id: 1, name: "hours" })), [setting("2")]);
      assert.equal((await store.read("all", () => settings.all({}))).length, 2);
      same(await store.read("get", () => settings.get({ workspace_id: 1, name: "none" })), []);
    },
  ],
  [
    "nodes are seen, buried and forgotten",
    async (store) => {
      const { nodes } = store.statements;
      const node = (id: number) => ({ id, name: "n", started_at: 1, seen_at: 1, stopped_at: null });
      await store.run("insert", () => nodes.insert([node(1), node(2)]));
      await store.run("seen", () => nodes.seen({ id: 1, seen_at: 8 }));
      await store.run("stopped", () => nodes.stopped({ id: 2, stopped_at: 9 }));
      same(await store.read("all", () => nodes.all({})), [
        { ...node(1), seen_at: 8 },
        { ...node(2), stopped_at: 9 },
      ]);
      await store.run("forget", () => nodes.forget({ before: 10 }));
      same(
        (await store.read("all", () => nodes.all({}))).map((row) => row.id),
        [1],
      );
    },
  ],
  [
    "hours, retry policies and lines take a name once and change only at the version that was read",
    async (store) => {
      const { hours, retryPolicies, lines } = store.statements;
      same(await store.run("insert", () => hours.insert([hoursRow(1)])), [{ id: 1 }]);
      same(await store.run("taken", () => hours.insert([hoursRow(2, { name: "hours 1" })])), []);
      same(await store.run("update", () => hours.update([hoursRow(1, { holidays: "{}" })])), [{ id: 1 }]);
      same(await store.run("stale", () => hours.update([hoursRow(1)])), []);
      same(await store.read("all", () => hours.all({})), [hoursRow(1, { holidays: "{}", version: 2 })]);
      await store.run("remove", () => hours.remove([{ id: 1 }]));
      same(await store.read("all", () => hours.all({})), []);

      same(await store.run("insert", () => retryPolicies.insert([policyRow(1)])), [{ id: 1 }]);
      same(await store.run("update", () => retryPolicies.update([policyRow(1, { spec: "[]" })])), [
        { id: 1 },
      ]);
      same(await store.read("all", () => retryPolicies.all({})), [policyRow(1, { spec: "[]", version: 2 })]);
      await store.run("remove", () => retryPolicies.remove([{ id: 1 }]));

      same(await store.run("insert", () => lines.insert([lineRow(1)])), [{ id: 1 }]);
      same(await store.run("taken", () => lines.insert([lineRow(2, { name: "line 1" })])), []);
      same(await store.run("update", () => lines.update([lineRow(1, { slots_max: 3 })])), [{ id: 1 }]);
      same(await store.run("stale", () => lines.update([lineRow(1)])), []);
      await store.run("status", () =>
        lines.setStatus({ id: 1, status: "paused", status_reason: "lunch", updated_at: 7 }),
      );
      const paused = lineRow(1, {
        slots_max: 3,
        status: "paused",
        status_reason: "lunch",
        updated_at: 7,
        version: 3,
      });
      same(await store.read("all", () => lines.all({})), [paused]);
      same(await store.read("flags", () => lines.flags([{ id: 1 }, { id: 4 }])), [
        { id: 1, status: "paused", workspace_id: 1 },
      ]);
    },
  ],
  [
    "a lane is made once",
    async (store) => {
      const { lanes } = store.statements;
      const lane = (id: number) => ({ id, workspace_id: 1, line_id: 1, campaign_id: 0, priority: 5 });
      await store.run("insert", () => lanes.insert([lane(1)]));
      await store.run("again", () => lanes.insert([lane(2), { ...lane(3), priority: 6 }]));
      same(
        (await store.read("all", () => lanes.all({}))).map((row) => row.id),
        [1, 3],
      );
    },
  ],
  [
    "a line without counters cannot be claimed from",
    async (store) => {
      const { lines, workspaces } = store.statements;
      await store.run("insert", function* () {
        yield* workspaces.insert([workspaceRow(1)]);
        yield* lines.insert([lineRow(1)]);
      });
      same(await store.run("lock", () => lines.lockForClaim({ id: 1 })), []);
      await store.run("insert", () => lines.insertCounters([countersRow(1)]));
      assert.equal((await store.run("lock", () => lines.lockForClaim({ id: 1 }))).length, 1);
    },
  ],
  [
    "a wish not to be called is never weakened by a later, shorter or lesser one",
    async (store) => {
      const { suppressions } = store.statements;
      const kept = async (...rows: Partial<ReturnType<typeof suppressionRow>>[]) => {
        const hash = `hash ${JSON.stringify(rows)}`;
        for (const [index, row] of rows.entries()) {
          await store.run("insert", () =>
            suppressions.insert([
              suppressionRow(Math.floor(counter++), { number_hash: hash, reason: `${index}`, ...row }),
            ]),
          );
        }
        const [row] = await store.read("of", () => suppressions.of([{ workspace_id: 1, number_hash: hash }]));
        return { kind: row?.kind, until_at: row?.until_at, reason: row?.reason };
      };
      let counter = 1;
      const forever = { until_at: null };
      const brief = { until_at: rowsAt + 10 };
      const long = { until_at: rowsAt + 1000 };
      const quarantined = { kind: "quarantined", until_at: rowsAt + 500 } as const;
      const suppressed = "suppressed";
      same(await kept(forever, brief), { kind: suppressed, until_at: null, reason: "0" });
      same(await kept(brief, forever), { kind: suppressed, until_at: null, reason: "1" });
      same(await kept(brief, long), { kind: suppressed, ...long, reason: "1" });
      same(await kept(long, brief), { kind: suppressed, ...long, reason: "0" });
      same(await kept(quarantined, forever), { kind: suppressed, until_at: null, reason: "1" });
      same(await kept(forever, quarantined), { kind: suppressed, until_at: null, reason: "0" });
    },
  ],
  [
    "suppressions are listed newest first, found by id, and go when their time has passed",
    async (store) => {
      const { suppressions } = store.statements;
      same(await store.read("any", () => suppressions.any({})), []);
      await store.run("insert", () =>
        suppressions.insert([
          suppressionRow(1, { scope: "sales" }),
          suppressionRow(2, { until_at: 50 }),
          suppressionRow(3, { number_hash: "other" }),
          suppressionRow(4, { workspace_id: 2 }),
        ]),
      );
      const listed = await store.read("list", () =>
        suppressions.list({ workspace_id: 1, before_id: 3, limit: 5 }),
      );
      same(
        listed.map((row) => row.id),
        [2, 1],
      );
      const of = await store.read("of", () => suppressions.of([{ workspace_id: 1, number_hash: "hash" }]));
      same(of.map((row) => row.scope).toSorted(), ["", "sales"]);
      same(await store.read("byId", () => suppressions.byId({ workspace_id: 2, id: 1 })), []);
      await store.run("expire", () => suppressions.removeExpired({ now: 50 }));
      await store.run("remove", () => suppressions.remove([{ id: 1 }]));
      same(
        (await store.read("list", () => suppressions.list({ workspace_id: 1, before_id: 99, limit: 5 }))).map(
          (row) => row.id,
        ),
        [3],
      );
      assert.equal((await store.read("any", () => suppressions.any({}))).length, 1);
    },
  ],
  [
    "a person's dials are one row that is written over and forgotten in time",
    async (store) => {
      const { people } = store.statements;
      const person = (hash: string, dials: string, updated_at = rowsAt) => ({
        workspace_id: 1,
        number_hash: hash,
        dials,
        updated_at,
      });
      await store.run("put", () => people.put([person("a", "[1]"), person("b", "[2]", 5)]));
      await store.run("put", () => people.put([person("a", "[1,3]")]));
      const of = await store.read("of", () =>
        people.of([
          { workspace_id: 1, number_hash: "a" },
          { workspace_id: 2, number_hash: "a" },
        ]),
      );
      same(of, [person("a", "[1,3]")]);
      await store.run("forget", () => people.forget({ before: 6 }));
      same(await store.read("of", () => people.of([{ workspace_id: 1, number_hash: "b" }])), []);
    },
  ],
  [
    "an idempotency or dedupe key belongs to whoever took it first",
    async (store) => {
      const { idempotency, dedupe } = store.statements;
      const won = await store.run("insert", () =>
        idempotency.insert([idempotencyRow(1), idempotencyRow(2, { key_hash: "key-1" }), idempotencyRow(3)]),
      );
      same(won.map((row) => row.key_hash).toSorted(), ["key-1", "key-3"]);
      same(
        await store.run("again", () => idempotency.insert([idempotencyRow(4, { key_hash: "key-1" })])),
        [],
      );
      const of = await store.read("of", () => idempotency.of([{ workspace_id: 1, key_hash: "key-1" }]));
      same(of, [idempotencyRow(1)]);
      await store.run("old", () => idempotency.removeBefore({ before: rowsAt + 1, limit: 1 }));
      same(await store.read("of", () => idempotency.of([{ workspace_id: 1, key_hash: "key-1" }])), []);
      await store.run("remove", () => idempotency.remove([{ workspace_id: 1, key_hash: "key-3" }]));
      const key = { workspace_id: 1, dedupe_key: "order 7" };
      assert.equal(
        (
          await store.run("insert", () =>
            dedupe.insert([
              { ...key, call_id: 1 },
              { ...key, call_id: 2 },
            ]),
          )
        ).length,
        1,
      );
      same(await store.run("again", () => dedupe.insert([{ ...key, call_id: 3 }])), []);
      same(await store.read("of", () => dedupe.of([key])), [{ ...key, call_id: 1 }]);
      await store.run("remove another's", () => dedupe.remove([{ ...key, call_id: 2 }]));
      same(await store.read("of", () => dedupe.of([key])), [{ ...key, call_id: 1 }]);
      await store.run("remove", () => dedupe.remove([{ ...key, call_id: 1 }]));
      same(await store.read("of", () => dedupe.of([key])), []);
    },
  ],
  [
    "API keys are found by the hash of their secret, revoked and stamped",
    async (store) => {
      const { keys } = store.statements;
      await store.run("insert", () => keys.insert([keyRow(1), keyRow(2)]));
      await assert.rejects(
        store.run("same secret", () => keys.insert([keyRow(3, { secret_hash: "secret-1" })])),
        {
          fault: "broken",
        },
      );
      await store.run("change", function* () {
        yield* keys.revoke({ id: 1, revoked_at: 5 });
        yield* keys.used([{ id: 2, last_used_at: 6 }]);
      });
      same(await store.read("find", () => keys.bySecret({ secret_hash: "secret-1" })), [
        keyRow(1, { revoked_at: 5 }),
      ]);
      same(
        (await store.read("all", () => keys.all({}))).map((row) => row.last_used_at),
        [null, 6],
      );
    },
  ],
  [
    "old history is removed from the front, a bounded piece at a time",
    async (store) => {
      const { ledger } = store.statements;
      await store.run("insert", () =>
        ledger.insert([1, 2, 3, 4].map((id) => ledgerRow(id, { at: id * 10 }))),
      );
      await store.run("prune", () => ledger.removeBefore({ before: 35, limit: 2 }));
      const left = async () =>
        (await store.read("read", () => ledger.byIds([1, 2, 3, 4].map((id) => ({ id })))))
          .map((row) => row.id)
          .toSorted((a, b) => a - b);
      same(await left(), [3, 4]);
      await store.run("prune", () => ledger.removeBefore({ before: 35, limit: 2 }));
      same(await left(), [4]);
    },
  ],
  [
    "the counters of a line move only as far as its checks allow, and a back-off never gets shorter",
    async (store) => {
      const { lines, workspaces } = store.statements;
      await store.run("insert", function* () {
        yield* workspaces.insert([
          workspaceRow(1, { stopped_at: 12, stopped_reason: "fire", plan_version: 4 }),
        ]);
        yield* lines.insert([lineRow(1)]);
        yield* lines.insertCounters([countersRow(1)]);
      });
      await store.run("claim", () =>
        lines.claimed([{ line_id: 1, slots_used: 3, next_free_at: 12.5, day: 7, day_used: 3 }]),
      );
      await store.run("release", () => lines.release({ line_id: 1, count: 2 }));
      await store.run("back off", function* () {
        yield* lines.backOff({ line_id: 1, until: 500 });
        yield* lines.backOff({ line_id: 1, until: 400 });
      });
      const [claimable] = await store.run("lock", () => lines.lockForClaim({ id: 1 }));
      assert.equal(claimable?.stopped_at, 12);
      assert.equal(claimable?.plan_version, 4);
      same(await store.read("counters", () => lines.counters({})), [
        countersRow(1, { slots_used: 1, next_free_at: 12.5, backoff_until: 500, day: 7, day_used: 3 }),
      ]);
      await assert.rejects(
        store.run("release too much", () => lines.release({ line_id: 1, count: 5 })),
        { name: "StoreError", fault: "broken" },
      );
      assert.equal((await store.read("counters", () => lines.counters({})))[0]?.slots_used, 1);
    },
  ],
];
