import type { ProgramMarkRow } from "./rows.ts";
import type { Tx } from "./store.ts";

/** What the house itself keeps for programs. */
export type ProgramStatements = {
  readonly programMarks: {
    insert(rows: readonly ProgramMarkRow[]): Tx<never[]>;
    byIds(rows: readonly { readonly id: number }[]): Tx<ProgramMarkRow[]>;
    /** Removes old marks, a bounded number at a time. */
    removeBefore(args: { before: number; limit: number }): Tx<{ id: number }[]>;
  };
};
