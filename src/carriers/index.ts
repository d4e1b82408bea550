import type { CarrierKind } from "../ports/carrier.ts";
import type { TwilioDefaults } from "./twilio/settings.ts";

/** What the environment says about carriers; lines that do not say it themselves take it from here. */
export type CarrierEnvironment = { readonly twilio?: TwilioDefaults };

/** Every kind of carrier by name, loaded when a line first uses it. */
export function carriersIn(
  environment: CarrierEnvironment,
): Readonly<Record<string, () => Promise<CarrierKind>>> {
  return {
    sandbox: async () => (await import("./sandbox/kind.ts")).sandbox,
    http: async () => (await import("./http/kind.ts")).http,
    twilio: async () => (await import("./twilio/kind.ts")).twilioWith(environment.twilio ?? {}),
  };
}
