import type { CarrierKind } from "../../ports/carrier.ts";
import { openNetwork } from "./network.ts";
import { parseScriptWord } from "./script.ts";
import { parseSandboxSettings } from "./settings.ts";

/** A carrier inside Carillon that behaves like a telephone network and can ring nobody. */
export const sandbox: CarrierKind = {
  name: "sandbox",
  real: false,
  secrets: [],
  parseSettings: parseSandboxSettings,
  checkScriptWord: (word) => parseScriptWord(word) !== undefined,
  connect: (ports) => openNetwork(ports),
};
