import type { FastifyInstance } from "fastify";

import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { addAgents, addQueues } from "./agent-routes.ts";
import * as of from "./call-schemas.ts";
import { callHandlers } from "./calls.ts";
import { dialingHandlers } from "./dialing.ts";
import { eventHandlers } from "./events.ts";
import { hoursHandlers } from "./hours.ts";
import { keyHandlers } from "./keys.ts";
import { lineHandlers } from "./lines.ts";
import { addLive } from "./live-routes.ts";
import { addNotifications } from "./notification-routes.ts";
import { changes, keyed, plans, stale } from "./refusal-lists.ts";
import { retryPolicyHandlers } from "./retry-policies.ts";
import { sandboxHandlers } from "./sandbox.ts";
import { nothing } from "../../ports/http/schema-parts.ts";
import * as on from "./schemas.ts";
import { section } from "../../ports/http/section.ts";
import { addSeries } from "./series-routes.ts";
import { settingsHandlers } from "./settings.ts";
import { statsHandlers } from "./stats.ts";
import { streamHandlers } from "./stream.ts";
import { suppressionHandlers } from "./suppressions.ts";
import { addPeople } from "./people-routes.ts";
import { addTimetable } from "./timetable-routes.ts";
import { addWebhooks } from "./webhook-routes.ts";

const BULK_BYTES_MAX = 4 * 1024 * 1024;

/** Every route of `/v1`. */
export function addRoutes(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  addCalls(app, ports);
  addSeries(app, ports);
  addAgents(app, ports);
  addLines(app, ports);
  addLive(app, ports);
  addRules(app, ports);
  addWorkspace(app, ports);
  addQueues(app, ports);
  addTimetable(app, ports);
  addPeople(app, ports);
  addEvents(app, ports);
  addWebhooks(app, ports);
  addNotifications(app, ports);
  addSandbox(app, ports);
}

function addCalls(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const calls = section(app, "Calls", "calls");
  const handle = callHandlers(ports);
  const creates = { answer: of.call, statuses: [200, 201], refusals: [...plans, ...keyed] };
  const bulk = {
    bytesMax: BULK_BYTES_MAX,
    answer: of.bulkAnswer,
    refusals: ["too_many_items" as const, ...keyed],
  };
  const changed = { body: nothing, answer: of.call, refusals: changes };
  const moved = { answer: of.call, refusals: [...changes, ...plans] };

  calls.post(
    "createCall",
    "/calls",
    "Schedule a call",
    { ...creates, body: of.callCreate, query: of.createQuery, idempotency: "store" },
    handle.create,
  );
  calls.post(
    "createCalls",
    "/calls/bulk",
    "Schedule up to 1,000 calls",
    { ...bulk, body: of.callsBulk, idempotency: "store" },
    handle.createMany,
  );
  calls.get(
    "listCalls",
    "/calls",
    "List calls",
    { query: of.callsQuery, answer: of.callPage, refusals: ["invalid_cursor"] },
    handle.list,
  );
  calls.get("getCall", "/calls/:id", "Get a call", { answer: of.call }, handle.get);
  calls.post("cancelCall", "/calls/:id/cancel", "Cancel a call", changed, handle.cancel);
  calls.post(
    "rescheduleCall",
    "/calls/:id/reschedule",
    "Move a call to another time",
    { ...moved, body: of.callReschedule },
    handle.reschedule,
  );
  calls.post("pauseCall", "/calls/:id/pause", "Pause a call", changed, handle.pause);
  calls.post("resumeCall", "/calls/:id/resume", "Resume a paused call", changed, handle.resume);
  calls.post(
    "callNow",
    "/calls/:id/call-now",
    "Place a call as soon as its window and limits allow",
    changed,
    handle.callNow,
  );
  calls.post(
    "settleCall",
    "/calls/:id/settle",
    "Say what became of a call that nobody could confirm",
    { body: of.callSettle, answer: of.call, refusals: changes },
    handle.settle,
  );
  calls.get(
    "listAttempts",
    "/calls/:id/attempts",
    "List a call's attempts",
    { answer: of.attemptPage },
    handle.attempts,
  );
  calls.get(
    "listCallEvents",
    "/calls/:id/events",
    "List what happened to a call",
    { answer: of.eventPage },
    handle.events,
  );
  calls.get(
    "explainCall",
    "/calls/:id/explain",
    "Why a call stands as it does",
    { answer: of.explanation },
    handle.explain,
  );
}

