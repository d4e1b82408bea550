import type { FastifyReply, FastifyRequest } from "fastify";

import type { CallFilter, CallView, Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { besideCalls } from "./beside.ts";
import { callerOf, filterOf, requireUser } from "./owners.ts";
import { faultOf, refuseFields } from "./refusals.ts";
import { renderCall } from "./render.ts";
import type { ListQuery } from "./schemas.ts";
import { type Status, statusOf, statuses } from "./status.ts";
import { readDate, zoneNamed } from "./times.ts";

const shownMax = 1000;
const countedMax = 10_000;
const pageSize = 200;

/** `GET /scheduling/scheduled-calls`: a user's calls by their time, 1,000 at most. */
export function listHandler(ports: DoorPorts<Engine>) {
  return async (request: FastifyRequest<{ Querystring: ListQuery }>, reply: FastifyReply) => {
    const { query } = request;
    const userId = requireUser(query.userId);
    const { status, ...filter } = readFilter(ports, query);
    const caller = callerOf(request);
    const found = (
      await gather(ports, request, { ...filter, ...(await filterOf(ports, userId)) }, status)
    ).filter(({ owner, agent }) => isFor(caller.owner, owner) && isFor(caller.agent, agent));
    const sorted = found.toSorted((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1));
    const shown = sorted.slice(0, shownMax);
    if (found.length > shown.length) reply.header("x-truncated", "true");
    const beside = await besideCalls(ports, caller.actor, shown);
    const scheduledCalls = shown
      .map((call) => renderCall(call, beside(call)))
      .toSorted((a, b) => (a.scheduledFor < b.scheduledFor ? -1 : a.scheduledFor > b.scheduledFor ? 1 : 0));
    return { success: true, data: { scheduledCalls, total: found.length } };
  };
}

function isFor(own: string | undefined, its: string | null): boolean {
  return own === undefined || its === own;
}

/** Every call that matches, up to 10,000: the newest ones. */
async function gather(
  { engine }: DoorPorts<Engine>,
  request: FastifyRequest,
  filter: CallFilter,
  status: Status | undefined,
): Promise<CallView[]> {
  const { actor } = callerOf(request);
  const found: CallView[] = [];
  let cursor: string | undefined;
  do {
    const page = await engine.listCalls(actor, filter, {
      limit: pageSize,
      ...(cursor !== undefined && { cursor }),
    });
    for (const call of page.data) if (status === undefined || statusOf(call) === status) found.push(call);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && found.length < countedMax);
  return found;
}

type Filter = Pick<CallFilter, "agent" | "dueAfter" | "dueBefore"> & { readonly status: Status | undefined };

function readFilter({ zones, settings }: DoorPorts<Engine>, query: ListQuery): Filter {
  const zone = zoneNamed(zones, settings.scheduling.timezone, "timezone");
  const faults: ReturnType<typeof faultOf>[] = [];
  const instant = (field: "startDate" | "endDate", edge: "start" | "end"): number | undefined => {
    const text = query[field];
    if (text === undefined || text === "") return undefined;
    // An unescaped + of an offset arrives as a blank and is meant as +.
    const read = readDate(text.replace(/ (\d\d:?\d\d)$/, "+$1"), zone, edge);
    if ("at" in read) return read.at;
    faults.push(faultOf(field, `${field}: ${read.why}`));
    return undefined;
  };
  const after = instant("startDate", "start");
  const before = instant("endDate", "end");
  const status = statusNamed(query.status);
  if (status === null) faults.push(faultOf("status", `status must be one of ${statuses.join(", ")}`));
  if (faults.length > 0) throw refuseFields(faults);
  return {
    status: status ?? undefined,
    ...(after !== undefined && { dueAfter: after }),
    ...(before !== undefined && { dueBefore: before + 1 }),
    ...(query.agentId !== undefined && query.agentId !== "" && { agent: query.agentId }),
  };
}

/** Undefined for none, null for one that is not known. */
function statusNamed(text: string | undefined): Status | null | undefined {
  if (text === undefined || text === "") return undefined;
  const word = text.toLowerCase() === "canceled" ? "cancelled" : text.toLowerCase();
  return statuses.find((status) => status === word) ?? null;
}
