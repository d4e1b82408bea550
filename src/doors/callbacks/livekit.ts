import type { Engine } from "../../engine/engine.ts";
import type { Door } from "../../ports/door.ts";
import { readRawBodies } from "./callback.ts";
import { receiveAtOneAddress } from "./one-address.ts";

/**
 * `POST /webhook/livekit`: a LiveKit project has addresses for the events of all its rooms, and none for those of a call. The
 * attempt is named in the signed body.
 */
export const door: Door<Engine> = {
  name: "livekit-events",
  prefix: "/webhook",
  register: (app, ports) => {
    readRawBodies(app);
    app.post(
      "/livekit",
      { config: { access: "own", idempotency: "none" }, schema: { hide: true } },
      (request) =>
        receiveAtOneAddress(
          ports,
          request,
          "livekit",
          (callback, kind) => kind.attemptKeyOf?.(callback) ?? null,
        ),
    );
  },
};
