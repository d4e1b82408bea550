import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the range from which systems give out ports by themselves (32768 on Linux), so that no client's socket takes it meanwhile. */
const first = 12_000;
const end = 32_000;
const triesMax = 50;

/** A port of 127.0.0.1 on which nobody listens, for a program that is started on it a moment later. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < triesMax; tried += 1) {
    const port = randomInt(first, end);
    if (await isFree(port)) return port;
  }
  throw new Error(`${triesMax} ports between ${first} and ${end} are all taken`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
