import type { Door } from "../../ports/door.ts";

import type { Context } from "./context.ts";
import { addRoutes } from "./routes.ts";

/** Clients, businesses, services, appointments, reviews and chat rooms, as resources of the API. */
export function makeDoor(context: Context): Door<never> {
  return { name: "appointments", prefix: "/v1", roots: [], register: (app) => addRoutes(app, context) };
}
