import { parsePhone } from "../domain/phone.ts";
import { Refusal } from "../domain/refusal.ts";
import type { ShownStatus } from "../domain/call.ts";
import type { AttemptRow, CallRow } from "../ports/rows.ts";
import type { CallListArgs } from "../ports/statements.ts";
import type { Context } from "./context.ts";
import { beforeOf, writeCursor } from "./cursor.ts";
import type { Actor, AttemptView, CallFilter, CallView, Page, PageRequest } from "./engine.ts";
import { attemptView, callIdOf, noSuchCall, readCalls } from "./view.ts";

const chainMax = 200;

/** A page of calls, newest first. The cursor belongs to its filters. */
export async function listCalls(
  context: Context,
  actor: Actor,
  filter: CallFilter,
  page: PageRequest,
): Promise<Page<CallView>> {
  const mark = JSON.stringify(filter);
  const before = beforeOf(page, mark);
  if (filter.owner !== undefined || filter.agent !== undefined)
    return sift(context, actor, filter, before, page.limit, mark);
  const ids =
    filter.externalId === undefined
      ? await pageOfIds(context, actor, filter, before, page.limit + 1)
      : await idsByExternal(context, actor, filter.externalId, before, page.limit + 1);
  const shown = ids.slice(0, page.limit);
  const views = await readCalls(context, actor, shown);
  const last = shown.at(-1);
  return {
    data: filter.externalId === undefined ? views : views.filter((view) => matches(view, filter)),
    nextCursor: ids.length > page.limit && last !== undefined ? writeCursor(last, mark) : null,
  };
}

const siftBatch = 200;
const siftedMax = 5000;

/**
 * A page narrowed by what stands in the documents: newest first, calls are looked at in batches until the page is full or
 * enough were looked at; then the page is short and its cursor goes on behind the last one that was looked at.
 */
async function sift(
  context: Context,
  actor: Actor,
  filter: CallFilter,
  before: number,
  limit: number,
  mark: string,
): Promise<Page<CallView>> {
  const found: CallView[] = [];
  let from = before;
  for (let looked = 0; looked < siftedMax; looked += siftBatch) {
    const ids = await nextToSift(context, actor, filter, from);
    const views = await readCalls(context, actor, ids);
    const byId = new Map(views.map((view) => [callIdOf(context, view.id), view]));
    for (const id of ids) {
      const view = byId.get(id);
      from = id;
      if (view === undefined || !matches(view, filter) || !isOwned(view, filter)) continue;
      found.push(view);
      if (found.length === limit) return { data: found, nextCursor: writeCursor(from, mark) };
    }
    if (ids.length < siftBatch) return { data: found, nextCursor: null };
  }
  return { data: found, nextCursor: writeCursor(from, mark) };
}

/** An owner's calls are found by their documents; for an agent alone, all that match otherwise are looked at. */
async function nextToSift(
  context: Context,
  actor: Actor,
  filter: CallFilter,
  before: number,
): Promise<readonly number[]> {
  const { owner, orUnowned } = filter;
  if (owner === undefined) return pageOfIds(context, actor, filter, before, siftBatch);
  const { byOwner, byOwnerOrNone } = context.store.statements.documents;
  const find = orUnowned === true ? byOwnerOrNone : byOwner;
  const args = { workspace_id: actor.workspaceId, owner, before_id: before, limit: siftBatch };
  const rows = await context.store.read("find by owner", () => find(args));
  return rows.map((row) => row.call_id);
}

function isOwned(view: CallView, filter: CallFilter): boolean {
  const { owner, agent } = filter;
  return (
    (owner === undefined || view.owner === owner || (filter.orUnowned === true && view.owner === null)) &&
    (agent === undefined || view.agent === agent)
  );
}

export async function listAttempts(
  context: Context,
  actor: Actor,
  callId: string,
): Promise<readonly AttemptView[]> {
  const call = await ownCall(context, actor, callId);
  const rows = await context.store.read("list attempts", function* () {
    const found: AttemptRow[] = [];
    let id = call.attempt_id;
    for (let step = 0; id !== null && step < chainMax; step += 1) {
      const [row]: AttemptRow[] = yield* context.store.statements.attempts.byIds([{ id }]);
      if (row === undefined) break;
      found.push(row);
      id = row.previous_id;
    }
    return found;
  });
  return rows.toReversed().map((row) => attemptView(context, row));
}

