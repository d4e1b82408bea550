import { forever } from "../domain/ids.ts";
import { isOutcome } from "../domain/outcome.ts";
import { parsePhone, phoneFault } from "../domain/phone.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import type { Move } from "../domain/window.ts";
import { parseDuration } from "../domain/zone.ts";
import type { CallDocumentRow, CallRow, DedupeRow, IdempotencyRow } from "../ports/rows.ts";
import { StoreError, type Tx } from "../ports/store.ts";
import { type Context, runSure } from "./context.ts";
import { type CallDocument, documentPlace, phonePlace } from "./document.ts";
import type { Actor, BulkItem, CallRequest, CallView, Idempotency, Scheduled } from "./engine.ts";
import type { Group } from "./group.ts";
import { Entries, type Working } from "./ledger.ts";
import { planCall } from "./plan.ts";
import { readCalls, viewOf } from "./view.ts";
import { readInstant, readWhen } from "./when.ts";

/** A call that was planned and not yet stored: everything but its id. */
export type Draft = {
  readonly actor: Actor;
  readonly call: Working;
  readonly document: CallDocument;
  readonly e164: string;
  readonly externalId: string | null;
  readonly onDuplicate: "refuse" | "return";
  readonly idempotency: Idempotency | null;
  readonly moves: readonly Move[];
  readonly warnings: readonly string[];
};

type Written =
  | { readonly kind: "created" }
  | { readonly kind: "replayed"; readonly callId: number; readonly status: number }
  | { readonly kind: "mismatch" }
  | { readonly kind: "duplicate"; readonly callId: number };

export type ScheduleGroup = Group<Draft, Written>;

const itemsMax = 1000;

/**
 * Schedules one call: plans it purely (time, zone, window), then writes call, document, due row and ledger line in one
 * transaction shared with whatever else arrived in this turn. Acknowledged only after the durable commit.
 */
export async function schedule(
  context: Context,
  group: ScheduleGroup,
  actor: Actor,
  request: CallRequest,
  idempotency?: Idempotency,
): Promise<Scheduled> {
  let draft: Draft;
  try {
    draft = await draftCall(context, actor, request, idempotency ?? null);
  } catch (error) {
    const replay = idempotency === undefined ? null : await replayOne(context, actor, idempotency);
    if (replay === null || !(error instanceof Refusal)) throw error;
    return replay;
  }
  return answer(context, draft, await group.add(draft));
}

/** What could be done when the key was new may be impossible now (its time has passed): its answer stays the same. */
async function replayOne(
  context: Context,
  actor: Actor,
  idempotency: Idempotency,
): Promise<Scheduled | null> {
  const [row] = await context.store.read("find a key", () =>
    context.store.statements.idempotency.of([
      { workspace_id: actor.workspaceId, key_hash: context.secrets.keyHash(idempotency.key) },
    ]),
  );
  if (row === undefined) return null;
  if (row.fingerprint !== idempotency.fingerprint || !row.resource.startsWith("call:")) throw mismatch();
  const [call] = await readCalls(context, actor, [Number(row.resource.slice(5))]);
  return call === undefined ? null : { call, replayed: true, status: row.status };
}

function mismatch(): Refusal {
  return new Refusal("idempotency_mismatch", "This Idempotency-Key was sent before, with another request.");
}

