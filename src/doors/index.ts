import type { Engine } from "../engine/engine.ts";
import type { Door } from "../ports/door.ts";

/** Every door, loaded when the server starts. A new one is a folder and a line here. */
export const doors: readonly (() => Promise<Door<Engine>>)[] = [
  async () => (await import("./v1/door.ts")).door,
  async () => (await import("./callbacks/routes.ts")).door,
  async () => (await import("./tasks/door.ts")).door,
  async () => (await import("./scheduling/door.ts")).door,
  async () => (await import("./callbacks/call-status.ts")).door,
  async () => (await import("./callbacks/livekit.ts")).door,
  async () => (await import("./schedule/door.ts")).door,
];
