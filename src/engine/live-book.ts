import { type LiveRules, type NumberType, usualNumberTypes } from "../domain/destination.ts";
import type { Budget, Price } from "../domain/spend.ts";
import type {
  LineBudgetRow,
  LiveCountryRow,
  LiveNumberRow,
  LiveWorkspaceRow,
  UnguardedLineRow,
} from "../ports/live-rows.ts";
import type { LineRow } from "../ports/rows.ts";
import type { Statements } from "../ports/statements.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";

/** How many numbers of one block of a thousand may be called in an hour, unless the workspace says otherwise. */
export const usualBlockHourMax = 60;

/** What one workspace allows its real lines; without a row it is in canary. */
export type LiveConfig = {
  readonly row: LiveWorkspaceRow | null;
  readonly rules: LiveRules;
  readonly blockHourMax: number;
  readonly countries: readonly LiveCountryRow[];
  readonly numbers: ReadonlyMap<string, LiveNumberRow>;
};

/** The part of the book that says whom real lines may ring, and which lines have a budget. */
export type LiveBook = {
  readonly workspaces: ReadonlyMap<number, LiveConfig>;
  readonly unguarded: ReadonlySet<number>;
  readonly budgets: ReadonlyMap<number, LineBudgetRow>;
};

type LiveRows = {
  readonly workspaces: readonly LiveWorkspaceRow[];
  readonly numbers: readonly LiveNumberRow[];
  readonly countries: readonly LiveCountryRow[];
  readonly unguarded: readonly UnguardedLineRow[];
  readonly budgets: readonly LineBudgetRow[];
};

export const emptyLiveBook: LiveBook = { workspaces: new Map(), unguarded: new Set(), budgets: new Map() };

/** Reads it within the transaction that reads the book, after the plan versions: a version is never newer than its rules. */
export function* readLiveRows({ live, money }: Pick<Statements, "live" | "money">): Tx<LiveRows> {
  return {
    workspaces: yield* live.workspaces({}),
    numbers: yield* live.numbers({}),
    countries: yield* live.countries({}),
    unguarded: yield* live.unguarded({}),
    budgets: yield* money.budgets({}),
  };
}

export function liveBookOf(workspaceIds: readonly number[], rows: LiveRows): LiveBook {
  return {
    workspaces: new Map(workspaceIds.map((id) => [id, configOf(id, rows)])),
    unguarded: new Set(rows.unguarded.map((row) => row.line_id)),
    budgets: new Map(rows.budgets.map((row) => [row.line_id, row])),
  };
}

/** Must the line keep to whom the workspace may ring? Whatever can ring people, unless the operator vouches for it. */
export function isGuarded(
  context: Pick<Context, "book" | "carriers">,
  line: Pick<LineRow, "id" | "carrier">,
): boolean {
  return (context.carriers.get(line.carrier)?.kind.real ?? true) && !context.book.live.unguarded.has(line.id);
}

/** The country of a line's caller id; null without one. */
export function homeCountryOf(
  context: Pick<Context, "phoneMetadata">,
  line: Pick<LineRow, "caller_id">,
): string | null {
  return line.caller_id === null ? null : (context.phoneMetadata(line.caller_id).country ?? null);
}

export function budgetOf(row: LineBudgetRow): Budget {
  return {
    perMinute: row.per_minute,
    prices: JSON.parse(row.prices) as readonly Price[],
    callMax: row.call_max,
    hourMax: row.hour_max,
    dayMax: row.day_max,
  };
}

function configOf(workspaceId: number, rows: LiveRows): LiveConfig {
  const row = rows.workspaces.find((one) => one.workspace_id === workspaceId) ?? null;
  const countries = rows.countries.filter((one) => one.workspace_id === workspaceId);
  return {
    row,
    rules: {
      isOpen: row?.is_open === 1,
      numberTypes: row === null ? usualNumberTypes : (JSON.parse(row.number_types) as readonly NumberType[]),
      countries: new Map(countries.map((one) => [one.country, one.status])),
    },
    blockHourMax: row?.block_hour_max ?? usualBlockHourMax,
    countries,
    numbers: new Map(
      rows.numbers.filter((one) => one.workspace_id === workspaceId).map((one) => [one.number_hash, one]),
    ),
  };
}
