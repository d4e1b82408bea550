import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { Refusal } from "../domain/refusal.ts";
import type { ZoneBook } from "../domain/zone.ts";
import type { Engine } from "../engine/engine.ts";
import type { Clock } from "../ports/clock.ts";
import type { DoorSettings, DoorSwitch } from "../ports/door-settings.ts";
import type { Door, DoorPorts } from "../ports/door.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";

import { createApp } from "./app.ts";
import { type Gate, type Guard, createGate, isLoopback } from "./auth.ts";
import { type DoorMap, mapDoors } from "./door-map.ts";
import { allowOrigin, isAllowedOrigin, isPreflight, sendPreflight } from "./cors.ts";
import { addHealth } from "./health.ts";
import { addHooks } from "./hooks.ts";
import { CannotListen, Listeners } from "./listeners.ts";
import type { Metrics } from "./metrics.ts";
import { addOpenApi } from "./openapi.ts";
import { type Paths, createPaths } from "./paths.ts";
import { problemOf } from "./problems.ts";
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
  /** Those that `doorSettings` switches off are left out. */
  readonly doors: readonly Door<Engine>[];
  readonly doorSettings: DoorSettings;
  readonly carrierKinds: DoorPorts<Engine>["carrierKinds"];
  readonly publicUrl: DoorPorts<Engine>["publicUrl"];
  /** What the sandbox's network does at a number, as script words. */
  readonly sandboxScriptOf: (to: string) => readonly string[];
  /** Sentences shown in `/health`, beside one for each door that was opened by setting. */
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
  const { engine, clock, log, config, metrics, doorSettings } = options;
  const loopback = isLoopback(config.host);
  let closing = false;
  let port: number | null = null;

  const doors = options.doors.filter(({ name }) => switchOf(doorSettings, name)?.isOn !== false);
  const map = mapDoors(doors, clock);
  const app = createApp({ ...options, refuse: map.refuse });
  const limit = await createLimit(app, config);
  const gate: Gate = createGate({
    engine,
    clock,
    loopback,
    corsOrigins: config.corsOrigins,
    limit,
    guardOf: (url) => guardOf(map.at(url), doorSettings, ports),
  });
  const ports = portsOf(options, gate);
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
  await addOpenApi(app, { version: options.version, doors, doorAt: map.at });
  const { version, warnings = [] } = options;
  const open = openDoors(doors, doorSettings);
  for (const sentence of open) log.warn(sentence);
  addHealth(app, { engine, gate, metrics, version, loopback, warnings, doorWarnings: open, isClosing });
  addDoors(app, doors, map, ports);
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

function portsOf(options: ServerOptions, gate: Gate): DoorPorts<Engine> {
  return {
    engine: options.engine,
    clock: options.clock,
    log: options.log,
    zones: options.zones,
    settings: options.doorSettings,
    isOpen: gate.isOpen,
    carrierKinds: options.carrierKinds,
    publicUrl: options.publicUrl,
    sandboxScriptOf: options.sandboxScriptOf,
    streamsMax: options.config.streamsMax,
    validator: createValidation().validator,
    problem: problemOf,
    stillAllowed: async (request) => (await gate.identify(request)) !== null,
  };
}

function addDoors(
  app: FastifyInstance,
  doors: readonly Door<Engine>[],
  map: DoorMap,
  ports: DoorPorts<Engine>,
): void {
  for (const door of doors) {
    app.register(
      async (scoped) => {
        scoped.addHook("onRoute", ({ url }) => {
          if (door.sendRefusal !== undefined && map.at(url) !== door)
            throw new Error(`${url} of the door ${door.name} lies below none of its roots`);
        });
        door.register(scoped, ports);
      },
      { prefix: door.prefix },
    );
  }
}

function switchOf(settings: DoorSettings, name: string): DoorSwitch | undefined {
  const switches: Readonly<Record<string, DoorSwitch>> = settings;
  return Object.hasOwn(switches, name) ? switches[name] : undefined;
}

function guardOf(
  door: Door<Engine> | undefined,
  settings: DoorSettings,
  ports: DoorPorts<Engine>,
): Guard | null {
  if (door === undefined) return null;
  const { identify } = door;
  return {
    isOpen: switchOf(settings, door.name)?.isOpen === true,
    identify: identify === undefined ? null : (request) => identify.call(door, request, ports),
  };
}

/** One sentence for each name: a system may have two doors. */
function openDoors(doors: readonly Door<Engine>[], settings: DoorSettings): string[] {
  const open = doors.map(({ name }) => name).filter((name) => switchOf(settings, name)?.isOpen === true);
  return [...new Set(open)].map(
    (name) =>
      `The door ${name} is open to whoever reaches this address (DOOR_${name.toUpperCase()}_AUTH=none).`,
  );
}

function refuseUnknownPath(paths: Paths, request: FastifyRequest, reply: FastifyReply): Refusal {
  const path = request.url.split("?", 1)[0] ?? "/";
  const methods = paths.methodsOf(path);
  if (methods === "") return new Refusal("unknown_path", `There is nothing at ${path.slice(0, 200)}.`);
  reply.header("allow", methods);
  return new Refusal("method_not_allowed", `The path takes ${methods}, not ${request.method}.`);
}