/** Schedules up to 1,000 calls in one transaction; each item succeeds or is refused by itself. */
export async function scheduleMany(
  context: Context,
  actor: Actor,
  requests: readonly CallRequest[],
  idempotency?: Idempotency,
): Promise<{ readonly items: readonly BulkItem[]; readonly replayed: boolean }> {
  if (requests.length > itemsMax)
    throw refuseField("too_many_items", "/calls", `${requests.length} items; ${itemsMax} are allowed.`);
  if (idempotency !== undefined) {
    const replay = await replayBulk(context, actor, requests, idempotency);
    if (replay !== null) return { items: replay, replayed: true };
  }
  const drafts: (Draft | Refusal)[] = [];
  for (const request of requests) drafts.push(await draftOrRefusal(context, actor, request));
  const good = drafts.filter((draft): draft is Draft => !(draft instanceof Refusal));
  const written = await writeBulk(context, good, actor, drafts, idempotency);
  if (written === null && idempotency !== undefined) {
    const replay = await replayBulk(context, actor, requests, idempotency);
    if (replay !== null) return { items: replay, replayed: true };
  }
  if (written === null) throw new Error("A bulk key is taken, and nobody holds it");
  const items: BulkItem[] = [];
  let at = 0;
  for (const draft of drafts) {
    if (draft instanceof Refusal) items.push({ ok: false, refusal: draft });
    else {
      items.push(await itemOf(context, draft, written[at] as Written));
      at += 1;
    }
  }
  return { items, replayed: false };
}

/** What `schedule` would make, stored nowhere. */
export async function preview(context: Context, actor: Actor, request: CallRequest): Promise<CallView> {
  const draft = await draftCall(context, actor, request, null);
  return viewOf(context, draft.call, draft.e164, draft.externalId, draft.document, {
    warned: draft.warnings,
    moves: draft.moves,
  });
}

/** Plans a request. Throws `Refusal` with the field that is at fault. */
export async function draftCall(
  context: Context,
  actor: Actor,
  request: CallRequest,
  idempotency: Idempotency | null,
): Promise<Draft> {
  const now = context.clock.now();
  const { book } = context;
  const phone = parsePhone(request.to);
  if (!phone.ok) throw refuseField("phone_invalid", "/to", phoneFault(phone));
  const asked = readWhen(context, request, now);
  const line =
    request.line === undefined
      ? book.defaultLine(actor.workspaceId)
      : book.findLine(actor.workspaceId, request.line);
  if (line === undefined) {
    if (request.line === undefined)
      throw refuseField("line_needed", "/line", "The workspace has no default line.");
    throw refuseField("line_unknown", "/line", `No line is called "${request.line.slice(0, 64)}".`);
  }
  const hours = named(
    request.hours,
    (name) => book.findHours(actor.workspaceId, name),
    "hours_unknown",
    "/hours",
  );
  const policy = named(
    request.retry_policy,
    (name) => book.findPolicy(actor.workspaceId, name),
    "retry_policy_unknown",
    "/retry_policy",
  );
  const script = readScript(context, line.carrier, request);
  const laneId = await book.makeLane(actor.workspaceId, line.id, 0, request.priority ?? 5);
  const document: CallDocument = {
    timezone: asked.timezone,
    timezoneSource: asked.timezoneSource,
    name: request.name ?? null,
    purpose: request.purpose ?? null,
    metadata: request.metadata ?? {},
    script,
    hoursId: hours?.row.id ?? null,
    policyId: policy?.row.id ?? null,
  };
  const subject = {
    workspaceId: actor.workspaceId,
    e164: phone.e164,
    timezone: asked.timezone,
    hoursId: document.hoursId,
  };
  const plan = planCall(context, subject, line, asked.at);
  if (plan.kind === "held") {
    if (plan.reason === "zone_unknown")
      throw refuseField(
        "zone_needed",
        "/timezone",
        "Calling hours apply, and the number's prefix tells no zone.",
      );
    throw refuseField(
      "never_open",
      request.hours === undefined ? "/to" : "/hours",
      "Within the next 400 days no instant is inside all the calling hours that apply.",
    );
  }
  const expiry = readExpiry(
    context,
    request,
    asked.timezone,
    now,
    plan.dueAt,
    book.workspace(actor.workspaceId).expiresAfterMs,
  );
  return {
    actor,
    document,
    e164: phone.e164,
    externalId: request.external_id ?? null,
    onDuplicate: request.on_duplicate ?? "refuse",
    idempotency,
    moves: plan.moves,
    warnings: asked.warnings,
    call: {
      id: 0,
      workspace_id: actor.workspaceId,
      lane_id: laneId,
      status: "scheduled",
      number_hash: context.secrets.numberHash(actor.workspaceId, phone.e164),
      requested_at: asked.at,
      due_at: plan.dueAt,
      closes_at: plan.closesAt,
      expires_at: expiry.expiresAt,
      expires_after_ms: expiry.expiresAfterMs,
      plan_version: book.workspace(actor.workspaceId).row.plan_version,
      attempts: 0,
      attempt_id: null,
      ledger_head: 0,
      reason: plan.reason,
      purpose: request.purpose ?? null,
      dedupe_key: request.dedupe_key ?? null,
      outcome: null,
      disposition: null,
      dispatched_at: null,
      ended_at: null,
      version: 1,
      created_at: now,
      updated_at: now,
    },
  };
}

