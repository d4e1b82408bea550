import assert from "node:assert/strict";
import { nextSlot, parseRule } from "../../../src/domain/recurrence/recurrence.ts";
import type { Recurrence, Slot } from "../../../src/domain/recurrence/recurrence.ts";
import type { ZoneRules } from "../../../src/domain/zone.ts";
import { loadZones } from "../../../src/system/zones.ts";

const book = loadZones({ systemDirectory: "" });

/** A zone that must exist. */
export function zoneOf(name: string): ZoneRules {
  const zone = book.zone(name);
  assert.ok(zone, name);
  return zone;
}

/** "2027-03-14T10:00" as wall milliseconds. */
export function wall(text: string): number {
  return Date.parse(`${text}Z`);
}

/** A rule that must be sound, in a zone, with the usual policies. */
export function recurrenceOf(
  input: unknown,
  start: string,
  zoneName: string,
  policy: Partial<Pick<Recurrence, "gap" | "overlap">> = {},
): Recurrence {
  const zone = zoneOf(zoneName);
  const parsed = parseRule(input, { localMs: wall(start) }, zone);
  assert.ok(parsed.ok, parsed.ok ? "" : `${JSON.stringify(input)}: ${parsed.detail}`);
  return { rule: parsed.rule, zone, startLocalMs: wall(start), gap: "forward", overlap: "first", ...policy };
}

/** The first slots, at most `most`. Each comes after the one before. */
export function expand(recurrence: Recurrence, most: number): Slot[] {
  const slots: Slot[] = [];
  for (let slot = nextSlot(recurrence, null); slot !== null && slots.length < most;) {
    slots.push(slot);
    const next = nextSlot(recurrence, slot);
    assert.ok(next === null || (next.at > slot.at && next.number === slot.number + 1));
    slot = next;
  }
  return slots;
}

/** The keys of the first slots. */
export function keys(recurrence: Recurrence, most: number): string[] {
  return expand(recurrence, most).map(({ key }) => key);
}

/** What a rule is refused with. */
export function refusalOf(
  input: unknown,
  start = "2027-01-04T10:00",
  zoneName = "Europe/London",
): { pointer: string; detail: string } {
  const parsed = parseRule(input, { localMs: wall(start) }, zoneOf(zoneName));
  assert.ok(!parsed.ok, `${JSON.stringify(input)} is taken`);
  return { pointer: parsed.pointer, detail: parsed.detail };
}
