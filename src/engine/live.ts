import { refuseField } from "../domain/refusal.ts";
import type { LiveWorkspaceRow } from "../ports/live-rows.ts";
import type { Tx } from "../ports/store.ts";
import { readBudgetViews } from "./budgets.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import type { LiveCountryView, LiveLineView, LivePatch, LiveView } from "./live-api.ts";
import { homeCountryOf, isGuarded } from "./live-book.ts";
import { changeLive } from "./live-change.ts";

/** Whom the workspace's real lines may ring, and what they have spent. */
export async function live(context: Context, actor: Actor): Promise<LiveView> {
  await context.book.load();
  const config = context.book.liveOf(actor.workspaceId);
  const workspace = context.book.workspace(actor.workspaceId).row.name;
  const lines = await lineViews(context, actor);
  return {
    workspace,
    mode: config.rules.isOpen ? "open" : "canary",
    openedAt: config.row?.opened_at ?? null,
    openedBy: config.row?.opened_by ?? null,
    numbers: config.numbers.size,
    numberTypes: config.rules.numberTypes,
    blockHourMax: config.blockHourMax,
    countries: countryViews(context, actor, lines),
    lines,
    warnings: lines
      .filter(({ guarded, budget }) => guarded && (budget === null || budget.dayMax === 0))
      .map(
        ({ name }) =>
          `Nothing limits what the line "${name}" may spend in a day (carillon live budget ${name} --price … --per-day …).`,
      ),
  };
}

/** From now on every number is rung that the rules allow. Opening what is open changes nothing. */
export async function openLive(context: Context, actor: Actor, confirm: string): Promise<LiveView> {
  const { name } = context.book.workspace(actor.workspaceId).row;
  if (confirm !== name)
    throw refuseField("confirm_needed", "/confirm", `Send the name of the workspace: "${name}".`);
  if (!context.book.liveOf(actor.workspaceId).rules.isOpen)
    await putWorkspace(context, actor, "live.opened", {}, (row, now) => ({
      ...row,
      is_open: 1,
      opened_at: now,
      opened_by: actor.name,
    }));
  return live(context, actor);
}

/** From now on only the allow-list is rung: what was claimed and has not left goes back to wait. */
export async function closeLive(context: Context, actor: Actor): Promise<LiveView> {
  await putWorkspace(context, actor, "live.closed", {}, (row) => ({
    ...row,
    is_open: 0,
    opened_at: null,
    opened_by: null,
  }));
  return live(context, actor);
}

export async function updateLive(context: Context, actor: Actor, patch: LivePatch): Promise<LiveView> {
  const types = patch.number_types === undefined ? undefined : [...new Set(patch.number_types)];
  await putWorkspace(context, actor, "live.updated", { names: Object.keys(patch) }, (row) => ({
    ...row,
    ...(types !== undefined && { number_types: JSON.stringify(types) }),
    ...(patch.block_hour_max !== undefined && { block_hour_max: patch.block_hour_max }),
  }));
  return live(context, actor);
}

async function putWorkspace(
  context: Context,
  actor: Actor,
  type: string,
  data: Readonly<Record<string, unknown>>,
  change: (row: LiveWorkspaceRow, now: number) => LiveWorkspaceRow,
): Promise<void> {
  await changeLive<number>(
    context,
    actor,
    (at) => ({ at, type, data }),
    function* (now): Tx<number> {
      const { statements } = context.store;
      const before = (yield* statements.live.workspaces({})).find(
        (row) => row.workspace_id === actor.workspaceId,
      );
      const row = before ?? closedRow(context, actor, now);
      yield* statements.live.putWorkspace([{ ...change(row, now), updated_at: now }]);
      return now;
    },
  );
}

function closedRow(context: Context, actor: Actor, now: number): LiveWorkspaceRow {
  const { rules, blockHourMax } = context.book.liveOf(actor.workspaceId);
  return {
    workspace_id: actor.workspaceId,
    is_open: 0,
    opened_at: null,
    opened_by: null,
    number_types: JSON.stringify(rules.numberTypes),
    block_hour_max: blockHourMax,
    updated_at: now,
  };
}

async function lineViews(context: Context, actor: Actor): Promise<LiveLineView[]> {
  const budgets = await readBudgetViews(context, actor);
  return context.book
    .linesOf(actor.workspaceId)
    .map((line) => ({
      id: context.secrets.publicId("line", line.id),
      name: line.name,
      carrier: line.carrier,
      guarded: isGuarded(context, line),
      homeCountry: homeCountryOf(context, line),
      budget: budgets.get(line.id) ?? null,
    }))
    .filter(({ guarded, budget }) => guarded || budget !== null);
}

function countryViews(context: Context, actor: Actor, lines: readonly LiveLineView[]): LiveCountryView[] {
  const decided = context.book.liveOf(actor.workspaceId).countries.map((row): LiveCountryView => ({
    country: row.country,
    status: row.status,
    changedAt: row.changed_at,
    changedBy: row.changed_by,
  }));
  const homes = new Set(
    lines.flatMap(({ guarded, homeCountry }) => (guarded && homeCountry !== null ? [homeCountry] : [])),
  );
  for (const { country, status } of decided) if (status !== "waiting") homes.delete(country);
  return [
    ...[...homes].map((country) => ({ country, status: "home" as const, changedAt: null, changedBy: null })),
    ...decided.filter(({ country }) => !homes.has(country)),
  ].toSorted((a, b) => (a.country < b.country ? -1 : 1));
}
