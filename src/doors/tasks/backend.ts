import { Refusal } from "../../domain/refusal.ts";
import { readBackendUrl, trustIn, usualBackendUrl } from "../../domain/task-backend.ts";
import type { LineView } from "../../engine/config-api.ts";
import type { Actor, CallRequest, Engine } from "../../engine/engine.ts";
import type { TaskDoorSettings } from "../../ports/door-settings.ts";

import type { Task } from "./read-task.ts";
import { refuseTask } from "./refusals.ts";

type Ports = {
  readonly engine: Pick<Engine, "listLines" | "createLine">;
  readonly settings: TaskDoorSettings;
  readonly isOpen: () => Promise<boolean>;
};

/** Who takes the call of a task: the line, and what the call hands to it. */
export type Taker = Pick<CallRequest, "line" | "carrier">;

/**
 * Which backend takes a task. As long as nobody has named a backend and only the sandbox can place calls, the sandbox plays
 * the usual one; everything else goes to the line of task backends, which is made when it is first needed.
 */
export async function takerOf({ engine, settings, isOpen }: Ports, actor: Actor, task: Task): Promise<Taker> {
  const usual = settings.backendUrl ?? usualBackendUrl;
  const url = readBackendUrl(task.backendBaseUrl ?? usual);
  if (url === null) throw refuseTask("backendBaseUrl must be a URL such as https://api.callerooapp.com");
  const trust = trustIn(url, settings);
  if (trust === "foreign" || (trust === "loopback" && !(await isOpen()))) {
    throw refuseTask(
      `backendBaseUrl ${new URL(url).origin} is not allowed; its origin must be that of DEFAULT_BACKEND_BASE_URL or one of BACKEND_ALLOWED_ORIGINS`,
    );
  }
  const lines = await engine.listLines(actor);
  if (url === usual && settings.backendUrl === null && isSandboxOnly(lines)) return sandboxIn(lines);
  const line = lines.find(isOfBackends) ?? (await makeLine(engine, actor));
  return { line: line.id, carrier: instructionsOf(task, url) };
}

/** The line of task backends itself does not count: trying out a backend of one's own must not send the next task out. */
function isSandboxOnly(lines: readonly LineView[]): boolean {
  return lines.every((line) => !line.real || isOfBackends(line));
}

function sandboxIn(lines: readonly LineView[]): Taker {
  const played = lines.filter(({ real }) => !real);
  const line = played.find(({ isDefault }) => isDefault) ?? played[0];
  return line === undefined ? {} : { line: line.id };
}

function isOfBackends({ carrier }: LineView): boolean {
  return carrier === "task-backend";
}

const LINE_NAMES = ["tasks", "task-backend"];

/**
 * A request at the service says when to run, and its backend decides whom it rings; so the line has no calling hours of its
 * own until somebody gives it some.
 */
async function makeLine(engine: Ports["engine"], actor: Actor): Promise<LineView> {
  for (const name of LINE_NAMES) {
    try {
      return await engine.createLine(actor, {
        name,
        carrier: "task-backend",
        hours: "always",
        retry_policy: "none",
        slots_max: 25,
        max_duration_seconds: 1800,
        guarded: false,
      });
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "name_taken") throw error;
      const made = (await engine.listLines(actor)).find(isOfBackends);
      if (made !== undefined) return made;
    }
  }
  throw refuseTask(`The lines ${LINE_NAMES.join(" and ")} exist, and neither leads to task backends`);
}

function instructionsOf(task: Task, url: string): Readonly<Record<string, unknown>> {
  const said =
    task.mode === "DIRECT"
      ? { script: task.scriptPreview }
      : {
          place: task.place,
          ...(task.disclosure !== null && { disclosure: task.disclosure }),
          ...(task.fallbacks !== null && { fallbacks: task.fallbacks }),
        };
  return {
    backend_url: url,
    mode: task.mode,
    conversation_id: task.conversationId,
    agent_type: task.agentType,
    place_id: task.placeId,
    ...said,
    ...(task.slots !== null && { slots: task.slots }),
    ...(task.backendAuthToken !== null && { token: task.backendAuthToken }),
  };
}
