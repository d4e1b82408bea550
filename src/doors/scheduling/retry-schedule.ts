import type { FastifyRequest } from "fastify";

import { type RetryPolicy, defaultRetryPolicy, retryDelayMs } from "../../domain/retry.ts";
import { formatUtc } from "../../domain/zone.ts";
import type { Actor, AttemptView, CallView, Engine } from "../../engine/engine.ts";
import type { CallWindow } from "../../engine/document.ts";
import type { Repetition } from "../../engine/repeat.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { type Kept, door, keptOf } from "./kept.ts";
import { actorOf } from "./owners.ts";
import { refuse } from "./refusals.ts";
import { chainOf, isWaiting, originOf, retryMark, typeOf } from "./retry-chain.ts";
import { type FailureType, failureOfCall, offPeakWindow, ruleOf } from "./retry-rules.ts";
import type { RetryBody } from "./schemas.ts";
import { statusOf } from "./status.ts";

type Ports = DoorPorts<Engine>;

/** The calls of a chain and their dials, oldest first. */
type Chain = { readonly origin: CallView; readonly latest: CallView; readonly dials: readonly AttemptView[] };

export type Made = {
  readonly retryAttemptId: string;
  readonly callLogId: string;
  readonly attemptNumber: number;
  readonly failureType: string;
  readonly scheduledFor: string;
};

/**
 * Schedules a retry: a call like the one that failed, made by the engine like every other. 1. Find the chain. 2. A retry
 * that is planned already is the one that was asked for. 3. Judge the failure. 4. Schedule.
 */
export async function scheduleRetry(ports: Ports, request: FastifyRequest, body: RetryBody): Promise<Made> {
  const { engine, clock } = ports;
  const actor = actorOf(request);
  const chain = await readChain(engine, actor, await originOf(ports, request, body.callLogId));
  const { origin, latest, dials } = chain;
  const number = Math.max(dials.length, 1);
  if (isWaiting(latest) && (dials.length > 0 || latest !== origin)) {
    const planned = body.respectOffPeakHours === true ? await moveOffPeak(ports, actor, latest) : latest;
    return madeOf(body.callLogId, planned, number, typeOf(dials.at(-1)) ?? "none");
  }
  const policy = await policyOf(engine, actor);
  const { type, delayMs } = judge(chain, policy, body.forceRetry === true);
  const retry = { callId: origin.id, attemptId: latest.attemptId, number, failureType: type };
  const kept = { ...keptFor(ports, latest), retry };
  const { call } = await engine.repeatCall(
    actor,
    latest.id,
    changesOf(latest, body, clock.now() + delayMs, kept),
  );
  return madeOf(body.callLogId, call, number, type);
}

async function readChain(engine: Engine, actor: Actor, origin: CallView): Promise<Chain> {
  const calls = [origin, ...(await chainOf(engine, actor, origin))];
  const dials: AttemptView[] = [];
  for (const { id } of calls) dials.push(...(await engine.listAttempts(actor, id)));
  return { origin, latest: calls.at(-1) ?? origin, dials };
}

/** Whether the chain may be dialed once more, and after how long. Throws `INVALID_OPERATION`. */
function judge(
  { latest, dials }: Chain,
  policy: RetryPolicy,
  isForced: boolean,
): { readonly type: FailureType | "none"; readonly delayMs: number } {
  if (latest.endedAt === null)
    throw refuse("INVALID_OPERATION", `Cannot retry call with status: ${statusOf(latest)}.`);
  const type = failureOfCall(latest);
  if (type === "compliance_block")
    throw refuse("INVALID_OPERATION", "The number must not be called: compliance_block is never retried.");
  if (dials.length === 0 || (type === null && !isForced))
    throw refuse("INVALID_OPERATION", "The call was not dialed in vain, so there is nothing to retry.");
  const rule = type === null ? null : ruleOf(policy, type);
  const made = dials.filter((dial) => typeOf(dial) === type).length;
  if (!isForced && rule === null)
    throw refuse("INVALID_OPERATION", `A call that failed by ${type} is never retried.`);
  if (!isForced && rule !== null && made > rule.retries)
    throw refuse("INVALID_OPERATION", `Max attempts reached: ${rule.retries} retries after ${type}.`);
  const shape = rule ?? policy.rules.network_error;
  // A forced retry waits as long as the last one that the rule has.
  const used = Math.min(Math.max(made - 1, 0), Math.max(shape.retries - 1, 0));
  const delayMs = retryDelayMs(shape, used, policy.jitter, seedOf(latest.attemptId ?? latest.id));
  return { type: type ?? "none", delayMs };
}

function changesOf(like: CallView, body: RetryBody, at: number, kept: Kept): Repetition {
  const window = body.respectOffPeakHours === true ? offPeakOf(like, kept.timezone) : like.window;
  const mark = retryMark(kept.retry?.callId ?? like.id);
  return {
    at: formatUtc(at),
    ...(window !== null && { window }),
    metadata: { ...like.metadata, ...body.metadata },
    source: { door, data: kept },
    external_id: mark,
    // Two requests at the same time make one retry.
    dedupe_key: mark,
    on_duplicate: "return",
  };
}

/** Moves a retry that is planned already to the first off-peak instant, if it is not at one. */
async function moveOffPeak(
  { engine, clock, settings }: Ports,
  actor: Actor,
  call: CallView,
): Promise<CallView> {
  const window = offPeakOf(call, settings.scheduling.timezone);
  const at = Math.max(call.dueAt, clock.now());
  const like = { to: call.to, at: formatUtc(at), window, hours: call.hours ?? "always" };
  const { dueAt } = await engine.preview(actor, like);
  return dueAt === at ? call : engine.reschedule(actor, call.id, { at: formatUtc(dueAt) });
}

function offPeakOf(call: CallView, defaultZone: string): CallWindow {
  const window = offPeakWindow(call.window, call.timezone ?? defaultZone);
  if (window !== null) return window;
  throw refuse("INVALID_OPERATION", "The call's business hours and the off-peak hours never meet.");
}

/** What the door keeps with a retry: as with the call before it, which may be another door's. */
function keptFor({ settings }: Ports, call: CallView): Kept {
  const own = keptOf(call);
  if (own !== null) return { ...own, recurring: null };
  const timezone = call.timezone ?? settings.scheduling.timezone;
  return { timezone, respectBusinessHours: call.window !== null, businessHours: null, recurring: null };
}

function madeOf(callLogId: string, call: CallView, attemptNumber: number, failureType: string): Made {
  const scheduledFor = formatUtc(call.dueAt);
  return { retryAttemptId: call.id, callLogId, attemptNumber, failureType, scheduledFor };
}

/** The workspace's own policy, else the built-in table. */
export async function policyOf(engine: Engine, actor: Actor): Promise<RetryPolicy> {
  const policies = await engine.listRetryPolicies(actor);
  return policies.find(({ isDefault }) => isDefault)?.policy ?? defaultRetryPolicy;
}

/** A number out of an id: the same id throws the same dice. */
function seedOf(id: string): number {
  let seed = 0;
  for (const letter of id) seed = (Math.imul(seed, 31) + (letter.codePointAt(0) ?? 0)) | 0;
  return seed;
}
