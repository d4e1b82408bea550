import type { FastifyReply } from "fastify";

import { refuseField } from "../../domain/refusal.ts";
import { type ZoneBook, formatLocal, formatUtc, formatWall, offsetAt, parseWhen } from "../../domain/zone.ts";
import type { Engine } from "../../engine/engine.ts";
import type { OccurrenceView, SeriesView, SlotPreview } from "../../engine/series-api.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { renderCall } from "./render.ts";
import {
  type Checked,
  actorOf,
  etagOf,
  ifVersionOf,
  pageRequestOf,
  phoneOf,
  sendPage,
  wordsOf,
} from "../../ports/http/requests.ts";
import type {
  BackfillQuery,
  NextQuery,
  SeriesBackfill,
  SeriesCreate,
  SeriesJson,
  SeriesPatch,
  SeriesPreviewBody,
  SeriesQuery,
  SeriesResume,
} from "./series-schemas.ts";

const countDefault = 10;

/** The handlers of `/v1/series`. */
export function seriesHandlers({ engine, zones, clock }: DoorPorts<Engine>) {
  const show = (view: SeriesView, reply: FastifyReply): SeriesJson => {
    reply.header("etag", etagOf(view.version));
    return renderSeries(view, zones);
  };
  const change = (verb: "pauseSeries" | "endSeries") => async (request: Checked, reply: FastifyReply) =>
    show(await engine[verb](actorOf(request), request.params.id, ifVersionOf(request)), reply);
  const started = <Body extends { start_at?: string; timezone: string }>(body: Body) => ({
    ...body,
    start_at: body.start_at ?? wallNow(zones, body.timezone, clock.now()),
  });

  return {
    create: async (request: Checked<SeriesCreate>, reply: FastifyReply) => {
      const input = started(request.body);
      const made = await engine.createSeries(actorOf(request), input, request.idempotency ?? undefined);
      if (made.replayed) reply.header("idempotent-replayed", "true");
      reply.code(made.status).header("location", `/v1/series/${made.series.id}`);
      return show(made.series, reply);
    },

    preview: async (request: Checked<SeriesPreviewBody>) => {
      const { count = countDefault, after, ...body } = request.body;
      const from = after === undefined ? undefined : instantIn("/after", after);
      const input = started(body);
      const preview = await engine.previewSeries(actorOf(request), input, count, from);
      return { ...preview, data: preview.data.map((one) => renderSlot(one, preview.timezone, zones)) };
    },

    list: async (request: Checked<unknown, SeriesQuery>, reply: FastifyReply) => {
      const { status, owner, agent, to } = request.query;
      const filter = {
        status: wordsOf("status", status, ["active", "paused", "ended"]),
        owner,
        agent,
        to: phoneOf("to", to),
      };
      const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
      const page = await engine.listSeries(actorOf(request), given, pageRequestOf(request.query));
      return sendPage(page, (view) => renderSeries(view, zones), request, reply);
    },

    get: async (request: Checked, reply: FastifyReply) =>
      show(await engine.getSeries(actorOf(request), request.params.id), reply),

    update: async (request: Checked<SeriesPatch>, reply: FastifyReply) =>
      show(
        await engine.updateSeries(actorOf(request), request.params.id, request.body, ifVersionOf(request)),
        reply,
      ),

    pause: change("pauseSeries"),
    end: change("endSeries"),

    resume: async (request: Checked<SeriesResume>, reply: FastifyReply) =>
      show(
        await engine.resumeSeries(
          actorOf(request),
          request.params.id,
          request.body?.catch_up === true,
          ifVersionOf(request),
        ),
        reply,
      ),

    runNow: async (request: Checked, reply: FastifyReply) => {
      const call = await engine.runSeriesNow(actorOf(request), request.params.id);
      reply.code(201).header("location", `/v1/calls/${call.id}`);
      return renderCall(call, zones);
    },

    next: async (request: Checked<unknown, NextQuery>) => {
      const actor = actorOf(request);
      const view = await engine.getSeries(actor, request.params.id);
      const input = {
        ...view.template,
        ...view.policies,
        start_at: view.startLocal,
        timezone: view.timezone,
        rule: view.rule,
      };
      const preview = await engine.previewSeries(
        actor,
        input,
        request.query.count ?? countDefault,
        clock.now(),
      );
      return { ...preview, data: preview.data.map((one) => renderSlot(one, preview.timezone, zones)) };
    },

    backfill: async (request: Checked<SeriesBackfill, BackfillQuery>) => {
      const actor = actorOf(request);
      const { timezone } = await engine.getSeries(actor, request.params.id);
      const { data, created } = await engine.backfillSeries(actor, request.params.id, {
        from: instantIn("/from", request.body.from),
        to: instantIn("/to", request.body.to),
        dryRun: request.query.dry_run === true,
      });
      return { data: data.map((one) => renderSlot(one, timezone, zones)), created };
    },

    occurrences: async (
      request: Checked<unknown, { limit?: number; cursor?: string }>,
      reply: FastifyReply,
    ) => {
      const actor = actorOf(request);
      const { timezone } = await engine.getSeries(actor, request.params.id);
      const page = await engine.listOccurrences(actor, request.params.id, pageRequestOf(request.query));
      return sendPage(page, (one) => renderOccurrence(one, timezone, zones), request, reply);
    },
  };
}

