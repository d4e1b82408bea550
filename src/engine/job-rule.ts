import { DAY_MS, dayOfMs } from "../domain/civil.ts";
import {
  type PreviousSlot,
  type Recurrence,
  type RuleInput,
  type Slot,
  describeRule,
  firstSlotAfter,
  parseRule,
} from "../domain/recurrence/recurrence.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import { type SeriesStep, advance, placeAfter } from "../domain/series.ts";
import { offsetAt } from "../domain/zone.ts";
import type { Job } from "../ports/job.ts";
import type { TimetableRow } from "../ports/timetable-rows.ts";
import type { Context } from "./context.ts";
import { zoneNamed } from "./when.ts";

/** How late a slot may still be made up for, where the job does not say it (ms). */
export const defaultGraceMs = 6 * 3_600_000;

type Zones = Pick<Context, "zones">;
type Ruled = Pick<TimetableRow, "rule" | "timezone" | "start_local">;

/** Reads a job's rule in its zone; null for a job that has none. Throws `Refusal` with the field at fault. */
export function readJobRule(context: Zones, row: Ruled): Recurrence | null {
  const zone = zoneNamed(context, row.timezone, "/timezone");
  if (row.rule === null) return null;
  const startLocalMs = row.start_local;
  const parsed = parseRule(inputOf(row.rule), { localMs: startLocalMs }, zone);
  if (!parsed.ok) throw refuseField("rule_invalid", "/rule", parsed.detail);
  return { rule: parsed.rule, zone, startLocalMs, gap: "forward", overlap: "first" };
}

/** The rule in words; of one that cannot be read any more, what is wrong with it. */
export function describeJobRule(context: Zones, row: Ruled): string {
  try {
    const recurrence = readJobRule(context, row);
    if (recurrence === null) return "only when asked";
    return describeRule(recurrence.rule, recurrence.startLocalMs, row.timezone);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

/** What a rule that is set now is counted from: the local midnight before. */
export function startOf(context: Zones, timezone: string, now: number): number {
  const zone = zoneNamed(context, timezone, "/timezone");
  return dayOfMs(now + offsetAt(zone, now)) * DAY_MS;
}

/** Where a job stands that is switched on, or gets another rule, at `now`: what passed before is nothing to it. */
export function placedAt(context: Zones, row: TimetableRow, now: number): TimetableRow {
  const recurrence = readJobRule(context, row);
  if (recurrence === null || row.enabled === 0) return { ...row, ...noPlace, wake_at: null };
  return {
    ...row,
    ...columnsOf(placeAfter(recurrence, now)),
    wake_at: firstSlotAfter(recurrence, now)?.at ?? null,
  };
}

/** What follows for a job at an instant. */
export type JobStep = {
  /** The slot for which a run is made, and how many others it stands for; null: none. */
  readonly run: { readonly slot: Slot; readonly coalesced: number } | null;
  /** Slots that are lost, as the first of them and their number; null: none. */
  readonly missed: { readonly slot: Slot; readonly count: number } | null;
  /** How many slots a run that waits already stands for from now on, and the latest of their instants. */
  readonly covered: { readonly count: number; readonly latestAt: number } | null;
  readonly row: TimetableRow;
};

/** Works out what passed by `now`. `isCovered`: a run that waits stands for whatever passed. */
export function stepOf(
  context: Zones,
  job: Pick<Job, "graceMs">,
  row: TimetableRow,
  isCovered: boolean,
  now: number,
): JobStep {
  const recurrence = readJobRule(context, row);
  if (recurrence === null) return { ...nothing, row: { ...row, wake_at: null } };
  const { steps } = advance({
    recurrence,
    last: placeOf(row),
    after: now,
    now,
    policy: { misfire: "run_once", graceMs: job.graceMs ?? defaultGraceMs, misfiresMax: 1 },
    passed: "misfires",
    covers: () => isCovered,
  });
  const passed = steps.filter((step) => step.kind !== "make" || step.late);
  return { ...judged(passed), row: { ...row, ...placeBehind(recurrence, row, passed, now) } };
}

function judged(passed: readonly SeriesStep[]): Omit<JobStep, "row"> {
  const [lost, coalesced] = [passed.filter(isLost), passed.filter(isCoalesced)];
  const made = passed.find((step) => step.kind === "make");
  const [first] = lost;
  const latest = coalesced.at(-1);
  return {
    run: made === undefined ? null : { slot: made.slot, coalesced: coalesced.length },
    missed:
      first === undefined
        ? null
        : {
            slot: first.kind === "leave_stretch" ? first.first : first.slot,
            count: lost.reduce((sum, step) => sum + slotsOf(step), 0),
          },
    covered:
      made !== undefined || latest === undefined
        ? null
        : { count: coalesced.length, latestAt: latest.slot.at },
  };
}

type Left = Extract<SeriesStep, { kind: "leave" }>;
type Lost = Left | Extract<SeriesStep, { kind: "leave_stretch" }>;

function isLost(step: SeriesStep): step is Lost {
  return step.kind === "leave_stretch" || (step.kind === "leave" && step.reason !== "coalesced");
}

function isCoalesced(step: SeriesStep): step is Left {
  return step.kind === "leave" && step.reason === "coalesced";
}

function slotsOf(step: Lost): number {
  if (step.kind === "leave") return 1;
  return step.before === null ? 1 : Math.max(1, step.before.number - step.first.number);
}

/** The next slot is not made before its instant, as a call is: it is only waited for. */
function placeBehind(
  recurrence: Recurrence,
  row: TimetableRow,
  passed: readonly SeriesStep[],
  now: number,
): Pick<TimetableRow, keyof typeof noPlace | "wake_at"> {
  const last = passed.at(-1);
  const place = last === undefined ? placeOf(row) : "slot" in last ? last.slot : placeAfter(recurrence, now);
  return { ...columnsOf(place), wake_at: firstSlotAfter(recurrence, now)?.at ?? null };
}

function placeOf(row: TimetableRow): PreviousSlot | null {
  if (row.slot === null || row.slot_local === null || row.slot_at === null) return null;
  return { key: row.slot, localMs: row.slot_local, at: row.slot_at, number: row.slot_number };
}

function columnsOf(place: PreviousSlot | null): Pick<TimetableRow, keyof typeof noPlace> {
  if (place === null) return noPlace;
  return { slot: place.key, slot_local: place.localMs, slot_at: place.at, slot_number: place.number };
}

const noPlace = { slot: null, slot_local: null, slot_at: null, slot_number: 0 } as const;
const nothing = { run: null, missed: null, covered: null } as const;

/** "FREQ=DAILY", with RRULE: before it or the lines of a calendar; anything else is a cron expression. */
function inputOf(rule: string): RuleInput {
  return /\bFREQ\s*=/i.test(rule) ? { rrule: rule } : { cron: rule };
}