/** One attempt by its public id. Throws `not_found`. */
export async function getAttempt(context: Context, actor: Actor, attemptId: string): Promise<AttemptView> {
  const id = context.secrets.readId("attempt", attemptId);
  const [row] =
    id === null
      ? []
      : await context.store.read("read an attempt", () => context.store.statements.attempts.byIds([{ id }]));
  if (row === undefined || row.workspace_id !== actor.workspaceId)
    throw new Refusal("not_found", `There is no attempt "${attemptId.slice(0, 64)}".`);
  return attemptView(context, row);
}

/** The hot row of a call of the actor's workspace. Throws `not_found`. */
export async function ownCall(context: Context, actor: Actor, callId: string): Promise<CallRow> {
  const id = callIdOf(context, callId);
  const [row] = await context.store.read("read a call", () => context.store.statements.calls.byIds([{ id }]));
  if (row === undefined || row.workspace_id !== actor.workspaceId) throw noSuchCall(callId);
  return row;
}

/** Ids of one page; each wanted status is looked up by itself, where an index may help, and the results are merged. */
async function pageOfIds(
  context: Context,
  actor: Actor,
  filter: CallFilter,
  before: number,
  limit: number,
): Promise<number[]> {
  const lineId =
    filter.line === undefined ? null : (context.book.findLine(actor.workspaceId, filter.line)?.id ?? null);
  if (filter.line !== undefined && lineId === null) return [];
  const now = context.clock.now();
  const args: Omit<CallListArgs, "status" | "outcome" | "not_due_after"> = {
    workspace_id: actor.workspaceId,
    before_id: before,
    limit,
    line_id: lineId,
    purpose: filter.purpose ?? null,
    number_hash: filter.to === undefined ? null : numberHash(context, actor, filter.to),
    due_after: Math.max(filter.dueAfter ?? 0, 0),
    due_before: filter.dueBefore ?? Number.MAX_SAFE_INTEGER,
    created_after: filter.createdAfter ?? 0,
    created_before: filter.createdBefore ?? Number.MAX_SAFE_INTEGER,
  };
  const ids = new Set<number>();
  for (const status of filter.status ?? [null]) {
    for (const outcome of filter.outcome ?? [null]) {
      const rows = await context.store.read("list calls", () =>
        context.store.statements.calls.list({
          ...args,
          ...statusArgs(status, now),
          due_before: dueBefore(status, args.due_before, now),
          outcome,
        }),
      );
      for (const row of rows) ids.add(row.id);
    }
  }
  return [...ids].toSorted((a, b) => b - a).slice(0, limit);
}

/** `queued` is a scheduled call that is due; `scheduled` is one that is not. */
function statusArgs(
  status: ShownStatus | null,
  now: number,
): { status: string | null; not_due_after: number } {
  if (status === "queued") return { status: "scheduled", not_due_after: -1 };
  return { status, not_due_after: status === "scheduled" ? now : -1 };
}

function dueBefore(status: ShownStatus | null, asked: number, now: number): number {
  return status === "queued" ? Math.min(asked, now + 1) : asked;
}

async function idsByExternal(
  context: Context,
  actor: Actor,
  externalId: string,
  before: number,
  limit: number,
): Promise<number[]> {
  const rows = await context.store.read("find by external id", () =>
    context.store.statements.documents.byExternalId({
      workspace_id: actor.workspaceId,
      external_id: externalId,
      limit: 200,
    }),
  );
  return rows
    .map((row) => row.call_id)
    .filter((id) => id < before)
    .slice(0, limit);
}

function matches(view: CallView, filter: CallFilter): boolean {
  return (
    (filter.status === undefined || filter.status.includes(view.status)) &&
    (filter.outcome === undefined || (view.outcome !== null && filter.outcome.includes(view.outcome))) &&
    (filter.line === undefined || view.line.id === filter.line || view.line.name === filter.line) &&
    (filter.purpose === undefined || view.purpose === filter.purpose) &&
    (filter.to === undefined || view.to === filter.to) &&
    view.dueAt >= (filter.dueAfter ?? 0) &&
    view.dueAt < (filter.dueBefore ?? Infinity) &&
    view.createdAt >= (filter.createdAfter ?? 0) &&
    view.createdAt < (filter.createdBefore ?? Infinity)
  );
}

/** The hash by which calls and series to a number are found. Throws `invalid_parameter`. */
export function numberHash(context: Context, actor: Actor, to: string): string {
  const phone = parsePhone(to);
  if (!phone.ok) throw new Refusal("invalid_parameter", `to: ${phone.detail}`);
  return context.secrets.numberHash(actor.workspaceId, phone.e164);
}
