import type { FastifyReply } from "fastify";

import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  limitOf,
  phoneOf,
  sendPage,
} from "../../ports/http/requests.ts";
import type { ProgramActor } from "../../ports/program.ts";
import type { Tx } from "../../ports/store.ts";

import type { Context } from "./context.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import * as directory from "./directory.ts";
import { findId, idOf, referenceOf } from "./refs.ts";
import { renderers } from "./render.ts";
import type { BusinessRow } from "./rows.ts";
import type { ClientQuery, OfBusinessQuery, PageQuery } from "./queries.ts";
import type {
  BusinessCreate,
  BusinessPatch,
  ClientCreate,
  ClientPatch,
  ServiceCreate,
  ServicePatch,
} from "./schemas.ts";

/** The handlers of businesses, clients and services. */
export function directoryHandlers(context: Context) {
  return {
    businesses: businessHandlers(context),
    clients: clientHandlers(context),
    services: serviceHandlers(context),
  };
}

function businessHandlers(context: Context) {
  const render = renderers(context);
  const shown = async (rows: readonly BusinessRow[]) => {
    const found = await context.house.read("read what reviews add up to", () =>
      context.statements.aggregates.byIds(rows.map(({ id }) => ({ business_id: id }))),
    );
    const sums = new Map(found.map((row) => [row.business_id, row]));
    return rows.map((row) => render.business(row, sums.get(row.id)));
  };
  const show = async (row: BusinessRow, reply: FastifyReply) => {
    reply.header("etag", etagOf(row.version));
    const [json] = await shown([row]);
    return json;
  };
  return {
    list: async (request: Checked<unknown, PageQuery>, reply: FastifyReply) => {
      const page = await pageById(request, "businesses", (args) => ({
        read: () => context.statements.businesses.list({ ...own(actorOf(request)), ...args }),
        context,
      }));
      return sendPage({ ...page, data: await shown(page.data) }, same, request, reply);
    },
    create: async (request: Checked<BusinessCreate>, reply: FastifyReply) => {
      const row = await directory.createBusiness(context, actorOf(request), request.body);
      created(reply, `/v1/businesses/${context.house.secrets.publicId("business", row.id)}`);
      return show(row, reply);
    },
    get: async (request: Checked, reply: FastifyReply) => {
      const actor = actorOf(request);
      const id = await idOf(context, actor, "business", request.params.id);
      return show(await directory.requireBusiness(context, actor, id), reply);
    },
    update: async (request: Checked<BusinessPatch>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const id = await idOf(context, actor, "business", request.params.id);
      const version = ifVersionOf(request);
      return show(await directory.updateBusiness(context, actor, id, request.body, version), reply);
    },
    remove: async (request: Checked, reply: FastifyReply) => {
      const actor = actorOf(request);
      await directory.removeBusiness(
        context,
        actor,
        await idOf(context, actor, "business", request.params.id),
      );
      reply.code(204);
    },
  };
}

function clientHandlers(context: Context) {
  const render = renderers(context);
  const show = (row: Parameters<typeof render.client>[0], reply: FastifyReply) => {
    reply.header("etag", etagOf(row.version));
    return render.client(row);
  };
  return {
    list: async (request: Checked<unknown, ClientQuery>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const { email, recipient_id: recipientId } = request.query;
      const phone = phoneOf("phone", request.query.phone);
      const filters = {
        phone_hash: phone === undefined ? null : context.house.secrets.numberHash(actor.workspaceId, phone),
        email_hash: email === undefined ? null : directory.emailHash(context, actor, email),
        recipient_id: recipientId ?? null,
      };
      const page = await pageById(request, ["clients", filters], (args) => ({
        read: () => context.statements.clients.list({ ...own(actor), ...filters, ...args }),
        context,
      }));
      return sendPage(
        { ...page, data: page.data.filter((row) => row.erased_at === null) },
        render.client,
        request,
        reply,
      );
    },
    create: async (request: Checked<ClientCreate>, reply: FastifyReply) => {
      const row = await directory.createClient(context, actorOf(request), request.body);
      created(reply, `/v1/clients/${context.house.secrets.publicId("client", row.id)}`);
      return show(row, reply);
    },
    get: async (request: Checked, reply: FastifyReply) => {
      const actor = actorOf(request);
      const id = await idOf(context, actor, "client", request.params.id);
      return show(await directory.requireClient(context, actor, id), reply);
    },
    update: async (request: Checked<ClientPatch>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const id = await idOf(context, actor, "client", request.params.id);
      return show(
        await directory.updateClient(context, actor, id, request.body, ifVersionOf(request)),
        reply,
      );
    },
    remove: async (request: Checked, reply: FastifyReply) => {
      const actor = actorOf(request);
      await directory.removeClient(context, actor, await idOf(context, actor, "client", request.params.id));
      reply.code(204);
    },
  };
}