/** An instant in a body, with an offset. */
function instantIn(pointer: string, text: string): number {
  const when = parseWhen(text);
  if (when.kind === "instant") return when.at;
  throw refuseField(
    "time_invalid",
    pointer,
    when.kind === "invalid" ? `${when.why}.` : "Send an offset with it, such as Z or -05:00.",
  );
}

function renderSeries(view: SeriesView, zones: ZoneBook): SeriesJson {
  const { to, timezone: _zone, owner: _owner, agent: _agent, source: _source, ...call } = view.template;
  return {
    id: view.id,
    status: view.status,
    status_reason: view.statusReason,
    description: view.description,
    to,
    rule: view.rule,
    start_at: view.startLocal,
    timezone: view.timezone,
    next_at: view.nextAt === null ? null : formatUtc(view.nextAt),
    next_local: view.nextAt === null ? null : local(zones, view.timezone, view.nextAt),
    next_call_id: view.nextCallId,
    slots: view.slots,
    call,
    policies: view.policies,
    owner: view.owner,
    agent: view.agent,
    created_at: formatUtc(view.createdAt),
    updated_at: formatUtc(view.updatedAt),
    version: view.version,
  };
}

function renderSlot(slot: SlotPreview, timezone: string, zones: ZoneBook) {
  return {
    at: formatUtc(slot.at),
    local: local(zones, timezone, slot.at),
    due_at: formatUtc(slot.dueAt),
    slot: slot.slot,
    number: slot.number,
    notes: [...slot.notes],
  };
}

function renderOccurrence(view: OccurrenceView, timezone: string, zones: ZoneBook) {
  return {
    slot: view.slot,
    number: view.number,
    at: formatUtc(view.at),
    local: local(zones, timezone, view.at),
    kind: view.kind,
    status: view.status,
    reason: view.reason,
    call_id: view.callId,
  };
}

function local(zones: ZoneBook, timezone: string, at: number): string {
  const zone = zones.zone(timezone);
  return zone === undefined ? formatUtc(at) : formatLocal(zone, at);
}

/** The wall time of now in a zone, in whole seconds; an unknown zone is refused by the engine. */
function wallNow(zones: ZoneBook, timezone: string, now: number): string {
  const zone = zones.zone(timezone);
  const at = Math.ceil(now / 1000) * 1000;
  return zone === undefined ? formatUtc(at) : formatWall(at + offsetAt(zone, at));
}