function addLines(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const lines = section(app, "Lines", "lines");
  const handle = lineHandlers(ports);
  const wrong = [
    "name_taken",
    "carrier_unknown",
    "line_settings_invalid",
    "phone_invalid",
    "timezone_unknown",
    "hours_unknown",
    "retry_policy_unknown",
  ] as const;

  lines.get("listLines", "/lines", "List lines", { answer: on.linePage }, handle.list);
  lines.post(
    "createLine",
    "/lines",
    "Create a line",
    { body: on.lineCreate, answer: on.line, statuses: [201], refusals: wrong },
    handle.create,
  );
  lines.get("getLine", "/lines/:id", "Get a line", { answer: on.line }, handle.get);
  lines.patch(
    "updateLine",
    "/lines/:id",
    "Change a line",
    { body: on.linePatch, answer: on.line, refusals: [...wrong, ...stale] },
    handle.update,
  );
  lines.remove(
    "removeLine",
    "/lines/:id",
    "Remove a line",
    { refusals: ["in_use", ...stale] },
    handle.remove,
  );
  lines.post(
    "pauseLine",
    "/lines/:id/pause",
    "Stop new calls on a line",
    { body: on.reasonBody, answer: on.line, refusals: stale },
    handle.pause,
  );
  lines.post(
    "resumeLine",
    "/lines/:id/resume",
    "Allow new calls on a line again",
    { body: nothing, answer: on.line, refusals: stale },
    handle.resume,
  );
  lines.post(
    "checkLine",
    "/lines/:id/check",
    "Ask the carrier whether a line is in order",
    { body: nothing, answer: on.lineCheck },
    handle.check,
  );
}

function addRules(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const hours = section(app, "Hours", "hours");
  const times = hoursHandlers(ports);
  const policies = section(app, "Retry policies", "retry-policies");
  const policy = retryPolicyHandlers(ports);
  const suppressions = section(app, "Suppressions", "suppressions");
  const suppression = suppressionHandlers(ports);
  const wrong = ["name_taken", "time_invalid", "timezone_unknown", "never_open"] as const;

  hours.get("listHours", "/hours", "List calling hours", { answer: on.hoursPage }, times.list);
  hours.post(
    "createHours",
    "/hours",
    "Create calling hours",
    { body: on.hoursCreate, answer: on.hours, statuses: [201], refusals: wrong },
    times.create,
  );
  hours.get("getHours", "/hours/:id", "Get calling hours", { answer: on.hours }, times.get);
  hours.patch(
    "updateHours",
    "/hours/:id",
    "Change calling hours",
    { body: on.hoursPatch, answer: on.hours, refusals: [...wrong, ...stale] },
    times.update,
  );
  hours.remove(
    "removeHours",
    "/hours/:id",
    "Remove calling hours",
    { refusals: ["in_use", ...stale] },
    times.remove,
  );

  policies.get(
    "listRetryPolicies",
    "/retry-policies",
    "List retry policies",
    { answer: on.retryPolicyPage },
    policy.list,
  );
  policies.post(
    "createRetryPolicy",
    "/retry-policies",
    "Create a retry policy",
    {
      body: on.retryPolicyCreate,
      answer: on.retryPolicy,
      statuses: [201],
      refusals: ["name_taken", "time_invalid"],
    },
    policy.create,
  );
  policies.get(
    "getRetryPolicy",
    "/retry-policies/:id",
    "Get a retry policy",
    { answer: on.retryPolicy },
    policy.get,
  );
  policies.patch(
    "updateRetryPolicy",
    "/retry-policies/:id",
    "Change a retry policy",
    { body: on.retryPolicyPatch, answer: on.retryPolicy, refusals: ["name_taken", "time_invalid", ...stale] },
    policy.update,
  );
  policies.remove(
    "removeRetryPolicy",
    "/retry-policies/:id",
    "Remove a retry policy",
    { refusals: ["in_use", ...stale] },
    policy.remove,
  );

  suppressions.get(
    "listSuppressions",
    "/suppressions",
    "List suppressed numbers",
    { query: of.pageQuery, answer: on.suppressionPage, refusals: ["invalid_cursor"] },
    suppression.list,
  );
  suppressions.post(
    "createSuppression",
    "/suppressions",
    "Never call a number",
    {
      body: on.suppressionCreate,
      answer: on.suppression,
      statuses: [200, 201],
      refusals: ["phone_invalid", "time_invalid", "time_in_past"],
    },
    suppression.create,
  );
  suppressions.remove(
    "removeSuppression",
    "/suppressions/:id",
    "Allow calls to a number again",
    {},
    suppression.remove,
  );
}

