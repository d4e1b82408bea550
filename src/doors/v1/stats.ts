import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { instant } from "./render.ts";
import { type Checked, actorOf } from "../../ports/http/requests.ts";

/** The handler of `/v1/stats`. */
export function statsHandlers({ engine }: DoorPorts<Engine>) {
  return {
    get: async (request: Checked) => {
      const found = await engine.stats(actorOf(request));
      return {
        calls: found.calls,
        outcomes: found.outcomes,
        attempts: found.attempts,
        in_flight: found.inFlight,
        due_now: found.dueNow,
        oldest_due_at: instant(found.oldestDueAt),
        start_delay_ms: found.startDelay,
      };
    },
  };
}
