import type { FastifyReply, FastifyRequest } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { Door, DoorPorts } from "../../ports/door.ts";
import { callbackOf, readRawBodies, refuse, unknownAttempt } from "./callback.ts";

type CallbackRequest = FastifyRequest<{ Params: { attemptKey: string } }>;

/**
 * Where carriers report, and ask what to do in a call. The path holds the attempt's unguessable key, and the carrier's kind
 * verifies the rest; an answer of 204 means that the reports are stored.
 */
export const door: Door<Engine> = {
  name: "callbacks",
  prefix: "/callbacks",
  register: (app, ports) => {
    readRawBodies(app);
    const options = { config: { access: "own", idempotency: "none" }, schema: { hide: true } } as const;
    app.post("/:attemptKey", options, (request: CallbackRequest, reply) => receive(ports, request, reply));
    app.post("/:attemptKey/twiml", options, (request: CallbackRequest, reply) =>
      speak(ports, request, reply),
    );
    app.get("/:attemptKey/twiml", options, (request: CallbackRequest, reply) => speak(ports, request, reply));
  },
};

/** 1. Find the attempt. 2. Verify over the raw bytes and read. 3. Store. 4. Answer. */
async function receive(
  { engine, carrierKinds, clock, log, publicUrl }: DoorPorts<Engine>,
  request: CallbackRequest,
  reply: FastifyReply,
): Promise<void> {
  const { attemptKey } = request.params;
  const attempt = await engine.attemptForCallback(attemptKey);
  const kind = attempt === null ? undefined : await carrierKinds[attempt.carrier]?.();
  if (attempt === null || kind?.readCallback === undefined) throw unknownAttempt();

  const reading = kind.readCallback(callbackOf(request, publicUrl()), attempt.settings, clock.now());
  if (reading.kind !== "reports") refuse(kind, reading, log);
  if ((await engine.receive(attemptKey, reading.reports)) === "unknown_attempt") throw unknownAttempt();
  reply.code(204);
}

/** 1. Find the attempt and what it says. 2. Verify, and put it into the carrier's words. 3. Store what the question tells. 4. Answer. */
async function speak(
  { engine, carrierKinds, clock, log, publicUrl }: DoorPorts<Engine>,
  request: CallbackRequest,
  reply: FastifyReply,
): Promise<string> {
  const { attemptKey } = request.params;
  const attempt = await engine.spokenAttempt(attemptKey);
  const kind = attempt === null ? undefined : await carrierKinds[attempt.carrier]?.();
  if (attempt === null || kind?.readScript === undefined) throw unknownAttempt();

  const callback = callbackOf(request, publicUrl());
  const reading = kind.readScript(callback, attempt.settings, attempt.spoken, clock.now());
  if (reading.kind !== "script") refuse(kind, reading, log);
  if (reading.reports.length > 0) await engine.receive(attemptKey, reading.reports);
  reply.type(reading.contentType).header("cache-control", "no-store");
  return reading.body;
}
