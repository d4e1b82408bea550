import type { Actor, Engine, EventView } from "../../engine/engine.ts";
import type { DoorPorts } from "../../ports/door.ts";
import type { Log } from "../../ports/log.ts";

import { keptOf } from "./kept.ts";

const batch = 200;
const lookedAt = 200;

export type QueueLog = {
  /** Logs what happens in the actor's workspace from now on. The second time it does nothing. */
  follow(actor: Actor): void;
  /** Follows the workspace if its newest calls were made at this door. */
  followIfUsed(actor: Actor): Promise<void>;
  stop(): void;
};

/**
 * Says in the log what becomes of jobs, as the service's queue did: waiting, started, completed, failed, stalled. It reads
 * the ledger, one batch at a time, only in workspaces where the door is used.
 */
export function openQueueLog({ engine, log }: Pick<DoorPorts<Engine>, "engine" | "log">): QueueLog {
  const followers = new Map<number, () => void>();
  let isStopped = false;
  const follow = (actor: Actor): void => {
    if (isStopped || followers.has(actor.workspaceId)) return;
    followers.set(actor.workspaceId, followLedger(engine, actor, log));
  };
  return {
    follow,
    async followIfUsed(actor) {
      try {
        const { data } = await engine.listCalls(actor, {}, { limit: lookedAt });
        if (data.some((call) => keptOf(call) !== null)) follow(actor);
      } catch (error) {
        // The first request to the door begins it as well.
        log.warn("could not look for calls of the scheduling service", { error: error as Error });
      }
    },
    stop() {
      isStopped = true;
      for (const end of followers.values()) end();
      followers.clear();
    },
  };
}

/** Reads the ledger after each of its changes; gives the way to end that. */
function followLedger(engine: Engine, actor: Actor, log: Log): () => void {
  let cursor: string | null = null;
  let isReading = false;
  let isWoken = true;
  let isEnded = false;
  const readOn = async (): Promise<void> => {
    while (isWoken && !isEnded) {
      isWoken = false;
      cursor ??= await engine.newestCursor(actor);
      const read = await engine.listEvents(actor, cursor, batch, types);
      cursor = read.cursor;
      for (const event of read.data) say(log, event);
      if (read.data.length === batch) isWoken = true;
    }
  };
  const wake = (): void => {
    isWoken = true;
    if (isReading || isEnded) return;
    isReading = true;
    readOn()
      // The log is for people: what could not be read for it is read with the next change, or stays unsaid.
      .catch((error: unknown) =>
        log.warn("could not read what happened for the log of the queue", { error: error as Error }),
      )
      .finally(() => {
        isReading = false;
      });
  };
  const leave = engine.onEvents(wake);
  wake();
  return () => {
    isEnded = true;
    leave();
  };
}

const sentences = {
  "call.scheduled": ["debug", "job waiting"],
  "call.moved": ["info", "job moved"],
  "call.rescheduled": ["info", "job rescheduled"],
  "call.dialing": ["info", "job started"],
  "call.dispatched": ["info", "job completed"],
  "call.retry_planned": ["info", "job planned again"],
  "call.canceled": ["info", "job cancelled"],
  "call.failed": ["error", "job failed"],
  "call.expired": ["error", "job failed"],
  "call.needs_review": ["error", "job failed"],
  "call.unconfirmed": ["warn", "job stalled"],
} as const satisfies Readonly<Record<string, readonly ["debug" | "info" | "warn" | "error", string]>>;
const types: readonly string[] = Object.keys(sentences);

function say(log: Log, { type, callId, attemptId, reason, at, data }: EventView): void {
  const [level, sentence] = sentences[type as keyof typeof sentences];
  const { due_at, outcome, detail, attempt } = data;
  log[level](sentence, {
    job: callId,
    at,
    ...(attemptId !== null && { attempt_id: attemptId }),
    ...(reason !== null && { reason }),
    ...plain({ due_at, outcome, detail, attempt }),
  });
}

function plain(fields: Readonly<Record<string, unknown>>): Record<string, string | number> {
  const entries = Object.entries(fields).filter(
    (entry): entry is [string, string | number] =>
      typeof entry[1] === "string" || typeof entry[1] === "number",
  );
  return Object.fromEntries(entries);
}
