import assert from "node:assert/strict";
import type { Store } from "../../src/ports/store.ts";
import type { SeriesListArgs } from "../../src/ports/statements.ts";
import { callRow, occurrenceRow, rowsAt, seriesRow } from "../support/rows.ts";
import { type Promised, same } from "./contract.ts";

const everything: SeriesListArgs = {
  workspace_id: 1,
  before_id: Number.MAX_SAFE_INTEGER,
  limit: 10,
  status: null,
  owner: null,
  or_unowned: 0,
  agent: null,
  number_hash: null,
};
const ids = (rows: readonly { readonly id: number }[]): number[] => rows.map((row) => row.id);

/** What every store promises of series and their slots. */
export const seriesContract: readonly Promised[] = [
  [
    "a series comes back as it was written and is changed only at the version that was read",
    async (store) => {
      const { statements } = store;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      const row = seriesRow(1, { owner: "o", slot: null, slot_local: null, slot_at: null, wake_at: null });
      await run("write", () => statements.series.insert([row]));
      same(await run("read", () => statements.series.lock([{ id: 1 }, { id: 2 }])), [row]);
      const changed = { ...row, status: "paused" as const, wake_at: 7 };
      assert.equal(await run("change", () => statements.series.change([changed])), 1);
      assert.equal(await run("change", () => statements.series.change([changed])), 0);
      const [after] = await run("read", () => statements.series.byIds([{ id: 1 }]));
      same(after, { ...changed, version: 2 });
    },
  ],
  [
    "the series that want to be looked at come first by their instant, and only those",
    async (store) => {
      const { statements } = store;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      const rows = [
        seriesRow(1, { wake_at: 30 }),
        seriesRow(2, { wake_at: 10 }),
        seriesRow(3, { wake_at: null }),
        seriesRow(4, { wake_at: 20 }),
      ];
      await run("write", () => statements.series.insert(rows));
      same(ids(await run("look", () => statements.series.toWake({ now: 20, limit: 10 }))), [2, 4]);
      same(ids(await run("look", () => statements.series.toWake({ now: 99, limit: 1 }))), [2]);
      same(await run("next", () => statements.series.nextWake({})), [{ wake_at: 10 }]);
      same(await run("policies", () => statements.series.overlaps([{ id: 4 }])), [
        { id: 4, overlap: "allow", overlap_max: 0 },
      ]);
    },
  ],
  [
    "a list of series obeys each filter, newest first",
    async (store) => {
      const { statements } = store;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      await run("write", () =>
        statements.series.insert([
          seriesRow(1, { owner: "ana" }),
          seriesRow(2, { owner: "bo", status: "ended", agent: "a1" }),
          seriesRow(3, { number_hash: "own" }),
          seriesRow(4, { workspace_id: 2 }),
        ]),
      );
      const list = (over: Partial<SeriesListArgs>) =>
        run("list", () => statements.series.list({ ...everything, ...over })).then(ids);
      same(await list({}), [3, 2, 1]);
      same(await list({ owner: "ana" }), [1]);
      same(await list({ owner: "ana", or_unowned: 1 }), [3, 1]);
      same(await list({ status: "ended" }), [2]);
      same(await list({ agent: "a1" }), [2]);
      same(await list({ number_hash: "own" }), [3]);
      same(await list({ before_id: 3, limit: 1 }), [2]);
      same(ids(await run("after", () => statements.series.after({ id: 1, limit: 2 }))), [2, 3]);
    },
  ],
  [
    "a slot is there once, may come to something else, and is listed newest first",
    async (store) => {
      const { statements } = store;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      const slots = [
        occurrenceRow(1, "a", { at: 10 }),
        occurrenceRow(1, "b", { at: 20 }),
        occurrenceRow(1, "b#2", { at: 20 }),
        occurrenceRow(2, "a", { at: 30 }),
      ];
      await run("write", () => statements.occurrences.insert(slots));
      await assert.rejects(run("again", () => statements.occurrences.insert([occurrenceRow(1, "a")])));
      const list = (before_at: number, before_slot: string, limit = 10) =>
        run("list", () => statements.occurrences.list({ series_id: 1, before_at, before_slot, limit })).then(
          (rows) => rows.map((row) => row.slot),
        );
      same(await list(Number.MAX_SAFE_INTEGER, ""), ["b#2", "b", "a"]);
      same(await list(20, "b#2", 1), ["b"]);
      const skipped = { ...slots[0], status: "skipped" as const, reason: "series_paused" };
      await run("change", () => statements.occurrences.change([skipped as (typeof slots)[0]]));
      same(await run("read", () => statements.occurrences.of([{ series_id: 1, slot: "a" }])), [skipped]);
      await run("remove", () => statements.occurrences.remove([{ series_id: 1, slot: "b" }]));
      same(await list(Number.MAX_SAFE_INTEGER, ""), ["b#2", "a"]);
      await run("remove all", () => statements.occurrences.removeOf([{ series_id: 1 }]));
      same(await list(Number.MAX_SAFE_INTEGER, ""), []);
    },
  ],
  [
    "old slots and series that ended are removed a bounded number at a time",
    async (store) => {
      const { statements } = store;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      await run("write", function* () {
        yield* statements.series.insert([
          seriesRow(1, { status: "ended", updated_at: 5 }),
          seriesRow(2, { status: "ended", updated_at: 50 }),
          seriesRow(3, { updated_at: 5 }),
        ]);
        yield* statements.occurrences.insert([
          occurrenceRow(3, "a", { created_at: 1 }),
          occurrenceRow(3, "b", { created_at: 2 }),
          occurrenceRow(3, "c", { created_at: 9 }),
        ]);
      });
      same(await run("ended", () => statements.series.removeEnded({ before: 10, limit: 5 })), [{ id: 1 }]);
      const gone = await run("old", () => statements.occurrences.removeBefore({ before: 5, limit: 1 }));
      assert.equal(gone.length, 1);
      await run("old", () => statements.occurrences.removeBefore({ before: 5, limit: 10 }));
      const left = await run("left", () =>
        statements.occurrences.list({ series_id: 3, before_at: rowsAt + 1, before_slot: "", limit: 9 }),
      );
      same(
        left.map((row) => row.slot),
        ["c"],
      );
    },
  ],
  [
    "the calls of a series below an id come newest first, and an owner's calls likewise",
    async (store) => {
      const { statements } = store;
      const run: Store["run"] = (name, verb) => store.run(name, verb);
      await run("write", () =>
        statements.calls.insert([
          callRow(1, { series_id: 9 }),
          callRow(2),
          callRow(3, { series_id: 9, status: "dialing", attempts: 1 }),
          callRow(4, { series_id: 9 }),
        ]),
      );
      same(await run("look", () => statements.calls.ofSeries({ series_id: 9, before_id: 4, limit: 5 })), [
        { id: 3, status: "dialing", attempts: 1, due_at: rowsAt },
        { id: 1, status: "scheduled", attempts: 0, due_at: rowsAt },
      ]);
    },
  ],
];
