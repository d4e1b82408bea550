import { describeRule, firstSlotAfter, nextSlot } from "../domain/recurrence/recurrence.ts";
import { Refusal } from "../domain/refusal.ts";
import { formatWall } from "../domain/zone.ts";
import type { OccurrenceRow, SeriesRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import { beforeOf, pageOf } from "./cursor.ts";
import type { Actor, Page, PageRequest } from "./engine.ts";
import { numberHash } from "./list.ts";
import type { OccurrenceView, SeriesFilter, SeriesView } from "./series-api.ts";
import { type OpenSeries, openSeries } from "./series-document.ts";
import { placeOf } from "./recur.ts";

export async function getSeries(context: Context, actor: Actor, seriesId: string): Promise<SeriesView> {
  return seriesView(context, openSeries(context, await ownSeries(context, actor, seriesId)));
}

/** The row of a series of the actor's workspace. Throws `not_found`. */
export async function ownSeries(context: Context, actor: Actor, seriesId: string): Promise<SeriesRow> {
  const id = context.secrets.readId("series", seriesId);
  const [row] =
    id === null
      ? []
      : await context.store.read("read a series", () => context.store.statements.series.byIds([{ id }]));
  if (row === undefined || row.workspace_id !== actor.workspaceId) throw noSuchSeries(seriesId);
  return row;
}

export function noSuchSeries(seriesId: string): Refusal {
  return new Refusal("not_found", `There is no series "${seriesId.slice(0, 64)}".`);
}

/** A page of series, newest first. The cursor belongs to its filters. */
export async function listSeries(
  context: Context,
  actor: Actor,
  filter: SeriesFilter,
  page: PageRequest,
): Promise<Page<SeriesView>> {
  const mark = JSON.stringify(filter);
  const before_id = beforeOf(page, mark);
  const rows: SeriesRow[] = [];
  for (const status of filter.status ?? [null]) {
    rows.push(
      ...(await context.store.read("list series", () =>
        context.store.statements.series.list({
          workspace_id: actor.workspaceId,
          before_id,
          limit: page.limit + 1,
          status,
          owner: filter.owner ?? null,
          or_unowned: filter.orUnowned === true ? 1 : 0,
          agent: filter.agent ?? null,
          number_hash: filter.to === undefined ? null : numberHash(context, actor, filter.to),
        }),
      )),
    );
  }
  const newestFirst = rows.toSorted((a, b) => b.id - a.id);
  return pageOf(newestFirst, page, mark, (row) => seriesView(context, openSeries(context, row)));
}

/** What became of a series' slots, newest first. */
export async function listOccurrences(
  context: Context,
  actor: Actor,
  seriesId: string,
  page: PageRequest,
): Promise<Page<OccurrenceView>> {
  const row = await ownSeries(context, actor, seriesId);
  const from = page.cursor === undefined ? null : readPlace(page.cursor);
  const rows = await context.store.read("list occurrences", () =>
    context.store.statements.occurrences.list({
      series_id: row.id,
      before_at: from?.at ?? Number.MAX_SAFE_INTEGER,
      before_slot: from?.slot ?? "",
      limit: page.limit + 1,
    }),
  );
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    data: shown.map((one) => occurrenceView(context, one)),
    nextCursor: rows.length > page.limit && last !== undefined ? writePlace(last) : null,
  };
}

export function seriesView(context: Context, series: OpenSeries): SeriesView {
  const { row, document, recurrence } = series;
  const now = context.clock.now();
  const isAhead = row.status === "active" && row.slot_at !== null && row.slot_at > now;
  return {
    id: context.secrets.publicId("series", row.id),
    status: row.status,
    statusReason: row.status_reason,
    description: describeRule(recurrence.rule, document.startLocalMs, row.timezone),
    rule: document.rule,
    startLocal: formatWall(document.startLocalMs),
    timezone: row.timezone,
    nextAt: nextAtOf(series, now),
    nextCallId: isAhead && row.call_id !== null ? context.secrets.publicId("call", row.call_id) : null,
    slots: row.slot_number,
    to: series.e164,
    template: shownTemplate(series),
    policies: document.policies,
    owner: row.owner,
    agent: row.agent,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  };
}

/** What its carrier is told may hold secrets, so it is not shown. */
function shownTemplate({ row, e164, document }: OpenSeries): SeriesView["template"] {
  const { carrier: _secret, ...template } = document.template;
  return { ...template, to: e164, timezone: row.timezone };
}

/** The instant of the slot that comes next; the engine may just be about to make it. */
function nextAtOf({ row, recurrence }: OpenSeries, now: number): number | null {
  if (row.status !== "active") return null;
  if (row.slot_at !== null && row.slot_at > now) return row.slot_at;
  const place = placeOf(row);
  const next = place === null ? firstSlotAfter(recurrence, now) : nextSlot(recurrence, place);
  return next === null ? null : next.at > now ? next.at : (firstSlotAfter(recurrence, now)?.at ?? null);
}

export function occurrenceView(context: Context, row: OccurrenceRow): OccurrenceView {
  return {
    slot: row.slot,
    number: row.number,
    at: row.at,
    kind: row.kind,
    status: row.status,
    reason: row.reason,
    callId: row.call_id === null ? null : context.secrets.publicId("call", row.call_id),
  };
}

function writePlace(row: OccurrenceRow): string {
  return Buffer.from(`${row.at} ${row.slot}`).toString("base64url");
}

function readPlace(cursor: string): { readonly at: number; readonly slot: string } {
  const [at = "", slot] = Buffer.from(cursor.slice(0, 400), "base64url").toString("utf8").split(" ");
  if (slot === undefined || !/^\d{1,16}$/.test(at))
    throw new Refusal("invalid_cursor", "The cursor does not belong to this list.");
  return { at: Number(at), slot };
}
