import assert from "node:assert/strict";
import type { AgentRow } from "../../src/ports/rows.ts";
import type { Store } from "../../src/ports/store.ts";
import { callRow, documentRow } from "../support/rows.ts";
import { type Promised, same } from "./contract.ts";

const agent = (id: number, over: Partial<AgentRow> = {}): AgentRow => ({
  id,
  workspace_id: 1,
  agent_id: `agent${id}`,
  name: `Agent ${id}`,
  metadata: "{}",
  version: 1,
  created_at: 5,
  updated_at: 5,
  ...over,
});

/** What every store promises of agents, and of calls counted as jobs. */
export const agentsContract: readonly Promised[] = [
  [
    "an agent's id is taken once in a workspace, and it is changed only at the version that was read",
    async (store) => {
      const { agents } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      const twin = agent(3, { agent_id: "agent1" });
      same(await run("write", () => agents.insert([agent(1), agent(2, { workspace_id: 2 })])), [
        { id: 1 },
        { id: 2 },
      ]);
      same(await run("write", () => agents.insert([twin])), []);
      const keys = [1, 2].map((workspace_id) => ({ workspace_id, agent_id: "agent1" }));
      same(await run("read", () => agents.of(keys)), [agent(1)]);
      same(await run("change", () => agents.update([agent(1, { name: "Other", updated_at: 9 })])), [
        { id: 1 },
      ]);
      same(await run("change", () => agents.update([agent(1)])), []);
      const all = { workspace_id: 1, before_id: 9, limit: 5 };
      same(await run("list", () => agents.list(all)), [
        agent(1, { name: "Other", updated_at: 9, version: 2 }),
      ]);
      await run("remove", () => agents.remove([{ id: 1 }]));
      same(await run("list", () => agents.list(all)), []);
    },
  ],
  [
    "an owner's calls are found newest first, alone or with those that nobody owns",
    async (store) => {
      const { documents } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      await run("write", () =>
        documents.insert([
          documentRow(1, { owner: "a" }),
          documentRow(2, { owner: null }),
          documentRow(3, { owner: "b" }),
          documentRow(4, { owner: "a" }),
          documentRow(5, { owner: "a", workspace_id: 2 }),
        ]),
      );
      const args = { workspace_id: 1, owner: "a", before_id: 9, limit: 5 };
      const ids = (rows: readonly { call_id: number }[]): number[] => rows.map((row) => row.call_id);
      assert.deepEqual(ids(await run("find", () => documents.byOwner(args))), [4, 1]);
      assert.deepEqual(ids(await run("find", () => documents.byOwnerOrNone(args))), [4, 2, 1]);
      const page = { ...args, before_id: 4, limit: 1 };
      assert.deepEqual(ids(await run("find", () => documents.byOwnerOrNone(page))), [2]);
    },
  ],
  [
    "calls are counted by the state of their job, by lane, and by whether they ended lately",
    async (store) => {
      const { statements } = store;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      await run("write", () =>
        statements.calls.insert([
          callRow(1, { due_at: 100 }),
          callRow(2, { due_at: 10 }),
          callRow(3, { status: "paused", due_at: 100 }),
          callRow(4, { status: "dialing", due_at: 10 }),
          callRow(5, { status: "dialing", due_at: 10, dispatched_at: 40 }),
          callRow(6, { status: "failed", due_at: 10, ended_at: 30 }),
          callRow(7, { status: "needs_review", due_at: 10, updated_at: 45 }),
          callRow(8, { status: "canceled", due_at: 10, ended_at: 30 }),
          callRow(9, { status: "scheduled", due_at: 100, dispatched_at: 20 }),
          callRow(10, { workspace_id: 2, due_at: 10 }),
        ]),
      );
      const args = { workspace_id: 1, line_id: null, now: 50, completed_since: 40, failed_since: 40 };
      const rows = await run("count", () => statements.queues.count(args));
      const lanes = new Set(rows.map((row) => row.lane_id));
      assert.equal(lanes.size, 1);
      const isOver = (state: string): boolean => state === "completed" || state === "failed";
      assert.deepEqual(
        rows
          .map(({ state, is_recent, is_ahead, count }) =>
            [state, isOver(state) ? is_recent : "-", is_ahead, count].join(" "),
          )
          .toSorted(),
        [
          "active - 0 1",
          "cancelled - 0 1",
          "completed 0 1 1",
          "completed 1 0 1",
          "delayed - 1 1",
          "failed 0 0 1",
          "failed 1 0 1",
          "paused - 1 1",
          "waiting - 0 1",
        ],
      );
      const elsewhere = await run("count", () => statements.queues.count({ ...args, line_id: 12_345 }));
      assert.deepEqual(elsewhere, []);
    },
  ],
];
