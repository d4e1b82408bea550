import { forever } from "../domain/ids.ts";
import { Refusal } from "../domain/refusal.ts";
import type { CallDocumentRow, CallRow, DedupeRow, IdempotencyRow } from "../ports/rows.ts";
import { StoreError, type Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { runSure } from "./run-sure.ts";
import { documentPlace, phonePlace } from "./document.ts";
import type { Actor, Idempotency } from "./engine.ts";
import { Entries } from "./ledger.ts";

import type { Draft } from "./draft.ts";

export type Written =
  | { readonly kind: "created" }
  | { readonly kind: "replayed"; readonly callId: number; readonly status: number }
  | { readonly kind: "mismatch" }
  | { readonly kind: "duplicate"; readonly callId: number };

/** Another request with the same key was faster; its transaction stands, and this one is undone. */
export class BulkKeyTaken extends Error {}

/** The commit of a group of creates: used by the group and by bulk. */
export async function writeDrafts(
  context: Context,
  drafts: readonly Draft[],
  bulk?: {
    readonly actor: Actor;
    readonly idempotency: Idempotency;
    readonly drafts: readonly (Draft | Refusal)[];
  },
): Promise<readonly Written[]> {
  // The last of the disk belongs to the results of calls in flight.
  if (!context.store.roomForMore()) throw new StoreError("full", "The disk is almost full");
  const lease = await context.ids.reserve({ call: drafts.length + 1, ledger: drafts.length });
  for (const draft of drafts) draft.call.id = lease.next("call");
  const bulkId = bulk === undefined ? 0 : lease.next("call");
  const entries = new Entries(lease);
  for (const draft of drafts) entries.add(draft.call, scheduledEntry(draft));
  const documents = drafts.map((draft) => documentRow(context, draft));
  const written = await runSure(context, "schedule", function* (again): Tx<Written[]> {
    const { statements } = context.store;
    if (again) {
      const there = yield* statements.calls.byIds(drafts.map((draft) => ({ id: draft.call.id })));
      if (there.length > 0) return yield* settledBefore(context, drafts, there);
    }
    const results = yield* claimKeys(context, drafts);
    const fresh = drafts.filter((_, index) => results[index]?.kind === "created");
    const freshIds = new Set(fresh.map((draft) => draft.call.id));
    yield* insertDrafts(
      context,
      fresh,
      documents.filter((row) => freshIds.has(row.call_id)),
    );
    yield* statements.ledger.insert(entries.rows.filter((row) => freshIds.has(row.call_id)));
    if (bulk !== undefined) {
      const kept = yield* statements.idempotency.insert([bulkKeyRow(context, bulk, bulkId, results)]);
      if (kept.length === 0) throw new BulkKeyTaken();
    }
    return results;
  });
  let soonest = forever;
  for (const [index, draft] of drafts.entries()) {
    if (written[index]?.kind === "created") soonest = Math.min(soonest, draft.call.due_at);
  }
  if (soonest < forever) {
    context.wake("dispatch", soonest);
    context.announce();
  }
  return written;
}

/** The rows of new calls, but for their history. */
export function* insertDrafts(
  context: Context,
  drafts: readonly Draft[],
  documents: readonly CallDocumentRow[],
): Tx<void> {
  const { statements } = context.store;
  yield* statements.calls.insert(drafts.map((draft) => draft.call));
  yield* statements.documents.insert(documents);
  yield* statements.due.insert(
    drafts.map(({ call }) => ({ lane_id: call.lane_id, due_at: call.due_at, call_id: call.id })),
  );
}

/** After a lost answer: what is there was created; the rest of the group was answered by keys that others hold. */
function* settledBefore(
  context: Context,
  drafts: readonly Draft[],
  there: readonly CallRow[],
): Tx<Written[]> {
  const { statements } = context.store;
  const ids = new Set(there.map((row) => row.id));
  const results: Written[] = [];
  for (const draft of drafts) {
    if (ids.has(draft.call.id)) {
      results.push({ kind: "created" });
      continue;
    }
    const row = draft.idempotency === null ? null : keyRow(context, draft, draft.idempotency);
    const [holder] = row === null ? [] : yield* statements.idempotency.of([row]);
    const { workspace_id, dedupe_key } = draft.call;
    const [live] = dedupe_key === null ? [] : yield* statements.dedupe.of([{ workspace_id, dedupe_key }]);
    if (row !== null && holder !== undefined) results.push(byKey(row, holder));
    else results.push({ kind: "duplicate", callId: live?.call_id ?? 0 });
  }
  return results;
}

/** What a request hears whose idempotency key `holder` has. */
function byKey(row: IdempotencyRow, holder: IdempotencyRow | undefined): Written {
  return holder === undefined ||
    holder.fingerprint !== row.fingerprint ||
    !holder.resource.startsWith("call:")
    ? { kind: "mismatch" }
    : { kind: "replayed", callId: Number(holder.resource.slice(5)), status: holder.status };
}

/** Takes idempotency and dedupe keys; an item whose key is held by an older call is answered with that call. */
export function* claimKeys(context: Context, drafts: readonly Draft[]): Tx<Written[]> {
  const { statements } = context.store;
  const results: Written[] = drafts.map(() => ({ kind: "created" }));
  const keyRows = drafts.map((draft) =>
    draft.idempotency === null ? null : keyRow(context, draft, draft.idempotency),
  );
  const asked = keyRows.filter((row) => row !== null);
  if (asked.length > 0) {
    const won = new Set(
      (yield* statements.idempotency.insert(asked)).map((row) => `${row.workspace_id}|${row.key_hash}`),
    );
    const losers: number[] = [];
    for (const [index, row] of keyRows.entries()) {
      if (row !== null && !won.delete(`${row.workspace_id}|${row.key_hash}`)) losers.push(index);
    }
    if (losers.length > 0) {
      const held = yield* statements.idempotency.of(losers.map((index) => keyRows[index] as IdempotencyRow));
      for (const index of losers) {
        const row = keyRows[index] as IdempotencyRow;
        const holder = held.find(
          (one) => one.workspace_id === row.workspace_id && one.key_hash === row.key_hash,
        );
        results[index] = byKey(row, holder);
      }
    }
  }
  yield* claimDedupe(context, drafts, keyRows, results);
  return results;
}

function* claimDedupe(
  context: Context,
  drafts: readonly Draft[],
  keyRows: readonly (IdempotencyRow | null)[],
  results: Written[],
): Tx<void> {
  const { statements } = context.store;
  const rows = drafts.map((draft, index): DedupeRow | null =>
    draft.call.dedupe_key === null || results[index]?.kind !== "created"
      ? null
      : { workspace_id: draft.call.workspace_id, dedupe_key: draft.call.dedupe_key, call_id: draft.call.id },
  );
  const asked = rows.filter((row) => row !== null);
  if (asked.length === 0) return;
  const won = new Set(
    (yield* statements.dedupe.insert(asked)).map((row) => `${row.workspace_id}|${row.dedupe_key}`),
  );
  const losers: number[] = [];
  for (const [index, row] of rows.entries()) {
    if (row !== null && !won.delete(`${row.workspace_id}|${row.dedupe_key}`)) losers.push(index);
  }
  if (losers.length === 0) return;
  const held = yield* statements.dedupe.of(losers.map((index) => rows[index] as DedupeRow));
  for (const index of losers) {
    const row = rows[index] as DedupeRow;
    const holder = held.find(
      (one) => one.workspace_id === row.workspace_id && one.dedupe_key === row.dedupe_key,
    );
    results[index] = { kind: "duplicate", callId: holder?.call_id ?? 0 };
  }
  yield* rewriteKeys(context, drafts, keyRows, losers, results);
}

/**
 * A refused create has no effect, so its idempotency key is free again; one that was answered with another call keeps its
 * key for that call. Whoever in this group sent the same key hears the same.
 */
function* rewriteKeys(
  context: Context,
  drafts: readonly Draft[],
  keyRows: readonly (IdempotencyRow | null)[],
  losers: readonly number[],
  results: Written[],
): Tx<void> {
  const { statements } = context.store;
  const given = losers.flatMap((index) => {
    const row = keyRows[index] ?? null;
    return row === null ? [] : [{ index, row }];
  });
  if (given.length === 0) return;
  yield* statements.idempotency.remove(given.map(({ row }) => row));
  const kept = given.flatMap(({ index, row }): IdempotencyRow[] => {
    const result = results[index];
    return result?.kind === "duplicate" && drafts[index]?.onDuplicate === "return"
      ? [{ ...row, status: 200, resource: `call:${result.callId}` }]
      : [];
  });
  yield* statements.idempotency.insert(kept);
  const own = new Map(given.map(({ index }) => [drafts[index]?.call.id, results[index]]));
  for (const [index, result] of results.entries()) {
    const same = result.kind === "replayed" ? own.get(result.callId) : undefined;
    if (same !== undefined) results[index] = same;
  }
}

function bulkKeyRow(
  context: Context,
  bulk: {
    readonly actor: Actor;
    readonly idempotency: Idempotency;
    readonly drafts: readonly (Draft | Refusal)[];
  },
  id: number,
  results: readonly Written[],
): IdempotencyRow {
  let at = -1;
  const ids = bulk.drafts.map((draft) => {
    if (draft instanceof Refusal) return 0;
    at += 1;
    const result = results[at];
    if (result?.kind === "created") return draft.call.id;
    return result?.kind === "duplicate" && draft.onDuplicate === "return" ? result.callId : 0;
  });
  return {
    id,
    workspace_id: bulk.actor.workspaceId,
    key_hash: context.secrets.keyHash(bulk.idempotency.key),
    fingerprint: bulk.idempotency.fingerprint,
    status: 200,
    resource: `bulk:${JSON.stringify(ids)}`,
    created_at: context.clock.now(),
  };
}

function keyRow(context: Context, draft: Draft, idempotency: Idempotency): IdempotencyRow {
  return {
    id: draft.call.id,
    workspace_id: draft.call.workspace_id,
    key_hash: context.secrets.keyHash(idempotency.key),
    fingerprint: idempotency.fingerprint,
    status: 201,
    resource: `call:${draft.call.id}`,
    created_at: draft.call.created_at,
  };
}

export function documentRow(context: Context, draft: Draft): CallDocumentRow {
  const { id, workspace_id } = draft.call;
  return {
    call_id: id,
    workspace_id,
    phone: context.secrets.seal(draft.e164, phonePlace(id)),
    external_id: draft.externalId,
    owner: draft.owner,
    agent: draft.agent,
    document: context.secrets.seal(JSON.stringify(draft.document), documentPlace(id)),
  };
}

export function scheduledEntry(draft: Draft): {
  at: number;
  type: string;
  reason: string;
  actor: string;
  data?: Record<string, unknown>;
} {
  const { call } = draft;
  const entry = { at: call.created_at, type: "call.scheduled", reason: call.reason, actor: draft.actor.name };
  const warned = draft.warnings.length === 0 ? {} : { warnings: draft.warnings };
  if (draft.moves.length === 0) return { ...entry, data: { due_at: call.due_at, ...warned } };
  const { requested_at, due_at } = call;
  return { ...entry, data: { requested_at, due_at, moves: draft.moves, ...warned } };
}
