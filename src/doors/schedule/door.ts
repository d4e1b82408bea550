import type { Engine } from "../../engine/engine.ts";
import type { Door } from "../../ports/door.ts";

import { sendError } from "./errors.ts";
import { addRoutes } from "./routes.ts";
import { error } from "./schemas.ts";
import { identify } from "./token.ts";

/** The schedule module's API: schedules that happen once or again, with tokens of their users. */
export const door: Door<Engine> = {
  name: "schedule",
  prefix: "/schedule",
  tag: {
    name: "Schedule module",
    description: "The paths, words and errors of the schedule module, over the same calls as everywhere.",
  },
  register: addRoutes,
  sendRefusal: sendError,
  refusalSchema: error,
  identify,
};
