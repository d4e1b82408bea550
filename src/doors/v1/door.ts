import type { Engine } from "../../engine/engine.ts";
import type { Door } from "../../ports/door.ts";

import { addRoutes } from "./routes.ts";

/** Carillon's own API. */
export const door: Door<Engine> = { name: "v1", prefix: "/v1", register: addRoutes };
