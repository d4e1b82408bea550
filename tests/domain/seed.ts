import { randomInt } from "node:crypto";
import { env } from "node:process";
import type { TestContext } from "node:test";

/** The seed of a random test: `SEED` to replay one, else a new one. It is printed before anything runs. */
export function seedOf(context: TestContext): number {
  const seed = env["SEED"] === undefined ? randomInt(2 ** 31) : Number(env["SEED"]);
  context.diagnostic(`SEED=${seed}`);
  return seed;
}
