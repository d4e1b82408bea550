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
