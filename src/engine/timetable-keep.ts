import type { WorkspaceId } from "../domain/ids.ts";
import type { Job } from "../ports/job.ts";
import type { TimetableRow } from "../ports/timetable-rows.ts";
import type { Context } from "./context.ts";
import { placedAt, startOf } from "./job-rule.ts";
import { runSure } from "./run-sure.ts";

/**
 * Sees to it that a workspace has a row for every job, and that rows which nobody has edited follow their program: after
 * an upgrade or another setting they have its rule, zone and switch. A job that is new begins with its next slot.
 */
export async function keepTimetable(context: Context, workspaceId: WorkspaceId): Promise<void> {
  const now = context.clock.now();
  const jobs = [...context.programs.jobs.values()].map(({ job }) => job);
  if (jobs.length === 0) return;
  const { timetable } = context.store.statements;
  await runSure(context, "keep the timetable", function* () {
    const rows = new Map(
      (yield* timetable.lock(jobs.map(({ name }) => ({ workspace_id: workspaceId, job: name })))).map(
        (row) => [row.job, row],
      ),
    );
    yield* timetable.insert(
      jobs.filter(({ name }) => !rows.has(name)).map((job) => freshRow(context, workspaceId, job, now)),
    );
    yield* timetable.change(
      jobs.flatMap((job) => {
        const row = rows.get(job.name);
        const wanted = row === undefined ? undefined : following(context, row, job, now);
        return wanted ?? [];
      }),
    );
  });
}

/** A job's row before anybody has edited it. */
export function freshRow(
  context: Pick<Context, "zones">,
  workspaceId: WorkspaceId,
  job: Job,
  now: number,
): TimetableRow {
  const row: TimetableRow = {
    workspace_id: workspaceId,
    job: job.name,
    rule: job.rule,
    rule_edited: 0,
    timezone: job.timezone,
    timezone_edited: 0,
    enabled: job.enabled === false ? 0 : 1,
    enabled_edited: 0,
    start_local: startOf(context, job.timezone, now),
    slot: null,
    slot_local: null,
    slot_at: null,
    slot_number: 0,
    wake_at: null,
    last_run_id: null,
    last_status: null,
    version: 1,
    created_at: now,
    updated_at: now,
  };
  return placedAt(context, row, now);
}

/** What is to be set, null: as the program says; what is absent stays. */
export type RowEdit = {
  readonly rule?: string | null;
  readonly timezone?: string | null;
  readonly enabled?: boolean;
};

/** The row as edited, counted from now on. Throws `Refusal` with the field at fault. */
export function editedRow(
  context: Pick<Context, "zones">,
  row: TimetableRow,
  job: Job,
  edit: RowEdit,
  now: number,
): TimetableRow {
  const next: TimetableRow = { ...row, updated_at: now };
  if (edit.rule !== undefined) {
    next.rule_edited = edit.rule === null ? 0 : 1;
    next.rule = edit.rule ?? job.rule;
  }
  if (edit.timezone !== undefined) {
    next.timezone_edited = edit.timezone === null ? 0 : 1;
    next.timezone = edit.timezone ?? job.timezone;
  }
  if (edit.enabled !== undefined) {
    next.enabled_edited = 1;
    next.enabled = edit.enabled ? 1 : 0;
  }
  return moved(context, row, next, now);
}

/** The row with what its program says wherever nobody has said otherwise; null when that is how it stands. */
function following(context: Context, row: TimetableRow, job: Job, now: number): TimetableRow | null {
  const next: TimetableRow = {
    ...row,
    rule: row.rule_edited === 1 ? row.rule : job.rule,
    timezone: row.timezone_edited === 1 ? row.timezone : job.timezone,
    enabled: row.enabled_edited === 1 ? row.enabled : job.enabled === false ? 0 : 1,
  };
  return isSame(row, next) ? null : moved(context, row, { ...next, updated_at: now }, now);
}

/** Slots that passed under another rule, or while it was off, are nothing to a job. */
function moved(
  context: Pick<Context, "zones">,
  before: TimetableRow,
  next: TimetableRow,
  now: number,
): TimetableRow {
  if (isSame(before, next)) return next;
  return placedAt(context, { ...next, start_local: startOf(context, next.timezone, now) }, now);
}

function isSame(before: TimetableRow, next: TimetableRow): boolean {
  return before.rule === next.rule && before.timezone === next.timezone && before.enabled === next.enabled;
}
