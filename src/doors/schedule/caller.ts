import type { FastifyRequest } from "fastify";

import { type Refusal, refuseField } from "../../domain/refusal.ts";
import type { Actor } from "../../engine/engine.ts";
import type { Caller } from "../../ports/door.ts";

/** Whose schedules a request may see and change. Absent: everybody's. */
export type Whose = { readonly owner?: string; readonly agent?: string };

/** Asserts that the gate has let the request through. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error("a route was reached without passing the gate");
  return request.caller;
}

export function actorOf(request: FastifyRequest): Actor {
  return callerOf(request).actor;
}

export function whoseOf({ owner, agent }: Caller): Whose {
  return { ...(owner !== undefined && { owner }), ...(agent !== undefined && { agent }) };
}

/** True when the caller may see what is whose. */
export function maySee(
  caller: Caller,
  thing: { readonly owner: string | null; readonly agent: string | null },
): boolean {
  return (
    (caller.owner === undefined || caller.owner === thing.owner) &&
    (caller.agent === undefined || caller.agent === thing.agent)
  );
}

/**
 * Whose a new schedule is: of the token's user and agent. Without a token the request says. A token for one agent makes no
 * schedule of another.
 */
export function ownerOfNew(
  caller: Caller,
  asked: { readonly createdBy: string | null; readonly agentInstanceId: string | null },
): { owner: string | null; agent: string | null } {
  const { owner, agent } = caller;
  if (agent !== undefined && asked.agentInstanceId !== null && asked.agentInstanceId !== agent)
    throw refuseAgent();
  return {
    owner: owner ?? asked.createdBy,
    agent: agent ?? asked.agentInstanceId,
  };
}

function refuseAgent(): Refusal {
  const detail = "The token is for another agent instance.";
  return refuseField("forbidden", "/agent_instance_id", detail);
}
