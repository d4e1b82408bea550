import { Refusal, refuseField } from "../domain/refusal.ts";
import { scopes as knownScopes } from "../domain/scope.ts";
import { parseDuration } from "../domain/zone.ts";
import type { ApiKeyRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { KeyInput, KeyView, Principal } from "./config-api.ts";
import type { Actor } from "./engine.ts";
import { Entries } from "./ledger.ts";

const usedEveryMs = 60_000;

/** Makes an API key: 256 random bits, of which only a hash is kept. A workspace that is named and not there is made. */
export async function createKey(
  context: Context,
  actor: Actor,
  input: KeyInput,
): Promise<{ key: KeyView; secret: string }> {
  const scopes = input.scopes ?? ["*"];
  for (const [index, scope] of scopes.entries()) {
    if (!(knownScopes as readonly string[]).includes(scope))
      throw refuseField("invalid_body", `/scopes/${index}`, `"${scope.slice(0, 40)}" is no scope.`);
  }
  const now = context.clock.now();
  const lifetime = input.expires_in === undefined ? null : parseDuration(input.expires_in);
  if (lifetime === undefined || lifetime === 0)
    throw refuseField("time_invalid", "/expires_in", "Send a duration such as 90d.");
  const workspaceId =
    input.workspace === undefined ? actor.workspaceId : await workspaceNamed(context, input.workspace);
  const lease = await context.ids.reserve({ config: 1, ledger: 1 });
  const secret = `car_${Buffer.from(context.random.bytes(32)).toString("base64url")}`;
  const row: ApiKeyRow = {
    id: lease.next("config"),
    workspace_id: workspaceId,
    name: input.name,
    secret_hash: context.secrets.keyHash(secret),
    hint: `${secret.slice(0, 8)}…${secret.slice(-4)}`,
    scopes: JSON.stringify(scopes),
    expires_at: lifetime === null ? null : now + lifetime,
    revoked_at: null,
    last_used_at: null,
    created_at: now,
  };
  const entries = new Entries(lease);
  entries.addWide(workspaceId, {
    at: now,
    type: "key.created",
    actor: actor.name,
    data: { name: input.name },
  });
  await context.store.run("create a key", function* () {
    yield* context.store.statements.keys.insert([row]);
    yield* context.store.statements.ledger.insert(entries.rows);
  });
  return { key: view(context, row), secret };
}

/** Revokes a key at once. Revoking twice is no fault. */
export async function revokeKey(context: Context, actor: Actor, keyId: string): Promise<KeyView> {
  const id = context.secrets.readId("key", keyId);
  const row = (await allKeys(context)).find((one) => one.id === id && one.workspace_id === actor.workspaceId);
  if (row === undefined) throw new Refusal("not_found", `There is no key "${keyId.slice(0, 64)}".`);
  if (row.revoked_at !== null) return view(context, row);
  const now = context.clock.now();
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = new Entries(lease);
  entries.addWide(actor.workspaceId, {
    at: now,
    type: "key.revoked",
    actor: actor.name,
    data: { name: row.name },
  });
  await context.store.run("revoke a key", function* () {
    yield* context.store.statements.keys.revoke({ id: row.id, revoked_at: now });
    yield* context.store.statements.ledger.insert(entries.rows);
  });
  return view(context, { ...row, revoked_at: now });
}

export async function listKeys(context: Context, actor: Actor): Promise<readonly KeyView[]> {
  return (await allKeys(context))
    .filter((row) => row.workspace_id === actor.workspaceId)
    .map((row) => view(context, row));
}

/** Who a secret belongs to; null when it is unknown, expired or revoked. The store is asked each time, so a revocation counts at once. */
export async function authenticate(context: Context, secret: string): Promise<Principal | null> {
  if (!/^car_[A-Za-z0-9_-]{43}$/.test(secret)) return null;
  const wanted = context.secrets.keyHash(secret);
  const [row] = await context.store.read("find a key", () =>
    context.store.statements.keys.bySecret({ secret_hash: wanted }),
  );
  if (row === undefined) return null;
  const now = context.clock.now();
  if (row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= now)) return null;
  if (row.last_used_at === null || now - row.last_used_at > usedEveryMs) {
    await context.store.run("note a key's use", () =>
      context.store.statements.keys.used([{ id: row.id, last_used_at: now }]),
    );
  }
  return {
    actor: { workspaceId: row.workspace_id, name: `key:${row.name}` },
    scopes: JSON.parse(row.scopes) as string[],
    keyId: context.secrets.publicId("key", row.id),
  };
}

export async function hasKeys(context: Context): Promise<boolean> {
  const now = context.clock.now();
  return (await allKeys(context)).some(
    (row) => row.revoked_at === null && (row.expires_at === null || row.expires_at > now),
  );
}

function allKeys(context: Context): Promise<ApiKeyRow[]> {
  return context.store.read("list keys", () => context.store.statements.keys.all({}));
}

async function workspaceNamed(context: Context, name: string): Promise<number> {
  const find = (): number | undefined =>
    [...context.book.workspaces.values()].find(({ row }) => row.name === name)?.row.id;
  const known = find();
  if (known !== undefined) return known;
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    throw refuseField(
      "invalid_body",
      "/workspace",
      "A workspace is named in lower-case letters, digits and dashes.",
    );
  const lease = await context.ids.reserve({ config: 1 });
  const id = lease.next("config");
  const row = {
    id,
    name,
    stopped_at: null,
    stopped_reason: null,
    plan_version: 1,
    created_at: context.clock.now(),
  };
  await context.store.run("make a workspace", () => context.store.statements.workspaces.insert([row]));
  await context.book.load();
  return find() ?? id;
}

function view(context: Context, row: ApiKeyRow): KeyView {
  return {
    id: context.secrets.publicId("key", row.id),
    name: row.name,
    workspace: context.book.workspaces.get(row.workspace_id)?.row.name ?? "",
    hint: row.hint,
    scopes: JSON.parse(row.scopes) as string[],
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
    createdAt: row.created_at,
  };
}
