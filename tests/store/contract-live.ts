import assert from "node:assert/strict";
import type {
  ChargeRow,
  LineBudgetRow,
  LineSpendingRow,
  LiveBlockRow,
  LiveCountryRow,
  LiveNumberRow,
  LiveWorkspaceRow,
} from "../../src/ports/live-rows.ts";
import { rowsAt } from "../support/rows.ts";
import { type Promised, same } from "./contract.ts";

const workspace: LiveWorkspaceRow = {
  workspace_id: 1,
  is_open: 0,
  opened_at: null,
  opened_by: null,
  number_types: "[]",
  block_hour_max: 60,
  updated_at: rowsAt,
};
const number = (id: number, number_hash: string): LiveNumberRow => ({
  id,
  workspace_id: 1,
  number_hash,
  phone: "+12125550100",
  note: null,
  created_by: "me",
  created_at: rowsAt,
});
const country = (code: string, status: LiveCountryRow["status"]): LiveCountryRow => ({
  workspace_id: 1,
  country: code,
  status,
  changed_by: null,
  changed_at: rowsAt,
});
const block = (block_hash: string, dials: number, announced = 0): LiveBlockRow => ({
  workspace_id: 1,
  block_hash,
  hour: 7,
  dials,
  announced,
});
const budget: LineBudgetRow = {
  line_id: 1,
  workspace_id: 1,
  currency: "USD",
  per_minute: 14_500,
  prices: "[]",
  call_max: 0,
  hour_max: 0,
  day_max: 5_000_000_000_000,
  updated_at: rowsAt,
};
const span = (name: LineSpendingRow["span"], number: number, over: Partial<LineSpendingRow> = {}) => ({
  line_id: 1,
  span: name,
  number,
  reserved: 0,
  spent: 0,
  overspent: 0,
  short_of: 0,
  announced: 0,
  ...over,
});
const charge = (attempt_id: number, over: Partial<ChargeRow> = {}): ChargeRow => ({
  attempt_id,
  line_id: 1,
  hour: 7,
  day: 1,
  per_minute: 14_500,
  reserved: 29_000,
  spent: 0,
  settled: 0,
  ...over,
});

