import type { FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { Engine } from "../../engine/engine.ts";
import type { CallbackReading, CarrierKind } from "../../ports/carrier.ts";
import type { Door, DoorPorts } from "../../ports/door.ts";
import { callbackOf, readRawBodies, refuse } from "./callback.ts";

type CallStatusRequest = FastifyRequest<{ Querystring: { attempt?: string | readonly string[] } }>;

const carrier = "twilio";
/** Lines that an unnamed callback is held against. */
const LINES_MAX = 50;

/**
 * `POST /webhook/call-status`: the one address that other systems give Twilio (TWILIO_WEBHOOK_URL). The attempt is named in
 * the signed query. Whatever is genuine is answered with 200, also when it is repeated, or about a call that is not ours.
 */
export const door: Door<Engine> = {
  name: "call-status",
  prefix: "/webhook",
  register: (app, ports) => {
    readRawBodies(app);
    app.post(
      "/call-status",
      { config: { access: "own", idempotency: "none" }, schema: { hide: true } },
      (request: CallStatusRequest) => receive(ports, request),
    );
  },
};

/** 1. Find the attempt, if one is named. 2. Verify with its line's tokens, else with those of any line. 3. Store. */
async function receive(ports: DoorPorts<Engine>, request: CallStatusRequest): Promise<{ status: "success" }> {
  const { engine, carrierKinds, log } = ports;
  const attemptKey = [request.query.attempt ?? ""].flat()[0] ?? "";
  const attempt = await engine.attemptForCallback(attemptKey);
  const kind = await carrierKinds[carrier]?.();
  if (kind === undefined) throw new Refusal("forbidden", "There is no line at Twilio.");

  const isOurs = attempt !== null && attempt.carrier === carrier;
  // Without a line the account of the environment may still be meant.
  const known = isOurs ? [attempt.settings] : [...engine.settingsAt(carrier).slice(0, LINES_MAX), {}];
  const reading = firstGenuine(ports, request, known, kind);
  if (reading.kind !== "reports") refuse(kind, reading, log);
  if (isOurs) await engine.receive(attemptKey, reading.reports);
  return { status: "success" };
}

function firstGenuine(
  { clock, publicUrl }: DoorPorts<Engine>,
  request: CallStatusRequest,
  known: readonly unknown[],
  kind: CarrierKind,
): CallbackReading {
  const callback = callbackOf(request, publicUrl());
  let last: CallbackReading = { kind: "forged", detail: "There is no line to hold it against." };
  for (const settings of known) {
    last = kind.readCallback?.(callback, settings, clock.now()) ?? last;
    if (last.kind !== "forged") return last;
  }
  return last;
}
