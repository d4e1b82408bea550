import type { Actor, CallView, Engine } from "../../engine/engine.ts";

import { keptOf } from "./kept.ts";
import { type Result, retriesOf } from "./retry-chain.ts";

const countedMax = 10_000;
const pageSize = 200;

/** Counts the retries of the newest 10,000 calls, of one owner or of all. The counts add up to `totalRetries`. */
export async function countRetries(engine: Engine, actor: Actor, owner: string | undefined) {
  const counts: Record<Result, number> = {
    pending: 0,
    processing: 0,
    successful: 0,
    failed: 0,
    cancelled: 0,
  };
  const byFailureType: Record<string, number> = {};
  for await (const call of callsOf(engine, actor, owner)) {
    if (call.attempts === 0 && keptOf(call)?.retry === undefined) continue;
    for (const { result, failureReason } of retriesOf(call, await engine.listAttempts(actor, call.id))) {
      counts[result] += 1;
      byFailureType[failureReason] = (byFailureType[failureReason] ?? 0) + 1;
    }
  }
  return {
    totalRetries: Object.values(counts).reduce((sum, count) => sum + count, 0),
    pendingRetries: counts.pending,
    processingRetries: counts.processing,
    successfulRetries: counts.successful,
    failedRetries: counts.failed,
    cancelledRetries: counts.cancelled,
    byFailureType,
  };
}

async function* callsOf(engine: Engine, actor: Actor, owner: string | undefined): AsyncGenerator<CallView> {
  let cursor: string | undefined;
  let read = 0;
  do {
    const page = await engine.listCalls(actor, owner === undefined ? {} : { owner }, {
      limit: pageSize,
      ...(cursor !== undefined && { cursor }),
    });
    yield* page.data;
    read += page.data.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && read < countedMax);
}
