import { refuseField } from "../../domain/refusal.ts";
import { formatUtc, parseDuration } from "../../domain/zone.ts";
import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { type Checked, actorOf } from "../../ports/http/requests.ts";
import type { ClockAdvance } from "./schemas.ts";

/** The numbers of the sandbox that mean something: 22 endings of +1 212 555 01BB, Australia's and Twilio's. */
const numbers = [
  ...Array.from({ length: 22 }, (_, ending) => `+121255501${String(ending).padStart(2, "0")}`),
  "+61491570156",
  "+61491570157",
  "+61491570158",
  "+61491570159",
  "+61491570110",
  "+15005550001",
  "+15005550002",
  "+15005550003",
  "+15005550004",
  "+15005550006",
];

/** The handlers of `/v1/sandbox`. */
export function sandboxHandlers({ engine, sandboxScriptOf }: DoorPorts<Engine>) {
  return {
    clock: async () => ({
      now: formatUtc(engine.now()),
      offset_ms: (await engine.health()).clockOffsetMs,
    }),

    advance: async (request: Checked<ClockAdvance>) => {
      const ms = parseDuration(request.body.advance);
      if (ms === undefined || ms === 0)
        throw refuseField("time_invalid", "/advance", "advance must be a duration such as 24h or 90m");
      const { now, offsetMs } = await engine.advanceClock(actorOf(request), ms);
      return { now: formatUtc(now), offset_ms: offsetMs };
    },

    numbers: () =>
      Promise.resolve({ data: numbers.map((number) => ({ number, script: sandboxScriptOf(number) })) }),
  };
}
