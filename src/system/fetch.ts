import { lookup as systemLookup } from "node:dns";
import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { buildConnector, Client } from "undici";
import type { Dispatcher } from "undici";
import type { OutsideAnswer, OutsideFetch, OutsideRequest } from "../ports/carrier.ts";
import type { OutsideUrlCheck } from "../ports/channel.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import { isAddressAllowed } from "./address.ts";

export type FetchParts = {
  readonly clock: Pick<Clock, "now">;
  /** Every address of a host name, as `dns.lookup` with `all` gives them. Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** Runs `wake` in `ms`. Default: a real timer, which the wall clock's jumps do not touch. */
  readonly arm?: (ms: number, wake: () => void) => Timer;
  /** Ports of the public Internet that may be reached. Default: 443 and 8443. */
  readonly ports?: readonly number[];
  /** The addresses of this machine, public ones too. Default: those of its network interfaces. */
  readonly ownAddresses?: () => readonly string[];
};
export type Resolve = (
  host: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** The most of a body that is read; the rest is thrown away with the connection. */
export const ANSWER_BYTES_MAX = 64 * 1024;
export const PUBLIC_PORTS: readonly number[] = [443, 8443];

/**
 * Makes the one way to the outside. Each request has a connection of its own (a reused one may be reset without anybody
 * knowing what arrived), is sent once, follows no redirect, and is bounded in time and size. `not_sent` is certain: not a
 * byte of the request was written; whatever goes wrong later is `unknown`. A body over 64 KiB is cut off there.
 *
 * Only what `readUrl` lets pass, and only addresses that `isAddressAllowed` allows and that are not this machine's own,
 * checked for every address of the name, at each request, and once more on the connected socket. It never
 * rejects.
 */
export function openFetch(parts: FetchParts): OutsideFetch {
  const resolve = parts.resolve ?? resolveBySystem;
  const arm = parts.arm ?? armRealTimer;
  const guard = guardOf(parts);
  return async (request) => {
    const url = readUrl(request.url, request.allowPrivate, guard);
    if (typeof url === "string") return { kind: "not_sent", detail: url };
    return exchange(request, url, parts.clock, resolve, arm, guard);
  };
}

/** Why a URL must not be requested, as far as that can be told without looking its name up; null when it may. */
export function openUrlCheck(parts: Pick<FetchParts, "ports" | "ownAddresses"> = {}): OutsideUrlCheck {
  const guard = guardOf(parts);
  return (text, allowPrivate) => {
    const url = readUrl(text, allowPrivate, guard);
    return typeof url === "string" ? url : null;
  };
}

type Guard = {
  readonly ports: ReadonlySet<number>;
  /** May a request connect to this address? */
  readonly allows: (address: string, allowPrivate: boolean) => boolean;
};

function guardOf(parts: Pick<FetchParts, "ports" | "ownAddresses">): Guard {
  const ownAddresses = parts.ownAddresses ?? addressesOfInterfaces;
  return {
    ports: new Set(parts.ports ?? PUBLIC_PORTS),
    allows: (address, allowPrivate) =>
      isAddressAllowed(address, allowPrivate) && (allowPrivate || !ownAddresses().includes(address)),
  };
}

/** The parsed URL, or why it must not be requested: every later step looks at the parsed one alone. */
function readUrl(text: string, allowPrivate: boolean, guard: Guard): URL | string {
  const url = URL.parse(text);
  if (url === null) return "The URL cannot be read.";
  if (url.protocol !== "https:" && url.protocol !== "http:") return "The URL must start with https://.";
  if (url.protocol === "http:" && !allowPrivate) {
    return "The URL must start with https://; http is only for private addresses that are allowed by allow_private.";
  }
  if (url.username !== "" || url.password !== "") return "The URL must not hold a user name or password.";
  if (url.hash !== "") return "The URL must not have a fragment.";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // A literal address is never looked up, so it is judged here; and so are the names of this machine.
  if (isIP(host) !== 0 && !guard.allows(host, allowPrivate)) return forbidden(host);
  if (!allowPrivate && /^(?:.*\.)?localhost\.?$/.test(host)) return forbidden(host);
  const port = url.port === "" ? 443 : Number(url.port);
  if (!allowPrivate && !guard.ports.has(port)) {
    return `The URL's port must be one of ${[...guard.ports].join(", ")} (OUTSIDE_PORTS).`;
  }
  return url;
}

function exchange(
  request: OutsideRequest,
  url: URL,
  clock: Pick<Clock, "now">,
  resolve: Resolve,
  arm: NonNullable<FetchParts["arm"]>,
  guard: Guard,
): Promise<OutsideAnswer> {
  return new Promise((settle) => {
    const client = new Client(url.origin, {
      connect: guardedConnector(request, resolve, guard),
      // No keep-alive; the exchange has its own time-out, which covers these.
      pipelining: 0,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    let isSent = false;
    let isOver = false;
    const finish = (answer: OutsideAnswer): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      settle(answer);
      // Errors of a connection that nobody waits for any more mean nothing.
      client.destroy().catch(() => undefined);
    };
    const fail = (detail: string): void => finish({ kind: isSent ? "unknown" : "not_sent", detail });
    const timer = arm(request.timeoutMs, () => fail(`No answer within ${request.timeoutMs} ms.`));

    let status = 0;
    let headers: Readonly<Record<string, string>> = {};
    const chunks: Buffer[] = [];
    let length = 0;
    const answered = (): void => {
      const body = Buffer.concat(chunks).subarray(0, ANSWER_BYTES_MAX).toString("utf8");
      finish({ kind: "answer", status, headers, body });
    };
    const handler: Dispatcher.DispatchHandler = {
      // Undici calls this in the same turn as, and right before, the first write to the socket.
      onRequestStart: () => {
        if (isOver) throw new Error("The request was given up.");
        if (request.deadlineAt !== undefined && clock.now() >= request.deadlineAt) {
          throw new Error("The deadline had passed.");
        }
        isSent = true;
      },
      onResponseStart: (_, code, fields) => {
        status = code;
        headers = flattened(fields);
      },
      onResponseData: (_, chunk) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length >= ANSWER_BYTES_MAX) answered();
      },
      onResponseEnd: answered,
      onResponseError: (_, error) => fail(reasonOf(error)),
    };
    try {
      client.dispatch(
        {
          method: request.method,
          path: `${url.pathname}${url.search}`,
          headers: { ...request.headers },
          body: request.body ?? null,
          idempotent: false,
        },
        handler,
      );
    } catch (error) {
      // Undici refuses what it cannot write, such as a header with a line break.
      fail(reasonOf(error));
    }
  });
}

