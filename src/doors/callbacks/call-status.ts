import type { FastifyRequest } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { Door } from "../../ports/door.ts";
import { readRawBodies } from "./callback.ts";
import { receiveAtOneAddress } from "./one-address.ts";

type CallStatusRequest = FastifyRequest<{ Querystring: { attempt?: string | readonly string[] } }>;

/**
 * `POST /webhook/call-status`: the one address that other systems give Twilio (TWILIO_WEBHOOK_URL). The attempt is named in
 * the signed query.
 */
export const door: Door<Engine> = {
  name: "call-status",
  prefix: "/webhook",
  register: (app, ports) => {
    readRawBodies(app);
    app.post(
      "/call-status",
      { config: { access: "own", idempotency: "none" }, schema: { hide: true } },
      (request: CallStatusRequest) =>
        receiveAtOneAddress(ports, request, "twilio", () => [request.query.attempt ?? ""].flat()[0] ?? null),
    );
  },
};
