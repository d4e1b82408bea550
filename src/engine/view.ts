import type { Reason, ShownStatus } from "../domain/call.ts";
import { hasEnded } from "../domain/call.ts";
import { forever } from "../domain/ids.ts";
import { isFictional, phoneWarnings, zonesOfPhone } from "../domain/phone.ts";
import { prefixZones } from "../domain/prefix-zones.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Move } from "../domain/window.ts";
import { formatLocal } from "../domain/zone.ts";
import type { AttemptRow, CallDocumentRow, CallRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import { type CallDocument, documentPlace, emptyDocument, parseDocument, phonePlace } from "./document.ts";
import type { Actor, AttemptView, CallView } from "./engine.ts";
import { type LineWaits, readLineWaits } from "./line-waits.ts";
import { displayZone } from "./plan.ts";
import { localHour } from "./when.ts";

type ViewExtras = {
  readonly warned?: readonly string[];
  readonly moves?: readonly Move[];
  readonly attempt?: AttemptRow | undefined;
  readonly waits?: LineWaits | undefined;
};

/** What stands beside a call's document, so that it can be searched. */
type Kept = Pick<CallDocumentRow, "external_id" | "owner" | "agent">;

const nothingKept: Kept = { external_id: null, owner: null, agent: null };
const none: readonly never[] = [];

/**
 * A call as doors show it. What costs something (public ids, plausibility of the number) is worked out when it is read,
 * because most creates are answered with less than everything.
 */
export function viewOf(
  context: Context,
  row: CallRow,
  e164: string,
  kept: Kept,
  document: CallDocument,
  extras: ViewExtras = {},
): CallView {
  const now = context.clock.now();
  const line = context.book.lineOfLane(row.lane_id);
  const due = row.status === "scheduled" && row.due_at <= now;
  const zone = displayZone(context, { timezone: document.timezone, e164 });
  const shown: ShownStatus = due ? "queued" : row.status;
  return {
    get id() {
      return row.id === 0 ? "" : context.secrets.publicId("call", row.id);
    },
    status: shown,
    reason: row.reason as Reason,
    waitingFor: waitingFor(row, due, extras),
    to: e164,
    name: document.name,
    timezone: zone?.name ?? null,
    timezoneSource: zone === null ? null : (document.timezoneSource ?? "number"),
    requestedAt: row.requested_at,
    dueAt: row.due_at,
    closesAt: row.closes_at >= forever ? null : row.closes_at,
    expiresAt: row.expires_at >= forever ? null : row.expires_at,
    nextActionAt: nextActionAt(row, now, extras.attempt),
    line: {
      get id() {
        return context.secrets.publicId("line", line.id);
      },
      name: line.name,
    },
    purpose: row.purpose,
    priority: context.book.lanes.get(row.lane_id)?.priority ?? 5,
    hours: document.hoursId === null ? null : (context.book.hours.get(document.hoursId)?.row.name ?? null),
    retryPolicy:
      document.policyId === null ? null : (context.book.policies.get(document.policyId)?.row.name ?? null),
    metadata: document.metadata,
    externalId: kept.external_id,
    dedupeKey: row.dedupe_key,
    attempts: row.attempts,
    get attemptId() {
      return row.attempt_id === null ? null : context.secrets.publicId("attempt", row.attempt_id);
    },
    outcome: row.outcome,
    disposition: row.disposition,
    dispatchedAt: row.dispatched_at,
    endedAt: row.ended_at,
    sandboxScript: document.script,
    owner: kept.owner,
    agent: kept.agent,
    window: document.window ?? null,
    source: document.source ?? null,
    series: seriesOf(context, row, document),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
    get warnings() {
      return extras.warned === undefined
        ? none
        : [...extras.warned, ...plausibility(context, e164, document, row)];
    },
    moves: (extras.moves ?? none).map((move) => ({ ...move, timezone: move.zone })),
  };
}

/** Reads calls of the actor's workspace by id, in the given order; foreign and missing ones are left out. */
export async function readCalls(context: Context, actor: Actor, ids: readonly number[]): Promise<CallView[]> {
  const { statements } = context.store;
  const read = await context.store.read("read calls", function* () {
    const rows = (yield* statements.calls.byIds(ids.map((id) => ({ id })))).filter(
      (row) => row.workspace_id === actor.workspaceId,
    );
    const documents = yield* statements.documents.byIds(rows.map((row) => ({ call_id: row.id })));
    const attempts = yield* statements.attempts.byIds(dialingAttempts(rows));
    return { rows, documents, attempts };
  });
  const waits = await readLineWaits(context);
  const rows = new Map(read.rows.map((row) => [row.id, row]));
  const documents = new Map(read.documents.map((row) => [row.call_id, row]));
  const attempts = new Map(read.attempts.map((row) => [row.id, row]));
  const views: CallView[] = [];
  for (const id of ids) {
    const row = rows.get(id);
    if (row !== undefined) {
      views.push(
        viewOfRows(context, row, documents.get(id), { waits, attempt: attempts.get(row.attempt_id ?? 0) }),
      );
    }
  }
  return views;
}

/** One call of the actor's workspace by its public id. Throws `not_found`. */
export async function readCall(context: Context, actor: Actor, callId: string): Promise<CallView> {
  const [view] = await readCalls(context, actor, [callIdOf(context, callId)]);
  if (view === undefined) throw noSuchCall(callId);
  return view;
}

/** The id behind a public call id. Throws `not_found`. */
export function callIdOf(context: Pick<Context, "secrets">, callId: string): number {
  const id = context.secrets.readId("call", callId);
  if (id === null) throw noSuchCall(callId);
  return id;
}

export function noSuchCall(callId: string): Refusal {
  return new Refusal("not_found", `There is no call "${callId.slice(0, 64)}".`);
}

/** Opens what the store has sealed. An unreadable document is shown as what it is, so that the list still works. */
export function viewOfRows(
  context: Context,
  row: CallRow,
  document: CallDocumentRow | undefined,
  extras: ViewExtras,
): CallView {
  try {
    if (document === undefined) throw new Error("The call has no document");
    const phone = context.secrets.open(document.phone, phonePlace(row.id));
    return viewOf(
      context,
      row,
      phone,
      document,
      parseDocument(context.secrets.open(document.document, documentPlace(row.id))),
      extras,
    );
  } catch {
    // The row is parked by whoever has to act on it; to show it, its unreadable part is left out.
    return viewOf(context, row, "", document ?? nothingKept, emptyDocument, extras);
  }
}

export function attemptView(context: Context, row: AttemptRow): AttemptView {
  return {
    id: context.secrets.publicId("attempt", row.id),
    callId: context.secrets.publicId("call", row.call_id),
    number: row.number,
    status: row.status,
    lineId: context.secrets.publicId("line", row.line_id),
    dueAt: row.due_at,
    claimedAt: row.claimed_at,
    placingAt: row.placing_at,
    acceptedAt: row.accepted_at,
    ringingAt: row.ringing_at,
    answeredAt: row.answered_at,
    endedAt: row.ended_at,
    durationMs: row.duration_ms,
    outcome: row.outcome,
    disposition: row.disposition,
    carrierRef: row.carrier_ref,
    detail: row.detail,
    waitedFor: row.waited_for,
    startDelayMs: Math.max(0, (row.placing_at ?? row.claimed_at) - row.due_at),
    checkAt: row.check_at,
  };
}

/** The attempts that tell when a dialing call will next be looked at. */
export function dialingAttempts(rows: readonly CallRow[]): { id: number }[] {
  return rows.flatMap((row) =>
    row.status === "dialing" && row.attempt_id !== null ? [{ id: row.attempt_id }] : [],
  );
}

function seriesOf(context: Context, row: CallRow, document: CallDocument): CallView["series"] {
  if (row.series_id === null || document.occurrence === undefined) return null;
  return { id: context.secrets.publicId("series", row.series_id), ...document.occurrence };
}

function waitingFor(row: CallRow, due: boolean, extras: ViewExtras): Reason | null {
  if (due) return extras.waits?.of(row.lane_id) ?? "dispatch";
  if (row.status === "scheduled") return row.reason as Reason;
  if (row.status === "dialing" && row.reason === "unconfirmed") return "unconfirmed";
  if (row.status === "paused") return "paused_by_request";
  return row.status === "needs_review" ? (row.reason as Reason) : null;
}

function nextActionAt(row: CallRow, now: number, attempt: AttemptRow | undefined): number | null {
  if (hasEnded(row.status) || row.status === "paused" || row.status === "needs_review") return null;
  if (row.status === "scheduled") return Math.max(row.due_at, now);
  return attempt?.check_at ?? now;
}

function plausibility(
  context: Context,
  e164: string,
  document: CallDocument,
  row: CallRow,
): readonly string[] {
  const real = context.carriers.get(context.book.lineOfLane(row.lane_id).carrier)?.kind.real ?? true;
  // The sandbox is what fictional numbers are for.
  const warnings = !real && isFictional(e164) ? [] : phoneWarnings(e164, context.phoneMetadata);
  const zones = document.timezone === null ? zonesOfPhone(e164, prefixZones()) : [document.timezone];
  const zone =
    zones.length === 1 && row.closes_at >= forever ? context.zones.zone(zones[0] ?? "") : undefined;
  if (zone === undefined) return warnings;
  const hour = localHour(zone, row.due_at);
  if (hour >= 8 && hour < 21) return warnings;
  const clock = formatLocal(zone, row.due_at).slice(11, 16);
  return [
    ...warnings,
    `It will be about ${clock} for the recipient (${zone.name}), and no calling hours apply to this call.`,
  ];
}
