import type { FastifyReply } from "fastify";

import { refuseField } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { Engine } from "../../engine/engine.ts";
import type { NotificationView, OperationView } from "../../engine/notifications-api.ts";
import { readInstant, readWhen, zoneNamed } from "../../engine/when.ts";
import type { DoorPorts } from "../../ports/door.ts";
import { notificationStatuses } from "../../ports/program.ts";

import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  instantOf,
  pageRequestOf,
  sendPage,
  wordsOf,
} from "../../ports/http/requests.ts";
import type {
  NotificationCreate,
  NotificationJson,
  NotificationsBulk,
  NotificationsQuery,
  OperationJson,
  Receipt,
} from "./notification-schemas.ts";

/** The handlers of `/v1/notifications` and `/v1/operations`. */
export function notificationHandlers({ engine, zones, clock }: DoorPorts<Engine>) {
  const show = (view: NotificationView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderNotification(view);
  };
  const change =
    (verb: "cancelNotification" | "retryNotification") => async (request: Checked, reply: FastifyReply) =>
      show(await engine[verb](actorOf(request), request.params.id, ifVersionOf(request)), reply);
  const read = (body: NotificationCreate | NotificationsBulk) => readContent({ zones }, body, clock.now());

  return {
    create: async (request: Checked<NotificationCreate>, reply: FastifyReply) => {
      const { recipient_id: recipientId, address } = request.body;
      const to = {
        ...(recipientId !== undefined && { recipientId }),
        ...(address !== undefined && { address }),
      };
      const wish = { ...read(request.body), to };
      const made = await engine.createNotification(actorOf(request), wish, request.idempotency ?? undefined);
      if (made.replayed) reply.header("idempotent-replayed", "true");
      reply.code(made.isNew ? 201 : 200).header("location", `/v1/notifications/${made.notification.id}`);
      return show(made.notification, reply);
    },

    createMany: async (request: Checked<NotificationsBulk>, reply: FastifyReply) => {
      const wish = { ...read(request.body), recipientIds: request.body.recipient_ids };
      const made = await engine.notifyMany(actorOf(request), wish, request.idempotency ?? undefined);
      if (made.replayed) reply.header("idempotent-replayed", "true");
      reply.code(202).header("location", `/v1/operations/${made.operation.id}`);
      return renderOperation(made.operation);
    },

    list: async (request: Checked<unknown, NotificationsQuery>, reply: FastifyReply) => {
      const { query } = request;
      const filter = {
        status: wordsOf("status", query.status, notificationStatuses),
        event: query.event,
        channel: query.channel ?? query.notification_type,
        recipientId: query.recipient_id,
        operationId: query.operation_id,
        createdAfter: instantOf("created_after", query.created_after),
        createdBefore: instantOf("created_before", query.created_before),
      };
      const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
      const page = await engine.listNotifications(actorOf(request), given, pageRequestOf(query));
      return sendPage(page, renderNotification, request, reply);
    },

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getNotification(actorOf(request), request.params.id), reply),
    cancel: change("cancelNotification"),
    retry: change("retryNotification"),

    receipt: async (request: Checked<Receipt>, reply: FastifyReply) =>
      show(await engine.receiptNotification(actorOf(request), request.params.id, request.body.status), reply),

    operation: async (request: Checked) =>
      renderOperation(await engine.getOperation(actorOf(request), request.params.id)),

    cancelOperation: async (request: Checked, reply: FastifyReply) => {
      reply.code(202);
      return renderOperation(await engine.cancelOperation(actorOf(request), request.params.id));
    },
  };
}

/** A body as the engine takes it: two names of one thing as one, and times as instants. */
function readContent(
  ports: Pick<DoorPorts<Engine>, "zones">,
  body: NotificationCreate | NotificationsBulk,
  now: number,
) {
  const { channel, notification_type: type, timezone, expires_at: expires, quiet_hours: quiet } = body;
  if (channel !== undefined && type !== undefined && channel !== type)
    throw refuseField("invalid_body", "/notification_type", "It and channel are two names of one thing.");
  const way = channel ?? type;
  if (way === undefined) throw refuseField("invalid_body", "/channel", "Say how: push, email or sms.");
  const asked = readWhen(
    ports,
    {
      ...(body.at !== undefined && { at: body.at }),
      ...(body.in !== undefined && { in: body.in }),
      ...(timezone !== undefined && { timezone }),
    },
    now,
  );
  const zone = asked.timezone === null ? null : zoneNamed(ports, asked.timezone, "/timezone");
  return {
    channel: way,
    event: body.event,
    at: asked.at,
    ...(body.subject !== undefined && { subject: body.subject }),
    ...(body.body !== undefined && { body: body.body }),
    ...(body.template !== undefined && { template: body.template }),
    ...(body.variables !== undefined && { variables: body.variables }),
    ...(body.data !== undefined && { data: body.data }),
    ...(expires !== undefined && {
      expiresAt: readInstant(ports, expires, zone, "compatible", "/expires_at").at,
    }),
    ...(quiet !== undefined && { quiet: { ...quiet, timezone: quietZone(quiet.timezone ?? zone?.name) } }),
    ...(body.queue !== undefined && { queue: body.queue }),
    ...(body.dedupe_key !== undefined && { dedupeKey: body.dedupe_key }),
    ...(body.max_retries !== undefined && { retriesMax: body.max_retries }),
  };
}

function quietZone(timezone: string | undefined): string {
  if (timezone === undefined)
    throw refuseField("timezone_required", "/quiet_hours/timezone", "Quiet hours are local times.");
  return timezone;
}

export function renderNotification(view: NotificationView): NotificationJson {
  return {
    id: view.id,
    status: view.status,
    reason: view.reason,
    channel: view.channel,
    event: view.event,
    queue: view.queue,
    recipient_id: view.recipientId,
    address: view.address,
    subject: view.subject,
    body: view.body,
    data: view.data,
    quiet_hours: view.quiet,
    dedupe_key: view.dedupeKey,
    operation_id: view.operationId,
    at: formatUtc(view.at),
    expires_at: formatUtc(view.expiresAt),
    next_try_at: utcOrNull(view.nextTryAt),
    retry_count: view.retryCount,
    max_retries: view.maxRetries,
    targets: view.targets.map(({ deviceId, ...target }) => ({ device_id: deviceId, ...target })),
    provider: view.provider,
    detail: view.detail,
    sent_at: utcOrNull(view.sentAt),
    delivered_at: utcOrNull(view.deliveredAt),
    ended_at: utcOrNull(view.endedAt),
    created_by: view.createdBy,
    version: view.version,
    created_at: formatUtc(view.createdAt),
    updated_at: formatUtc(view.updatedAt),
  };
}

function renderOperation(view: OperationView): OperationJson {
  return {
    id: view.id,
    kind: view.kind,
    status: view.status,
    total: view.total,
    done: view.done,
    failed: view.failed,
    notifications: view.notifications,
    created_at: formatUtc(view.createdAt),
    ended_at: utcOrNull(view.endedAt),
    updated_at: formatUtc(view.updatedAt),
  };
}

function utcOrNull(at: number | null): string | null {
  return at === null ? null : formatUtc(at);
}
