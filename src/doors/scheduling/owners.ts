import type { FastifyRequest } from "fastify";

import type { Actor, CallFilter, CallView, Engine } from "../../engine/engine.ts";
import type { Caller, DoorPorts } from "../../ports/door.ts";

import { refuse } from "./refusals.ts";

type Ports = Pick<DoorPorts<Engine>, "engine" | "isOpen">;

/** On whose behalf the request runs; asserts that the gate has let it through. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error("a route was reached without passing the gate");
  return request.caller;
}

export function actorOf(request: FastifyRequest): Actor {
  return callerOf(request).actor;
}

/** The user that a request names. Throws `MISSING_USER_ID`. */
export function requireUser(userId: string | null | undefined): string {
  if (userId !== undefined && userId !== null && userId !== "") return userId;
  throw refuse("MISSING_USER_ID", "userId is required.", [
    { pointer: "/userId", code: "invalid_body", detail: "userId is required" },
  ]);
}

/** A user's calls; while the server is open also those that nobody owns. */
export async function filterOf(
  ports: Ports,
  userId: string,
): Promise<Pick<CallFilter, "owner" | "orUnowned">> {
  return { owner: userId, orUnowned: await ports.isOpen() };
}

/** A call that the user may see. Somebody else's is not found. */
export async function findCall(
  { engine, isOpen }: Ports,
  request: FastifyRequest,
  callId: string,
  userId: string | undefined,
): Promise<CallView> {
  const caller = callerOf(request);
  const call = await engine.getCall(caller.actor, callId);
  const isTheirs = (owner: string | undefined): boolean => owner === undefined || call.owner === owner;
  const isNobodys = call.owner === null && (await isOpen());
  if ((isTheirs(userId) || isNobodys) && isTheirs(caller.owner)) return call;
  throw refuse("SCHEDULED_CALL_NOT_FOUND", "Scheduled call not found.");
}
