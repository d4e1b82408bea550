import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { WorkspaceId } from "../domain/ids.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { Scope } from "../domain/scope.ts";
import type { ZoneBook } from "../domain/zone.ts";

import type { CarrierKind } from "./carrier.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/**
 * Who may use a route; one that declares nothing fails at the start. A scope: a key that has it, or anybody while the
 * server is open on loopback. `public`: anybody, but no page of a foreign origin. `own`: the door itself verifies who
 * knocks (signed callbacks), so neither key nor Host nor Origin are looked at.
 */
export type Access = Scope | "public" | "own";

/** On whose behalf a request runs. */
export type Caller = {
  readonly actor: { readonly workspaceId: WorkspaceId; readonly name: string };
  readonly scopes: readonly string[];
  /** Null while the server is open. */
  readonly keyId: string | null;
};

/** What a door may use. `Verbs` is the engine's interface, which ports do not know. */
export type DoorPorts<Verbs> = {
  readonly engine: Verbs;
  readonly clock: Clock;
  readonly log: Log;
  readonly zones: ZoneBook;
  /** By name, for reading callbacks; each is loaded when first asked for. */
  readonly carrierKinds: Readonly<Record<string, () => Promise<CarrierKind>>>;
  /** What the sandbox's network does at a number, as script words. */
  readonly sandboxScriptOf: (to: string) => readonly string[];
  /** Live streams that may be open at once. */
  readonly streamsMax: number;
  /** Compiles a check of a value against a JSON schema, as strict as for bodies; null means valid. */
  readonly validator: (schema: object) => (value: unknown) => Refusal | null;
  /** A refusal as an RFC 9457 problem document. */
  readonly problem: (refusal: Refusal, requestId: string) => object;
  /** Asks again whether the caller of a long-lived answer may still have it. */
  readonly stillAllowed: (request: FastifyRequest) => Promise<boolean>;
};

/** An API surface: a folder under `doors/` and a line in `doors/index.ts`. */
export interface Door<Verbs> {
  readonly name: string;
  /** Every path of the door lies below it; "" for a door whose paths have nothing in common. */
  readonly prefix: string;
  /** Adds the routes to an encapsulated instance that already has the prefix. */
  register(app: FastifyInstance, ports: DoorPorts<Verbs>): void;
  /** How the door words errors, also for unknown paths below its prefix; absent: problem documents. */
  readonly sendRefusal?: (refusal: Refusal, request: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
    /**
     * Who remembers the answer to an `Idempotency-Key`. `store`: the verb gets `request.idempotency` and is durable.
     * `memory` (POSTs that declare nothing): this process does, for a day. `none`: the header is not looked at.
     */
    idempotency?: "store" | "memory" | "none";
    /** The codes that the route may refuse with, beside those of every route; for the API's description. */
    refusals?: readonly string[];
  }
  interface FastifyRequest {
    caller: Caller | null;
    idempotency: { readonly key: string; readonly fingerprint: string } | null;
  }
}
