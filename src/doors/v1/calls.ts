import type { FastifyReply } from "fastify";

import { type ShownStatus, callStatuses } from "../../domain/call.ts";
import { outcomes } from "../../domain/outcome.ts";
import type { BulkItem, CallFilter, CallRequest, CallView, Engine, Scheduled } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import {
  type BulkJson,
  type CallCreate,
  type CallReschedule,
  type CallSettle,
  type CallsBulk,
  type CallsQuery,
  type CreateQuery,
  callCreate,
} from "./call-schemas.ts";
import { instant, renderAttempt, renderCall, renderEvent } from "./render.ts";
import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  instantOf,
  pageRequestOf,
  phoneOf,
  requireVersion,
  sendPage,
  wholePage,
  wordsOf,
} from "../../ports/http/requests.ts";

const shownStatuses: readonly ShownStatus[] = ["queued", ...callStatuses];

/** The handlers of `/v1/calls`. */
export function callHandlers({ engine, zones, validator, problem }: DoorPorts<Engine>) {
  const checkCreate = validator(callCreate);

  const show = (view: CallView, reply: FastifyReply) => {
    reply.header("etag", etagOf(view.version));
    return renderCall(view, zones);
  };

  /** A verb that changes one call and takes nothing but its version. */
  const change =
    (verb: "cancel" | "pause" | "resume" | "callNow") => async (request: Checked, reply: FastifyReply) =>
      show(await engine[verb](actorOf(request), request.params.id, ifVersionOf(request)), reply);

  return {
    create: async (request: Checked<CallCreate, CreateQuery>, reply: FastifyReply) => {
      const actor = actorOf(request);
      if (request.query.dry_run === true) {
        reply.code(200);
        return { ...renderCall(await engine.preview(actor, request.body), zones), id: null, dry_run: true };
      }
      const { call, replayed, status } = await engine.schedule(
        actor,
        request.body,
        request.idempotency ?? undefined,
      );
      if (replayed) reply.header("idempotent-replayed", "true");
      reply.code(status).header("location", `/v1/calls/${call.id}`);
      return show(call, reply);
    },

    createMany: async (request: Checked<CallsBulk>, reply: FastifyReply): Promise<BulkJson> => {
      const refused = request.body.calls.map(checkCreate);
      // The items that are refused here have been read as what they are not; only the others reach the engine.
      const valid = request.body.calls.filter((_item, i) => refused[i] === null) as CallRequest[];
      const { items, replayed } =
        valid.length === 0
          ? { items: [] as readonly BulkItem[], replayed: false }
          : await engine.scheduleMany(actorOf(request), valid, request.idempotency ?? undefined);
      if (replayed) reply.header("idempotent-replayed", "true");
      let next = 0;
      const data = refused.map((refusal): BulkJson["data"][number] => {
        const item = refusal === null ? items[next++] : { ok: false as const, refusal };
        if (item === undefined) throw new Error("the engine answered fewer items than it was given");
        if (item.ok) return { status: item.scheduled.status, call: renderScheduled(item.scheduled) };
        return {
          status: item.refusal.status,
          error: problem(item.refusal, request.id) as Record<string, unknown>,
        };
      });
      return { data };
    },

    list: async (request: Checked<unknown, CallsQuery>, reply: FastifyReply) => {
      const page = await engine.listCalls(
        actorOf(request),
        filterOf(request.query),
        pageRequestOf(request.query),
      );
      return sendPage(page, (view) => renderCall(view, zones), request, reply);
    },

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getCall(actorOf(request), request.params.id), reply),

    cancel: change("cancel"),
    pause: change("pause"),
    resume: change("resume"),
    callNow: change("callNow"),

    reschedule: async (request: Checked<CallReschedule>, reply: FastifyReply) =>
      show(
        await engine.reschedule(actorOf(request), request.params.id, request.body, ifVersionOf(request)),
        reply,
      ),

    settle: async (request: Checked<CallSettle>, reply: FastifyReply) => {
      const actor = actorOf(request);
      if (request.headers["if-match"] !== undefined)
        requireVersion(request, (await engine.getCall(actor, request.params.id)).version);
      return show(await engine.settle(actor, request.params.id, request.body), reply);
    },

    attempts: async (request: Checked) =>
      wholePage((await engine.listAttempts(actorOf(request), request.params.id)).map(renderAttempt)),

    events: async (request: Checked) =>
      wholePage((await engine.listCallEvents(actorOf(request), request.params.id)).map(renderEvent)),

    explain: async (request: Checked) => {
      const found = await engine.explain(actorOf(request), request.params.id);
      return {
        summary: found.summary,
        call: renderCall(found.call, zones),
        steps: found.steps.map((step) => ({ ...step, at: instant(step.at) ?? "" })),
        attempts: found.attempts.map(renderAttempt),
      };
    },
  };

  function renderScheduled(scheduled: Scheduled) {
    return renderCall(scheduled.call, zones);
  }
}

function filterOf(query: CallsQuery): CallFilter {
  const found = {
    status: wordsOf("status", query.status, shownStatuses),
    outcome: wordsOf("outcome", query.outcome, outcomes),
    line: query.line,
    purpose: query.purpose,
    to: phoneOf("to", query.to),
    externalId: query.external_id,
    owner: query.owner,
    agent: query.agent,
    dueAfter: instantOf("due_after", query.due_after),
    dueBefore: instantOf("due_before", query.due_before),
    createdAfter: instantOf("created_after", query.created_after),
    createdBefore: instantOf("created_before", query.created_before),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
