// A real server for the HTTP bench, in a process of its own. What the bench asks of its engine beside HTTP comes over the
// channel to the parent.
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { readConfig } from "../src/config.ts";
import { type Carillon, startCarillon } from "../src/server/start.ts";
import type { StoreLocation } from "../src/store/open.ts";
import { load } from "./calls.ts";
import { answerParent } from "./child.ts";
import { benchSecret, prepare } from "./harness.ts";

export type ServerHandlers = typeof handlers;

const dayMs = 86_400_000;
const eightHoursMs = 28_800_000;
const drainedWithinMs = 120_000;

let running: Carillon | null = null;

const handlers = answerParent({
  start: async (input: { readonly location: StoreLocation; readonly waiting: number }) => {
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
    await prepare(engine, actor);
    const tomorrow = engine.now() + dayMs;
    await load(engine, actor, input.waiting, () => tomorrow + Math.floor(Math.random() * eightHoursMs));
    // A name would be looked up for each connection; the server listens on the address.
    return { url: (urls[0] ?? "").replace("localhost", "127.0.0.1") };
  },
  /** Stops dialing and makes a backlog that is due. */
  fill: async ({ count }: { readonly count: number }) => {
    const { engine } = server();
    const actor = engine.defaultActor();
    await engine.stopDialing(actor, "the bench fills a backlog");
    // A past instant is refused; half a second later all of it has fallen due.
    await load(engine, actor, count, () => engine.now() + 500);
  },
  /** Lets the backlog go, and tells how long it took (ms) until nothing was due or under way. */
  drain: async () => {
    const { engine } = server();
    const started = performance.now();
    await engine.resumeDialing(engine.defaultActor());
    for (;;) {
      await wait(100);
      const { oldestDueAt, inFlight } = await engine.health();
      const ms = performance.now() - started;
      if ((oldestDueAt === null || oldestDueAt > engine.now()) && inFlight === 0) return ms;
      if (ms > drainedWithinMs)
        throw new Error(`The backlog was not drained within ${drainedWithinMs / 1000} s`);
    }
  },
  counts: async () => {
    const { engine } = server();
    const { calls, dueNow, inFlight } = await engine.stats(engine.defaultActor());
    const all = Object.values(calls).reduce((sum, count) => sum + count, 0);
    return { all, completed: calls.completed, underWay: dueNow + inFlight };
  },
  /** The most memory that this process ever held, in MB. */
  memory: () => process.resourceUsage().maxRSS / 1024,
  stop: async () => {
    await running?.stop();
    running = null;
  },
});

function server(): Carillon {
  if (running === null) throw new Error("The server was not started");
  return running;
}
