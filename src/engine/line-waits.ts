import type { Reason } from "../domain/call.ts";
import { allow } from "../domain/pacing.ts";
import { usedOf } from "../domain/spend.ts";
import { offsetAt } from "../domain/zone.ts";
import type { LineSpendingRow } from "../ports/live-rows.ts";
import type { LineCountersRow, LineRow, WorkspaceRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { budgetOf } from "./live-book.ts";

/** Why due calls wait, worked out per line when somebody asks. */
export type LineWaits = {
  of(laneId: number): Reason;
  ofLine(lineId: number): Reason | null;
  counters(lineId: number): LineCountersRow | undefined;
};

export async function readLineWaits(context: Context): Promise<LineWaits> {
  const { statements } = context.store;
  const read = await context.store.read("read why lines wait", function* () {
    return {
      counters: yield* statements.lines.counters({}),
      workspaces: yield* statements.workspaces.all({}),
      spending: yield* spendingNow(context),
    };
  });
  const counters = new Map(read.counters.map((row) => [row.line_id, row]));
  const workspaces = new Map(read.workspaces.map((row) => [row.id, row]));
  const now = context.clock.now();
  const ofLine = (lineId: number): Reason | null => {
    const line = context.book.lines.get(lineId);
    const counter = counters.get(lineId);
    const workspace = line === undefined ? undefined : workspaces.get(line.workspace_id);
    return line === undefined || counter === undefined || workspace === undefined
      ? "line_removed"
      : (lineWaitsFor(context, line, counter, workspace, now) ??
          waitsForMoney(context, lineId, read.spending));
  };
  return {
    ofLine,
    of: (laneId) => {
      const lane = context.book.lanes.get(laneId);
      return (lane === undefined ? "line_removed" : ofLine(lane.line_id)) ?? "dispatch";
    },
    counters: (lineId) => counters.get(lineId),
  };
}

function lineWaitsFor(
  context: Context,
  line: LineRow,
  counters: LineCountersRow,
  workspace: WorkspaceRow,
  now: number,
): Reason | null {
  if (workspace.stopped_at !== null) return "dialing_stopped";
  if (line.status === "removed") return "line_removed";
  if (line.status === "paused") return "line_paused";
  const { today, tomorrowAt } = lineDay(context, line.timezone, now);
  return allow(limitsOf(line), countersOf(counters), 1, now, today, tomorrowAt).waitingFor;
}

/** What the lines that have a budget have spent in their hour and on their day of now; nothing is read without any. */
function* spendingNow(context: Context): Tx<LineSpendingRow[]> {
  const lines = [...context.book.live.budgets.keys()].flatMap((id) => context.book.lines.get(id) ?? []);
  return yield* context.store.statements.money.spending(lines.flatMap((line) => spansNow(context, line)));
}

/** Has a claim of this hour or day run short of money that is still not there? */
function waitsForMoney(
  context: Context,
  lineId: number,
  spending: readonly LineSpendingRow[],
): "spend_cap" | null {
  const row = context.book.live.budgets.get(lineId);
  if (row === undefined) return null;
  const budget = budgetOf(row);
  const isShort = spending.some((one) => {
    const max = one.span === "day" ? budget.dayMax : budget.hourMax;
    return one.line_id === lineId && max > 0 && one.short_of > 0 && usedOf(one) + one.short_of > max;
  });
  return isShort ? "spend_cap" : null;
}

/** The keys of a line's hour (since 1970) and local day of now. */
export function spansNow(
  context: Pick<Context, "clock" | "zones">,
  line: Pick<LineRow, "id" | "timezone">,
): Pick<LineSpendingRow, "line_id" | "span" | "number">[] {
  const now = context.clock.now();
  const { today } = lineDay(context, line.timezone, now);
  return [
    { line_id: line.id, span: "day", number: today },
    { line_id: line.id, span: "hour", number: Math.floor(now / 3_600_000) },
  ];
}

/** The line's local day, as days since 1970-01-01, and the instant at which the next one begins. */
export function lineDay(
  context: Pick<Context, "zones">,
  timezone: string,
  now: number,
): { readonly today: number; readonly tomorrowAt: number } {
  const zone = context.zones.zone(timezone);
  const offset = zone === undefined ? 0 : offsetAt(zone, now);
  const today = Math.floor((now + offset) / 86_400_000);
  return { today, tomorrowAt: (today + 1) * 86_400_000 - offset };
}

export function limitsOf(line: Pick<LineRow, "slots_max" | "calls_per_second" | "burst" | "daily_max">): {
  slotsMax: number;
  callsPerSecond: number;
  burst: number;
  dailyMax: number;
} {
  return {
    slotsMax: line.slots_max,
    callsPerSecond: line.calls_per_second,
    burst: line.burst,
    dailyMax: line.daily_max,
  };
}

export function countersOf(row: Omit<LineCountersRow, "line_id">): {
  slotsUsed: number;
  nextFreeAt: number;
  backoffUntil: number;
  day: number;
  dayUsed: number;
} {
  return {
    slotsUsed: row.slots_used,
    nextFreeAt: row.next_free_at,
    backoffUntil: row.backoff_until,
    day: row.day,
    dayUsed: row.day_used,
  };
}
