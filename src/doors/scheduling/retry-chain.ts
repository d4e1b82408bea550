import type { FastifyRequest } from "fastify";

import { formatUtc } from "../../domain/zone.ts";
import type { Actor, AttemptView, CallView, Engine } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";

import { keptOf } from "./kept.ts";
import { actorOf, findCall } from "./owners.ts";
import { instantOf } from "./render.ts";
import { type FailureType, failureOfAttempt } from "./retry-rules.ts";
import type { Status } from "./status.ts";

const chainMax = 200;

/** How a retry by request names the call that it belongs to, where it can be looked up. */
export function retryMark(callId: string): string {
  return `retry:${callId}`;
}

/** The first call of the chain that an attempt's or call's id belongs to. Somebody else's is not found. */
export async function originOf(
  ports: DoorPorts<Engine>,
  request: FastifyRequest,
  callLogId: string,
): Promise<CallView> {
  const isAttempt = callLogId.startsWith("att_");
  const callId = isAttempt ? (await ports.engine.getAttempt(actorOf(request), callLogId)).callId : callLogId;
  const call = await findCall(ports, request, callId, undefined);
  const retried = keptOf(call)?.retry;
  return retried === undefined ? call : await findCall(ports, request, retried.callId, undefined);
}

/** The calls that were made by request to retry one, oldest first. */
export async function chainOf(engine: Engine, actor: Actor, origin: CallView): Promise<readonly CallView[]> {
  const { data } = await engine.listCalls(actor, { externalId: retryMark(origin.id) }, { limit: chainMax });
  return data.toReversed();
}

/** It will be dialed by itself. */
export function isWaiting({ status }: CallView): boolean {
  return status === "scheduled" || status === "queued" || status === "paused";
}

/** The failure that an attempt ended by; null when it reached somebody, or has not ended. */
export function typeOf(attempt: AttemptView | undefined): FailureType | null {
  return attempt === undefined ? null : failureOfAttempt(attempt.outcome, attempt.disposition);
}

export type Retry = {
  readonly _id: string;
  readonly originalCallLogId: string;
  readonly retryCallLogId: string | null;
  readonly attemptNumber: number;
  readonly scheduledFor: string;
  readonly status: Status;
  readonly failureReason: string;
  readonly processedAt: string | null;
  readonly failedAt: string | null;
  /** What the network did with it. */
  readonly outcome: string | null;
};

/** What a retry came to: whether somebody was reached, not only whether a carrier took it. */
export type Result = "pending" | "processing" | "successful" | "failed" | "cancelled";
type Found = Omit<Retry, "attemptNumber" | "originalCallLogId"> & { readonly result: Result };

/** Every retry of a call: those that the engine made or plans by itself, and those that were asked for. */
export async function historyOf(engine: Engine, actor: Actor, origin: CallView): Promise<readonly Retry[]> {
  const found: Found[] = [];
  let originalCallLogId = origin.id;
  for (const call of [origin, ...(await chainOf(engine, actor, origin))]) {
    const attempts = await engine.listAttempts(actor, call.id);
    if (call === origin) originalCallLogId = attempts[0]?.id ?? origin.id;
    found.push(...retriesOf(call, attempts));
  }
  return found.map(({ result: _result, _id, ...retry }, index) => ({
    _id,
    originalCallLogId,
    ...retry,
    attemptNumber: index + 1,
  }));
}

/** The retries that one call is or had. Its dials are retries but for the first; all are, when it was made as a retry. */
export function retriesOf(call: CallView, attempts: readonly AttemptView[]): readonly Found[] {
  const asked = keptOf(call)?.retry;
  const reasonOf = (index: number): string =>
    (index > 0 ? typeOf(attempts[index - 1]) : asked?.failureType) ?? "none";
  const made = attempts
    .map((attempt, index) => dialOf(call, attempt, index, reasonOf(index)))
    .slice(asked === undefined ? 1 : 0);
  const isNext = asked !== undefined || attempts.length > 0;
  const next = isNext && (attempts.length === 0 || typeOf(attempts.at(-1)) !== null) ? planOf(call) : null;
  if (next === null) return made;
  const retryCallLogId = null;
  const rest = { retryCallLogId, processedAt: null, failedAt: null, outcome: null };
  const failureReason = reasonOf(attempts.length);
  return [...made, { _id: call.id, scheduledFor: formatUtc(call.dueAt), failureReason, ...rest, ...next }];
}

function dialOf(call: CallView, attempt: AttemptView, index: number, failureReason: string): Found {
  const hasEnded = attempt.status === "ended";
  const isTaken = attempt.acceptedAt !== null || (hasEnded && typeOf(attempt) === null);
  return {
    _id: index === 0 ? call.id : attempt.id,
    retryCallLogId: attempt.id,
    scheduledFor: formatUtc(attempt.dueAt),
    status: isTaken ? "completed" : hasEnded ? "failed" : "processing",
    failureReason,
    processedAt: instantOf(attempt.placingAt),
    failedAt: hasEnded && typeOf(attempt) !== null ? instantOf(attempt.endedAt) : null,
    outcome: attempt.outcome,
    result: hasEnded ? (typeOf(attempt) === null ? "successful" : "failed") : "processing",
  };
}

/** The dial that a call still waits for, or was kept from; null when it is being dialed, or nothing more was planned. */
function planOf(call: CallView): { readonly status: Status; readonly result: Result } | null {
  if (isWaiting(call)) return { status: "pending", result: "pending" };
  if (call.status === "canceled" || call.status === "skipped")
    return { status: "cancelled", result: "cancelled" };
  return call.status === "expired" ? { status: "failed", result: "failed" } : null;
}
