import type { FastifyInstance } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import * as of from "./agent-schemas.ts";
import { agentHandlers } from "./agents.ts";
import { pageQuery } from "./call-schemas.ts";
import * as jobs from "./queue-schemas.ts";
import { queueHandlers } from "./queues.ts";
import { stale } from "./refusal-lists.ts";
import { nothing } from "../../ports/http/schema-parts.ts";
import { reasonBody } from "./schemas.ts";
import { section } from "../../ports/http/section.ts";

/** Who speaks in calls. */
export function addAgents(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const agents = section(app, "Agents", "agents");
  const handle = agentHandlers(ports);

  agents.get(
    "listAgents",
    "/agents",
    "List agents",
    { query: pageQuery, answer: of.agentPage, refusals: ["invalid_cursor"] },
    handle.list,
  );
  agents.post(
    "createAgent",
    "/agents",
    "Register an agent",
    { body: of.agentCreate, answer: of.agent, statuses: [201], refusals: ["name_taken"] },
    handle.create,
  );
  agents.get("getAgent", "/agents/:id", "Get an agent", { answer: of.agent }, handle.get);
  agents.patch(
    "updateAgent",
    "/agents/:id",
    "Change an agent",
    { body: of.agentPatch, answer: of.agent, refusals: stale },
    handle.update,
  );
  agents.remove("removeAgent", "/agents/:id", "Remove an agent", { refusals: stale }, handle.remove);
}

/** The calls as queues of jobs. */
export function addQueues(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const queues = section(app, "Queues", "queues");
  const handle = queueHandlers(ports);

  queues.get(
    "listQueues",
    "/queues",
    "List the queues: that of all calls, and one for each line",
    { answer: jobs.queuePage },
    handle.list,
  );
  queues.get("getQueueJob", "/queues/jobs/:id", "Get a call as a job", { answer: jobs.job }, handle.job);
  queues.get("getQueue", "/queues/:id", "Get a queue with its counts", { answer: jobs.queue }, handle.get);
  queues.post(
    "pauseQueue",
    "/queues/:id/pause",
    "Stop new calls, of all or of a line",
    { body: reasonBody, answer: jobs.queue },
    handle.pause,
  );
  queues.post(
    "resumeQueue",
    "/queues/:id/resume",
    "Allow new calls again",
    { body: nothing, answer: jobs.queue },
    handle.resume,
  );
  queues.post(
    "cleanQueue",
    "/queues/:id/clean",
    "Leave finished jobs out of the counts; calls and history stay",
    { body: jobs.queueClean, answer: jobs.queueCleaned, refusals: ["time_invalid"] },
    handle.clean,
  );
}
