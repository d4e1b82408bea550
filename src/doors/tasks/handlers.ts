import type { FastifyReply, FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { Actor, CallView, Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { takerOf } from "./backend.ts";
import { readListQuery } from "./read-list.ts";
import { type Task, readTask } from "./read-task.ts";
import { refuseTask, taskNotFound } from "./refusals.ts";
import { type TaskJson, showTask } from "./render.ts";
import { type TaskStatus, statusesToLookAt, taskStatusOf } from "./status.ts";

type Request = FastifyRequest<{ Params: { taskId: string } }>;

/** A time that is just over is meant as now. */
const PAST_MS = 60_000;
const PAGE = 200;
/** How many calls are looked at for a list that is narrowed by a status that the core does not know. */
const LOOKED_AT_MAX = 5000;

/** The handlers of `/tasks`. */
export function taskHandlers(ports: DoorPorts<Engine>) {
  const { engine, clock, isOpen } = ports;
  const settings = ports.settings.tasks;

  return {
    create: async (request: FastifyRequest, reply: FastifyReply) => {
      const actor = actorOf(request);
      const task = readTask(request.body);
      const now = clock.now();
      if (task.runAt < now - PAST_MS)
        throw refuseTask(`runAtUtc must be in the future: ${formatUtc(task.runAt)} is past`);
      checkZone(ports, task);
      const { call, replayed } = await engine.schedule(
        actor,
        {
          ...requestOf(task, Math.max(task.runAt, now)),
          ...(await takerOf({ engine, settings, isOpen }, actor, task)),
        },
        request.idempotency ?? undefined,
      );
      if (replayed) reply.header("idempotent-replayed", "true");
      return { taskId: call.id, status: taskStatusOf(call) };
    },

    get: async (request: FastifyRequest): Promise<TaskJson> => {
      const actor = actorOf(request);
      return showTask(engine, actor, await findCall(engine, actor, taskIdOf(request)));
    },

    list: async (request: FastifyRequest): Promise<readonly TaskJson[]> => {
      const actor = actorOf(request);
      const { status, limit } = readListQuery(request.query as Record<string, unknown>);
      const calls = await findCalls(engine, actor, status, limit);
      return Promise.all(calls.map((call) => showTask(engine, actor, call)));
    },

    cancel: async (request: FastifyRequest) => {
      const actor = actorOf(request);
      const call = await cancelScheduled(engine, actor, taskIdOf(request));
      return { taskId: call.id, status: taskStatusOf(call), message: "Task canceled successfully" };
    },
  };
}

function requestOf(task: Task, at: number) {
  const { agentType, conversationId, mode, placeId, notifyTarget } = task;
  return {
    to: task.phoneE164,
    at: formatUtc(at),
    retry_policy: "none",
    external_id: conversationId,
    metadata: { agentType, conversationId },
    ...(task.timezone !== null && { timezone: task.timezone }),
    source: { door: "tasks", data: { agentType, conversationId, mode, placeId, notifyTarget } },
  };
}

function checkZone({ zones }: DoorPorts<Engine>, { timezone }: Task): void {
  if (timezone !== null && zones.zone(timezone) === undefined)
    throw refuseTask(`timezone ${timezone} is no IANA time zone`);
}

async function findCall(engine: Engine, actor: Actor, taskId: string): Promise<CallView> {
  try {
    return await engine.getCall(actor, taskId);
  } catch (error) {
    if (error instanceof Refusal && error.code === "not_found") throw taskNotFound(taskId);
    throw error;
  }
}

/** Newest first. A task's status is more than the core's, so each call that may have it is looked at. */
async function findCalls(
  engine: Engine,
  actor: Actor,
  status: TaskStatus | null,
  limit: number,
): Promise<readonly CallView[]> {
  const among = status === null ? null : statusesToLookAt(status);
  const filter = among === null ? {} : { status: among };
  const found: CallView[] = [];
  let cursor: string | undefined;
  for (let looked = 0; looked < LOOKED_AT_MAX; looked += PAGE) {
    const page = { limit: status === null ? limit : PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const { data, nextCursor } = await engine.listCalls(actor, filter, page);
    found.push(...data.filter((call) => status === null || taskStatusOf(call) === status));
    if (found.length >= limit || nextCursor === null) break;
    cursor = nextCursor;
  }
  return found.slice(0, limit);
}

/** Looks, and cancels what it saw: a task that was started in between is looked at again, and refused. */
async function cancelScheduled(engine: Engine, actor: Actor, taskId: string): Promise<CallView> {
  for (let tries = 0; tries < 3; tries += 1) {
    const call = await findCall(engine, actor, taskId);
    const status = taskStatusOf(call);
    if (status !== "SCHEDULED") throw refuseTask(`Cannot cancel task with status ${status}`);
    try {
      return await engine.cancel(actor, taskId, call.version);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status < 409 || error.status > 412) throw error;
    }
  }
  throw refuseTask("Cannot cancel task with status RUNNING");
}

function actorOf(request: FastifyRequest): Actor {
  if (request.caller === null) throw new Error("a route was reached without passing the gate");
  return request.caller.actor;
}

function taskIdOf(request: FastifyRequest): string {
  return (request as Request).params.taskId;
}
