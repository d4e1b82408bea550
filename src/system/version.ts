import { readFileSync } from "node:fs";

/** The version of the package; the file lies two folders up from `src/system` and from `dist/system` alike. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
