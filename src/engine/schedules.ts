import type { ShownStatus } from "../domain/call.ts";
import { Refusal } from "../domain/refusal.ts";
import type { CallLogFilterArgs, CallLogRow, ScheduleFilterArgs } from "../ports/schedule-statements.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { runSure } from "./run-sure.ts";
import type {
  CallAndAttempt,
  CallLog,
  CallLogFilter,
  CallTotals,
  Listed,
  ListedFilter,
  OffsetPage,
  SeriesStanding,
} from "./schedules-api.ts";
import { attemptView, readCalls } from "./view.ts";

/** Calls and series in one list. */
export async function listSchedules(
  context: Context,
  actor: Actor,
  filter: ListedFilter,
  page: OffsetPage,
): Promise<{ data: Listed[]; total: number }> {
  const { schedules } = context.store.statements;
  const args = listedArgs(context, actor, filter);
  const rows = await context.store.read("list schedules", () =>
    schedules.page({ ...args, ...page, upto: page.limit + page.offset }),
  );
  const counts = [
    await context.store.read("count series", () => schedules.countSeries(args)),
    ...(await inSlices(context, args, "count calls", (slice) => schedules.countCalls({ ...args, ...slice }))),
  ];
  const calls = await callsById(context, actor, idsOfCalls(rows));
  const data = rows.flatMap(({ kind, id }): Listed[] => {
    if (kind === "series") return [{ kind, seriesId: context.secrets.publicId("series", id) }];
    const found = calls.get(id);
    return found === undefined ? [] : [{ kind, ...found }];
  });
  return { data, total: sumOf(counts) };
}

/** How a series stands by its calls. Throws `not_found`. */
export async function seriesStanding(
  context: Context,
  actor: Actor,
  seriesId: string,
): Promise<{ standing: SeriesStanding; dialed: CallAndAttempt | null }> {
  const id = seriesIdOf(context, seriesId);
  const now = context.clock.now();
  const [row] = await context.store.read("look how a series stands", () =>
    context.store.statements.schedules.ofSeries({ id, now }),
  );
  if (row === undefined) throw noSuchSeries(seriesId);
  const dialed = row.dialed_id === null ? null : await callsById(context, actor, [row.dialed_id]);
  return { standing: row.shown as SeriesStanding, dialed: dialed?.get(row.dialed_id ?? 0) ?? null };
}

/** What was dialed, and what should have been. */
export async function listCallLogs(
  context: Context,
  actor: Actor,
  filter: CallLogFilter,
  page: OffsetPage,
): Promise<{ data: CallLog[]; total: number }> {
  const { statements } = context.store;
  const args = logArgs(context, actor, filter);
  const { schedules } = statements;
  const rows = await context.store.read("list call logs", () => schedules.logs({ ...args, ...page }));
  const counts = [
    await context.store.read("count missed slots", () => schedules.countSlots(args)),
    ...(await inSlices(context, args, "count logs", (slice) => schedules.countLogs({ ...args, ...slice }))),
  ];
  const slots = rows.filter((row) => row.kind === "slot");
  const occurrences = await context.store.read("read slots", () =>
    statements.occurrences.of(slots.map(({ id, slot }) => ({ series_id: id, slot }))),
  );
  const instants = new Map(occurrences.map((row) => [`${row.series_id} ${row.slot}`, row.at]));
  const calls = await callsById(context, actor, idsOfCalls(rows));
  const logOf = ({ kind, id, slot }: CallLogRow): CallLog[] => {
    if (kind === "slot") {
      const at = instants.get(`${id} ${slot}`);
      return at === undefined ? [] : [{ kind, seriesId: context.secrets.publicId("series", id), slot, at }];
    }
    const found = calls.get(id);
    return found === undefined ? [] : [{ kind, ...found }];
  };
  return { data: rows.flatMap(logOf), total: sumOf(counts) };
}

export async function callTotals(context: Context, actor: Actor, filter: CallLogFilter): Promise<CallTotals> {
  const { schedules } = context.store.statements;
  const args = logArgs(context, actor, filter);
  const slots = await context.store.read("count missed slots", () => schedules.countSlots(args));
  const calls: Partial<Record<ShownStatus, number>> = {};
  const missed = sumOf([slots]);
  if (missed > 0) calls.expired = missed;
  let completedMs = 0;
  const slices = await inSlices(context, args, "add up calls", (slice) =>
    schedules.totals({ ...args, ...slice }),
  );
  for (const { shown, count, duration_ms } of slices.flat()) {
    calls[shown as ShownStatus] = (calls[shown as ShownStatus] ?? 0) + count;
    if (shown === "completed") completedMs += duration_ms;
  }
  return { calls, completedMs };
}

const sliceSize = 20_000;

