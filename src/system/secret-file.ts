import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";

/** The installation's secret out of a file that only its owner can read; made at the first start. */
export function secretFromFile(path: string): string {
  if (existsSync(path)) return readFileSync(path, "utf8").trim();
  const secret = newSecret();
  writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: "wx" });
  return secret;
}

export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}
