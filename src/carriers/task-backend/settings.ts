import type { SettingsCheck } from "../../ports/carrier.ts";

/** The settings of a line that leads to task backends; which backends is the operator's and the request's to say. */
export type TaskBackendSettings = {
  /** Over the whole exchange of `/call/start`. */
  readonly start_timeout_ms?: number;
  /** Over one exchange of `/call/brief`. */
  readonly brief_timeout_ms?: number;
};

export const START_TIMEOUT_MS = 30_000;
export const BRIEF_TIMEOUT_MS = 20_000;

/** Checks a line's settings. */
export function parseTaskBackendSettings(input: Readonly<Record<string, unknown>>): SettingsCheck {
  const known = ["start_timeout_ms", "brief_timeout_ms"];
  for (const [name, value] of Object.entries(input)) {
    const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (!known.includes(name))
      return { ok: false, pointer, detail: `There is no such setting. There are: ${known.join(", ")}.` };
    if (!Number.isInteger(value) || (value as number) < 1000 || (value as number) > 60_000)
      return { ok: false, pointer, detail: `${name} must be a whole number from 1000 to 60000.` };
  }
  return { ok: true, settings: { ...input } };
}
