import type { FastifyReply, FastifyRequest } from "fastify";

import type { Refusal } from "../domain/refusal.ts";
import type { Engine } from "../engine/engine.ts";
import type { Clock } from "../ports/clock.ts";
import type { Door } from "../ports/door.ts";

import { sendHeaders, sendProblem } from "./problems.ts";

/** Which door a path belongs to. */
export type DoorMap = {
  /** A route's URL, or a request's with its query. */
  readonly at: (url: string) => Door<Engine> | undefined;
  /** Sends a refusal as the door of the request's path words it, else as a problem document. */
  readonly refuse: (refusal: Refusal, request: FastifyRequest, reply: FastifyReply) => FastifyReply;
};

/** The door with the longest root wins, so that a door may stand below another's. */
export function mapDoors(doors: readonly Door<Engine>[], clock: Clock): DoorMap {
  const roots = doors
    .flatMap((door) => rootsOf(door).map((root) => ({ root, door })))
    .toSorted((a, b) => b.root.length - a.root.length);
  const at = (url: string): Door<Engine> | undefined => {
    const path = url.split("?", 1)[0] ?? "/";
    return roots.find(({ root }) => path === root || path.startsWith(`${root}/`))?.door;
  };
  return {
    at,
    refuse: (refusal, request, reply) => {
      const send = at(request.url)?.sendRefusal;
      return send === undefined
        ? sendProblem(refusal, request, reply)
        : send(refusal, request, sendHeaders(refusal, reply), clock.now());
    },
  };
}

function rootsOf({ prefix, roots }: Door<Engine>): readonly string[] {
  return roots ?? (prefix === "" ? [] : [prefix]);
}
