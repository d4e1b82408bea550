import assert from "node:assert/strict";
import type { Store } from "../../src/ports/store.ts";
import type { JobRunRow, TimetableRow } from "../../src/ports/timetable-rows.ts";
import { type Promised, same } from "./contract.ts";

const job = (name: string, over: Partial<TimetableRow> = {}): TimetableRow => ({
  workspace_id: 1,
  job: name,
  rule: "0 * * * *",
  rule_edited: 0,
  timezone: "UTC",
  timezone_edited: 0,
  enabled: 1,
  enabled_edited: 0,
  start_local: 0,
  slot: null,
  slot_local: null,
  slot_at: null,
  slot_number: 0,
  wake_at: 100,
  last_run_id: null,
  last_status: null,
  version: 1,
  created_at: 5,
  updated_at: 5,
  ...over,
});

const jobRun = (id: number, over: Partial<JobRunRow> = {}): JobRunRow => ({
  id,
  workspace_id: 1,
  job: "sweep",
  queue: "maintenance",
  slot: `slot ${id}`,
  status: "waiting",
  asked_by: null,
  at: 100,
  coalesced: 0,
  tries: 0,
  node_id: null,
  started_at: null,
  ended_at: null,
  result: null,
  error: null,
  created_at: 50,
  ...over,
});

const ids = (rows: readonly { id: number }[]): number[] => rows.map(({ id }) => id).toSorted((a, b) => a - b);

