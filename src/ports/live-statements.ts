import type * as r from "./live-rows.ts";
import type { Tx } from "./store.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };
type SpendingKey = Pick<r.LineSpendingRow, "line_id" | "span" | "number">;

/** The statements of live safety: whom real lines may ring, and what calls cost. */
export type LiveStatements = {
  readonly live: {
    workspaces(args: object): Tx<r.LiveWorkspaceRow[]>;
    putWorkspace(rows: readonly r.LiveWorkspaceRow[]): Tx<never[]>;
    numbers(args: object): Tx<r.LiveNumberRow[]>;
    /** Returns nothing when the number is there already. */
    insertNumber(rows: readonly r.LiveNumberRow[]): Tx<ById[]>;
    removeNumber(args: Of & ById): Tx<ById[]>;
    setPhone(rows: readonly { id: number; phone: string }[]): Tx<never[]>;
    countries(args: object): Tx<r.LiveCountryRow[]>;
    putCountry(rows: readonly r.LiveCountryRow[]): Tx<never[]>;
    /** Only where nobody has asked or decided before; returns those. */
    askCountry(rows: readonly r.LiveCountryRow[]): Tx<{ country: string }[]>;
    removeCountry(args: Of & { country: string }): Tx<{ country: string }[]>;
    /** Locks what it finds. */
    blocks(
      rows: readonly Pick<r.LiveBlockRow, "workspace_id" | "block_hash" | "hour">[],
    ): Tx<r.LiveBlockRow[]>;
    /** Adds `dials` to what stands there. */
    addBlock(rows: readonly r.LiveBlockRow[]): Tx<never[]>;
    forgetBlocks(args: { before_hour: number }): Tx<never[]>;
    unguarded(args: object): Tx<r.UnguardedLineRow[]>;
    insertUnguarded(rows: readonly r.UnguardedLineRow[]): Tx<never[]>;
  };
  readonly money: {
    budgets(args: object): Tx<r.LineBudgetRow[]>;
    budget(args: { line_id: number }): Tx<r.LineBudgetRow[]>;
    putBudget(rows: readonly r.LineBudgetRow[]): Tx<never[]>;
    spending(rows: readonly SpendingKey[]): Tx<r.LineSpendingRow[]>;
    lockSpending(rows: readonly SpendingKey[]): Tx<r.LineSpendingRow[]>;
    /** Adds `reserved` to what stands there, and replaces `short_of` and `announced`. */
    reserve(rows: readonly r.LineSpendingRow[]): Tx<never[]>;
    /** Adds to the money of one span; the row is there since the reservation. */
    settle(args: Omit<r.LineSpendingRow, "short_of" | "announced">): Tx<never[]>;
    forgetHours(args: { before_hour: number }): Tx<never[]>;
    insertCharges(rows: readonly r.ChargeRow[]): Tx<never[]>;
    /** Locks what it finds. */
    charges(rows: readonly { attempt_id: number }[]): Tx<r.ChargeRow[]>;
    changeCharges(rows: readonly Pick<r.ChargeRow, "attempt_id" | "spent" | "settled">[]): Tx<never[]>;
    removeCharges(rows: readonly { attempt_id: number }[]): Tx<never[]>;
  };
};
