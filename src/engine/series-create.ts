import { nextSlot, describeRule, firstSlotAfter } from "../domain/recurrence/recurrence.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import { advance } from "../domain/series.ts";
import { formatLocal } from "../domain/zone.ts";
import type { IdempotencyRow, SeriesRow } from "../ports/rows.ts";
import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import type { Actor, Idempotency } from "./engine.ts";
import { Entries } from "./ledger.ts";
import { planCall } from "./plan.ts";
import { atPlace } from "./recur.ts";
import { runSure } from "./run-sure.ts";
import type { ScheduledSeries, SeriesInput, SeriesPreview, SlotPreview } from "./series-api.ts";
import {
  type OpenSeries,
  openSeries,
  recurrenceOf,
  seriesDocumentPlace,
  seriesPhonePlace,
} from "./series-document.ts";
import { type ReadSeries, readSeries } from "./series-input.ts";
import { draftOccurrence, numberCalls, planSteps, soonestOf, writeSlots } from "./series-write.ts";
import { ownSeries, seriesView } from "./series-view.ts";
import { readCall } from "./view.ts";

const previewMax = 1000;
/** A start that is this much past when its request arrives was meant to be now. */
const slackMs = 1000;

/**
 * Makes a series: reads its rule, plans the call of its first slot, and writes series, occurrence and call in one
 * transaction, with what `also` writes. Throws `Refusal` for whatever a call of it would be refused for.
 */
export async function createSeries(
  context: Context,
  actor: Actor,
  input: SeriesInput,
  idempotency?: Idempotency,
  also?: (seriesId: string) => Tx<void>,
): Promise<ScheduledSeries> {
  if (idempotency !== undefined) {
    const replay = await replayed(context, actor, idempotency);
    if (replay !== null) return replay;
  }
  const now = context.clock.now();
  const read = readSeries(context, input);
  const lease = await context.ids.reserve({ series: 1, call: 2, ledger: 4 });
  const empty = emptyRow(context, actor, read, lease.next("series"), now);
  const series: OpenSeries = {
    row: empty,
    e164: read.e164,
    document: read.document,
    recurrence: recurrenceOf(context, read.document, read.timezone),
  };
  const first = firstSteps(series, now);
  // Whatever a call of this series would be refused for is told now, not when its first slot comes.
  const planned = await planSteps(context, series, first.steps, now);
  if (planned.every(({ draft }) => draft === null)) await tryOut(context, series);
  numberCalls(lease, planned);
  const keyId = lease.next("call");
  const row = atPlace(empty, first, planned, now);
  const isOurs = await runSure(context, "create a series", function* (again): Tx<boolean> {
    const { statements } = context.store;
    if (again && (yield* statements.series.byIds([{ id: row.id }])).length > 0) return true;
    if (idempotency !== undefined) {
      const key = keyRow(context, actor, idempotency, keyId, row.id, now);
      if ((yield* statements.idempotency.insert([key])).length === 0) return false;
    }
    const entries = new Entries(lease);
    if (also !== undefined) yield* also(context.secrets.publicId("series", row.id));
    yield* statements.series.insert([row]);
    entries.addWide(row.workspace_id, {
      at: now,
      type: "series.created",
      actor: actor.name,
      data: { series_id: context.secrets.publicId("series", row.id) },
    });
    yield* writeSlots(context, entries, planned);
    yield* statements.ledger.insert(entries.rows);
    return true;
  });
  if (!isOurs && idempotency !== undefined) {
    const replay = await replayed(context, actor, idempotency);
    if (replay === null) throw new Error("An idempotency key is taken, and nobody holds it");
    return replay;
  }
  const soonest = soonestOf(planned);
  if (soonest !== null) context.wake("dispatch", soonest);
  if (row.wake_at !== null) context.wake("recur", row.wake_at);
  context.announce();
  return { ...(await shown(context, actor, row)), replayed: false, status: 201 };
}

/** What the next slots of a rule would be. Stores nothing. */
export function previewSeries(
  context: Context,
  actor: Actor,
  input: Omit<SeriesInput, "to"> & { readonly to?: string },
  count: number,
  after?: number,
): SeriesPreview {
  if (count < 1 || count > previewMax)
    throw refuseField("invalid_body", "/count", `Send a number from 1 to ${previewMax}.`);
  const read = readSeries(context, input);
  const recurrence = recurrenceOf(context, read.document, read.timezone);
  const data: SlotPreview[] = [];
  let slot = after === undefined ? nextSlot(recurrence, null) : firstSlotAfter(recurrence, after);
  while (slot !== null && data.length < count) {
    data.push(previewOf(context, actor, read, slot));
    slot = nextSlot(recurrence, slot);
  }
  return {
    description: describeRule(recurrence.rule, read.document.startLocalMs, read.timezone),
    timezone: read.timezone,
    data,
  };
}

