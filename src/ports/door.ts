import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { WorkspaceId } from "../domain/ids.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { Scope } from "../domain/scope.ts";
import type { ZoneBook } from "../domain/zone.ts";

import type { CarrierKind } from "./carrier.ts";
import type { Clock } from "./clock.ts";
import type { DoorSettings } from "./door-settings.ts";
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
  /** Whose calls the caller may see and change, in the callers' own ids; absent: everybody's. */
  readonly owner?: string;
  /** The agent whose calls alone the caller may see and change; absent: any. */
  readonly agent?: string;
};

/** What a door may use. `Verbs` is the engine's interface, which ports do not know. */
export type DoorPorts<Verbs> = {
  readonly engine: Verbs;
  readonly clock: Clock;
  readonly log: Log;
  readonly zones: ZoneBook;
  /** Where this server is reached from outside, without a slash at the end; null when it is not known. */
  readonly publicUrl: () => string | null;
  readonly settings: DoorSettings;
  /** True while the server is open: on loopback, and without any API key. */
  readonly isOpen: () => Promise<boolean>;
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
  /** The doors of `DoorSettings` are switched by this name. */
  readonly name: string;
  /** Every path of the door lies below it; "" for a door whose paths have nothing in common. */
  readonly prefix: string;
  /**
   * For a door that has the prefix "" and words errors itself: the paths at and below which all is the door's, unknown
   * paths too. A door with a prefix needs none.
   */
  readonly roots?: readonly string[];
  /** The door's section in the API's description; its routes need not name it. */
  readonly tag?: { readonly name: string; readonly description: string };
  /** Adds the routes to an encapsulated instance that already has the prefix. */
  register(app: FastifyInstance, ports: DoorPorts<Verbs>): void;
  /**
   * How the door words errors, also for unknown paths below its roots; absent: problem documents. Status and headers are
   * set as everywhere, and may be set anew. `now` is the time of the refusal (UTC ms).
   */
  readonly sendRefusal?: (
    refusal: Refusal,
    request: FastifyRequest,
    reply: FastifyReply,
    now: number,
  ) => FastifyReply;
  /** The JSON schema of what `sendRefusal` sends, for the API's description. */
  readonly refusalSchema?: object;
  /**
   * The door's own way of knowing callers, tried before API keys and while the server is open. Null: the request says
   * nothing in that way. Throws a refusal when it does, and what it says is not genuine.
   */
  identify?(request: FastifyRequest, ports: DoorPorts<Verbs>): Promise<Caller | null>;
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