function serviceHandlers(context: Context) {
  const render = renderers(context);
  const show = (row: Parameters<typeof render.service>[0], reply: FastifyReply) => {
    reply.header("etag", etagOf(row.version));
    return render.service(row);
  };
  return {
    list: async (request: Checked<unknown, OfBusinessQuery>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const filters = {
        business_id: await filterId(context, actor, "business", request.query.business_id),
      };
      const page = await pageById(request, ["services", filters], (args) => ({
        read: () => context.statements.services.list({ ...own(actor), ...filters, ...args }),
        context,
      }));
      return sendPage(page, render.service, request, reply);
    },
    create: async (request: Checked<ServiceCreate>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const { business_id: named } = request.body;
      const businessId = await referenceOf(context, actor, "business", named, "/business_id");
      const row = await directory.createService(context, actor, businessId, request.body);
      created(reply, `/v1/services/${context.house.secrets.publicId("service", row.id)}`);
      return show(row, reply);
    },
    get: async (request: Checked, reply: FastifyReply) => {
      const actor = actorOf(request);
      const id = await idOf(context, actor, "service", request.params.id);
      return show(await directory.requireService(context, actor, id), reply);
    },
    update: async (request: Checked<ServicePatch>, reply: FastifyReply) => {
      const actor = actorOf(request);
      const id = await idOf(context, actor, "service", request.params.id);
      return show(
        await directory.updateService(context, actor, id, request.body, ifVersionOf(request)),
        reply,
      );
    },
    remove: async (request: Checked, reply: FastifyReply) => {
      const actor = actorOf(request);
      await directory.removeService(context, actor, await idOf(context, actor, "service", request.params.id));
      reply.code(204);
    },
  };
}

/** A page of a list that runs from the newest id down. */
export async function pageById<Row extends { readonly id: number }>(
  request: Checked<unknown, PageQuery>,
  filters: unknown,
  list: (args: { readonly before_id: number; readonly limit: number }) => {
    readonly read: () => Tx<readonly Row[]>;
    readonly context: Context;
  },
): Promise<{ readonly data: readonly Row[]; readonly nextCursor: string | null }> {
  const { cursor } = request.query;
  const limit = limitOf(request.query);
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : (readCursor(cursor, 1, filters)[0] ?? 0);
  const { read, context } = list({ before_id: before, limit: limit + 1 });
  const rows = await context.house.read("list", read);
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return {
    data,
    nextCursor: rows.length > limit && last !== undefined ? writeCursor([last.id], filters) : null,
  };
}

/** A filter's id; one that is not known matches nothing. */
export async function filterId(
  context: Context,
  actor: ProgramActor,
  noun: "business" | "client",
  text: string | undefined,
): Promise<number | null> {
  return text === undefined ? null : ((await findId(context, actor, noun, text)) ?? -1);
}

export function own(actor: ProgramActor) {
  return { workspace_id: actor.workspaceId };
}

export function created(reply: FastifyReply, location: string): void {
  reply.code(201).header("location", location);
}

/** For pages whose items are rendered already. */
export function same<T>(item: T): T {
  return item;
}
