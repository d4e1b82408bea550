import { forever } from "../domain/ids.ts";
import { zonesOfPhone } from "../domain/phone.ts";
import { prefixZones } from "../domain/prefix-zones.ts";
import type { Reason } from "../domain/call.ts";
import {
  type Hours,
  MOVES_MAX,
  type Move,
  NO_CLOSED_DATES,
  type Opening,
  type Rule,
  findOpening,
  parseWeekly,
} from "../domain/window.ts";
import type { ZoneRules } from "../domain/zone.ts";
import type { LineRow } from "../ports/rows.ts";
import { alwaysId, legalFloorId } from "./book.ts";
import type { Context } from "./context.ts";
import type { CallDocument, CallWindow } from "./document.ts";

/** When a call may be placed: from `dueAt` until `closesAt` (exclusive, UTC ms; `forever` without a window). */
export type Plan =
  | {
      readonly kind: "planned";
      readonly dueAt: number;
      readonly closesAt: number;
      readonly moves: readonly Move[];
      readonly reason: Reason;
    }
  | { readonly kind: "held"; readonly reason: "zone_unknown" | "no_common_hours" };

/** The calling hours that a call named, if any; its number; the zone that was given, if any. */
export type PlanSubject = {
  readonly workspaceId: number;
  readonly e164: string;
  readonly timezone: string | null;
  readonly hoursId: number | null;
  readonly window?: CallWindow | undefined;
};

/** What planning needs to know of a call that is stored, or about to be. */
export function subjectOf(workspaceId: number, e164: string, document: CallDocument): PlanSubject {
  const { timezone, hoursId, window } = document;
  return { workspaceId, e164, timezone, hoursId, window };
}

const noMoves: readonly Move[] = [];

/**
 * The first interval at or after `from` in which every rule that applies is open: the call's hours (or the workspace's
 * default), the line's hours; each in its own zone or in every zone where the recipient may be.
 */
export function planCall(
  context: Pick<Context, "book" | "zones" | "carriers">,
  subject: PlanSubject,
  line: LineRow,
  from: number,
): Plan {
  const rules = rulesFor(context, subject, line);
  if (rules === "zone_unknown") return { kind: "held", reason: "zone_unknown" };
  if (rules.length === 0)
    return { kind: "planned", dueAt: from, closesAt: forever, moves: noMoves, reason: "requested" };
  const opening = findRoomToRing(rules, from);
  if (opening.kind === "never") return { kind: "held", reason: "no_common_hours" };
  return {
    kind: "planned",
    dueAt: opening.at,
    closesAt: Math.min(opening.closesAt, forever),
    moves: opening.moves,
    reason: opening.at > from ? "calling_hours" : "requested",
  };
}

/** A phone rings some seconds after the request; a request later than this before the end of a window would ring outside it. */
export const ringLeadMs = 10_000;
const tooShortMax = 100;

/** The first opening that leaves time to ring. */
function findRoomToRing(rules: readonly Rule[], from: number): Opening {
  let opening = findOpening(rules, from);
  for (let tries = 0; tries < tooShortMax; tries += 1) {
    if (opening.kind === "never" || opening.closesAt - opening.at > ringLeadMs) return opening;
    const next = findOpening(rules, opening.closesAt);
    opening = { ...next, moves: [...opening.moves, ...next.moves].slice(0, MOVES_MAX) };
  }
  return opening;
}

function rulesFor(
  context: Pick<Context, "book" | "zones" | "carriers">,
  subject: PlanSubject,
  line: LineRow,
): readonly Rule[] | "zone_unknown" {
  const named = subject.hoursId ?? context.book.workspace(subject.workspaceId).defaultHours;
  // A line that can ring real people keeps the legal floor unless somebody chose other hours.
  const own = named ?? (line.hours_id === null && isReal(context, line) ? legalFloorId : null);
  if (own === null && line.hours_id === null && subject.window === undefined) return noRules;
  const rules: Rule[] = [];
  if (subject.window !== undefined) {
    const { timezone } = subject.window;
    const zones = timezone === null ? recipientZones(context, subject) : [context.zones.zone(timezone)];
    if (zones.length === 0 || zones.includes(undefined)) return "zone_unknown";
    const hours = hoursOfWindow(subject.window);
    if (hours === null) return "zone_unknown";
    for (const zone of zones as ZoneRules[]) rules.push({ hours, zone });
  }
  for (const hoursId of [own, line.hours_id === own ? null : line.hours_id]) {
    if (hoursId === null || hoursId === alwaysId) continue;
    const entry = context.book.hours.get(hoursId);
    // Hours that are gone cannot be kept, and nobody may guess what they were.
    if (entry === undefined) return "zone_unknown";
    const zones =
      entry.row.timezone === null
        ? recipientZones(context, subject)
        : [context.zones.zone(entry.row.timezone)];
    if (zones.length === 0 || zones.includes(undefined)) return "zone_unknown";
    for (const zone of zones as ZoneRules[]) rules.push({ hours: entry.hours, zone });
  }
  return rules;
}

/** Null when the ranges are not ones that a create lets in: they cannot be kept, and nobody may guess. */
function hoursOfWindow(window: CallWindow): Hours | null {
  const parsed = parseWeekly(window.weekly);
  return parsed.ok ? { name: "its own hours", weekly: parsed.weekly, closed: NO_CLOSED_DATES } : null;
}

function isReal(context: Pick<Context, "carriers">, line: LineRow): boolean {
  return context.carriers.get(line.carrier)?.kind.real ?? true;
}

const noRules: readonly Rule[] = [];

/** Every zone in which the recipient may be: the given one, or all of the number's prefix. Empty when nothing is known. */
export function recipientZones(
  context: Pick<Context, "zones">,
  subject: Pick<PlanSubject, "timezone" | "e164">,
): readonly (ZoneRules | undefined)[] {
  if (subject.timezone !== null) return [context.zones.zone(subject.timezone)];
  const names = zonesOfPhone(subject.e164, prefixZones());
  const known = zonesByNames.get(names);
  if (known !== undefined && known.book === context.zones) return known.zones;
  const zones = names.map((name) => context.zones.zone(name));
  zonesByNames.set(names, { book: context.zones, zones });
  return zones;
}

/** The lists of names are shared between prefixes, so their zones are looked up once each. */
const zonesByNames = new WeakMap<
  readonly string[],
  { book: unknown; zones: readonly (ZoneRules | undefined)[] }
>();

/** The zone in which to show times to people: the only one there can be, else null. */
export function displayZone(
  context: Pick<Context, "zones">,
  subject: Pick<PlanSubject, "timezone" | "e164">,
): ZoneRules | null {
  const zones = recipientZones(context, subject);
  return zones.length === 1 || subject.timezone !== null ? (zones[0] ?? null) : null;
}
