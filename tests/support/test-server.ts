import type { LightMyRequestResponse } from "fastify";

import { doors } from "../../src/doors/index.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { CarrierKind } from "../../src/ports/carrier.ts";
import type { DoorSettings } from "../../src/ports/door-settings.ts";
import type { Door } from "../../src/ports/door.ts";
import type { LogFields } from "../../src/ports/log.ts";
import { createMetrics } from "../../src/server/metrics.ts";
import {
  type HttpServer,
  type ServerConfig,
  createServer,
  defaultServerConfig,
} from "../../src/server/server.ts";
import { defaultDoorSettings } from "../../src/settings-doors.ts";
import { loadZones } from "../../src/system/zones.ts";

import { FakeClock } from "./fake-clock.ts";
import { FakeEngine } from "./fake-engine.ts";
import { SeededRandom } from "./seeded-random.ts";

export type TestServer = {
  readonly engine: FakeEngine;
  readonly clock: FakeClock;
  readonly server: HttpServer;
  readonly logged: { readonly level: string; readonly sentence: string; readonly fields: LogFields }[];
  /** A request without a socket; `body` is sent as JSON unless it is text. */
  readonly ask: (
    method: "GET" | "POST" | "PATCH" | "DELETE" | "OPTIONS" | "PUT",
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<LightMyRequestResponse>;
};

/** The real server with every door, before an engine in memory. */
export async function startTestServer(
  config: Partial<ServerConfig> = {},
  carrierKinds: Record<string, () => Promise<CarrierKind>> = {},
  doorSettings: DoorSettings = defaultDoorSettings,
  moreDoors: readonly Door<Engine>[] = [],
): Promise<TestServer> {
  const engine = new FakeEngine();
  const clock = new FakeClock();
  const logged: TestServer["logged"] = [];
  const note =
    (level: string) =>
    (sentence: string, fields: LogFields = {}) => {
      logged.push({ level, sentence, fields });
    };
  const server = await createServer({
    engine: engine as FakeEngine & Engine,
    clock,
    random: new SeededRandom(1),
    log: { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") },
    zones: loadZones(),
    metrics: createMetrics(),
    version: "0.0.0-test",
    config: { ...defaultServerConfig, port: 0, ...config },
    doors: [...(await Promise.all(doors.map((load) => load()))), ...moreDoors],
    doorSettings,
    carrierKinds,
    publicUrl: () => "https://calls.example.com",
    sandboxScriptOf: () => ["answered"],
  });
  return {
    engine,
    clock,
    server,
    logged,
    ask: (method, url, body, headers = {}) =>
      server.app.inject({
        method,
        url,
        headers: {
          host: "localhost:8090",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
  };
}
