import type { CarrierKind } from "../ports/carrier.ts";
import type { LiveKitDefaults } from "./livekit/settings.ts";
import type { TaskEnvironment } from "./task-backend/carrier.ts";
import type { TwilioDefaults } from "./twilio/settings.ts";

/** What the environment says about carriers; lines that do not say it themselves take it from here. */
export type CarrierEnvironment = {
  readonly twilio?: TwilioDefaults;
  readonly livekit?: LiveKitDefaults;
  readonly tasks?: TaskEnvironment;
};

/** Every kind of carrier by name, loaded when a line first uses it. */
export function carriersIn(
  environment: CarrierEnvironment,
): Readonly<Record<string, () => Promise<CarrierKind>>> {
  return {
    sandbox: async () => (await import("./sandbox/kind.ts")).sandbox,
    http: async () => (await import("./http/kind.ts")).http,
    "task-backend": async () =>
      (await import("./task-backend/kind.ts")).taskBackendWith(environment.tasks ?? usualBackendAlone),
    twilio: async () => (await import("./twilio/kind.ts")).twilioWith(environment.twilio ?? {}),
    livekit: async () => (await import("./livekit/kind.ts")).livekitWith(environment.livekit ?? {}),
  };
}

const usualBackendAlone: TaskEnvironment = {
  backendUrl: null,
  backendOrigins: [],
  backendToken: null,
  isOpen: () => Promise.resolve(false),
};
