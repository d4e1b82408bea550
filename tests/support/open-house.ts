import type { LightMyRequestResponse } from "fastify";

import { carriersIn } from "../../src/carriers/index.ts";
import { scriptOf } from "../../src/carriers/sandbox/numbers.ts";
import { doors } from "../../src/doors/index.ts";
import type { DoorSettings } from "../../src/ports/door-settings.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import { type HttpServer, createServer, defaultServerConfig } from "../../src/server/server.ts";
import { defaultDoorSettings } from "../../src/settings-doors.ts";
import { loadZones } from "../../src/system/zones.ts";

import { type EngineOptions, type TestEngine, startEngine } from "./engine.ts";
import { SeededRandom } from "./seeded-random.ts";
import { type Logged, keptLog } from "./silent.ts";

export type OpenHouse = TestEngine & {
  readonly server: HttpServer;
  /** What the server and its doors have logged. */
  readonly said: readonly Logged[];
  /** A request without a socket, from this machine; `body` is sent as JSON unless it is text. */
  readonly ask: (
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<LightMyRequestResponse>;
};

/** The real server with every door before a real engine, on a clock that the test moves. Open, as on loopback without keys. */
export async function openHouse(
  options: EngineOptions & { readonly doorSettings?: DoorSettings } = {},
): Promise<OpenHouse> {
  const test = await startEngine(options);
  const { log, lines } = keptLog();
  const server = await createServer({
    engine: test.engine,
    clock: test.clock,
    random: new SeededRandom(1),
    log,
    zones: loadZones(),
    metrics: createMetrics(),
    version: "0.0.0-test",
    config: { ...defaultServerConfig, port: 0 },
    doors: [...(await Promise.all(doors.map((load) => load()))), ...test.engine.programDoors()],
    doorSettings: options.doorSettings ?? defaultDoorSettings,
    carrierKinds: carriersIn({}),
    publicUrl: () => "https://calls.example.com",
    sandboxScriptOf: scriptOf,
  });
  return {
    ...test,
    server,
    said: lines,
    ask: async (method, url, body, headers = {}) => {
      const answer = server.app.inject({
        method,
        url,
        headers: {
          host: "localhost:8090",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { payload: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      await test.drain();
      return answer;
    },
  };
}