function addWorkspace(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const keys = section(app, "Keys", "keys");
  const key = keyHandlers(ports);
  const settings = section(app, "Settings", "settings");
  const setting = settingsHandlers(ports);
  const dialing = section(app, "Dialing", "dialing");
  const dial = dialingHandlers(ports);
  const stats = section(app, "Stats", "stats");
  const secret =
    "The answer holds the key itself, once; it is never kept, so an Idempotency-Key is not looked at.";

  keys.get("listKeys", "/keys", "List API keys", { answer: on.keyPage }, key.list);
  keys.post(
    "createKey",
    "/keys",
    "Create an API key",
    {
      body: on.keyCreate,
      answer: on.keyCreated,
      statuses: [201],
      idempotency: "none",
      description: secret,
      refusals: ["name_taken", "time_invalid"],
    },
    key.create,
  );
  keys.remove("revokeKey", "/keys/:id", "Revoke an API key", { answer: on.key }, key.revoke);

  settings.get(
    "getSettings",
    "/settings",
    "Get the workspace's defaults",
    { answer: on.settings },
    setting.get,
  );
  settings.patch(
    "updateSettings",
    "/settings",
    "Change the workspace's defaults",
    {
      body: on.settingsPatch,
      answer: on.settings,
      refusals: ["line_unknown", "hours_unknown", "retry_policy_unknown", "time_invalid"],
    },
    setting.update,
  );

  dialing.get("getDialing", "/dialing", "Are new calls stopped?", { answer: on.dialing }, dial.get);
  dialing.post(
    "stopDialing",
    "/dialing/stop",
    "Stop all new calls",
    { body: on.dialingStop, answer: on.dialing },
    dial.stop,
  );
  dialing.post(
    "resumeDialing",
    "/dialing/resume",
    "Allow new calls again",
    { body: nothing, answer: on.dialing },
    dial.resume,
  );

  stats.get(
    "getStats",
    "/stats",
    "Counts by status and outcome, and the start delay",
    { answer: on.stats },
    statsHandlers(ports).get,
  );
}

function addEvents(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const events = section(app, "Events", "events");
  const { stream, endAll } = streamHandlers(ports);
  const live = {
    query: of.streamQuery,
    produces: "text/event-stream",
    refusals: ["invalid_cursor"],
  } as const;

  events.get(
    "listEvents",
    "/events",
    "List what happened, oldest first",
    { query: of.eventsQuery, answer: of.eventPage, refusals: ["invalid_cursor"] },
    eventHandlers(ports).list,
  );
  events.get(
    "streamEvents",
    "/events/stream",
    "Follow what happens (server-sent events)",
    { ...live, description: "Goes on after Last-Event-ID, else after the query's after, else from now." },
    stream,
  );
  events.get("stream", "/stream", "The same as /v1/events/stream", live, stream);
  app.addHook("preClose", (done) => {
    endAll();
    done();
  });
}

function addSandbox(app: FastifyInstance, ports: DoorPorts<Engine>): void {
  const sandbox = section(app, "Sandbox", "sandbox");
  const handle = sandboxHandlers(ports);

  sandbox.get(
    "getSandboxClock",
    "/sandbox/clock",
    "What time it is in the sandbox",
    { answer: on.sandboxClock },
    handle.clock,
  );
  sandbox.post(
    "advanceSandboxClock",
    "/sandbox/clock",
    "Move the clock forward, doing what falls due on the way",
    { body: on.clockAdvance, answer: on.sandboxClock, refusals: ["sandbox_only", "time_invalid"] },
    handle.advance,
  );
  sandbox.get(
    "listSandboxNumbers",
    "/sandbox/numbers",
    "Numbers whose behaviour is known",
    { answer: on.sandboxNumbers },
    handle.numbers,
  );
}
