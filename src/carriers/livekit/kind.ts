import type { CarrierKind } from "../../ports/carrier.ts";
import { attemptKeyOf, readCallback } from "./callback.ts";
import { LiveKitCarrier } from "./carrier.ts";
import { checkCallInstructions } from "./instructions.ts";
import { LIVEKIT_SECRETS, parseLiveKitSettings } from "./settings.ts";
import type { LiveKitDefaults } from "./settings.ts";

/** LiveKit's SIP service, with an agent that talks. `defaults` stand in where a line does not name its project. */
export function livekitWith(defaults: LiveKitDefaults): CarrierKind {
  return {
    name: "livekit",
    real: true,
    secrets: LIVEKIT_SECRETS,
    // A little less than the one call a second that a SIP trunk usually starts with; it refuses what comes faster.
    lineDefaults: { calls_per_second: 0.9 },
    prepareMs: 10_000,
    // No event tells that it rings or was answered, and events are lost when they have waited for half a minute.
    followMs: 10_000,
    parseSettings: (input) => parseLiveKitSettings(input, defaults),
    checkInstructions: (input) => checkCallInstructions(input),
    connect: (ports) => new LiveKitCarrier(ports, defaults),
    attemptKeyOf,
    readCallback: (callback, settings, now) => readCallback(callback, settings ?? {}, defaults, now),
  };
}
