import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { isIPv6, type Socket } from "node:net";

import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";

/** The server cannot listen; the message says why and what to do. */
export class CannotListen extends Error {
  readonly reason: "no_keys" | "port_taken" | "not_allowed" | "address";

  constructor(reason: CannotListen["reason"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CannotListen";
    this.reason = reason;
  }
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** Slow clients give up their sockets: a head within 10 s, a whole request within 60 s, 65 s of idleness. */
const sockets = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 65_000 };
const CONNECTIONS_MAX = 10_000;

/** The sockets that lead to one handler: the main port, and extra ones for clients that expect another. */
export class Listeners {
  readonly #servers: Server[] = [];
  readonly #handle: Handle;
  readonly #log: Log;

  constructor(handle: Handle, log: Log) {
    this.#handle = handle;
    this.#log = log;
  }

  /** Listens on the main port or throws `CannotListen`; an extra port that cannot be had is a warning. Returns the main port. */
  async open(host: string, port: number, extraPorts: readonly number[]): Promise<number> {
    const main = await this.#listen(host, port);
    for (const extra of extraPorts) {
      try {
        await this.#listen(host, extra);
      } catch (error) {
        this.#log.warn("an extra port is not served, because it cannot be had", {
          port: extra,
          error: error instanceof Error ? error.message : String(error),
        });
      }
    }
    return main;
  }

  /** Every port that is served, the main one first. */
  ports(): number[] {
    const all = this.#servers.map((server) => server.address());
    return [
      ...new Set(
        all.flatMap((address) => (address !== null && typeof address === "object" ? [address.port] : [])),
      ),
    ];
  }

  /** Takes no new connection, lets requests that run end, and after `withinMs` cuts what is left. */
  async close(clock: Clock, withinMs: number): Promise<void> {
    const closed = Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    const timer = clock.at(clock.now() + withinMs, () => {
      for (const server of this.#servers) server.closeAllConnections();
    });
    await closed;
    timer.cancel();
  }

  /** Connections without a request under way are closed; called again after each answer while closing. */
  closeIdle(): void {
    for (const server of this.#servers) server.closeIdleConnections();
  }

  /** `localhost` is both families: clients differ in which one they try. */
  async #listen(host: string, port: number): Promise<number> {
    if (host !== "localhost") return await this.#bind(host.replace(/^\[(.*)\]$/, "$1"), port);
    const bound = await this.#bind("127.0.0.1", port);
    try {
      await this.#bind("::1", bound);
    } catch {
      // Not every machine has IPv6, and 127.0.0.1 is what most clients find.
    }
    return bound;
  }

  async #bind(host: string, port: number): Promise<number> {
    const server = createServer(sockets, this.#handle);
    server.maxConnections = CONNECTIONS_MAX;
    server.on("clientError", answerUnreadable);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host, port }, () => resolve());
      });
    } catch (error) {
      throw cannotListen(host, port, error);
    }
    this.#servers.push(server);
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }
}

function cannotListen(host: string, port: number, error: unknown): CannotListen {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const place = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  if (code === "EADDRINUSE")
    return new CannotListen(
      "port_taken",
      `${place} is taken by another program: stop it, or choose another port with PORT.`,
      error,
    );
  if (code === "EACCES")
    return new CannotListen(
      "not_allowed",
      `${place} may not be used by this user: choose a port above 1023 with PORT.`,
      error,
    );
  return new CannotListen("address", `${place} cannot be listened on (${String(code)}): check HOST.`, error);
}

/** What is no HTTP never reaches a route, but gets an answer. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (socket.destroyed || !socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
