import { limitOf } from "../domain/event-types.ts";
import type { CallStory, Published } from "../domain/event-types.ts";
import { formatUtc } from "../domain/zone.ts";
import type { LedgerRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";
import type { CallView } from "./engine.ts";
import { dataOf, factsOf } from "./stories.ts";

export const apiVersion = "v1";
const bytesMax = 20_000;

/** An event of a ledger entry, on its way to subscribers. `story` is null for what belongs to no call. */
export type Occurrence = {
  readonly row: LedgerRow;
  readonly event: Published;
  readonly story: CallStory | null;
};

/** Unique for ever, without a dot; the entry's own event has the id under which `/v1/events` lists it. */
export function messageId(context: Pick<Context, "secrets">, { row, event }: Occurrence): string {
  const id = context.secrets.publicId("event", row.id);
  return event.isEntry ? id : `${id}_${event.type.replaceAll(".", "_")}`;
}

/** The published JSON: ids and states, no phone number. */
export function thinBody(
  context: Pick<Context, "secrets">,
  occurrence: Occurrence,
  externalId: string | null,
): string {
  return bodyOf(context, occurrence, thinData(context, occurrence, externalId));
}

/** The thin one with all that the entry says and the call as it stands, its number too. What is too long is left out. */
export function fullBody(
  context: Pick<Context, "secrets">,
  occurrence: Occurrence,
  call: CallView | undefined,
): string {
  const data = {
    ...thinData(context, occurrence, call?.externalId ?? null),
    ...rendered(dataOf(occurrence.row)),
  };
  if (call === undefined) return bodyOf(context, occurrence, data);
  const shown = shownCall(call);
  for (const whole of [
    { ...data, call: shown },
    { ...data, call: { ...shown, metadata: {} }, truncated: true },
  ]) {
    const body = bodyOf(context, occurrence, whole);
    if (Buffer.byteLength(body) <= bytesMax) return body;
  }
  return bodyOf(context, occurrence, {
    ...thinData(context, occurrence, call.externalId),
    truncated: true,
  });
}

function bodyOf(
  context: Pick<Context, "secrets">,
  occurrence: Occurrence,
  data: Readonly<Record<string, unknown>>,
): string {
  const { row, event, story } = occurrence;
  return JSON.stringify({
    id: messageId(context, occurrence),
    type: event.type,
    timestamp: formatUtc(row.at),
    api_version: apiVersion,
    data,
    sequence: story === null ? null : event.sequence,
  });
}

/** Of an entry's data, what says nothing about the person. */
const thinNames = [
  "attempt",
  "due_at",
  "happened_at",
  "answered_at",
  "duration_ms",
  "start_delay_ms",
  "waited_for",
];

function thinData(
  context: Pick<Context, "secrets">,
  { row, event, story }: Occurrence,
  externalId: string | null,
): Record<string, unknown> {
  const data = dataOf(row);
  const limit = event.type === "limit.reached" ? { limit: limitOf(factsOf(row)) } : {};
  if (story === null) return { ...rendered(data), reason: row.reason, ...limit };
  const some = Object.fromEntries(Object.entries(data).filter(([name]) => thinNames.includes(name)));
  return {
    call_id: context.secrets.publicId("call", row.call_id),
    external_id: externalId,
    status: story.status,
    outcome: story.outcome,
    disposition: story.disposition,
    reason: row.reason,
    attempt_id: row.attempt_id === null ? null : context.secrets.publicId("attempt", row.attempt_id),
    ...rendered(some),
    ...limit,
  };
}

/** The call as `/v1/calls` shows it, without what is worked out only there. */
function shownCall(call: CallView): Record<string, unknown> {
  const at = (instant: number | null): string | null => (instant === null ? null : formatUtc(instant));
  return {
    id: call.id,
    status: call.status,
    reason: call.reason,
    to: call.to,
    name: call.name,
    timezone: call.timezone,
    line: call.line,
    purpose: call.purpose,
    priority: call.priority,
    metadata: call.metadata,
    external_id: call.externalId,
    attempts: call.attempts,
    outcome: call.outcome,
    disposition: call.disposition,
    due_at: at(call.dueAt),
    expires_at: at(call.expiresAt),
    dispatched_at: at(call.dispatchedAt),
    ended_at: at(call.endedAt),
    created_at: at(call.createdAt),
    updated_at: at(call.updatedAt),
    version: call.version,
  };
}

/** The ledger keeps instants as numbers; outside they are texts. */
function rendered(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      name.endsWith("_at") && typeof value === "number" ? formatUtc(value) : value,
    ]),
  );
}
