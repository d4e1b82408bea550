import type { FastifyInstance } from "fastify";

import { formatUtc } from "../domain/zone.ts";
import type { DowntimeReport, Engine, Health } from "../engine/engine.ts";

import type { Gate } from "./auth.ts";
import type { Metrics } from "./metrics.ts";

export type HealthOptions = {
  readonly engine: Pick<Engine, "health" | "now">;
  readonly gate: Gate;
  readonly metrics: Metrics;
  readonly version: string;
  /** The server can be reached from this machine only: then nothing is hidden. */
  readonly loopback: boolean;
  /** Sentences about this server's own configuration, shown with the engine's. */
  readonly warnings: readonly string[];
  /** Sentences about doors that are open to everybody: everybody may read them. */
  readonly doorWarnings: readonly string[];
  readonly isClosing: () => boolean;
};

/**
 * The probes: `/livez` (the process answers), `/readyz` (it can take work), `/health` (what an operator wants to know)
 * and `/metrics`. The first three need no key; off loopback they tell a caller without a key no more than the status.
 */
export function addHealth(app: FastifyInstance, options: HealthOptions): void {
  const { engine, gate, metrics, version, loopback, warnings, doorWarnings, isClosing } = options;
  const health = shared(() => engine.health());
  const showsDetails = async (request: Parameters<Gate["identify"]>[0]): Promise<boolean> =>
    loopback || (await gate.identify(request)) !== null;
  const schema = { hide: true };

  app.get("/livez", { schema, config: { access: "public" } }, () => ({ status: "ok" }));

  app.get("/readyz", { schema, config: { access: "public" } }, async (request, reply) => {
    const found = await health();
    const ready = found.store.ok && !isClosing();
    reply.code(ready ? 200 : 503);
    const status = ready ? "ok" : "not_ready";
    const verbose = "verbose" in (request.query as object) && (await showsDetails(request));
    if (!verbose) return { status };
    return { status, checks: { store: found.store, closing: isClosing(), problems: found.problems } };
  });

  app.get("/health", { schema, config: { access: "public" } }, async (request, reply) => {
    const found = await health();
    reply.code(found.store.ok ? 200 : 503);
    const problems = [...found.problems, ...warnings, ...doorWarnings];
    const status = found.store.ok && found.problems.length === 0 ? "healthy" : "degraded";
    if (!(await showsDetails(request))) {
      return { status, version, ...(doorWarnings.length === 0 ? {} : { problems: doorWarnings }) };
    }
    return { status, version, ...detailsOf(found, engine.now()), problems };
  });

  app.get("/metrics", { schema, config: { access: "metrics:read" } }, async (_request, reply) => {
    const { oldestDueAt } = await health();
    const age = oldestDueAt === null ? 0 : Math.max(0, engine.now() - oldestDueAt);
    return reply.type(metrics.contentType).send(await metrics.print(age));
  });
}

function detailsOf(health: Health, now: number): object {
  return {
    store: health.store,
    tzdb: health.tzdb,
    clock: { now: formatUtc(now), offset_ms: health.clockOffsetMs },
    dialing: health.dialing,
    oldest_due_at: health.oldestDueAt === null ? null : formatUtc(health.oldestDueAt),
    in_flight: health.inFlight,
    downtime: health.downtime === null ? null : renderDowntime(health.downtime),
  };
}

function renderDowntime(report: DowntimeReport): object {
  return {
    from: formatUtc(report.from),
    to: formatUtc(report.to),
    missed: report.missed,
    dialed_late: report.dialedLate,
    expired: report.expired,
    waiting: report.waiting,
    unconfirmed: report.unconfirmed,
  };
}

/** However many ask at once, the question is put once. */
function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let asking: Promise<T> | null = null;
  return () =>
    (asking ??= ask().finally(() => {
      asking = null;
    }));
}
