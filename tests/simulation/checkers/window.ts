import { zonesOfPhone } from "../../../src/domain/phone.ts";
import { prefixZones } from "../../../src/domain/prefix-zones.ts";
import type { ZoneBook } from "../../../src/domain/zone.ts";
import type { Checker } from "../checker.ts";
import type { Dial, Facts } from "../facts.ts";
import type { Change, HoursInForce } from "../history.ts";

/** A change has its effect within a second. */
const effectMs = 1000;
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** I4: no phone rings outside the calling hours that apply, judged by text and table, minute by minute. */
export const window: Checker = {
  name: "I4",
  promise: "No phone rings outside the calling hours of whoever is called.",
  *check(facts) {
    const creates = new Map(facts.history.creates.map((create) => [create.external, create]));
    for (const dial of facts.dials) {
      const create = dial.call === null ? undefined : creates.get(facts.externalOf.get(dial.call.id) ?? "");
      if (create === undefined || dial.witness.ringAt === null) continue;
      const line = facts.history.plan.lines.find(
        (one) => one.name === facts.lineName.get(dial.attempt?.line_id ?? 0),
      );
      const zones = create.timezone === null ? zonesOfPhone(create.to, prefixZones()) : [create.timezone];
      for (const own of ownHours(facts, create.hours, dial.request.at)) {
        yield* judge(facts, dial, own, zones);
      }
      if (line?.hours !== undefined && line.hours !== null) yield* judge(facts, dial, line.hours, zones);
    }
  },
};

/** The hours that held for a call at an instant: its own, else the workspace's, in whichever version then. */
function ownHours(facts: Facts, named: string | null, at: number): string[] {
  if (named !== null) return [named];
  const defaults = inForce(facts.history.defaultHours, at);
  return defaults.includes(null) ? [] : defaults.filter((name) => name !== null);
}

function* judge(
  facts: Facts,
  dial: Dial,
  name: string,
  zones: readonly string[],
): Generator<{ what: string; at: number; callId: number }> {
  const versions = inForce(facts.history.hours.get(name) ?? [], dial.request.at);
  // The ring is judged by the machine's clock, which is true but where a fault of the clock is played.
  const ringAt = (dial.witness.ringAt ?? 0) + dial.request.wall - dial.request.at;
  const isOpen = versions.some((hours) =>
    (hours.timezone === null ? zones : [hours.timezone]).every((zone) =>
      isOpenAt(facts.history.zones, hours, zone, ringAt),
    ),
  );
  if (!isOpen)
    yield {
      what: `${dial.request.attemptId} rang at ${new Date(ringAt).toISOString()} outside "${name}" in ${zones.join(", ")}`,
      at: dial.request.at,
      callId: dial.call?.id ?? 0,
    };
}

/**
 * Every value that may have been in force at an instant or within the second before. A change happens at some instant
 * between its request and its answer, so of two that were under way together either may be the later one.
 */
export function inForce<T>(changes: readonly Change<T>[], at: number): T[] {
  return changes
    .filter((change) => {
      const isReplaced = changes.some(
        (one) => isAfter(one, change) && one.heardAt !== null && one.heardAt <= at - effectMs,
      );
      return change.sentAt <= at && !isReplaced;
    })
    .map((change) => change.value);
}

/** Was the one asked for only once the other was known to have happened? */
export function isAfter<T>(one: Change<T>, other: Change<T>): boolean {
  return other.heardAt !== null && one.sentAt > other.heardAt;
}

/** By the letter of the rule: the local clock as text, compared with texts; zones by a walk through the table. */
function isOpenAt(book: ZoneBook, hours: HoursInForce, zoneName: string, at: number): boolean {
  const zone = book.zone(zoneName);
  if (zone === undefined) return false;
  let segment = 0;
  while (at >= (zone.untils[segment] ?? Infinity)) segment += 1;
  const local = new Date(at + (zone.offsetsMs[segment] ?? 0)).toISOString();
  const date = local.slice(0, 10);
  if (hours.closed.includes(date)) return false;
  const clock = local.slice(11, 16);
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  const today = hours.weekly[days[weekday] ?? ""] ?? [];
  const yesterday = hours.weekly[days[(weekday + 6) % 7] ?? ""] ?? [];
  return (
    today.some((range) => {
      const [from = "", to = ""] = range.split("-");
      return clock >= from && (clock < to || to <= from);
    }) ||
    yesterday.some((range) => {
      const [from = "", to = ""] = range.split("-");
      return to <= from && clock < to;
    })
  );
}
