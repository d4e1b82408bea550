import type { FastifyReply } from "fastify";

import { formatUtc } from "../../domain/zone.ts";
import type { Engine } from "../../engine/engine.ts";
import type {
  DeviceView,
  RecipientInput,
  RecipientView,
  TemplateView,
} from "../../engine/notifications-api.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type { PageQuery } from "./call-schemas.ts";
import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  pageRequestOf,
  requireVersion,
  sendPage,
} from "../../ports/http/requests.ts";
import type {
  DeviceCreate,
  DeviceJson,
  DevicesQuery,
  RecipientCreate,
  RecipientJson,
  RecipientPatch,
  TemplateCreate,
  TemplateJson,
  TemplatePatch,
} from "./recipient-schemas.ts";

/** The handlers of `/v1/recipients`. */
export function recipientHandlers({ engine }: DoorPorts<Engine>) {
  const show = (view: RecipientView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderRecipient(view);
  };
  return {
    list: async (request: Checked<unknown, PageQuery>, reply: FastifyReply) =>
      sendPage(
        await engine.listRecipients(actorOf(request), pageRequestOf(request.query)),
        renderRecipient,
        request,
        reply,
      ),

    put: async (request: Checked<RecipientCreate>, reply: FastifyReply) => {
      const { id, ...body } = request.body;
      const view = await engine.putRecipient(actorOf(request), id, readRecipient(body), ifVersionOf(request));
      reply
        .code(view.version === 1 ? 201 : 200)
        .header("location", `/v1/recipients/${encodeURIComponent(view.id)}`);
      return show(view, reply);
    },

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getRecipient(actorOf(request), request.params.id), reply),

    update: async (request: Checked<RecipientPatch>, reply: FastifyReply) => {
      const { id } = await engine.getRecipient(actorOf(request), request.params.id);
      const input = readRecipient(request.body);
      return show(await engine.putRecipient(actorOf(request), id, input, ifVersionOf(request)), reply);
    },

    remove: async (request: Checked, reply: FastifyReply) => {
      if (request.headers["if-match"] !== undefined)
        requireVersion(request, (await engine.getRecipient(actorOf(request), request.params.id)).version);
      await engine.removeRecipient(actorOf(request), request.params.id);
      reply.code(204);
    },
  };
}

/** The handlers of `/v1/devices`. */
export function deviceHandlers({ engine }: DoorPorts<Engine>) {
  return {
    list: async (request: Checked<unknown, DevicesQuery>, reply: FastifyReply) => {
      const { recipient_id: recipientId } = request.query;
      const filter = recipientId === undefined ? {} : { recipientId };
      const page = await engine.listDevices(actorOf(request), filter, pageRequestOf(request.query));
      return sendPage(page, renderDevice, request, reply);
    },

    register: async (request: Checked<DeviceCreate>, reply: FastifyReply) => {
      const { recipient_id: recipientId, ...rest } = request.body;
      const { device, isNew } = await engine.registerDevice(actorOf(request), { recipientId, ...rest });
      reply.code(isNew ? 201 : 200);
      return renderDevice(device);
    },

    remove: async (request: Checked, reply: FastifyReply) => {
      await engine.removeDevice(actorOf(request), request.params.id);
      reply.code(204);
    },
  };
}

/** The handlers of `/v1/notification-templates`. */
export function templateHandlers({ engine }: DoorPorts<Engine>) {
  const show = (view: TemplateView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderTemplate(view);
  };
  return {
    list: async (request: Checked<unknown, PageQuery>, reply: FastifyReply) =>
      sendPage(
        await engine.listTemplates(actorOf(request), pageRequestOf(request.query)),
        renderTemplate,
        request,
        reply,
      ),

    create: async (request: Checked<TemplateCreate>, reply: FastifyReply) => {
      const view = await engine.createTemplate(actorOf(request), request.body);
      reply.code(201).header("location", `/v1/notification-templates/${view.id}`);
      return show(view, reply);
    },

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getTemplate(actorOf(request), request.params.id), reply),

    update: async (request: Checked<TemplatePatch>, reply: FastifyReply) =>
      show(
        await engine.updateTemplate(actorOf(request), request.params.id, request.body, ifVersionOf(request)),
        reply,
      ),

    remove: async (request: Checked, reply: FastifyReply) => {
      if (request.headers["if-match"] !== undefined)
        requireVersion(request, (await engine.getTemplate(actorOf(request), request.params.id)).version);
      await engine.removeTemplate(actorOf(request), request.params.id);
      reply.code(204);
    },
  };
}

function readRecipient({ quiet_hours: quiet, ...rest }: RecipientPatch): RecipientInput {
  return { ...rest, ...(quiet !== undefined && { quiet }) };
}

function renderRecipient(view: RecipientView): RecipientJson {
  return {
    id: view.id,
    ref: view.ref,
    email: view.email,
    phone: view.phone,
    timezone: view.timezone,
    quiet_hours: view.quiet,
    devices: view.devices,
    version: view.version,
    created_at: formatUtc(view.createdAt),
    updated_at: formatUtc(view.updatedAt),
  };
}

function renderDevice(view: DeviceView): DeviceJson {
  return {
    id: view.id,
    recipient_id: view.recipientId,
    platform: view.platform,
    token_end: view.tokenEnd,
    created_at: formatUtc(view.createdAt),
    seen_at: formatUtc(view.seenAt),
  };
}

function renderTemplate(view: TemplateView): TemplateJson {
  return {
    id: view.id,
    name: view.name,
    subject: view.subject,
    body: view.body,
    variables: [...view.variables],
    version: view.version,
    created_at: formatUtc(view.createdAt),
    updated_at: formatUtc(view.updatedAt),
  };
}