/** Whom real lines may ring, and what calls cost. */
export const liveContract: readonly Promised[] = [
  [
    "a workspace's rules are replaced as a whole",
    async (store) => {
      const { live } = store.statements;
      await store.run("put", () => live.putWorkspace([workspace]));
      const open = { ...workspace, is_open: 1, opened_at: 5, opened_by: "me", number_types: '["voip"]' };
      await store.run("put", () => live.putWorkspace([open]));
      same(await store.read("all", () => live.workspaces({})), [open]);
    },
  ],
  [
    "a number stands on an allow-list once, is found again, sealed anew and taken off",
    async (store) => {
      const { live } = store.statements;
      same(await store.run("insert", () => live.insertNumber([number(1, "a"), number(2, "b")])), [
        { id: 1 },
        { id: 2 },
      ]);
      same(await store.run("again", () => live.insertNumber([number(3, "a")])), []);
      await store.run("seal", () => live.setPhone([{ id: 2, phone: "sealed" }]));
      same(await store.run("foreign", () => live.removeNumber({ workspace_id: 2, id: 1 })), []);
      same(await store.run("remove", () => live.removeNumber({ workspace_id: 1, id: 1 })), [{ id: 1 }]);
      same(await store.read("all", () => live.numbers({})), [{ ...number(2, "b"), phone: "sealed" }]);
    },
  ],
  [
    "to ask for a country changes no decision; to decide replaces the question",
    async (store) => {
      const { live } = store.statements;
      await store.run("put", () => live.putCountry([country("FR", "refused")]));
      same(
        await store.run("ask", () => live.askCountry([country("FR", "waiting"), country("GB", "waiting")])),
        [{ country: "GB" }],
      );
      await store.run("put", () => live.putCountry([country("GB", "allowed")]));
      same(await store.read("all", () => live.countries({})), [
        country("FR", "refused"),
        country("GB", "allowed"),
      ]);
      same(await store.run("remove", () => live.removeCountry({ workspace_id: 1, country: "FR" })), [
        { country: "FR" },
      ]);
      same(await store.run("gone", () => live.removeCountry({ workspace_id: 1, country: "FR" })), []);
    },
  ],
  [
    "dials to a block add up by hour, and old hours are forgotten",
    async (store) => {
      const { live } = store.statements;
      await store.run("add", () => live.addBlock([block("a", 2), block("b", 1)]));
      await store.run("add", () => live.addBlock([block("a", 3, 1), { ...block("a", 1), hour: 8 }]));
      const keys = ["a", "b", "c"].map((block_hash) => ({ workspace_id: 1, block_hash, hour: 7 }));
      const found = await store.run("read", () => live.blocks(keys));
      same(
        found.toSorted((a, b) => (a.block_hash < b.block_hash ? -1 : 1)),
        [block("a", 5, 1), block("b", 1)],
      );
      await store.run("forget", () => live.forgetBlocks({ before_hour: 8 }));
      same(await store.run("read", () => live.blocks(keys)), []);
      same(await store.run("read", () => live.blocks([{ workspace_id: 1, block_hash: "a", hour: 8 }])), [
        { ...block("a", 1), hour: 8 },
      ]);
    },
  ],
  [
    "a line for which the operator vouches is remembered",
    async (store) => {
      const { live } = store.statements;
      const row = { line_id: 4, workspace_id: 1, created_at: rowsAt };
      await store.run("insert", () => live.insertUnguarded([row]));
      same(await store.read("all", () => live.unguarded({})), [row]);
    },
  ],
  [
    "a budget is replaced; reservations and settlements add up, and money never falls below nothing",
    async (store) => {
      const { money } = store.statements;
      await store.run("put", () => money.putBudget([{ ...budget, day_max: 1 }]));
      await store.run("put", () => money.putBudget([budget]));
      same(await store.read("all", () => money.budgets({})), [budget]);
      same(await store.read("one", () => money.budget({ line_id: 1 })), [budget]);
      same(await store.read("none", () => money.budget({ line_id: 2 })), []);

      const keys = [span("day", 1), span("hour", 7), span("hour", 8)];
      await store.run("reserve", () =>
        money.reserve([
          span("day", 1, { reserved: 29_000 }),
          span("hour", 7, { reserved: 29_000, short_of: 5, announced: 1 }),
        ]),
      );
      await store.run("reserve", () => money.reserve([span("day", 1, { reserved: 1000, announced: 1 })]));
      await store.run("settle", () =>
        money.settle({ line_id: 1, span: "day", number: 1, reserved: -29_000, spent: 14_500, overspent: 3 }),
      );
      const expected = [
        span("day", 1, { reserved: 1000, spent: 14_500, overspent: 3, announced: 1 }),
        span("hour", 7, { reserved: 29_000, short_of: 5, announced: 1 }),
      ];
      for (const find of [money.spending, money.lockSpending]) {
        const found = await store.run("read", () => find(keys));
        same(
          found.toSorted((a, b) => (a.span < b.span ? -1 : 1)),
          expected,
        );
      }
      await assert.rejects(
        store.run("settle", () =>
          money.settle({ line_id: 1, span: "day", number: 1, reserved: -1001, spent: 0, overspent: 0 }),
        ),
        { fault: "broken" },
      );
      await store.run("settle", () =>
        money.settle({ line_id: 1, span: "hour", number: 7, reserved: -29_000, spent: 0, overspent: 0 }),
      );
      await store.run("forget", () => money.forgetHours({ before_hour: 8 }));
      same(await store.read("read", () => money.spending(keys)), [expected[0]]);
    },
  ],
  [
    "an attempt's charge is settled in place and goes with the attempt",
    async (store) => {
      const { money } = store.statements;
      await store.run("insert", () => money.insertCharges([charge(1), charge(2)]));
      await store.run("change", () => money.changeCharges([{ attempt_id: 2, spent: 14_500, settled: 1 }]));
      const keys = [{ attempt_id: 1 }, { attempt_id: 2 }, { attempt_id: 3 }];
      const found = await store.run("read", () => money.charges(keys));
      same(
        found.toSorted((a, b) => a.attempt_id - b.attempt_id),
        [charge(1), charge(2, { spent: 14_500, settled: 1 })],
      );
      await store.run("remove", () => money.removeCharges([{ attempt_id: 1 }]));
      assert.equal((await store.run("read", () => money.charges(keys))).length, 1);
    },
  ],
];
