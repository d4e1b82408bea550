import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { isLoopback } from "../server/auth.ts";
import type { Context, Ending } from "./context.ts";
import { Failure, usage } from "./failure.ts";
import { type Job, type JobRun, type Worker, type WorkerStats, timetablePath } from "./job-shapes.ts";
import { type Monitored, monitorPage, troublePage } from "./monitor-page.ts";
import type { List } from "./shapes.ts";
import { untilStopped } from "./stopping.ts";

const historyMax = 50;
const answerWithinMs = 10_000;

/** `manage celery:flower`: a page about workers and jobs for a browser on this machine, read from the running server. */
export async function monitor(context: Context, options: { readonly port: string }): Promise<Ending> {
  const port = Number(options.port);
  if (!Number.isSafeInteger(port) || port < 0 || port > 65_535)
    throw usage(`--port is ${JSON.stringify(options.port)}.`, "Write a port from 1 to 65535.");
  const stopped = untilStopped(context);
  const server = createServer((request, response) => void answer(context, request, response));
  const url = `http://localhost:${await listen(server, port)}`;
  const { url: asked } = context.config();
  context.printLine({ type: "started", url, server: asked }, () => `Monitoring ${asked} on ${url}`);
  return stopped.obey({ stop: () => close(server) });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(cannotListen(port, error)));
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function cannotListen(port: number, error: NodeJS.ErrnoException): Failure {
  return new Failure(
    "conflict",
    {
      title: "The port cannot be used",
      code: "port_taken",
      detail: `Nothing can listen on port ${port} (${error.code ?? error.message}).`,
      hint: "Choose another one with --port.",
    },
    { cause: error },
  );
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, type: string, body: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, {
      "content-type": `${type}; charset=utf-8`,
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      "x-content-type-options": "nosniff",
      ...headers,
    });
    response.end(request.method === "HEAD" ? undefined : body);
  };
  const path = (request.url ?? "/").split("?", 1)[0];
  // A page of a stranger may have its own name point to this machine; it must not read what is shown here.
  if (!isLoopback((request.headers.host ?? "").replace(/:\d+$/, "")))
    return send(403, "text/plain", "Open this page as localhost.\n");
  if (request.method !== "GET" && request.method !== "HEAD")
    return send(405, "text/plain", "This page is only read.\n", { allow: "GET, HEAD" });
  const { url } = context.config();
  if (path === "/docs") return send(302, "text/plain", "", { location: `${url}/docs` });
  try {
    if (path === "/") return send(200, "text/html", await readPage(context));
    if (path !== "/health" && path !== "/metrics") return send(404, "text/plain", "There is no such page.\n");
    const passed = await passOn(context, path);
    return send(passed.status, passed.type, passed.body);
  } catch (error) {
    const detail = error instanceof Failure ? error.problem.detail : String(error);
    return send(503, "text/html", troublePage("The server cannot be asked", detail));
  }
}

async function readPage(context: Context): Promise<string> {
  const client = context.client();
  const [workers, active, history, jobs, stats] = await Promise.all([
    client.get<List<Worker>>("/v1/workers"),
    client.get<List<JobRun>>(`${timetablePath}/runs`, { status: "running" }),
    client.get<List<JobRun>>(`${timetablePath}/runs`, { limit: historyMax }),
    client.get<List<Job>>(timetablePath),
    client.get<WorkerStats>("/v1/workers/stats"),
  ]);
  const seen: Monitored = {
    url: client.url,
    workers: workers.data,
    active: active.data,
    history: history.data,
    jobs: jobs.data,
    stats,
  };
  return monitorPage(seen, context.terminal.now(), context.times().home);
}

async function passOn(
  context: Context,
  path: string,
): Promise<{ status: number; type: string; body: string }> {
  const { url, apiKey } = context.config();
  const got = await fetch(`${url}${path}`, {
    headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(answerWithinMs),
  });
  const [type = "text/plain"] = (got.headers.get("content-type") ?? "text/plain").split(";", 1);
  return { status: got.status, type, body: await got.text() };
}
