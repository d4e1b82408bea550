import type { CarrierKind } from "../../ports/carrier.ts";
import { readCallback, readScript } from "./callback.ts";
import { TwilioCarrier } from "./carrier.ts";
import { checkCallInstructions } from "./instructions.ts";
import { TWILIO_SECRETS, parseTwilioSettings } from "./settings.ts";
import type { TwilioDefaults } from "./settings.ts";

/** Twilio Programmable Voice. `defaults` stand in where a line does not name its account. */
export function twilioWith(defaults: TwilioDefaults): CarrierKind {
  const number = defaults.phoneNumber ?? "";
  return {
    name: "twilio",
    real: true,
    secrets: TWILIO_SECRETS,
    // A little less than the one call a second that an account starts with, so that nothing waits in Twilio's queue.
    lineDefaults: { calls_per_second: 0.9, ...(number !== "" && { caller_id: number }) },
    queues: true,
    parseSettings: (input) => parseTwilioSettings(input, defaults),
    checkInstructions: (input, settings) => checkCallInstructions(input, settings ?? {}),
    connect: (ports) => new TwilioCarrier(ports, defaults),
    readCallback: (callback, settings, now) => readCallback(callback, settings ?? {}, defaults, now),
    readScript: (callback, settings, spoken, now) =>
      readScript(callback, settings ?? {}, defaults, spoken, now),
  };
}
