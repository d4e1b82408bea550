import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { Refusal } from "../domain/refusal.ts";
import type { ZoneBook } from "../domain/zone.ts";
import type { Engine } from "../engine/engine.ts";
import type { Clock } from "../ports/clock.ts";
import type { Door, DoorPorts } from "../ports/door.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";

import { createApp } from "./app.ts";
import { type Gate, createGate, isLoopback } from "./auth.ts";
import { allowOrigin, isAllowedOrigin, isPreflight, sendPreflight } from "./cors.ts";
import { addHealth } from "./health.ts";
import { addHooks } from "./hooks.ts";
import { CannotListen, Listeners } from "./listeners.ts";
import type { Metrics } from "./metrics.ts";
import { addOpenApi } from "./openapi.ts";
import { type Paths, createPaths } from "./paths.ts";
import { problemOf, refusalOf, sendHeaders } from "./problems.ts";
import { createValidation } from "./validation.ts";

export type ServerConfig = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly extraPorts: readonly number[];
  readonly corsOrigins: readonly string[];
  /** Requests per key (or address, without one) and minute once keys are in force; 0 is without limit. */
  readonly rateLimit: number;
  /** Take the client's address from X-Forwarded-For; only behind a proxy that sets it. */
  readonly trustProxy: boolean;
  readonly streamsMax: number;
  /** Logs each request at debug. Costs something for each, so it is off unless debug is shown. */
  readonly logRequests: boolean;
};

export const defaultServerConfig: ServerConfig = {
  host: "127.0.0.1",
  port: 8090,
  extraPorts: [],
  corsOrigins: [],
  rateLimit: 6000,
  trustProxy: false,
  streamsMax: 100,
  logRequests: false,
};

export type ServerOptions = {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly zones: ZoneBook;
  readonly metrics: Metrics;
  readonly version: string;
  readonly config: ServerConfig;
  readonly doors: readonly Door<Engine>[];
  readonly carrierKinds: DoorPorts<Engine>["carrierKinds"];
  /** What the sandbox's network does at a number, as script words. */
  readonly sandboxScriptOf: (to: string) => readonly string[];
  /** Sentences shown in `/health`, such as doors that were opened by setting. */
  readonly warnings?: readonly string[];
};

export type HttpServer = {
  /** Checks that it may, then listens; throws `CannotListen`. Resolves to the main port. */
  listen(): Promise<number>;
  /** Takes no new request, ends live streams, finishes what runs, and cuts what still runs after `withinMs`. */
  close(withinMs?: number): Promise<void>;
  /** The main port once it listens. */
  port(): number | null;
  /** Every port that is served, the main one first. */
  ports(): readonly number[];
  /** The application, for requests without a socket in tests, once it is ready. */
  readonly app: FastifyInstance;
};

/** Builds the HTTP server with all its doors; nothing listens yet. */
export async function createServer(options: ServerOptions): Promise<HttpServer> {
  const { engine, clock, log, config, metrics } = options;
  const loopback = isLoopback(config.host);
  let closing = false;
  let port: number | null = null;

  const app = createApp(options);
  const limit = await createLimit(app, config);
  const gate = createGate({ engine, clock, loopback, corsOrigins: config.corsOrigins, limit });
  const paths = createPaths();
  const listeners = new Listeners((request, response) => app.routing(request, response), log);

  const isClosing = () => closing;
  addHooks(app, {
    gate,
    paths,
    clock,
    log,
    metrics,
    config,
    isClosing,
    onAnswer: () => listeners.closeIdle(),
  });
  await addOpenApi(app, options.version);
  const { version, warnings = [] } = options;
  addHealth(app, { engine, gate, metrics, version, loopback, warnings, isClosing });
  addDoors(app, gate, options, (request, reply) => refuseUnknownPath(paths, request, reply));
  app.setNotFoundHandler(async (request, reply) => {
    const { origin } = request.headers;
    const allowed = origin !== undefined && isAllowedOrigin(origin, await gate.isOpen(), config.corsOrigins);
    if (allowed) allowOrigin(origin, reply);
    if (allowed && isPreflight(request)) return sendPreflight(reply);
    throw refuseUnknownPath(paths, request, reply);
  });
  await app.ready();

  return {
    app,
    port: () => port,
    ports: () => listeners.ports(),
    listen: async () => {
      if (!loopback && !(await engine.hasKeys())) throw withoutKeys(config.host);
      port = await listeners.open(config.host, config.port, config.extraPorts);
      return port;
    },
    close: async (withinMs = 10_000) => {
      closing = true;
      const closed = listeners.close(clock, withinMs);
      await app.close();
      listeners.closeIdle();
      await closed;
    },
  };
}

function withoutKeys(host: string): CannotListen {
  return new CannotListen(
    "no_keys",
    `Refusing to listen on ${host} without an API key: anybody who reaches that address could place calls. Start on 127.0.0.1, create a key with "carillon keys create", then listen on ${host}.`,
  );
}

async function createLimit(app: FastifyInstance, config: ServerConfig) {
  if (config.rateLimit === 0) return () => Promise.resolve();
  await app.register(rateLimit, {
    global: false,
    max: config.rateLimit,
    timeWindow: 60_000,
    keyGenerator: (request) => request.caller?.keyId ?? request.ip,
  });
  const limit = app.rateLimit();
  return async (request: FastifyRequest, reply: FastifyReply) => limit.call(app, request, reply);
}

function addDoors(
  app: FastifyInstance,
  gate: Gate,
  options: ServerOptions,
  unknownPath: (request: FastifyRequest, reply: FastifyReply) => Refusal,
): void {
  const ports: DoorPorts<Engine> = {
    engine: options.engine,
    clock: options.clock,
    log: options.log,
    zones: options.zones,
    carrierKinds: options.carrierKinds,
    sandboxScriptOf: options.sandboxScriptOf,
    streamsMax: options.config.streamsMax,
    validator: createValidation().validator,
    problem: problemOf,
    stillAllowed: async (request) => (await gate.identify(request)) !== null,
  };
  for (const door of options.doors) {
    app.register(
      (scoped, _none, done) => {
        const { sendRefusal } = door;
        if (sendRefusal !== undefined) {
          scoped.setErrorHandler((error, request, reply) => {
            const refusal = refusalOf(error, request, options.log);
            return sendRefusal(refusal, request, sendHeaders(refusal, reply));
          });
          if (door.prefix !== "")
            scoped.setNotFoundHandler((request, reply) => {
              throw unknownPath(request, reply);
            });
        }
        door.register(scoped, ports);
        done();
      },
      { prefix: door.prefix },
    );
  }
}

function refuseUnknownPath(paths: Paths, request: FastifyRequest, reply: FastifyReply): Refusal {
  const path = request.url.split("?", 1)[0] ?? "/";
  const methods = paths.methodsOf(path);
  if (methods === "") return new Refusal("unknown_path", `There is nothing at ${path.slice(0, 200)}.`);
  reply.header("allow", methods);
  return new Refusal("method_not_allowed", `The path takes ${methods}, not ${request.method}.`);
}
