import type { ZoneBook, ZoneRules } from "../../src/domain/zone.ts";

/** One change of the clocks, with the zone's offsets around it. Instants in UTC ms, offsets in ms east. */
export type Change = {
  readonly at: number;
  readonly before: number;
  readonly after: number;
  readonly zone: ZoneRules;
  /** Every zone that sees the same. */
  readonly names: readonly string[];
};

/** How far rules of the oracle look back from a change, and ahead. */
export const LOOK_BACK_MS = 100 * 86_400_000;
export const LOOK_AHEAD_MS = 3 * 86_400_000;

/**
 * Every change of every zone from 2020 to 2037, once for all zones whose clocks agree over the time looked at: the work is per
 * distinct change, not per zone.
 */
export function distinctChanges(book: ZoneBook): { changes: Change[]; zones: number; all: number } {
  const [from, to] = [Date.UTC(2020, 0, 1), Date.UTC(2038, 0, 1)];
  const found = new Map<string, Change & { names: string[] }>();
  let all = 0;
  const names = book.names();
  for (const name of names) {
    const zone = book.zone(name);
    if (zone === undefined) throw new Error(`no zone ${name}`);
    zone.untils.forEach((at, i) => {
      if (at < from || at >= to) return;
      all += 1;
      const [before, after] = [zone.offsetsMs[i] ?? 0, zone.offsetsMs[i + 1] ?? 0];
      const key = [at, before, after, ...around(zone, at)].join(" ");
      const known = found.get(key);
      if (known !== undefined) known.names.push(name);
      else found.set(key, { at, before, after, zone, names: [name] });
    });
  }
  return { changes: [...found.values()], zones: names.length, all };
}

function around(zone: ZoneRules, at: number): number[] {
  const near: number[] = [];
  zone.untils.forEach((until, i) => {
    if (until > at - LOOK_BACK_MS - 2 * 86_400_000 && until < at + LOOK_AHEAD_MS + 2 * 86_400_000) {
      near.push(until - at, zone.offsetsMs[i] ?? 0, zone.offsetsMs[i + 1] ?? 0);
    }
  });
  return near;
}