/**
 * Reads all calls of a workspace a bounded number at a time, so that what is due meanwhile is dialed in between. One
 * owner's are found by their index, and read at once.
 */
async function inSlices<T>(
  context: Context,
  { workspace_id, owner, or_unowned }: ScheduleFilterArgs,
  name: string,
  read: (slice: { readonly from_id: number; readonly to_id: number }) => Tx<T>,
): Promise<T[]> {
  const [newest] = await context.store.read("find the newest call", () =>
    context.store.statements.schedules.newestCall({ workspace_id }),
  );
  if (owner !== null && or_unowned === 0)
    return [await context.store.read(name, () => read({ from_id: 0, to_id: newest?.id ?? 0 }))];
  const found: T[] = [];
  for (let from = 0; from < (newest?.id ?? 0); from += sliceSize) {
    found.push(await context.store.read(name, () => read({ from_id: from, to_id: from + sliceSize })));
    await new Promise<void>((resolve) => context.clock.tick(resolve));
  }
  return found;
}

function sumOf(counts: readonly (readonly { readonly count: number }[])[]): number {
  return counts.flat().reduce((sum, { count }) => sum + count, 0);
}

/** Several calls at once, in the given order. */
export async function getCalls(
  context: Context,
  actor: Actor,
  callIds: readonly string[],
): Promise<CallAndAttempt[]> {
  const ids = callIds.flatMap((callId) => context.secrets.readId("call", callId) ?? []);
  return [...(await callsById(context, actor, ids)).values()];
}

/** Marks a series that has ended as deleted. */
export async function hideSeries(context: Context, actor: Actor, seriesId: string): Promise<void> {
  const id = seriesIdOf(context, seriesId);
  const { series, schedules, ledger } = context.store.statements;
  const lease = await context.ids.reserve({ ledger: 1 });
  await runSure(context, "hide a series", function* (): Tx<void> {
    const now = context.clock.now();
    const [row] = yield* series.lock([{ id }]);
    if (row === undefined || row.workspace_id !== actor.workspaceId) throw noSuchSeries(seriesId);
    if (row.status_reason === reason) return;
    const entries = new Entries(lease);
    entries.addWide(row.workspace_id, {
      at: now,
      type: "series.deleted",
      reason,
      actor: actor.name,
      data: { series_id: seriesId },
    });
    yield* schedules.hideSeries({ id, reason, now });
    yield* ledger.insert(entries.rows);
  });
  context.ids.release(lease);
  context.announce();
}

const reason = "deleted_by_request";

function listedArgs(context: Context, actor: Actor, filter: ListedFilter): ScheduleFilterArgs {
  return {
    workspace_id: actor.workspaceId,
    owner: filter.owner ?? null,
    or_unowned: filter.orUnowned === true ? 1 : 0,
    agent: filter.agent ?? null,
    shown: filter.status === undefined ? null : `,${filter.status.join(",")},`,
    now: context.clock.now(),
  };
}

function logArgs(context: Context, actor: Actor, filter: CallLogFilter): CallLogFilterArgs {
  return {
    ...listedArgs(context, actor, filter),
    external_id: filter.externalId ?? null,
    from_at: filter.from ?? 0,
    to_at: filter.to ?? Number.MAX_SAFE_INTEGER,
  };
}

function idsOfCalls(rows: readonly { readonly kind: string; readonly id: number }[]): number[] {
  return rows.filter(({ kind }) => kind === "call").map(({ id }) => id);
}

/** Calls of the actor's workspace with their last attempts, by id and in the order of the ids. */
async function callsById(
  context: Context,
  actor: Actor,
  ids: readonly number[],
): Promise<Map<number, CallAndAttempt>> {
  const calls = await readCalls(context, actor, ids);
  const wanted = calls.flatMap(({ attemptId }) =>
    attemptId === null ? [] : (context.secrets.readId("attempt", attemptId) ?? []),
  );
  const rows = await context.store.read("read attempts", () =>
    context.store.statements.attempts.byIds(wanted.map((id) => ({ id }))),
  );
  const attempts = new Map(rows.map((row) => [context.secrets.publicId("attempt", row.id), row]));
  return new Map(
    calls.map((call) => {
      const attempt = attempts.get(call.attemptId ?? "");
      return [
        context.secrets.readId("call", call.id) ?? 0,
        { call, attempt: attempt === undefined ? null : attemptView(context, attempt) },
      ];
    }),
  );
}

function seriesIdOf(context: Context, seriesId: string): number {
  const id = context.secrets.readId("series", seriesId);
  if (id === null) throw noSuchSeries(seriesId);
  return id;
}

function noSuchSeries(seriesId: string): Refusal {
  return new Refusal("not_found", `There is no series "${seriesId.slice(0, 64)}".`);
}
