import type { FastifyReply, FastifyRequest } from "fastify";

import { Refusal } from "../domain/refusal.ts";
import { covers } from "../domain/scope.ts";
import type { Engine } from "../engine/engine.ts";
import type { Clock } from "../ports/clock.ts";
import type { Access, Caller } from "../ports/door.ts";

import { allowOrigin, isAllowedOrigin, refuseForeignOrigin, refuseForeignPage } from "./cors.ts";

/** How long an answer to "are there any keys?" is believed: a key made by another process counts after this (ms). */
const BELIEVED_MS = 1000;
const SECRET = /^Bearer +(car_[\w.-]{1,250})$/i;

type Done = (error?: Error) => void;
/** Calls `done`, or returns a promise: most requests of an open server wait for nothing. */
type Hook = (request: FastifyRequest, reply: FastifyReply, done: Done) => Promise<void> | undefined;
/** Counts a request against its limit; throws `rate_limited`. */
type Limit = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** What a door adds to the rule for all. */
export type Guard = {
  /** Whoever sends no key is let in as well. */
  readonly isOpen: boolean;
  /** The door's own way of knowing callers, tried first; see `Door.identify`. */
  readonly identify: ((request: FastifyRequest) => Promise<Caller | null>) | null;
};

export type Gate = {
  /** The hook that lets a request through to the route of that URL, or throws. Null when the door verifies by itself. */
  readonly hookFor: (access: Access, url: string) => Hook | null;
  /** Open: on loopback and without any key. Asks the engine at most once a second. */
  readonly isOpen: () => Promise<boolean>;
  /** After keys may have changed through this process. */
  readonly forget: () => void;
  /** Who asks: by the door's own way, by the key; the open caller while open; null for no or a bad key. */
  readonly identify: (request: FastifyRequest) => Promise<Caller | null>;
};

/**
 * Who may knock. On loopback and without any key: everybody on this machine, but no foreign web page. Else: keys.
 * Every failure has one text and takes one path, so that nothing can be learned from it.
 */
export function createGate(options: {
  readonly engine: Pick<Engine, "authenticate" | "hasKeys" | "defaultActor">;
  readonly clock: Clock;
  /** The server can be reached from this machine only. */
  readonly loopback: boolean;
  readonly corsOrigins: readonly string[];
  readonly limit: Limit;
  readonly guardOf: (url: string) => Guard | null;
}): Gate {
  const { engine, clock, loopback, corsOrigins, limit, guardOf } = options;
  const openCaller: Caller = { actor: engine.defaultActor(), scopes: ["*"], keyId: null };
  let open = false;
  let believedUntil = -Infinity;

  const isOpen = async (): Promise<boolean> => {
    if (!loopback) return false;
    if (clock.mono() >= believedUntil) {
      open = !(await engine.hasKeys());
      believedUntil = clock.mono() + BELIEVED_MS;
    }
    return open;
  };

  const identify = async (request: FastifyRequest, guard = guardOf(request.url)): Promise<Caller | null> => {
    const own = (await guard?.identify?.(request)) ?? null;
    if (own !== null) return own;
    if (await isOpen()) return openCaller;
    const secret = SECRET.exec(request.headers.authorization ?? "")?.[1];
    const keyed = secret === undefined ? null : await engine.authenticate(secret);
    return keyed ?? (guard?.isOpen === true ? openCaller : null);
  };

  const letIn = async (
    access: Access,
    guard: Guard | null,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> => {
    if (access === "public") return;
    request.caller = await identify(request, guard);
    // Also before the refusal, so that keys cannot be guessed faster than they can be used.
    if (!open) await limit(request, reply);
    if (request.caller === null)
      throw new Refusal("unauthenticated", "The request carries no API key that is valid.");
    const foreign = request.caller === openCaller && !open ? refuseForeignOrigin(request, corsOrigins) : null;
    if (foreign !== null) throw foreign;
    if (access !== "own" && !covers(request.caller.scopes, access))
      throw new Refusal("forbidden", `The key lacks the scope ${access}.`, { extra: { scope: access } });
  };

  /** The part that waits for nothing. True: the caller is in, unless the door knows callers in a way of its own. */
  const meetsAtTheDoor = (request: FastifyRequest, reply: FastifyReply): boolean => {
    const { origin } = request.headers;
    if (open) {
      const refusal = refuseForeignPage(request);
      if (refusal !== null) throw refusal;
      request.caller = openCaller;
    }
    if (origin !== undefined && isAllowedOrigin(origin, open, corsOrigins)) allowOrigin(origin, reply);
    return open;
  };

  const decideLater: typeof letIn = async (access, guard, request, reply) => {
    await isOpen();
    const isIn = meetsAtTheDoor(request, reply);
    if (!isIn || guard?.identify) await letIn(access, guard, request, reply);
  };

  const hookFor = (access: Access, url: string): Hook | null => {
    if (access === "own") return null;
    const guard = guardOf(url);
    const asksFirst = typeof guard?.identify === "function";
    return (request, reply, done) => {
      if (asksFirst || !open || clock.mono() >= believedUntil)
        return decideLater(access, guard, request, reply);
      meetsAtTheDoor(request, reply);
      done();
      return undefined;
    };
  };

  return {
    hookFor,
    isOpen,
    identify: (request) => identify(request),
    forget: () => (believedUntil = -Infinity),
  };
}

/** True for the names and addresses under which only this machine can reach a server. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
