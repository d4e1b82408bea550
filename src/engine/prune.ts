import type { Tx } from "../ports/store.ts";
import type { Context } from "./context.ts";
import { pruneDeliveries } from "./deliveries.ts";
import { houseParts } from "./house-parts.ts";
import { transact } from "./program-tx.ts";

const everyMs = 3_600_000;
/** What programs keep grows old by the day. */
const programsEveryMs = 24 * everyMs;
const page = 200;
const chainMax = 100;
/** A transaction is tried again for seconds; its mark is of use for as long. */
const marksKeptMs = 86_400_000;
/** Counters of hours matter for one hour; they are kept a little longer for whoever looks at what happened. */
const spansKeptMs = 7 * 86_400_000;

/** The duty that removes what is older than it is kept: ended calls with all that belongs to them, old keys and nodes. */
export function makePrune(context: Context): () => Promise<number> {
  let prunedAt = -Infinity;
  return async () => {
    const now = context.clock.now();
    const { statements } = context.store;
    const removed = await pruneCalls(context, now - context.tuning.keepCallsMs);
    const more = await pruneDeliveries(context, now - context.tuning.keepDeliveriesMs, 10 * page);
    const full = await context.store.run("prune keys", function* () {
      const series = yield* statements.series.removeEnded({
        before: now - context.tuning.keepCallsMs,
        limit: page,
      });
      yield* statements.occurrences.removeOf(series.map(({ id }) => ({ series_id: id })));
      const slots = yield* statements.occurrences.removeBefore({
        before: now - context.tuning.keepCallsMs,
        limit: page,
      });
      const keys = yield* statements.idempotency.removeBefore({
        before: now - context.tuning.keepIdempotencyMs,
        limit: page,
      });
      const runs = yield* statements.jobRuns.removeBefore({
        before: now - context.tuning.keepJobRunsMs,
        limit: page,
      });
      yield* statements.suppressions.removeExpired({ now });
      yield* statements.people.forget({ before: now - context.tuning.keepCallsMs });
      yield* statements.nodes.forget({ before: now - context.tuning.keepCallsMs });
      const beforeHour = Math.floor((now - spansKeptMs) / everyMs);
      yield* statements.live.forgetBlocks({ before_hour: beforeHour });
      yield* statements.money.forgetHours({ before_hour: beforeHour });
      const entries = yield* statements.ledger.removeBefore({
        before: now - context.tuning.keepCallsMs,
        limit: 10 * page,
      });
      return (
        slots.length === page ||
        series.length === page ||
        keys.length === page ||
        runs.length === page ||
        entries.length === 10 * page
      );
    });
    const isTurn = Math.abs(now - prunedAt) >= programsEveryMs;
    const morePrograms = isTurn && (await prunePrograms(context, now));
    if (isTurn && !morePrograms) prunedAt = now;
    return full || more || morePrograms || removed === page ? now + 50 : now + everyMs;
  };
}

/** What programs keep goes as old as calls do. True when there may be more. */
async function prunePrograms(context: Context, now: number): Promise<boolean> {
  const { programMarks } = context.store.statements;
  let full = false;
  const marks = await context.store.run("prune marks", () =>
    programMarks.removeBefore({ before: now - marksKeptMs, limit: page }),
  );
  full ||= marks.length === page;
  const before = now - context.tuning.keepCallsMs;
  for (const [name, { prune }] of context.programs.plugged) {
    if (prune === undefined) continue;
    for (const workspaceId of context.book.workspaces.keys()) {
      const actor = { workspaceId, name };
      const removed = await transact(context, houseParts(context), `${name}: prune`, actor, {}, (tx) =>
        prune(tx, before),
      );
      full ||= removed >= page;
    }
  }
  return full;
}

async function pruneCalls(context: Context, before: number): Promise<number> {
  const { statements } = context.store;
  const ended = await context.store.read("look for old calls", () =>
    statements.calls.ended({ before, after_id: 0, limit: page }),
  );
  if (ended.length === 0) return 0;
  await context.store.run("prune calls", function* (): Tx<void> {
    const attempts: { id: number }[] = [];
    for (const call of ended) {
      let id = call.attempt_id;
      for (let step = 0; id !== null && step < chainMax; step += 1) {
        attempts.push({ id });
        const [row]: { previous_id: number | null }[] = yield* statements.attempts.byIds([{ id }]);
        id = row?.previous_id ?? null;
      }
    }
    yield* statements.reports.remove(attempts.map(({ id }) => ({ attempt_id: id })));
    yield* statements.money.removeCharges(attempts.map(({ id }) => ({ attempt_id: id })));
    yield* statements.attempts.remove(attempts);
    yield* statements.documents.remove(ended.map(({ id }) => ({ call_id: id })));
    yield* statements.calls.remove(ended.map(({ id }) => ({ id })));
  });
  return ended.length;
}
