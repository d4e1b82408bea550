import type { Engine } from "../../engine/engine.ts";
import type { Door } from "../../ports/door.ts";

import { door as name } from "./kept.ts";
import { refusalSchema, sendRefusal } from "./refusals.ts";
import { addRoutes } from "./routes.ts";

/** The scheduling service: its paths, shapes and codes over the one core. */
export const door: Door<Engine> = {
  name,
  prefix: "/api/v1",
  tag: {
    name: "Scheduling service",
    description: "The API of the scheduling service, for clients that were written for it.",
  },
  register: addRoutes,
  sendRefusal,
  refusalSchema,
};
