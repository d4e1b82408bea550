import type { AgentRow } from "./rows.ts";
import type { Tx } from "./store.ts";

type Of = { readonly workspace_id: number };
type ById = { readonly id: number };

/** Calls of a lane as jobs of a queue: how many are in a state, ended lately or not, due ahead or not. */
export type JobCount = {
  readonly lane_id: number;
  readonly state: "waiting" | "active" | "completed" | "failed" | "delayed" | "paused" | "cancelled";
  readonly is_recent: number;
  readonly is_ahead: number;
  readonly count: number;
};

/** Agents, and calls counted as jobs. */
export type AgentStatements = {
  readonly agents: {
    /** Returns the ids of those whose name was free. */
    insert(rows: readonly AgentRow[]): Tx<ById[]>;
    of(rows: readonly Pick<AgentRow, "workspace_id" | "agent_id">[]): Tx<AgentRow[]>;
    list(args: Of & { before_id: number; limit: number }): Tx<AgentRow[]>;
    update(rows: readonly AgentRow[]): Tx<ById[]>;
    remove(rows: readonly ById[]): Tx<never[]>;
  };
  readonly queues: {
    /** How many calls of the workspace (with `line_id`: of one line) stand where; the flags are 1 or 0. */
    count(
      args: Of & { line_id: number | null; now: number; completed_since: number; failed_since: number },
    ): Tx<JobCount[]>;
  };
};
