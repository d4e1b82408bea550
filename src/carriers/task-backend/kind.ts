import type { CarrierKind } from "../../ports/carrier.ts";

import { type TaskEnvironment, TaskBackendCarrier } from "./carrier.ts";
import { checkTask } from "./instructions.ts";
import { parseTaskBackendSettings } from "./settings.ts";

/**
 * The backend of the task service: `/call/brief` writes what is said, `/call/start` rings somebody. It reports nothing
 * afterwards, so a call that it took is over for us.
 */
export function taskBackendWith(environment: TaskEnvironment): CarrierKind {
  return {
    name: "task-backend",
    real: true,
    secrets: [],
    needsInstructions: true,
    prepareMs: 60_000,
    parseSettings: parseTaskBackendSettings,
    checkInstructions: (instructions) => checkTask(instructions),
    connect: (ports) => new TaskBackendCarrier(ports, environment),
  };
}