/** What every store promises of the timetable and of runs. */
export const timetableContract: readonly Promised[] = [
  [
    "a job has one row, is edited only at the version that was read, and moves on without another version",
    async (store) => {
      const { timetable } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      await run("write", () => timetable.insert([job("sweep"), job("wash", { wake_at: null })]));
      await run("write", () => timetable.insert([job("sweep", { rule: "other" })]));
      const edited = job("sweep", { rule: "5 * * * *", rule_edited: 1, wake_at: 300, updated_at: 9 });
      assert.equal(await run("edit", () => timetable.change([edited])), 1);
      assert.equal(await run("edit", () => timetable.change([edited])), 0);
      const placed = { ...edited, slot: "s", slot_local: 1, slot_at: 2, slot_number: 3, wake_at: 400 };
      await run("place", () => timetable.place([placed]));
      await run("ran", () =>
        timetable.ran([{ workspace_id: 1, job: "sweep", last_run_id: 7, last_status: "failed" }]),
      );
      const now = { ...placed, version: 2, last_run_id: 7, last_status: "failed" };
      const key = { workspace_id: 1, job: "sweep" };
      same(await run("read", () => timetable.of([key])), [now]);
      same(await run("lock", () => timetable.lock([key])), [now]);
      same(await run("list", () => timetable.ofWorkspace({ workspace_id: 1 })), [
        now,
        job("wash", { wake_at: null }),
      ]);
      same(await run("failing", () => timetable.failing({ limit: 5 })), [key]);
    },
  ],
  [
    "jobs are looked at when their instant has come, the longest waiting first",
    async (store) => {
      const { timetable } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      same(await run("next", () => timetable.nextWake({})), []);
      await run("write", () =>
        timetable.insert([
          job("late", { wake_at: 20 }),
          job("later", { wake_at: 10, workspace_id: 2 }),
          job("never", { wake_at: null }),
          job("soon", { wake_at: 50 }),
        ]),
      );
      const due = await run("look", () => timetable.toWake({ now: 40, limit: 5 }));
      assert.deepEqual(
        due.map((row) => row.job),
        ["later", "late"],
      );
      same(await run("next", () => timetable.nextWake({})), [{ wake_at: 10 }]);
    },
  ],
  [
    "a slot gives one run, and a job has one that is running: the database forbids another",
    async (store) => {
      const { jobRuns } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      same(await run("write", () => jobRuns.insert([jobRun(1)])), [{ id: 1 }]);
      same(await run("write", () => jobRuns.insert([jobRun(2, { slot: "slot 1" })])), []);
      await run("write", () => jobRuns.insert([jobRun(3), jobRun(4, { workspace_id: 2 })]));
      const begun = (id: number) => ({ ...jobRun(id), status: "running" as const, node_id: 9, tries: 1 });
      await run("begin", () => jobRuns.change([begun(1)]));
      await assert.rejects(run("begin", () => jobRuns.change([begun(3)])));
      await run("begin", () => jobRuns.change([begun(4)]));
      const of = { workspace_id: 1, job: "sweep", status: "running" } as const;
      assert.deepEqual(ids(await run("read", () => jobRuns.ofState([of]))), [1]);
      assert.deepEqual(ids(await run("read", () => jobRuns.running({ limit: 5 }))), [1, 4]);
      same(await run("read", () => jobRuns.byIds([{ id: 3 }])), [jobRun(3)]);
    },
  ],
  [
    "runs wait in their queues in order, and are listed newest first",
    async (store) => {
      const { jobRuns } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      await run("write", () =>
        jobRuns.insert([
          jobRun(1),
          jobRun(2, { queue: "reviews", job: "ask" }),
          jobRun(3, { job: "wash", status: "failed", ended_at: 9 }),
          jobRun(4, { job: "wash" }),
          jobRun(5, { workspace_id: 2 }),
        ]),
      );
      const waiting = { queue: "maintenance", after_id: 1, limit: 5 };
      assert.deepEqual(ids(await run("wait", () => jobRuns.waiting(waiting))), [4, 5]);
      const all = { workspace_id: 1, job: null, status: null, before_id: 9, limit: 2 };
      const listed = async (over: object): Promise<number[]> =>
        (await run("list", () => jobRuns.list({ ...all, ...over }))).map(({ id }) => id);
      assert.deepEqual(await listed({}), [4, 3]);
      assert.deepEqual(await listed({ before_id: 3 }), [2, 1]);
      assert.deepEqual(await listed({ job: "wash", status: "waiting" }), [4]);
      const open = await run("count", () => jobRuns.countOpen({ workspace_id: 1 }));
      same(
        open.toSorted((a, b) => a.queue.localeCompare(b.queue)),
        [
          { queue: "maintenance", status: "waiting", count: 2 },
          { queue: "reviews", status: "waiting", count: 1 },
        ],
      );
    },
  ],
  [
    "what ended is added up since an instant, and removed from before one",
    async (store) => {
      const { jobRuns } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      const ended = (id: number, ended_at: number, over: Partial<JobRunRow> = {}): JobRunRow =>
        jobRun(id, { status: "succeeded", started_at: 100, ended_at, ...over });
      await run("write", () =>
        jobRuns.insert([
          ended(1, 110),
          ended(2, 130),
          ended(3, 105, { status: "failed" }),
          ended(4, 120, { status: "missed", started_at: null }),
          ended(5, 120, { workspace_id: 2 }),
          jobRun(6),
        ]),
      );
      const totals = await run("count", () => jobRuns.totals({ workspace_id: 1, since: 110 }));
      const own = { job: "sweep", queue: "maintenance" };
      same(totals, [
        { ...own, status: "missed", count: 1, duration_ms: null, longest_ms: null },
        { ...own, status: "succeeded", count: 2, duration_ms: 40, longest_ms: 30 },
      ]);
      assert.deepEqual(ids(await run("prune", () => jobRuns.removeBefore({ before: 115, limit: 1 }))), [3]);
      assert.deepEqual(ids(await run("prune", () => jobRuns.removeBefore({ before: 115, limit: 9 }))), [1]);
    },
  ],
  [
    "what a node works on is written once, and forgotten with the node",
    async (store) => {
      const { nodeWorks, nodes } = store.statements;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      const works = (node_id: number) => ({ node_id, calls: 1, queues: "reviews", jobs_max: 4 });
      await run("write", () =>
        nodes.insert([{ id: 1, name: "one", started_at: 5, seen_at: 5, stopped_at: null }]),
      );
      await run("write", () => nodeWorks.put([works(1), works(2)]));
      await run("write", () => nodeWorks.put([{ ...works(1), calls: 0 }]));
      same(await run("read", () => nodeWorks.all({})), [works(1), works(2)]);
      await run("forget", () => nodeWorks.forgetGone({}));
      same(await run("read", () => nodeWorks.all({})), [works(1)]);
    },
  ],
];
