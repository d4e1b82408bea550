import type { CallRow, SuppressionRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";

/** What keeps the numbers of some calls from being rung, by their hashes. */
export function* suppressionsOf(
  context: Context,
  calls: readonly CallRow[],
): Tx<Map<string, SuppressionRow[]>> {
  const { statements } = context.store;
  const found = new Map<string, SuppressionRow[]>();
  if ((yield* statements.suppressions.any({})).length === 0) return found;
  for (const row of yield* statements.suppressions.of(
    calls.map(({ workspace_id, number_hash }) => ({ workspace_id, number_hash })),
  )) {
    found.set(row.number_hash, [...(found.get(row.number_hash) ?? []), row]);
  }
  return found;
}

/** The entry that forbids this call now; null when none does. */
export function suppressionFor(
  rows: readonly SuppressionRow[] | undefined,
  call: CallRow,
  now: number,
): SuppressionRow | null {
  return (
    rows?.find(
      (row) =>
        row.workspace_id === call.workspace_id &&
        (row.until_at === null || row.until_at > now) &&
        (row.scope === "" || row.scope === call.purpose),
    ) ?? null
  );
}

/** The latest dials to the numbers of some calls (UTC ms, ascending), by their hashes. */
export function* dialsOf(context: Context, calls: readonly CallRow[]): Tx<Map<string, number[]>> {
  const rows = yield* context.store.statements.people.of(
    calls.map(({ workspace_id, number_hash }) => ({ workspace_id, number_hash })),
  );
  return new Map(rows.map((row) => [row.number_hash, JSON.parse(row.dials) as number[]]));
}
