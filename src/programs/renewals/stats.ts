import { DAY_MS, formatDay } from "../../domain/civil.ts";
import { localToInstant } from "../../domain/zone.ts";
import type { Tx } from "../../ports/store.ts";

import { followWorkspace } from "./follow.ts";
import { type Actor, type Parts, todayOf } from "./parts.ts";
import { clockOf } from "./rules.ts";
import { readSettings } from "./settings.ts";
import { type RenewalStatus, isLive } from "./status.ts";

type Count = { readonly status: RenewalStatus; readonly count: number };

/** Today, in numbers. What was canceled or skipped is not counted as scheduled. */
export async function readStats(parts: Parts, actor: Actor) {
  const { house, sql } = parts;
  const workspace_id = actor.workspaceId;
  const today = todayOf(parts);
  await followWorkspace(parts, actor);
  const settings = await readSettings(parts, actor);
  const counts = await house.read("count the calls of today", () =>
    sql.calls.countsOfDay({ workspace_id, day: today }),
  );
  const [live] = await house.read("count the calls that wait", () => sql.calls.countLive({ workspace_id }));
  const made = sumOf(counts, ({ status }) => status === "completed" || status === "failed" || isLive(status));
  return {
    today: formatDay(today),
    scheduled_today: made,
    completed_today: sumOf(counts, ({ status }) => status === "completed"),
    failed_today: sumOf(counts, ({ status }) => status === "failed"),
    pending_today: sumOf(counts, ({ status }) => isLive(status)),
    total_pending: live?.count ?? 0,
    next_scheduled_time: clockOf(settings.daily_minute),
    scheduler_enabled: settings.enabled === 1,
  };
}

export type Report = "summary" | "outcomes" | "conversion" | "daily";

/** The calls of the last so many days, today among them, by day and by what became of them. */
export async function readAnalytics(parts: Parts, actor: Actor, report: Report, days: number) {
  const { house, sql } = parts;
  const today = todayOf(parts);
  const from = today - days + 1;
  const span = { workspace_id: actor.workspaceId, from, until: today };
  const counts = await house.read("count calls", () => sql.calls.counts(span));
  const since = localToInstant(parts.zone, from * DAY_MS)?.at ?? 0;
  const done = await house.read("count renewals", () =>
    sql.calls.extensionCounts({ workspace_id: actor.workspaceId, from: since }),
  );
  const extended = (kind: string): number => done.find((one) => one.kind === kind)?.count ?? 0;
  const total = sumOf(counts, () => true);
  const completed = sumOf(counts, ({ status }) => status === "completed");
  const shared = { days, from: formatDay(from), to: formatDay(today) };
  switch (report) {
    case "summary":
      return {
        ...shared,
        total_calls: total,
        ...byStatus(counts),
        success_rate: percent(completed, total),
        renewals: extended("renewal"),
        upgrades: extended("upgrade"),
      };
    case "outcomes":
      return { ...shared, total_calls: total, outcomes: byOutcome(counts) };
    case "conversion":
      return {
        ...shared,
        total_calls: total,
        completed_calls: completed,
        renewals: extended("renewal"),
        upgrades: extended("upgrade"),
        conversion_rate: percent(extended("renewal"), completed),
        upgrade_rate: percent(extended("upgrade"), completed),
      };
    case "daily":
      return {
        ...shared,
        daily: Array.from({ length: days }, (_, index) => from + index).map((day) => {
          const ofDay = counts.filter((one) => one.scheduled_day === day);
          return {
            date: formatDay(day),
            total_calls: sumOf(ofDay, () => true),
            ...byStatus(ofDay),
            renewals_agreed: sumOf(ofDay, ({ agreed }) => agreed === 1),
          };
        }),
      };
  }
}

const CLEANED_AT_ONCE = 500;
const PIECES_MAX = 400;

/** Forgets calls that ended and are older than so many days. The engine keeps its own as long as the workspace does. */
export async function cleanUp(parts: Parts, actor: Actor, days: number): Promise<number> {
  const { house } = parts;
  const before = localToInstant(parts.zone, (todayOf(parts) - days) * DAY_MS)?.at ?? 0;
  await followWorkspace(parts, actor);
  let deleted = 0;
  for (let piece = 0; piece < PIECES_MAX; piece += 1) {
    const count = await house.transact("clean up", actor, {}, () =>
      removeOld(parts, actor, before, CLEANED_AT_ONCE),
    );
    deleted += count;
    if (count < CLEANED_AT_ONCE) break;
  }
  return deleted;
}

export function* removeOld({ sql }: Parts, actor: Actor, before: number, limit: number): Tx<number> {
  const old = yield* sql.calls.old({ workspace_id: actor.workspaceId, before, limit });
  yield* sql.calls.removeExtensions(old);
  yield* sql.calls.remove(old);
  return old.length;
}

function byStatus(counts: readonly Count[]) {
  return {
    completed_calls: sumOf(counts, ({ status }) => status === "completed"),
    failed_calls: sumOf(counts, ({ status }) => status === "failed"),
    pending_calls: sumOf(counts, ({ status }) => isLive(status)),
    cancelled_calls: sumOf(counts, ({ status }) => status === "cancelled" || status === "skipped"),
  };
}

function byOutcome(
  counts: readonly (Count & { readonly outcome: string | null })[],
): { outcome: string; count: number }[] {
  const sums = new Map<string, number>();
  for (const { outcome, count } of counts)
    if (outcome !== null) sums.set(outcome, (sums.get(outcome) ?? 0) + count);
  return [...sums]
    .map(([outcome, count]) => ({ outcome, count }))
    .toSorted((a, b) => b.count - a.count || (a.outcome < b.outcome ? -1 : 1));
}

function sumOf<T extends { readonly count: number }>(
  counts: readonly T[],
  wanted: (one: T) => boolean,
): number {
  return counts.filter(wanted).reduce((sum, { count }) => sum + count, 0);
}

/** One decimal, as the service gave it. */
function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}