/** Connects only to addresses that are allowed: those that the name resolves to, and the one that the socket reached. */
function guardedConnector(request: OutsideRequest, resolve: Resolve, guard: Guard): buildConnector.connector {
  const { allowPrivate } = request;
  const lookup: LookupFunction = (host, options, done) => {
    resolve(host, (error, addresses) => {
      const bad = addresses.find(({ address }) => !guard.allows(address, allowPrivate));
      const first = addresses[0];
      if (error !== null) return done(error, "", 0);
      if (bad !== undefined) return done(new Error(forbidden(host)), "", 0);
      if (first === undefined) return done(new Error("The host name has no address."), "", 0);
      return options.all === true ? done(null, [...addresses]) : done(null, first.address, first.family);
    });
  };
  const connect = buildConnector({
    allowH2: false,
    maxCachedSessions: 0,
    timeout: request.timeoutMs,
    lookup,
  });
  return (options, done) => {
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error !== null) return done(error, null);
      const reached = socket.remoteAddress ?? "";
      if (guard.allows(reached, allowPrivate)) return done(null, socket);
      socket.destroy();
      return done(new Error(forbidden(options.hostname)), null);
    });
  };
}

/** Names only what the request named: where an inner name leads is not for every caller to know. */
function forbidden(host: string): string {
  return `${host} does not lead to the public Internet.`;
}

/** Names in lower case; the values of a header that came several times are joined as RFC 9110 5.3 says. */
function flattened(
  fields: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(fields).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(", ") : (value ?? ""),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Several addresses were tried: an AggregateError without a message of its own.
  if (error.message === "" && error instanceof AggregateError) return reasonOf(error.errors[0]);
  const code = "code" in error && typeof error.code === "string" ? `${error.code}: ` : "";
  return `${code}${error.message}`.slice(0, 200);
}

const resolveBySystem: Resolve = (host, done) => {
  systemLookup(host, { all: true }, (error, addresses) => done(error, error === null ? addresses : []));
};

function addressesOfInterfaces(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}

function armRealTimer(ms: number, wake: () => void): Timer {
  const timeout = setTimeout(wake, ms);
  return { cancel: () => clearTimeout(timeout) };
}