/** A slot with where calling hours would move its call. Without a number only hours with a zone of their own are known. */
export function previewOf(
  context: Context,
  actor: Actor,
  read: Pick<ReadSeries, "e164" | "timezone" | "document">,
  slot: {
    readonly key: string;
    readonly at: number;
    readonly number: number;
    readonly notes: readonly string[];
  },
): SlotPreview {
  const { book } = context;
  const { template } = read.document;
  const line =
    template.line === undefined
      ? book.defaultLine(actor.workspaceId)
      : book.findLine(actor.workspaceId, template.line);
  const bare = { at: slot.at, dueAt: slot.at, slot: slot.key, number: slot.number, notes: slot.notes };
  if (line === undefined) return bare;
  const hours = template.hours === undefined ? undefined : book.findHours(actor.workspaceId, template.hours);
  const subject = {
    workspaceId: actor.workspaceId,
    e164: read.e164,
    timezone: read.timezone,
    hoursId: hours?.row.id ?? null,
    window:
      template.window === undefined
        ? undefined
        : { timezone: template.window.timezone ?? null, weekly: template.window.weekly },
  };
  const plan = planCall(context, subject, line, slot.at);
  if (plan.kind === "held")
    return {
      ...bare,
      notes: [...slot.notes, "calling hours that apply are never open, or their zone is not known"],
    };
  if (plan.dueAt === slot.at) return bare;
  const zone = context.zones.zone(read.timezone);
  const moved = zone === undefined ? "" : ` to ${formatLocal(zone, plan.dueAt)}`;
  return { ...bare, dueAt: plan.dueAt, notes: [...slot.notes, `moved by calling hours${moved}`] };
}

/** The first slots of a series that begins now. Throws `rule_invalid` when there is none any more. */
export function firstSteps(series: OpenSeries, now: number): ReturnType<typeof advance> {
  const first = advance({
    recurrence: series.recurrence,
    last: null,
    after: now - slackMs,
    now,
    policy: { ...series.document.misfire, misfire: "run_once", graceMs: slackMs },
    passed: "misfires",
    covers: () => false,
  });
  if (first.steps.length === 0 && first.wakeAt === null)
    throw refuseField("rule_invalid", "/rule", "The rule has no occurrence from now on.");
  return first;
}

/** Plans a call of the series for now and keeps nothing: throws the `Refusal` that any of its calls would meet. */
export async function tryOut(context: Context, series: OpenSeries): Promise<void> {
  await draftOccurrence(context, series, { key: "", number: 0 }, null);
}

function emptyRow(context: Context, actor: Actor, read: ReadSeries, id: number, now: number): SeriesRow {
  return {
    id,
    workspace_id: actor.workspaceId,
    status: "active",
    status_reason: null,
    ...contentOf(context, actor, read, id),
    slot: null,
    slot_local: null,
    slot_at: null,
    slot_number: 0,
    call_id: null,
    wake_at: null,
    paused_at: null,
    version: 1,
    created_at: now,
    updated_at: now,
  };
}

/** What a series' row holds of what was asked for. */
export function contentOf(context: Context, actor: Actor, read: ReadSeries, id: number) {
  const { template, policies } = read.document;
  return {
    owner: template.owner ?? null,
    agent: template.agent ?? null,
    number_hash: context.secrets.numberHash(actor.workspaceId, read.e164),
    phone: context.secrets.seal(read.e164, seriesPhonePlace(id)),
    document: context.secrets.seal(JSON.stringify(read.document), seriesDocumentPlace(id)),
    timezone: read.timezone,
    overlap: policies.overlap,
    overlap_max: policies.overlap_max,
  };
}

async function shown(
  context: Context,
  actor: Actor,
  row: SeriesRow,
): Promise<Pick<ScheduledSeries, "series" | "call">> {
  const call =
    row.call_id === null
      ? null
      : await readCall(context, actor, context.secrets.publicId("call", row.call_id));
  return { series: seriesView(context, openSeries(context, row)), call };
}

/** The series that the same request made before, as it is now; null when the key is new. */
async function replayed(
  context: Context,
  actor: Actor,
  idempotency: Idempotency,
): Promise<ScheduledSeries | null> {
  const [held] = await context.store.read("find a key", () =>
    context.store.statements.idempotency.of([
      { workspace_id: actor.workspaceId, key_hash: context.secrets.keyHash(idempotency.key) },
    ]),
  );
  if (held === undefined) return null;
  if (held.fingerprint !== idempotency.fingerprint || !held.resource.startsWith("series:"))
    throw new Refusal("idempotency_mismatch", "This Idempotency-Key was sent before, with another request.");
  const id = context.secrets.publicId("series", Number(held.resource.slice(7)));
  const row = await ownSeries(context, actor, id);
  return { ...(await shown(context, actor, row)), replayed: true, status: held.status };
}

function keyRow(
  context: Context,
  actor: Actor,
  idempotency: Idempotency,
  id: number,
  seriesId: number,
  now: number,
): IdempotencyRow {
  return {
    id,
    workspace_id: actor.workspaceId,
    key_hash: context.secrets.keyHash(idempotency.key),
    fingerprint: idempotency.fingerprint,
    status: 201,
    resource: `series:${seriesId}`,
    created_at: now,
  };
}
