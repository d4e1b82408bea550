import { refuseField } from "../../domain/refusal.ts";
import { formatUtc, parseDuration } from "../../domain/zone.ts";
import type { Engine } from "../../engine/engine.ts";
import { jobStateOf } from "../../engine/job-state.ts";
import type { QueueView } from "../../engine/queues-api.ts";
import type { DoorPorts } from "../../ports/door.ts";

import type { QueueClean, QueueJson } from "./queue-schemas.ts";
import { instant } from "./render.ts";
import { type Checked, actorOf, wholePage } from "../../ports/http/requests.ts";
import type { ReasonBody } from "./schemas.ts";

/** The handlers of `/v1/queues`: the calls as queues of jobs. */
export function queueHandlers({ engine }: DoorPorts<Engine>) {
  return {
    list: async (request: Checked) => wholePage((await engine.listQueues(actorOf(request))).map(render)),

    get: async (request: Checked) => render(await engine.getQueue(actorOf(request), request.params.id)),

    pause: async (request: Checked<ReasonBody>) => {
      const reason = request.body?.reason ?? "paused by request";
      return render(await engine.pauseQueue(actorOf(request), request.params.id, reason));
    },

    resume: async (request: Checked) => render(await engine.resumeQueue(actorOf(request), request.params.id)),

    clean: async (request: Checked<QueueClean>) => {
      const { state, older_than: age = "0s" } = request.body ?? {};
      const olderThanMs = parseDuration(age);
      if (olderThanMs === undefined)
        throw refuseField("time_invalid", "/older_than", "older_than must be a duration such as 24h.");
      const what = { olderThanMs, ...(state !== undefined && { state }) };
      const { removed, queue } = await engine.cleanQueue(actorOf(request), request.params.id, what);
      return { removed, queue: render(queue) };
    },

    job: async (request: Checked) => {
      const call = await engine.getCall(actorOf(request), request.params.id);
      const state = jobStateOf(call);
      return {
        id: call.id,
        state,
        call_status: call.status,
        queue: call.line.name,
        priority: call.priority,
        attempts_made: call.attempts,
        due_at: formatUtc(call.dueAt),
        processed_at: instant(call.dispatchedAt),
        finished_at: instant(call.dispatchedAt ?? call.endedAt),
        failed_reason: state === "failed" ? [call.reason, call.outcome ?? []].flat().join(": ") : null,
        created_at: formatUtc(call.createdAt),
      };
    },
  };
}

function render(view: QueueView): QueueJson {
  return {
    name: view.name,
    line: view.line,
    paused: view.isPaused,
    paused_reason: view.pausedReason,
    concurrency: view.concurrency,
    counts: view.counts,
  };
}
