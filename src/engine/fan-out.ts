import { derivedFromWide, isWanted } from "../domain/event-types.ts";
import { forever } from "../domain/ids.ts";
import type { DeliveryRow, EventCursorRow, LedgerRow, SubscriberRow } from "../ports/rows.ts";
import { StoreError } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { type Occurrence, fullBody, messageId, thinBody } from "./messages.ts";
import { runSure } from "./run-sure.ts";
import { Stories } from "./stories.ts";
import { subscriberId } from "./subscriber-view.ts";
import { type Subscribers, bodyPlace } from "./subscribers.ts";
import { readCalls } from "./view.ts";

export const cursorName = "fan-out";
const batch = 500;
const pollMs = 1000;

type Entry = LedgerRow & { readonly commit_id: number };
type Wanted = { readonly occurrence: Occurrence; readonly subscriber: SubscriberRow };

/**
 * The duty that turns entries of the ledger into messages: 1. read the entries after the cursor, in commit order; 2. work
 * out who wants what of them; 3. in one transaction write the messages and move the cursor, which only one node can do.
 * What was committed before a crash is read after it, so the ledger itself is the outbox.
 */
export function makeFanOut(context: Context, subscribers: Subscribers): () => Promise<number> {
  const stories = new Stories(context);
  const { statements } = context.store;
  return async () => {
    await subscribers.refresh(context.clock.mono());
    const idleUntil = context.store.singleOwner ? forever : context.clock.now() + pollMs;
    if (!subscribers.any) return idleUntil;
    const { cursor, entries } = await context.store.read("read what happened", function* () {
      const [cursor] = yield* statements.cursors.get({ name: cursorName });
      const entries =
        cursor === undefined
          ? []
          : yield* statements.ledger.afterAny({ commit_id: cursor.commit_id, id: cursor.id, limit: batch });
      return { cursor, entries };
    });
    const last = entries.at(-1);
    if (cursor === undefined || last === undefined) return idleUntil;
    const wanted = await wantedOf(context, subscribers, stories, entries);
    const written = await write(context, wanted, cursor, last);
    if (written > 0) context.wake("deliver-events");
    return entries.length === batch ? context.clock.now() : idleUntil;
  };
}

/** Every message that these entries cause. Whoever came later than an entry is not told of it. */
async function wantedOf(
  context: Context,
  subscribers: Subscribers,
  stories: Stories,
  entries: readonly Entry[],
): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const row of entries) {
    const listening = subscribers
      .of(row.workspace_id)
      .filter((one) => isAfter(row, one) && !isAbout(context, row, one));
    if (listening.length === 0) continue;
    for (const occurrence of await occurrencesOf(context, stories, row)) {
      for (const subscriber of listening) {
        if (isWanted(JSON.parse(subscriber.event_types) as string[], occurrence.event.type))
          wanted.push({ occurrence, subscriber });
      }
    }
  }
  return wanted;
}

function isAfter(row: Entry, subscriber: SubscriberRow): boolean {
  return (
    row.commit_id > subscriber.since_commit_id ||
    (row.commit_id === subscriber.since_commit_id && row.id > subscriber.since_id)
  );
}

/** Nobody is told of what was done to themselves: a failure to tell would cause the next. */
function isAbout(context: Context, row: Entry, subscriber: SubscriberRow): boolean {
  return (
    row.call_id === 0 && row.data !== null && row.data.includes(`"${subscriberId(context, subscriber)}"`)
  );
}

/** An entry that cannot be read is left out, so that it does not keep back all that come after it. */
async function occurrencesOf(context: Context, stories: Stories, row: Entry): Promise<Occurrence[]> {
  if (row.call_id === 0)
    return [...derivedFromWide(row.type), row.type].map((type) => ({
      row,
      event: { type, sequence: 0, isEntry: type === row.type },
      story: null,
    }));
  try {
    const { after, events } = await stories.tell(row);
    return events.map((event) => ({ row, event, story: after }));
  } catch (error) {
    if (error instanceof StoreError) throw error;
    context.log.error("An entry of the ledger cannot be read, so nobody is told of it.", {
      event: context.secrets.publicId("event", row.id),
      error: error as Error,
    });
    return [];
  }
}

