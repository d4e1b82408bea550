import type { FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { Actor, CallView, Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { actorOf, callerOf, ownerOfNew } from "./caller.ts";
import { callOf, callPatchOf, isRepeated, repeatedOf, seriesOf, seriesPatchOf } from "./compose.ts";
import { type Query, filterOf, pageOf } from "./query.ts";
import { type ScheduleFields, readChange, readNew } from "./read-schedule.ts";
import { nextOf, renderActive, renderSchedule } from "./render.ts";
import { type ScheduleItem, findSchedule, idOf, itemsOf, statusOfItem } from "./schedule-item.ts";
import { type Operation, requirePossible } from "./status.ts";

export type Request = FastifyRequest<{ Params: { schedule_id: string }; Querystring: Query }>;

/** The handlers of schedules: create, read, list, change, and what can be done with one. */
export function scheduleHandlers({ engine, zones, clock, settings }: DoorPorts<Engine>) {
  const own = settings.schedule;
  const readPorts = (defaultZone = own.timezone) => ({ zones, now: clock.now(), defaultZone });
  const renderPorts = { zones, defaultZone: own.timezone };

  const find = (request: Request) => findSchedule(engine, callerOf(request), request.params.schedule_id);

  /** Does one thing with a schedule whose state allows it. */
  const operate =
    (operation: Operation, said: string, act: (item: ScheduleItem, actor: Actor) => Promise<unknown>) =>
    async (request: Request) => {
      const item = await find(request);
      requirePossible(operation, statusFor(operation, item));
      await act(item, actorOf(request));
      return { status: "success", message: said, schedule_id: idOf(item) };
    };

  const change = (actor: Actor, item: ScheduleItem, fields: ScheduleFields): Promise<unknown> => {
    if (item.kind === "series")
      return engine.updateSeries(actor, item.series.id, seriesPatchOf(fields, item));
    if (!isRepeated(fields)) return engine.amendCall(actor, item.call.id, callPatchOf(fields, item, own));
    refuseRepeat(item.call);
    return engine.turnIntoSeries(actor, item.call.id, repeatedOf(fields, item, own));
  };

  return {
    create: async (request: FastifyRequest) => {
      const fields = readNew(request.body, readPorts());
      const caller = callerOf(request);
      const whose = ownerOfNew(caller, askedOwner(fields));
      const key = request.idempotency ?? undefined;
      const made = isRepeated(fields)
        ? madeSeries(await engine.createSeries(caller.actor, seriesOf(fields, whose, own), key))
        : madeCall(await engine.schedule(caller.actor, callOf(fields, whose, own), key));
      return { status: "success", message: "Call scheduled successfully", ...made };
    },

    read: async (request: Request) => ({
      status: "success",
      schedule: renderSchedule(await find(request), renderPorts),
    }),

    list: async (request: Request) => {
      const page = pageOf(request.query);
      const caller = callerOf(request);
      const found = await engine.listSchedules(caller.actor, filterOf(request.query, caller), page);
      const items = await itemsOf(engine, caller.actor, found.data);
      const schedules = items.map((item) => renderSchedule(item, renderPorts));
      return { status: "success", schedules, total: found.total, ...page };
    },

    active: async (request: Request) => {
      const page = pageOf(request.query);
      const caller = callerOf(request);
      const filter = { status: activeStates, ...filterOf(request.query, caller) };
      const found = await engine.listSchedules(caller.actor, filter, page);
      const items = await itemsOf(engine, caller.actor, found.data);
      return { status: "success", schedules: items.map(renderActive), total: found.total, ...page };
    },

    update: async (request: Request) => {
      const item = await find(request);
      const fields = await named(engine, actorOf(request), readChange(request.body, readPorts(zoneOf(item))));
      requirePossible("update", statusFor("update", item));
      ownerOfNew(callerOf(request), askedOwner(fields));
      await change(actorOf(request), item, fields);
      const after = await find(request);
      return {
        status: "success",
        message: "Schedule updated successfully",
        schedule_id: idOf(after),
        next_execution: nextOf(after),
      };
    },

    remove: operate("delete", "Schedule deleted successfully", async (item, actor) => {
      if (item.kind === "call") return engine.deleteCall(actor, item.call.id);
      if (item.standing !== "completed" && item.standing !== "canceled")
        await engine.endSeries(actor, item.series.id);
      return engine.hideSeries(actor, item.series.id);
    }),

    pause: operate("pause", "Schedule paused successfully", (item, actor) =>
      item.kind === "call" ? engine.pause(actor, item.call.id) : engine.pauseSeries(actor, item.series.id),
    ),

    resume: operate("resume", "Schedule resumed successfully", (item, actor) => {
      if (item.kind === "series") return engine.resumeSeries(actor, item.series.id, false);
      refuseMisfire(item.call.requestedAt, clock.now() - own.misfireGraceMs);
      return engine.resume(actor, item.call.id);
    }),

    cancel: operate("cancel", "Schedule cancelled successfully", (item, actor) =>
      item.kind === "call" ? engine.cancel(actor, item.call.id) : engine.endSeries(actor, item.series.id),
    ),
  };
}

const activeStates = ["scheduled", "queued", "dialing", "paused"] as const;

function madeCall({ call }: Awaited<ReturnType<Engine["schedule"]>>) {
  return { schedule_id: call.id, next_execution: nextOf({ kind: "call", call, attempt: null }) };
}

function madeSeries({ series }: Awaited<ReturnType<Engine["createSeries"]>>) {
  const { id, nextAt } = series;
  return { schedule_id: id, next_execution: nextAt === null ? null : formatUtc(nextAt) };
}

/** The zone that a schedule was given; undefined when it was given none. */
function zoneOf(item: ScheduleItem): string | undefined {
  if (item.kind === "series") return item.series.timezone;
  const { timezone, timezoneSource } = item.call;
  return timezoneSource === "number" ? undefined : (timezone ?? undefined);
}

/** A series can be stopped and changed also while one of its calls is under way; that call goes on. */
function statusFor(operation: Operation, item: ScheduleItem) {
  const status = statusOfItem(item);
  const goesOn = item.kind === "series" && item.series.status === "active" && status === "running";
  return goesOn && operation !== "resume" ? "scheduled" : status;
}

function askedOwner({ createdBy = null, agentInstanceId = null }: ScheduleFields) {
  return { createdBy, agentInstanceId };
}

/** A changed schedule cannot follow a default that may change under it: it is given the policy by name. */
async function named(engine: Engine, actor: Actor, fields: ScheduleFields): Promise<ScheduleFields> {
  if (fields.retryPolicy !== null) return fields;
  const { default_retry_policy: retryPolicy } = await engine.getSettings(actor);
  if (retryPolicy !== null) return { ...fields, retryPolicy };
  throw new Refusal("invalid_body", "Name the policy: the workspace has chosen no retry policy of its own.", {
    faults: [{ pointer: "/retry_config/policy", code: "invalid_body", detail: "policy is required" }],
  });
}

/** What another door made carries what this one does not see, and a paused schedule would go on by surprise. */
function refuseRepeat({ source, status }: CallView): void {
  if (source?.door === "schedule" && status !== "paused") return;
  const why = status === "paused" ? "it is paused: resume it first" : "another door made it";
  throw new Refusal("wrong_state", `The schedule cannot be made to repeat: ${why}.`, {
    faults: [{ pointer: "/repeat_config", code: "wrong_state", detail: why }],
  });
}

/** What was due while it was paused, and is later than the grace, is not dialed by surprise. */
function refuseMisfire(dueAt: number, before: number): void {
  if (dueAt >= before) return;
  throw new Refusal(
    "wrong_state",
    `Its time, ${formatUtc(dueAt)}, passed while it was paused: give it another scheduled_time, then resume it.`,
    { faults: [{ pointer: "/scheduled_time", code: "wrong_state", detail: "its time has passed" }] },
  );
}
