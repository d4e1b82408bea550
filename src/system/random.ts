import { randomBytes } from "node:crypto";
import type { Random } from "../ports/random.ts";

/** The machine's dice. */
export const systemRandom: Random = {
  float: () => Math.random(),
  bytes: (count) => randomBytes(count),
};
