import {
  type PreviousSlot,
  type Recurrence,
  type Slot,
  firstSlotAfter,
  nextSlot,
} from "./recurrence/recurrence.ts";
import { offsetAt } from "./zone.ts";

/** What becomes of slots whose instant passed before anything could be done for them. */
export type MisfirePolicy = {
  readonly misfire: "skip" | "run_once" | "run_all";
  /** How late an occurrence may still be made (ms). */
  readonly graceMs: number;
  /** With `run_all`: the most that are made at once. */
  readonly misfiresMax: number;
};

/** Why a slot yields no call. */
export type LeftOut = "missed" | "coalesced" | "series_paused";

export type SeriesStep =
  /** A call is to be made for the slot; `late` when its instant has passed. */
  | { readonly kind: "make"; readonly slot: Slot; readonly late: boolean }
  | { readonly kind: "leave"; readonly slot: Slot; readonly reason: LeftOut }
  /** So many slots passed that they are left out in one piece: from `first` up to, and without, the slot `before`. */
  | {
      readonly kind: "leave_stretch";
      readonly first: Slot;
      readonly before: Slot | null;
      readonly reason: LeftOut;
    };

export type Advance = {
  readonly steps: readonly SeriesStep[];
  /** The latest slot that is used up by these steps. */
  readonly last: PreviousSlot | null;
  /** When to look again (UTC ms); null when the rule has ended. */
  readonly wakeAt: number | null;
};

export type AdvanceInput = {
  readonly recurrence: Recurrence;
  /** The latest slot that was used up. Null: the series begins, with its first slot after `after`. */
  readonly last: PreviousSlot | null;
  readonly after: number;
  readonly now: number;
  readonly policy: MisfirePolicy;
  /**
   * `misfires`: what passed is judged by the policy. `paused`: what passed is left out; `catch_up`: but the latest one.
   */
  readonly passed: "misfires" | "paused" | "catch_up";
  /** Whether an earlier occurrence still stands for those that passed, the latest of them at this instant. */
  readonly covers: (latestPassedAt: number) => boolean;
};

/** An occurrence is made at most so long ahead. */
export const aheadMs = 366 * 86_400_000;
/** More slots than these are never walked at once. */
const walkMax = 200;
const recentMs = 3_600_000;

/**
 * What follows for a series at `now`: slots that passed are made or left out, each once, and the one that comes next is
 * made ahead of its time. Never depends on what became of a call but through `covers`.
 */
export function advance(input: AdvanceInput): Advance {
  const { recurrence, last, now } = input;
  const first = last === null ? firstSlotAfter(recurrence, input.after) : nextSlot(recurrence, last);
  const steps: SeriesStep[] = [];
  let { passed, slot } = walk(recurrence, first, now, walkMax);
  const isFar = slot !== null && slot.at <= now;
  if (slot !== null && isFar) ({ passed, slot } = jump(input, steps, passed[0] ?? slot));
  steps.push(...judge(input, passed));
  const used = passed.at(-1) ?? (isFar ? placeAt(recurrence, now, slot) : last);
  if (slot === null) return { steps, last: used, wakeAt: null };
  if (slot.at > now + aheadMs) return { steps, last: used, wakeAt: slot.at - aheadMs };
  steps.push({ kind: "make", slot, late: false });
  return { steps, last: slot, wakeAt: slot.at };
}

type Walked = { readonly passed: readonly Slot[]; readonly slot: Slot | null };

/** Leaves out a stretch too long to be walked, up to what is recent enough to be judged slot by slot. */
function jump(input: AdvanceInput, steps: SeriesStep[], first: Slot): Walked {
  const { recurrence, now, policy } = input;
  const recent = firstSlotAfter(recurrence, Math.max(first.at, now - Math.min(policy.graceMs, recentMs) - 1));
  const reason = input.passed === "misfires" ? "missed" : "series_paused";
  steps.push({ kind: "leave_stretch", first, before: recent, reason });
  return walk(recurrence, recent, now, Infinity);
}

/** The slots from `first` on that passed by `now`, at most `max`, and the slot behind them. */
function walk(recurrence: Recurrence, first: Slot | null, now: number, max: number): Walked {
  const passed: Slot[] = [];
  let slot = first;
  while (slot !== null && slot.at <= now && passed.length < max) {
    passed.push(slot);
    slot = nextSlot(recurrence, slot);
  }
  return { passed, slot };
}

function judge(input: AdvanceInput, passed: readonly Slot[]): SeriesStep[] {
  const latest = passed.at(-1);
  if (latest === undefined) return [];
  const { policy, now } = input;
  const fresh = passed.filter((slot) => now - slot.at <= policy.graceMs);
  const covered = input.passed === "misfires" && fresh.length > 0 && input.covers(latest.at);
  const made = new Set(chosen(input, passed, fresh, covered));
  return passed.map((slot) => {
    if (made.has(slot)) return { kind: "make", slot, late: true };
    if (input.passed !== "misfires") return { kind: "leave", slot, reason: "series_paused" };
    return {
      kind: "leave",
      slot,
      reason: fresh.includes(slot) && policy.misfire !== "skip" ? "coalesced" : "missed",
    };
  });
}

function chosen(
  { policy, passed: why }: AdvanceInput,
  passed: readonly Slot[],
  fresh: readonly Slot[],
  covered: boolean,
): readonly Slot[] {
  if (why === "paused") return [];
  if (why === "catch_up") return passed.slice(-1);
  if (policy.misfire === "skip") return [];
  if (policy.misfire === "run_all") return fresh.slice(-policy.misfiresMax);
  return covered ? [] : fresh.slice(-1);
}

/** A place in the series that is no slot: behind everything that passed by `now`. */
export function placeAfter(recurrence: Recurrence, now: number): PreviousSlot {
  return placeAt(recurrence, now, firstSlotAfter(recurrence, now));
}

function placeAt({ zone }: Recurrence, now: number, next: Slot | null): PreviousSlot {
  return {
    key: "",
    localMs: now + offsetAt(zone, now),
    at: now,
    number: next === null ? Number.MAX_SAFE_INTEGER : next.number - 1,
  };
}
