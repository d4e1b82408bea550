import type { QueueName } from "./program.ts";

/** A job of the timetable in one workspace; flags are 1 or 0. What is not `…_edited` follows the program. */
export type TimetableRow = {
  workspace_id: number;
  job: string;
  rule: string | null;
  rule_edited: number;
  timezone: string;
  timezone_edited: number;
  enabled: number;
  enabled_edited: number;
  /** What the rule is counted from: a wall time (ms as if UTC). */
  start_local: number;
  /** The latest slot of the rule that was used up: its key, wall time, instant and number. Null before the first. */
  slot: string | null;
  slot_local: number | null;
  slot_at: number | null;
  slot_number: number;
  wake_at: number | null;
  last_run_id: number | null;
  last_status: "succeeded" | "failed" | null;
  version: number;
  created_at: number;
  updated_at: number;
};

export const jobRunStatuses = ["waiting", "running", "succeeded", "failed", "missed"] as const;
export type JobRunStatus = (typeof jobRunStatuses)[number];

export type JobRunRow = {
  id: number;
  workspace_id: number;
  job: string;
  queue: QueueName;
  /** The slot's key and zone, or what is unique to a run that somebody asked for. */
  slot: string;
  status: JobRunStatus;
  /** Null: the timetable. */
  asked_by: string | null;
  at: number;
  coalesced: number;
  tries: number;
  /** Who runs it, or ran it last. */
  node_id: number | null;
  started_at: number | null;
  ended_at: number | null;
  result: string | null;
  error: string | null;
  created_at: number;
};

/** `queues`: names with commas between. */
export type NodeWorksRow = { node_id: number; calls: number; queues: string; jobs_max: number };
