import type { Program } from "../ports/program.ts";

/** Every program, loaded when the server starts. A new one is a folder and a line here. */
export const programs: readonly (() => Promise<Program>)[] = [
  async () => (await import("./renewals/program.ts")).program,
  async () => (await import("./appointments/program.ts")).program,
  async () => (await import("./upkeep/program.ts")).program,
];
