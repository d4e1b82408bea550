import type { CallRow, DeliveryRow, ErasureRow, ReportRow } from "./rows.ts";
import type { Tx } from "./store.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };

/** What it takes to forget a person. */
export type ErasureStatements = {
  readonly erasures: {
    insert(rows: readonly ErasureRow[]): Tx<never[]>;
    byIds(rows: readonly ById[]): Tx<ErasureRow[]>;
    list(args: Of & { before_id: number; limit: number }): Tx<ErasureRow[]>;
    /** Those that were not done to their end, the oldest first. */
    open(args: { limit: number }): Tx<ErasureRow[]>;
    change(
      rows: readonly Pick<ErasureRow, "id" | "status" | "person" | "counts" | "ended_at">[],
    ): Tx<never[]>;
    /** A number's calls, the oldest first. Reads the workspace's calls from `after_id` on: there is no index by number. */
    callsOf(
      args: Of & { number_hash: string; after_id: number; limit: number },
    ): Tx<Pick<CallRow, "id" | "status" | "lane_id" | "due_at" | "attempt_id" | "ledger_head">[]>;
    /** Takes out of calls what may tell whose they were. */
    blankCalls(rows: readonly ById[]): Tx<never[]>;
    blankAttempts(rows: readonly ById[]): Tx<never[]>;
    setReport(rows: readonly Pick<ReportRow, "attempt_id" | "report_key" | "body">[]): Tx<never[]>;
    setEntry(rows: readonly { readonly id: number; readonly data: string | null }[]): Tx<never[]>;
    /** Messages about calls, in the order in which they were made. */
    deliveriesAfter(
      args: Of & { after_id: number; limit: number },
    ): Tx<Pick<DeliveryRow, "id" | "call_id" | "body">[]>;
    setDelivery(rows: readonly { readonly id: number; readonly body: string }[]): Tx<never[]>;
    removeLiveNumber(args: Of & { number_hash: string }): Tx<ById[]>;
  };
};
