import type { FastifyReply, FastifyRequest } from "fastify";

import { Refusal } from "../../domain/refusal.ts";
import type { RetryPolicy } from "../../domain/retry.ts";
import type { Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { answer, faultsOf } from "./handlers.ts";
import { keptOf } from "./kept.ts";
import { actorOf, callerOf, findCall } from "./owners.ts";
import { refuse, refuseFields } from "./refusals.ts";
import { historyOf, isWaiting, originOf } from "./retry-chain.ts";
import { type FailureType, failureTypes, offPeak, ruleOf } from "./retry-rules.ts";
import { policyOf, scheduleRetry } from "./retry-schedule.ts";
import { countRetries } from "./retry-stats.ts";
import type { CancelBody, RetryBatchBody, RetryBody, RetryStatsQuery } from "./schemas.ts";
import { statusOf } from "./status.ts";

type Ports = DoorPorts<Engine>;
type Params = { Params: { id: string } };

/** The handlers of `/retry`. */
export function retryHandlers(ports: Ports) {
  const { engine, settings } = ports;
  return {
    schedule: async (request: FastifyRequest<{ Body: RetryBody | null }>, reply: FastifyReply) => {
      const made = await scheduleRetry(ports, request, checked(request));
      reply.code(201);
      return answer({ ...made, message: "Retry scheduled successfully" });
    },

    batch: async (request: FastifyRequest<{ Body: RetryBatchBody | null }>) => {
      const { callLogIds, ...options } = checked(request);
      const details = [];
      for (const callLogId of callLogIds)
        details.push(await tryOne(ports, request, { ...options, callLogId }));
      const scheduled = details.filter(({ success }) => success).length;
      return answer({ total: details.length, scheduled, failed: details.length - scheduled, details });
    },

    cancel: async (request: FastifyRequest<Params & { Body: CancelBody | null | undefined }>) => {
      const faults = faultsOf(request);
      if (faults.length > 0) throw refuseFields(faults);
      const call = await findCall(ports, request, request.params.id, request.body?.userId);
      const isRetry = keptOf(call)?.retry !== undefined || call.attempts > 0;
      if (!isRetry || !isWaiting(call))
        throw refuse("INVALID_OPERATION", `No retry of this call is waiting; its status: ${statusOf(call)}.`);
      await engine.cancel(actorOf(request), call.id);
      const message = "Retry cancelled successfully";
      return answer({ retryAttemptId: call.id, status: "cancelled", message });
    },

    history: async (request: FastifyRequest<Params>) => {
      const { id: callLogId } = request.params;
      const retries = await historyOf(engine, actorOf(request), await originOf(ports, request, callLogId));
      return answer({ callLogId, totalRetries: retries.length, retries });
    },

    stats: async (request: FastifyRequest<{ Querystring: RetryStatsQuery }>) => {
      const { actor, owner } = callerOf(request);
      const { userId } = request.query;
      return answer(await countRetries(engine, actor, owner ?? (userId === "" ? undefined : userId)));
    },

    config: async (request: FastifyRequest) => {
      const policy = await policyOf(engine, actorOf(request));
      const { attemptsMax, backoffMs } = settings.scheduling.refusedRetries;
      return answer({
        enabled: true,
        ...Object.fromEntries(failureTypes.map((type) => [type, configOf(policy, type)])),
        jitter: policy.jitter,
        offPeakHours: { ...offPeak, timezone: settings.scheduling.timezone },
        queue: { attempts: attemptsMax, backoffDelay: backoffMs },
      });
    },
  };
}

function checked<T>(request: {
  readonly body: T | null;
  readonly validationError?: FastifyRequest["validationError"];
}): T {
  const faults = faultsOf(request);
  if (request.body === null || faults.length > 0) throw refuseFields(faults);
  return request.body;
}

async function tryOne(ports: Ports, request: FastifyRequest, body: RetryBody) {
  const { callLogId } = body;
  try {
    const { retryAttemptId, scheduledFor } = await scheduleRetry(ports, request, body);
    return { callLogId, success: true as const, retryAttemptId, scheduledFor };
  } catch (error) {
    // The others of the batch go on; what failed on our side fails the request.
    if (error instanceof Refusal && error.status < 500)
      return { callLogId, success: false as const, error: error.message };
    throw error;
  }
}

function configOf(policy: RetryPolicy, type: FailureType) {
  const rule = ruleOf(policy, type);
  return {
    retryable: rule !== null && rule.retries > 0,
    maxAttempts: rule?.retries ?? 0,
    baseDelay: rule?.firstDelayMs ?? 0,
    backoffMultiplier: rule?.factor ?? 1,
  };
}
