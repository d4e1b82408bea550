import { Refusal, refuseField } from "../domain/refusal.ts";
import type { Context } from "./context.ts";
import type { Actor, BulkItem, CallRequest, CallView, Idempotency, Scheduled } from "./engine.ts";
import type { Group } from "./group.ts";
import { askCountry } from "./live-countries.ts";
import { readCalls, viewOf } from "./view.ts";

import { type Draft, draftCall } from "./draft.ts";
import { BulkKeyTaken, type Written, writeDrafts } from "./write-drafts.ts";

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
  context.state.askedAt = context.clock.mono();
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

function keptOf(draft: Draft) {
  return { external_id: draft.externalId, owner: draft.owner, agent: draft.agent };
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
  return viewOf(context, draft.call, draft.e164, keptOf(draft), draft.document, {
    warned: draft.warnings,
    moves: draft.moves,
  });
}

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

async function answer(context: Context, draft: Draft, written: Written): Promise<Scheduled> {
  if (written.kind === "created") {
    if (draft.newCountry !== null) await askCountry(context, draft.actor, draft.newCountry);
    const call = viewOf(context, draft.call, draft.e164, keptOf(draft), draft.document, {
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
