import type { CarrierKind } from "../ports/carrier.ts";

/** Every kind of carrier by name, loaded when a line first uses it. */
export const carriers: Readonly<Record<string, () => Promise<CarrierKind>>> = {
  sandbox: async () => (await import("./sandbox/kind.ts")).sandbox,
  http: async () => (await import("./http/kind.ts")).http,
};
