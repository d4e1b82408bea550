import type { FastifyReply, FastifyRequest } from "fastify";

import { type Fault, Refusal } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { CallView, Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { actorOf, callerOf, findCall, requireUser } from "./owners.ts";
import { type Asked, readNewTime, readSchedule } from "./read-schedule.ts";
import { refuse, refuseFields } from "./refusals.ts";
import type { CancelBody, RescheduleBody, ScheduleBody } from "./schemas.ts";
import { statusOf } from "./status.ts";

type Body<T> = FastifyRequest<{ Params: { id: string }; Body: T | null }>;

/** The handlers of `/scheduling` that change something. */
export function schedulingHandlers(ports: DoorPorts<Engine>) {
  const { engine } = ports;
  return {
    schedule: async (request: Body<ScheduleBody>, reply: FastifyReply) => {
      const { body } = request;
      const asked = readSchedule(ports, body, faultsOf(request));
      if (body !== null) await engine.requireAgent(actorOf(request), body.agentId);
      const call = await create(engine, request, asked);
      reply.code(201);
      return answer({
        scheduledCallId: call.id,
        scheduledFor: formatUtc(call.dueAt),
        message: "Call scheduled successfully",
      });
    },

    cancel: async (request: Body<CancelBody>) => {
      const call = await pendingCall(ports, request, "cancel");
      await cancelCall(engine, request, call);
      return answer({
        scheduledCallId: call.id,
        status: "cancelled",
        message: "Scheduled call cancelled successfully",
      });
    },

    reschedule: async (request: Body<RescheduleBody>) => {
      requireUserOf(request);
      const at = readNewTime(ports, request.body?.scheduledFor, faultsOf(request));
      const call = await pendingCall(ports, request, "reschedule");
      const moved = await engine.reschedule(actorOf(request), call.id, { at: formatUtc(at) });
      return answer({
        scheduledCallId: moved.id,
        scheduledFor: formatUtc(moved.dueAt),
        message: "Call rescheduled successfully",
      });
    },

    stats: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const { upcoming, total, ...counts } = await engine.countCalls(actor);
      const { counts: queue } = await engine.getQueue(actor, "calls");
      return answer({ scheduler: { total, ...counts, upcomingCalls: upcoming }, queue });
    },
  };
}

export function answer<T>(data: T): { readonly success: true; readonly data: T } {
  return { success: true, data };
}

/** What the route's schema found; the handler tells it together with what it finds itself. */
export function faultsOf(request: {
  readonly validationError?: FastifyRequest["validationError"] | undefined;
}): readonly Fault[] {
  const { validationError: error } = request;
  if (error === undefined) return [];
  if (error instanceof Refusal) return error.faults;
  throw new Error("A body was checked by something else than the server's own validation", { cause: error });
}

async function create(engine: Engine, request: FastifyRequest, asked: Asked): Promise<CallView> {
  const idempotency = request.idempotency ?? undefined;
  if (asked.kind === "call")
    return (await engine.schedule(actorOf(request), asked.request, idempotency)).call;
  const { call } = await engine.createSeries(actorOf(request), asked.input, idempotency);
  if (call !== null) return call;
  throw refuseFields([
    { pointer: "/recurring", code: "invalid_body", detail: "recurring ends before its first call" },
  ]);
}

function requireUserOf(request: Body<{ readonly userId?: string }>): string {
  const { body } = request;
  const userId = requireUser(body?.userId);
  const faults = faultsOf(request);
  if (faults.length > 0) throw refuseFields(faults);
  return userId;
}

async function pendingCall(
  ports: DoorPorts<Engine>,
  request: Body<{ readonly userId?: string }>,
  what: "cancel" | "reschedule",
): Promise<CallView> {
  const userId = requireUserOf(request);
  const call = await findCall(ports, request, request.params.id, userId);
  const { agent } = callerOf(request);
  if (agent !== undefined && call.agent !== agent)
    throw refuse("SCHEDULED_CALL_NOT_FOUND", "Scheduled call not found.");
  const status = statusOf(call);
  if (status === "pending") return call;
  throw refuse("INVALID_OPERATION", `Cannot ${what} call with status: ${status}.`);
}

/** Ends its series, too: whoever cancels the call that comes next wants no later one. */
async function cancelCall(engine: Engine, request: FastifyRequest, call: CallView): Promise<void> {
  const actor = actorOf(request);
  if (call.series !== null) await engine.endSeries(actor, call.series.id);
  // Canceling twice is no fault: the end of the series has done it for the call that it was waiting for.
  await engine.cancel(actor, call.id);
}
