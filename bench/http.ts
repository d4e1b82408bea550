import { type Child, startChild } from "./child.ts";
import type { Figures } from "./figures.ts";
import type { Place } from "./harness.ts";
import type { LoadHandlers, LoadResult } from "./http-load.ts";
import type { ServerHandlers } from "./http-server.ts";

const connections = 64;
const minuteMs = 60_000;
const warmMs = 1000;

/** Creates over HTTP against a real server, alone and beside a full drain: server and callers are processes of their own. */
export async function measureHttp(place: Place, waiting: number, scale: number): Promise<Figures> {
  const open = await place.open();
  const server = startChild<ServerHandlers>("http-server.ts");
  const callers = startChild<LoadHandlers>("http-load.ts");
  try {
    const { url } = await server.ask("start", { location: open.location, waiting }, 10 * minuteMs);
    const dueAt = Date.now() + 24 * 60 * minuteMs;
    const run = (countMax: number, idempotent: boolean): Promise<LoadResult> =>
      callers.ask("run", { url, connections, countMax, msMax: minuteMs, idempotent, dueAt }, 2 * minuteMs);
    await run(Math.round(20_000 * Math.max(scale, 0.3)), false);
    const count = Math.round(100_000 * scale);
    const plain = await counted(server, count, 0, () => run(count, false));
    const keyed = await counted(server, count, 0, () => run(count, true));
    const beside = await besideDrain(server, callers, Math.round(200_000 * scale), () =>
      run(1_000_000, false),
    );
    const serverMb = await server.ask("memory", undefined, minuteMs);
    await server.ask("stop", undefined, minuteMs);
    return {
      httpCreate: plain.perSecond,
      httpP50: plain.p50,
      httpP99: plain.p99,
      httpKeyed: keyed.perSecond,
      ...beside,
      serverMb,
    };
  } finally {
    await callers.stop();
    await server.stop();
    await open.remove();
  }
}

/** Fills a backlog while dialing is stopped, starts the callers, lets the backlog go, and stops them when it is gone. */
async function besideDrain(
  server: Child<ServerHandlers>,
  callers: Child<LoadHandlers>,
  backlog: number,
  run: () => Promise<LoadResult>,
): Promise<Figures> {
  const before = await server.ask("counts", undefined, minuteMs);
  await server.ask("fill", { count: backlog }, 5 * minuteMs);
  const running = run();
  // Whatever goes wrong first is thrown below; the other one must not count as unhandled meanwhile.
  running.catch(() => {});
  await new Promise((resolve) => void setTimeout(resolve, warmMs));
  await callers.ask("mark", undefined, minuteMs);
  const ms = await server.ask("drain", undefined, 3 * minuteMs);
  await callers.ask("stop", undefined, minuteMs);
  const result = await running;
  if (result.perSecond === 0) throw new Error("No call was created beside the drain");
  check(before, await server.ask("counts", undefined, minuteMs), backlog + result.created, backlog);
  return {
    besideP50: result.p50,
    besideP99: result.p99,
    besideCreate: result.perSecond,
    besideDrain: (backlog / ms) * 1000,
  };
}

async function counted(
  server: Child<ServerHandlers>,
  created: number,
  completed: number,
  phase: () => Promise<LoadResult>,
): Promise<LoadResult> {
  const before = await server.ask("counts", undefined, minuteMs);
  const result = await phase();
  if (result.created !== created)
    throw new Error(`${result.created} of ${created} creates were answered in time`);
  check(before, await server.ask("counts", undefined, minuteMs), created, completed);
  return result;
}

type Counts = { readonly all: number; readonly completed: number; readonly underWay: number };

/** By the engine's own counts every call that was answered for is there, and every one that was due has been made. */
function check(before: Counts, after: Counts, created: number, completed: number): void {
  const found = { created: after.all - before.all, completed: after.completed - before.completed };
  if (found.created !== created || found.completed !== completed || after.underWay > 0) {
    throw new Error(
      `Expected ${JSON.stringify({ created, completed })}, found ${JSON.stringify(found)}, ${after.underWay} under way`,
    );
  }
}