/** Writes the messages and moves the cursor; answers how many were written, none when another node was faster. */
async function write(
  context: Context,
  wanted: readonly Wanted[],
  cursor: EventCursorRow,
  last: Entry,
): Promise<number> {
  const { statements } = context.store;
  const rows = await deliveriesOf(context, wanted);
  return runSure(context, "write what is owed to subscribers", function* () {
    const moved = yield* statements.cursors.move({
      name: cursorName,
      from_commit_id: cursor.commit_id,
      from_id: cursor.id,
      commit_id: last.commit_id,
      id: last.id,
    });
    if (moved.length === 0) return 0;
    const fresh = new Set((yield* statements.deliveries.insert(rows)).map(({ id }) => id));
    const due = rows.filter((row) => fresh.has(row.id));
    yield* statements.deliveryDue.insert(
      due.map((row) => ({
        subscriber_id: row.subscriber_id,
        due_at: row.created_at,
        delivery_id: row.id,
      })),
    );
    return due.length;
  });
}

async function deliveriesOf(context: Context, wanted: readonly Wanted[]): Promise<DeliveryRow[]> {
  if (wanted.length === 0) return [];
  const lease = await context.ids.reserve({ delivery: wanted.length });
  const bodies = await bodiesOf(context, wanted);
  const now = context.clock.now();
  return wanted.map(({ occurrence, subscriber }) => {
    const id = lease.next("delivery");
    const { row, event } = occurrence;
    return newDelivery({
      id,
      workspace_id: row.workspace_id,
      subscriber_id: subscriber.id,
      message_id: messageId(context, occurrence),
      event_type: event.type,
      call_id: row.call_id === 0 ? null : row.call_id,
      body: context.secrets.seal(bodies(occurrence, subscriber.payload), bodyPlace(id)),
      created_at: now,
    });
  });
}

/** A message that is due at once. */
export function newDelivery(
  row: Pick<
    DeliveryRow,
    "id" | "workspace_id" | "subscriber_id" | "message_id" | "event_type" | "call_id" | "body" | "created_at"
  >,
): DeliveryRow {
  return {
    ...row,
    status: "pending",
    due_at: row.created_at,
    step: 0,
    tries: 0,
    tried_at: null,
    ended_at: null,
    answer_status: null,
    answer_body: null,
    detail: null,
    duration_ms: null,
  };
}

/** Reads once what the bodies need of the calls, and makes each body once. */
async function bodiesOf(
  context: Context,
  wanted: readonly Wanted[],
): Promise<(occurrence: Occurrence, payload: "thin" | "full") => string> {
  const callsFor = (payload: "thin" | "full"): number[] => [
    ...new Set(
      wanted
        .filter(({ subscriber, occurrence }) => subscriber.payload === payload && occurrence.story !== null)
        .map(({ occurrence }) => occurrence.row.call_id),
    ),
  ];
  const externalIds = await readExternalIds(context, callsFor("thin"));
  const views = await readViews(context, wanted, callsFor("full"));
  const made = new Map<string, string>();
  return (occurrence, payload) => {
    const { row, event } = occurrence;
    const key = `${row.id} ${event.type} ${payload}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const body =
      payload === "thin"
        ? thinBody(context, occurrence, externalIds.get(row.call_id) ?? null)
        : fullBody(context, occurrence, views.get(row.call_id));
    made.set(key, body);
    return body;
  };
}

async function readExternalIds(
  context: Context,
  callIds: readonly number[],
): Promise<ReadonlyMap<number, string | null>> {
  const rows = await context.store.read("read calls' own ids", () =>
    context.store.statements.documents.byIds(callIds.map((call_id) => ({ call_id }))),
  );
  return new Map(rows.map((row) => [row.call_id, row.external_id]));
}

async function readViews(context: Context, wanted: readonly Wanted[], callIds: readonly number[]) {
  const workspaces = new Map(wanted.map(({ occurrence: { row } }) => [row.call_id, row.workspace_id]));
  const views = new Map<number, Awaited<ReturnType<typeof readCalls>>[number]>();
  for (const [workspaceId, ids] of Map.groupBy(callIds, (id) => workspaces.get(id) ?? 0)) {
    for (const view of await readCalls(context, { workspaceId, name: "fan-out" }, ids))
      views.set(context.secrets.readId("call", view.id) ?? 0, view);
  }
  return views;
}
