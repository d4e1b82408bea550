import { isEventFilter } from "../domain/event-types.ts";
import { Refusal, refuseField } from "../domain/refusal.ts";
import type { Channel, Target } from "../ports/channel.ts";
import type { SubscriberRow } from "../ports/rows.ts";
import { defaultWorkspace } from "./begin.ts";
import type { Context } from "./context.ts";
import type { Actor } from "./engine.ts";
import { cursorName } from "./fan-out.ts";
import { Entries } from "./ledger.ts";
import { checkVersion } from "./lines.ts";
import type { Private } from "./notify.ts";
import { runSure } from "./run-sure.ts";
import { subscriberId, targetOf } from "./subscriber-view.ts";
import { type Subscribers, secretPlace, targetPlace } from "./subscribers.ts";

type Kind = SubscriberRow["kind"];

/** What both endpoints and handlers say of themselves. */
export type SubscriptionInput = {
  readonly name: string;
  readonly channel: string;
  /** `allow_private` among it, where the channel knows it. */
  readonly target: Target;
  readonly events: readonly string[];
  readonly payload: "thin" | "full";
  readonly secret: string | null;
};
export type SubscriptionPatch = Partial<Omit<SubscriptionInput, "channel" | "secret">> & {
  readonly status?: "enabled" | "disabled";
};

const eachMax = 50;
const filtersMax = 100;

/** A new subscriber, who is told what happens from now on. */
export async function subscribe(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  kind: Kind,
  input: SubscriptionInput,
  may: Private,
): Promise<SubscriberRow> {
  checkFilters(input.events);
  const lease = await context.ids.reserve({ config: 1, ledger: 1 });
  const id = lease.next("config");
  const now = context.clock.now();
  const { secrets } = context;
  const row: SubscriberRow = {
    id,
    workspace_id: actor.workspaceId,
    kind,
    name: input.name,
    channel: input.channel,
    target: sealedTarget(context, { id, kind }, input, may),
    payload: input.payload,
    event_types: JSON.stringify(input.events),
    secret: input.secret === null ? null : secrets.seal(input.secret, secretPlace(id)),
    old_secret: null,
    old_secret_until: null,
    status: "enabled",
    status_reason: null,
    since_commit_id: 0,
    since_id: 0,
    failing_since: null,
    delivered_at: null,
    version: 1,
    created_at: now,
    updated_at: now,
  };
  const entries = entryOf(context, lease, row, actor, "created");
  const written = await runSure(context, "subscribe", function* (again) {
    const { statements } = context.store;
    const all = yield* statements.subscribers.list({ workspace_id: actor.workspaceId, kind });
    const there = all.find((one) => one.id === id);
    if (again && there !== undefined) return there;
    if (all.length >= eachMax)
      throw new Refusal("too_many_subscribers", `The workspace has ${all.length} of them.`);
    const since = yield* fromNowOn(context);
    const own = { ...row, since_commit_id: since.commit_id, since_id: since.id };
    yield* statements.subscribers.insert([own]);
    yield* statements.ledger.insert(entries.rows);
    return own;
  });
  await subscribers.load();
  context.announce();
  return written;
}

export async function changeSubscription(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  before: SubscriberRow,
  patch: SubscriptionPatch,
  may: Private,
  ifVersion: number | undefined,
): Promise<SubscriberRow> {
  checkVersion(before.version, ifVersion);
  if (patch.events !== undefined) checkFilters(patch.events);
  const isEnabling = patch.status === "enabled" && before.status === "disabled";
  const change = patch.status === undefined || patch.status === before.status ? "updated" : patch.status;
  const next: SubscriberRow = {
    ...before,
    name: patch.name ?? before.name,
    target:
      patch.target === undefined
        ? before.target
        : sealedTarget(context, before, { channel: before.channel, target: patch.target }, may),
    payload: patch.payload ?? before.payload,
    event_types: patch.events === undefined ? before.event_types : JSON.stringify(patch.events),
    status: patch.status ?? before.status,
    status_reason: statusReason(before, change),
    updated_at: context.clock.now(),
  };
  return writeSubscription(context, subscribers, actor, before, next, change, isEnabling);
}

/** Writes a changed row; whoever is enabled again is told what happens from now on, and has not failed yet. */
export async function writeSubscription(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  before: SubscriberRow,
  next: SubscriberRow,
  change: Change,
  isEnabling = false,
): Promise<SubscriberRow> {
  const { statements } = context.store;
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = entryOf(context, lease, next, actor, change);
  const written = await runSure(context, "change a subscription", function* (again) {
    const since = isEnabling
      ? yield* fromNowOn(context)
      : { commit_id: next.since_commit_id, id: next.since_id };
    const own = { ...next, since_commit_id: since.commit_id, since_id: since.id };
    if ((yield* statements.subscribers.update([own])).length === 0) {
      const [there] = yield* statements.subscribers.byIds([{ id: before.id }]);
      if (again && there?.version === before.version + 1) return there;
      throw new Refusal("precondition_failed", "It was changed at the same time.");
    }
    if (isEnabling) yield* statements.subscribers.delivered([{ id: own.id, delivered_at: next.updated_at }]);
    yield* statements.ledger.insert(entries.rows);
    const [there] = yield* statements.subscribers.byIds([{ id: before.id }]);
    return there;
  });
  await subscribers.load();
  context.announce();
  context.wake("deliver-events");
  return written ?? next;
}

