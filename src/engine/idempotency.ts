import { Refusal } from "../domain/refusal.ts";
import type { IdempotencyRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { Actor, Idempotency } from "./engine.ts";

/** What the same request made before, as the id of a `kind`; null when the key is new. Throws `idempotency_mismatch`. */
export async function resourceOfKey(
  context: Context,
  actor: Actor,
  idempotency: Idempotency | undefined,
  kind: string,
): Promise<number | null> {
  if (idempotency === undefined) return null;
  const [held] = await context.store.read("find a key", () =>
    context.store.statements.idempotency.of([
      { workspace_id: actor.workspaceId, key_hash: context.secrets.keyHash(idempotency.key) },
    ]),
  );
  if (held === undefined) return null;
  if (held.fingerprint !== idempotency.fingerprint || !held.resource.startsWith(`${kind}:`))
    throw new Refusal("idempotency_mismatch", "This Idempotency-Key was sent before, with another request.");
  return Number(held.resource.slice(kind.length + 1));
}

/** The row that keeps a key with what it made, written in the same transaction. */
export function keyRow(
  context: Context,
  actor: Actor,
  idempotency: Idempotency,
  id: number,
  resource: string,
  status: number,
  now: number,
): IdempotencyRow {
  return {
    id,
    workspace_id: actor.workspaceId,
    key_hash: context.secrets.keyHash(idempotency.key),
    fingerprint: idempotency.fingerprint,
    status,
    resource,
    created_at: now,
  };
}
