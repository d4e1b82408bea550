import { DAY_MS, HOUR_MS, MINUTE_MS } from "./civil.ts";

/** Writes milliseconds as `parseDuration` reads them: 5400000 → "1h30m"; parts of a second are rounded up. */
export function formatDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000) * 1000;
  const parts = [
    [Math.floor(seconds / DAY_MS), "d"],
    [Math.floor(seconds / HOUR_MS) % 24, "h"],
    [Math.floor(seconds / MINUTE_MS) % 60, "m"],
    [(seconds / 1000) % 60, "s"],
  ] as const;
  const text = parts.map(([count, unit]) => (count === 0 ? "" : `${count}${unit}`)).join("");
  return text === "" ? "0s" : text;
}
