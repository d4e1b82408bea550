import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { instant } from "./render.ts";
import { type Checked, actorOf } from "../../ports/http/requests.ts";
import type { DialingStop } from "./schemas.ts";

/** The handlers of `/v1/dialing`: the switch that stops all new calls of the workspace. */
export function dialingHandlers({ engine }: DoorPorts<Engine>) {
  const show = async (request: Checked) => {
    const { stopped, reason, since } = await engine.dialing(actorOf(request));
    return { stopped, reason, since: instant(since) };
  };
  return {
    get: show,
    stop: async (request: Checked<DialingStop>) => {
      await engine.stopDialing(actorOf(request), request.body.reason);
      return await show(request);
    },
    resume: async (request: Checked) => {
      await engine.resumeDialing(actorOf(request));
      return await show(request);
    },
  };
}