/** Another request with the same key was faster; its transaction stands, and this one is undone. */
class BulkKeyTaken extends Error {}

/** Null when the key was taken between the look for it and the commit. */
async function writeBulk(
  context: Context,
  good: readonly Draft[],
  actor: Actor,
  drafts: readonly (Draft | Refusal)[],
  idempotency: Idempotency | undefined,
): Promise<readonly Written[] | null> {
  try {
    return await writeDrafts(
      context,
      good,
      idempotency === undefined ? undefined : { actor, idempotency, drafts },
    );
  } catch (error) {
    if (error instanceof BulkKeyTaken) return null;
    throw error;
  }
}

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
    yield* statements.calls.insert(fresh.map((draft) => draft.call));
    yield* statements.documents.insert(documents.filter((row) => freshIds.has(row.call_id)));
    yield* statements.due.insert(
      fresh.map(({ call }) => ({ lane_id: call.lane_id, due_at: call.due_at, call_id: call.id })),
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
function* claimKeys(context: Context, drafts: readonly Draft[]): Tx<Written[]> {
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

async function answer(context: Context, draft: Draft, written: Written): Promise<Scheduled> {
  if (written.kind === "created") {
    const call = viewOf(context, draft.call, draft.e164, draft.externalId, draft.document, {
      warned: draft.warnings,
      moves: draft.moves,
    });
    return { call, replayed: false, status: 201 };
  }
  if (written.kind === "mismatch") throw mismatch();
  if (written.kind === "duplicate" && draft.onDuplicate === "refuse") {
    throw new Refusal(
      "dedupe_conflict",
      `A call that has not ended has dedupe_key "${draft.call.dedupe_key}".`,
      {
        faults: [{ pointer: "/dedupe_key", code: "dedupe_conflict", detail: "A live call has it." }],
        extra: { existing_id: context.secrets.publicId("call", written.callId) },
      },
    );
  }
  const [call] = await readCalls(context, draft.actor, [written.callId]);
  if (call === undefined) throw new Refusal("not_found", "The call that this key made is no longer kept.");
  return { call, replayed: true, status: written.kind === "replayed" ? written.status : 200 };
}

async function itemOf(context: Context, draft: Draft, written: Written): Promise<BulkItem> {
  try {
    return { ok: true, scheduled: await answer(context, draft, written) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, refusal: error };
    throw error;
  }
}

async function draftOrRefusal(
  context: Context,
  actor: Actor,
  request: CallRequest,
): Promise<Draft | Refusal> {
  try {
    return await draftCall(context, actor, request, null);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** A bulk request that was answered before is answered with its calls as they are now. */
async function replayBulk(
  context: Context,
  actor: Actor,
  requests: readonly CallRequest[],
  idempotency: Idempotency,
): Promise<readonly BulkItem[] | null> {
  const key = { workspace_id: actor.workspaceId, key_hash: context.secrets.keyHash(idempotency.key) };
  const [row] = await context.store.read("find a bulk key", () =>
    context.store.statements.idempotency.of([key]),
  );
  if (row === undefined) return null;
  if (row.fingerprint !== idempotency.fingerprint || !row.resource.startsWith("bulk:")) {
    throw mismatch();
  }
  const ids = JSON.parse(row.resource.slice(5)) as readonly number[];
  const calls = new Map(
    (
      await readCalls(
        context,
        actor,
        ids.filter((id) => id > 0),
      )
    ).map((call) => [call.id, call]),
  );
  const items: BulkItem[] = [];
  for (const [index, id] of ids.entries()) {
    const call = id > 0 ? calls.get(context.secrets.publicId("call", id)) : undefined;
    if (call !== undefined) {
      items.push({ ok: true, scheduled: { call, replayed: true, status: 201 } });
      continue;
    }
    const again = await draftOrRefusal(context, actor, requests[index] as CallRequest);
    const refusal =
      again instanceof Refusal
        ? again
        : new Refusal("dedupe_conflict", "This item was refused when the request was first made.");
    items.push({ ok: false, refusal });
  }
  return items;
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

function documentRow(context: Context, draft: Draft): CallDocumentRow {
  const { id, workspace_id } = draft.call;
  return {
    call_id: id,
    workspace_id,
    phone: context.secrets.seal(draft.e164, phonePlace(id)),
    external_id: draft.externalId,
    document: context.secrets.seal(JSON.stringify(draft.document), documentPlace(id)),
  };
}

function scheduledEntry(draft: Draft): {
  at: number;
  type: string;
  reason: string;
  actor: string;
  data?: Record<string, unknown>;
} {
  const { call } = draft;
  const entry = { at: call.created_at, type: "call.scheduled", reason: call.reason, actor: draft.actor.name };
  if (draft.moves.length === 0) return { ...entry, data: { due_at: call.due_at } };
  return { ...entry, data: { requested_at: call.requested_at, due_at: call.due_at, moves: draft.moves } };
}

function named<T>(
  name: string | undefined,
  find: (name: string) => T | undefined,
  code: "hours_unknown" | "retry_policy_unknown",
  pointer: string,
): T | undefined {
  if (name === undefined) return undefined;
  const found = find(name);
  if (found === undefined) throw refuseField(code, pointer, `None is called "${name.slice(0, 64)}".`);
  return found;
}

function readScript(context: Context, carrier: string, request: CallRequest): readonly string[] | null {
  const script = request.sandbox?.script;
  if (script === undefined || script.length === 0) return null;
  const kind = context.carriers.get(carrier)?.kind;
  if (kind?.checkScriptWord === undefined) {
    throw refuseField("script_invalid", "/sandbox", "Only a line of the sandbox carrier takes a script.");
  }
  for (const [index, word] of script.entries()) {
    if (!kind.checkScriptWord(word) && !isOutcome(word)) {
      throw refuseField(
        "script_invalid",
        `/sandbox/script/${index}`,
        `"${word.slice(0, 64)}" is no word of the sandbox.`,
      );
    }
  }
  return script;
}

export function readExpiry(
  context: Context,
  request: Pick<CallRequest, "expires_at" | "expires_after">,
  timezone: string | null,
  now: number,
  dueAt: number,
  defaultAfterMs: number,
): { readonly expiresAt: number; readonly expiresAfterMs: number | null } {
  if (request.expires_at !== undefined) {
    if (request.expires_after !== undefined)
      throw refuseField("invalid_body", "/expires_after", "Send expires_at or expires_after, not both.");
    const zone = timezone === null ? null : (context.zones.zone(timezone) ?? null);
    const { at } = readInstant(context, request.expires_at, zone, "compatible", "/expires_at");
    if (at <= Math.max(dueAt, now)) {
      throw refuseField(
        "expires_too_early",
        "/expires_at",
        "The call would expire before the first instant at which it may be placed.",
      );
    }
    return { expiresAt: at, expiresAfterMs: null };
  }
  if (request.expires_after === undefined)
    return { expiresAt: dueAt + defaultAfterMs, expiresAfterMs: defaultAfterMs };
  const after = parseDuration(request.expires_after);
  if (after === undefined || after === 0)
    throw refuseField("time_invalid", "/expires_after", "Send a duration such as 30m or 2h.");
  return { expiresAt: dueAt + after, expiresAfterMs: after };
}
