import process from "node:process";

/** Tells whoever watches what is being done; figures go elsewhere. */
export function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
