import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Callback, CarrierKind } from "../../ports/carrier.ts";
import type { Door, DoorPorts } from "../../ports/door.ts";

type CallbackRequest = FastifyRequest<{ Params: { attemptKey: string } }>;

/**
 * Where carriers report. The path holds the attempt's unguessable key, and the carrier's kind verifies the rest; an
 * answer of 204 means that the reports are stored.
 */
export const door: Door<Engine> = {
  name: "callbacks",
  prefix: "/callbacks",
  register: (app, ports) => {
    readRawBodies(app);
    app.post(
      "/:attemptKey",
      { config: { access: "own", idempotency: "none" }, schema: { hide: true } },
      (request: CallbackRequest, reply) => receive(ports, request, reply),
    );
  },
};

/** 1. Find the attempt. 2. Verify over the raw bytes and read. 3. Store. 4. Answer. */
async function receive(
  { engine, carrierKinds, clock, log }: DoorPorts<Engine>,
  request: CallbackRequest,
  reply: FastifyReply,
): Promise<void> {
  const { attemptKey } = request.params;
  const attempt = await engine.attemptForCallback(attemptKey);
  const kind = attempt === null ? undefined : await carrierKinds[attempt.carrier]?.();
  if (attempt === null || kind?.readCallback === undefined) throw unknownAttempt();

  const reading = read(kind, request, attempt.settings, clock.now());
  if (reading.kind === "forged") {
    log.warn("refused a callback that is not genuine", { carrier: kind.name, detail: reading.detail });
    throw new Refusal("forbidden", "The callback is not signed as the line's settings ask.");
  }
  if (reading.kind === "unreadable") {
    log.warn("could not read a callback", { carrier: kind.name, detail: reading.detail });
    throw new Refusal("invalid_body", `The callback cannot be read: ${reading.detail}`);
  }
  if ((await engine.receive(attemptKey, reading.reports)) === "unknown_attempt") throw unknownAttempt();
  reply.code(204);
}

function read(kind: CarrierKind, request: CallbackRequest, settings: unknown, now: number) {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const callback: Callback = {
    headers,
    rawBody: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    contentType: headers["content-type"] ?? "",
    url: request.url,
  };
  const reading = kind.readCallback?.(callback, settings, now);
  if (reading === undefined) throw unknownAttempt();
  return reading;
}

/** Signatures are over bytes, so nothing may be parsed on the way. */
function readRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
}

function unknownAttempt(): Refusal {
  return new Refusal("not_found", "There is no such attempt.");
}
