// A real server for the bench of callbacks, in a process of its own, with lines whose carriers are played by the bench.
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { readConfig } from "../src/config.ts";
import type { CallRequest } from "../src/engine/engine.ts";
import { type Carillon, startCarillon } from "../src/server/start.ts";
import type { StoreLocation } from "../src/store/open.ts";
import { answerParent } from "./child.ts";
import { benchSecret } from "./harness.ts";

export type CallbackServerHandlers = typeof handlers;

const perBulk = 1000;
const placedWithinMs = 180_000;

let running: Carillon | null = null;

const handlers = answerParent({
  start: async (input: {
    readonly location: StoreLocation;
    readonly carrier: string;
    readonly settings: Readonly<Record<string, unknown>>;
  }) => {
    const { location } = input;
    running = await startCarillon(
      readConfig({
        PORT: "0",
        LOG_LEVEL: "error",
        CARILLON_SECRET: benchSecret,
        ...(location.kind === "sqlite" ? { DATABASE_PATH: location.path } : { DATABASE_URL: location.url }),
      }),
    );
    const { engine, urls } = running;
    const actor = engine.defaultActor();
    await engine.createLine(actor, {
      name: "bench",
      carrier: input.carrier,
      settings: input.settings,
      caller_id: "+12125550199",
      slots_max: 100_000,
      calls_per_second: 0,
      daily_max: 0,
      ring_timeout_seconds: 600,
      max_duration_seconds: 3600,
      hours: "always",
    });
    await engine.updateLive(actor, { block_hour_max: 0 });
    await engine.openLive(actor, "default");
    return { url: (urls[0] ?? "").replace("localhost", "127.0.0.1") };
  },
  /** Places calls, and resolves once the carrier has taken every one. */
  place: async ({ count }: { readonly count: number }) => {
    const { engine } = server();
    const actor = engine.defaultActor();
    for (let first = 0; first < count; first += perBulk) {
      const requests: CallRequest[] = Array.from(
        { length: Math.min(perBulk, count - first) },
        (_none, index) => ({ to: `+1212${2_000_000 + first + index}`, line: "bench", expires_after: "12h" }),
      );
      const { items } = await engine.scheduleMany(actor, requests);
      const refused = items.find((item) => !item.ok);
      if (refused?.ok === false) throw new Error(`A call was refused: ${refused.refusal.message}`);
    }
    const started = performance.now();
    for (;;) {
      const { calls, dueNow } = await engine.stats(actor);
      if (calls.dialing === count && dueNow === 0) return;
      if (performance.now() - started > placedWithinMs)
        throw new Error(`Only ${calls.dialing} of ${count} calls were placed: ${await waitingWords()}`);
      await wait(200);
    }
  },
  completed: async () => {
    const { engine } = server();
    await engine.idle();
    return (await engine.stats(engine.defaultActor())).calls.completed;
  },
  stop: async () => {
    await running?.stop();
    running = null;
  },
  /** Processor time that this process has used (ms). */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  memory: () => process.resourceUsage().maxRSS / 1024,
});

/** What the calls that were not placed wait for. */
async function waitingWords(): Promise<string> {
  const { engine } = server();
  const { data } = await engine.listCalls(
    engine.defaultActor(),
    { status: ["scheduled", "queued"] },
    { limit: 3 },
  );
  return JSON.stringify(
    data.map(({ status, reason, dueAt }) => ({ status, reason, in: dueAt - engine.now() })),
  );
}

function server(): Carillon {
  if (running === null) throw new Error("The server was not started");
  return running;
}
