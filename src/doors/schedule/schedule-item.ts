import { Refusal } from "../../domain/refusal.ts";
import type { Actor, Engine } from "../../engine/engine.ts";
import type { CallAndAttempt, Listed, SeriesStanding } from "../../engine/schedules-api.ts";
import type { SeriesView } from "../../engine/series-api.ts";
import type { Caller } from "../../ports/door.ts";

import { maySee } from "./caller.ts";
import { type ScheduleStatus, viewOfStatus } from "./status.ts";

/** A schedule: one call, or a series with its standing and the latest of its calls that was dialed. */
export type ScheduleItem =
  | ({ readonly kind: "call" } & CallAndAttempt)
  | {
      readonly kind: "series";
      readonly series: SeriesView;
      readonly standing: SeriesStanding;
      readonly dialed: CallAndAttempt | null;
    };

const deleted = "deleted_by_request";

/** The schedule of an id, as far as the caller may see it. Throws `not_found`, in one text whatever is the matter. */
export async function findSchedule(engine: Engine, caller: Caller, id: string): Promise<ScheduleItem> {
  try {
    const item = id.startsWith("ser_")
      ? await readSeries(engine, caller.actor, id)
      : await readCallOrSeries(engine, caller.actor, id);
    if (item !== null && !isDeleted(item) && maySee(caller, ownerOf(item))) return item;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "not_found") throw error;
  }
  throw new Refusal("not_found", `Schedule not found: ${id.slice(0, 64)}`);
}

/** The entries of a list, each with what its document shows. */
export async function itemsOf(
  engine: Engine,
  actor: Actor,
  listed: readonly Listed[],
): Promise<ScheduleItem[]> {
  const items: ScheduleItem[] = [];
  for (const one of listed)
    items.push(one.kind === "call" ? one : await readSeries(engine, actor, one.seriesId));
  return items;
}

export async function readSeries(
  engine: Engine,
  actor: Actor,
  seriesId: string,
): Promise<Extract<ScheduleItem, { kind: "series" }>> {
  const series = await engine.getSeries(actor, seriesId);
  return { kind: "series", series, ...(await engine.seriesStanding(actor, seriesId)) };
}

/** A call that was made to repeat is the series that took its place: clients go on with the id they know. */
async function readCallOrSeries(engine: Engine, actor: Actor, callId: string): Promise<ScheduleItem | null> {
  const [found] = await engine.getCalls(actor, [callId]);
  if (found === undefined) return null;
  if (found.call.reason !== "replaced_by_series") return { kind: "call", ...found };
  const { series_id: seriesId } = (await engine.listCallEvents(actor, callId)).at(-1)?.data ?? {};
  return typeof seriesId === "string" ? readSeries(engine, actor, seriesId) : null;
}

export function idOf(item: ScheduleItem): string {
  return item.kind === "call" ? item.call.id : item.series.id;
}

export function statusOfItem(item: ScheduleItem): ScheduleStatus {
  return viewOfStatus(item.kind === "call" ? item.call.status : item.standing);
}

function ownerOf(item: ScheduleItem) {
  return item.kind === "call" ? item.call : item.series;
}

function isDeleted(item: ScheduleItem): boolean {
  return (item.kind === "call" ? item.call.reason : item.series.statusReason) === deleted;
}