export async function unsubscribe(
  context: Context,
  subscribers: Subscribers,
  actor: Actor,
  row: SubscriberRow,
): Promise<void> {
  const { statements } = context.store;
  const lease = await context.ids.reserve({ ledger: 1 });
  const entries = entryOf(context, lease, row, actor, "removed");
  await runSure(context, "unsubscribe", function* (again) {
    const there = yield* statements.subscribers.byIds([{ id: row.id }]);
    if (again && there.length === 0) return;
    yield* statements.deliveryDue.forget({ subscriber_id: row.id, before: Number.MAX_SAFE_INTEGER });
    yield* statements.subscribers.remove([{ id: row.id }]);
    yield* statements.ledger.insert(entries.rows);
  });
  await subscribers.load();
  context.announce();
}

/** The workspace's own endpoint or handler by its public id. Throws `not_found`. */
export async function requireSubscriber(
  context: Context,
  actor: Actor,
  publicId: string,
  kind?: Kind,
): Promise<SubscriberRow> {
  const id =
    (kind === "handler" ? null : context.secrets.readId("webhook_endpoint", publicId)) ??
    (kind === "endpoint" ? null : context.secrets.readId("notification_handler", publicId));
  const [row] =
    id === null
      ? []
      : await context.store.read("find a subscriber", () =>
          context.store.statements.subscribers.byIds([{ id }]),
        );
  if (row === undefined || row.workspace_id !== actor.workspaceId || subscriberId(context, row) !== publicId)
    throw new Refusal("not_found", `There is no "${publicId.slice(0, 64)}".`);
  return row;
}

export async function listSubscribers(
  context: Context,
  actor: Actor,
  kind: Kind,
): Promise<readonly SubscriberRow[]> {
  return context.store.read("list subscribers", () =>
    context.store.statements.subscribers.list({ workspace_id: actor.workspaceId, kind }),
  );
}

/** The channel of a name. Throws when there is none, or when the operator has not set it up. */
export function requireChannel(context: Context, name: string): Channel {
  const channel = Object.hasOwn(context.channels ?? {}, name) ? context.channels?.[name] : undefined;
  if (channel === undefined)
    throw refuseField(
      "channel_unknown",
      "/channel",
      `"${name.slice(0, 64)}" is no channel; there are ${Object.keys(context.channels ?? {}).join(", ")}.`,
    );
  if (channel.missing !== null) throw new Refusal("channel_unavailable", channel.missing);
  return channel;
}

/** Where messages begin for somebody who listens from now on; with the first listener the cursor begins there too. */
function* fromNowOn(context: Context) {
  const { statements } = context.store;
  // Two first listeners at a time would each set the cursor, and the later one skip what the earlier one is owed.
  yield* statements.workspaces.lock({ id: defaultWorkspace });
  const [newest] = yield* statements.ledger.newest({});
  const since = newest ?? { commit_id: -1, id: 0 };
  const listening = yield* statements.subscribers.enabled({});
  if (listening.length === 0) yield* statements.cursors.put([{ name: cursorName, ...since }]);
  return since;
}

function sealedTarget(
  context: Context,
  { id, kind }: Pick<SubscriberRow, "id" | "kind">,
  { channel, target }: Pick<SubscriptionInput, "channel" | "target">,
  may: Private,
): string {
  const at = kind === "endpoint" ? "" : "/settings";
  const { allow_private: wish, ...rest } = target;
  const allowPrivate = wish === true;
  if (allowPrivate && !may.mayReachPrivate)
    throw refuseField(
      "forbidden",
      `${at}/allow_private`,
      "Only a full key of the default workspace may name addresses of the operator's own network.",
    );
  const checked = requireChannel(context, channel).readTarget(rest, allowPrivate);
  if (!checked.ok) throw refuseField("target_invalid", `${at}${checked.pointer}`, checked.detail);
  return context.secrets.seal(JSON.stringify(checked.target), targetPlace(id));
}

/** The target as it stands, to be patched. */
export function targetToPatch(context: Context, row: SubscriberRow): Target {
  return targetOf(context, row);
}

function statusReason(before: SubscriberRow, change: string): string | null {
  if (change === "enabled") return null;
  return change === "disabled" ? "by_request" : before.status_reason;
}

function checkFilters(events: readonly string[]): void {
  if (events.length === 0 || events.length > filtersMax)
    throw refuseField("event_type_unknown", "/events", `Name 1 to ${filtersMax} event types.`);
  const wrong = events.findIndex((one) => !isEventFilter(one));
  if (wrong !== -1)
    throw refuseField(
      "event_type_unknown",
      `/events/${wrong}`,
      `"${events[wrong]?.slice(0, 64)}" is no event type; say one such as call.completed, a group such as call.*, or *.`,
    );
}

const changes = {
  endpoint: {
    created: "webhook_endpoint.created",
    updated: "webhook_endpoint.updated",
    enabled: "webhook_endpoint.enabled",
    disabled: "webhook_endpoint.disabled",
    secret_rotated: "webhook_endpoint.secret_rotated",
    removed: "webhook_endpoint.removed",
  },
  handler: {
    created: "notification_handler.created",
    updated: "notification_handler.updated",
    enabled: "notification_handler.enabled",
    disabled: "notification_handler.disabled",
    // Handlers have no request for it.
    secret_rotated: "notification_handler.updated",
    removed: "notification_handler.removed",
  },
} as const satisfies Record<Kind, Record<Change, string>>;
type Change = "created" | "updated" | "enabled" | "disabled" | "secret_rotated" | "removed";

function entryOf(
  context: Context,
  lease: ConstructorParameters<typeof Entries>[0],
  row: SubscriberRow,
  actor: Actor,
  change: Change,
): Entries {
  const entries = new Entries(lease);
  entries.addWide(row.workspace_id, {
    at: row.updated_at,
    type: changes[row.kind][change],
    reason: change === "disabled" ? "by_request" : null,
    actor: actor.name,
    data: { id: subscriberId(context, row), name: row.name },
  });
  return entries;
}
