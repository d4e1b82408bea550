import { firstSlotAfter, nextSlot, parseRule } from "../../src/domain/recurrence/recurrence.ts";
import type { Recurrence, Slot } from "../../src/domain/recurrence/recurrence.ts";
import { bruteSlots, minutesOf } from "./brute.ts";
import type { Policy } from "./brute.ts";
import { LOOK_AHEAD_MS } from "./changes.ts";
import type { Change } from "./changes.ts";
import { rulesAround } from "./rules.ts";
import type { OracleRule } from "./place.ts";

/** Every treatment of gaps and overlaps. */
export const POLICIES: readonly Policy[] = (["forward", "next_valid", "skip"] as const).flatMap((gap) =>
  (["first", "second", "both"] as const).map((overlap) => ({ gap, overlap })),
);

export type Tally = { rules: number; comparisons: number; slots: number; mismatches: string[] };

/** Compares every rule around one change with the oracle, by each policy given, and adds to the tally. */
export function compareAround(change: Change, policies: readonly Policy[], tally: Tally): void {
  for (const rule of rulesAround(change)) {
    tally.rules += 1;
    // Some days more are expanded than compared, because times at the end may be moved.
    const minutes = minutesOf(rule.spec, rule.startLocalMs, change.at + LOOK_AHEAD_MS + 2 * 86_400_000);
    for (const policy of policies) {
      tally.comparisons += 1;
      const fault = compare(change, rule, minutes, policy, tally);
      if (fault === undefined) continue;
      const where = `${change.zone.name} ${new Date(change.at).toISOString()} ${rule.name} ${JSON.stringify(policy)}`;
      tally.mismatches.push(`${where} ${JSON.stringify(rule.input)}: ${fault}`);
    }
  }
}

function compare(
  change: Change,
  rule: OracleRule,
  minutes: readonly number[],
  policy: Policy,
  tally: Tally,
): string | undefined {
  const { zone } = change;
  const { startLocalMs } = rule;
  const parsed = parseRule(rule.input, { localMs: startLocalMs }, zone);
  if (!parsed.ok) return `refused: ${parsed.detail}`;
  const recurrence: Recurrence = { rule: parsed.rule, zone, startLocalMs, ...policy };
  const end = change.at + LOOK_AHEAD_MS;
  const expected = bruteSlots(rule.spec, zone, minutes, policy).filter((one) => one.at < end);
  let slot = nextSlot(recurrence, null);
  for (const [i, one] of expected.entries()) {
    tally.slots += 1;
    const want = `${one.key} ${new Date(one.at).toISOString()} as number ${i + 1}`;
    if (slot === null) return `ends before ${want}`;
    if (slot.key !== one.key || slot.at !== one.at || slot.number !== i + 1)
      return `${say(slot)} instead of ${want}`;
    if (i % 3 === 0) {
      const direct = firstSlotAfter(recurrence, slot.at - 1);
      if (direct?.key !== slot.key || direct.number !== slot.number)
        return `asked directly ${say(direct)} instead of ${want}`;
    }
    const next = nextSlot(recurrence, slot);
    if (next !== null && next.at <= slot.at) return `${say(next)} after ${want}`;
    slot = next;
  }
  return slot !== null && slot.at < end ? `${say(slot)} is too many` : undefined;
}

function say(slot: Slot | null): string {
  return slot === null
    ? "nothing"
    : `${slot.key} ${new Date(slot.at).toISOString()} as number ${slot.number}`;
}
