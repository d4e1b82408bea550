import { refuseField } from "../domain/refusal.ts";
import type { LineRow } from "../ports/rows.ts";
import type { Context } from "./context.ts";

/** Where a line's carrier settings stand, bound into their envelope. */
export const settingsPlace = (lineId: number): string => `lines|settings|${lineId}`;

const opened = new WeakMap<LineRow, unknown>();

/** A line's carrier settings, opened once per version of the line; null when they cannot be read. */
export function openSettings(context: Pick<Context, "secrets" | "log">, line: LineRow): unknown {
  if (opened.has(line)) return opened.get(line);
  let settings: unknown;
  try {
    settings = JSON.parse(context.secrets.open(line.settings, settingsPlace(line.id)));
  } catch (error) {
    context.log.error("A line's settings cannot be read; it places nothing.", {
      line: line.name,
      error: error as Error,
    });
    settings = null;
  }
  opened.set(line, settings);
  return settings;
}

/** How a secret is shown. Sent back, it keeps its value. */
export const hidden = "•••";

/**
 * The settings with the secrets that were sent back as they are shown. They were given for certain addresses: with another
 * one among the settings they have to be sent again, so that nobody who cannot read a secret can have it sent to himself.
 */
export function withKeptSecrets(
  secrets: readonly string[],
  before: Readonly<Record<string, unknown>>,
  input: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const kept = secrets.filter((name) => input[name] === hidden && before[name] !== undefined);
  const [first] = kept;
  if (first === undefined) return input;
  const known = originsIn(before);
  const strange = [...originsIn(input)].find((origin) => !known.has(origin));
  if (strange !== undefined)
    throw refuseField(
      "line_settings_invalid",
      `/settings/${first}`,
      `${first} was given for another address than ${strange}: send it again.`,
    );
  return { ...input, ...Object.fromEntries(kept.map((name) => [name, before[name]])) };
}

function originsIn(settings: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const urls = Object.values(settings).flatMap((value) => {
    const url = typeof value === "string" ? URL.parse(value) : null;
    return url !== null && /^https?:$/.test(url.protocol) ? [url.origin] : [];
  });
  return new Set(urls);
}
