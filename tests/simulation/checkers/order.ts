import type { Checker } from "../checker.ts";
import { chainOf } from "./accountability.ts";

/** What an attempt's end is told as. */
const ends = new Set([
  "call.retry_planned",
  "call.released",
  "call.completed",
  "call.failed",
  "call.needs_review",
  "call.corrected",
]);

/** I3: the next attempt is claimed only once the one before it is known to be over, and truly is. */
export const order: Checker = {
  name: "I3",
  promise: "A call's next attempt starts only after the one before is known to have ended.",
  *check({ history, calls, attemptsOf, dialsOf, ledgerOf }) {
    const most = history.plan.fastRetries ? 6 : 8;
    for (const [callId, dials] of dialsOf) {
      if (dials.length > most)
        yield { what: `was dialed ${dials.length} times, its policy allows ${most}`, callId };
    }
    for (const [callId, attempts] of attemptsOf) {
      const inOrder = attempts.toSorted((a, b) => a.id - b.id);
      for (const [index, attempt] of inOrder.entries()) {
        const next = inOrder[index + 1];
        if (next === undefined) continue;
        if (next.previous_id !== attempt.id)
          yield { what: `attempt ${next.id} does not follow ${attempt.id}`, callId };
        // A person who reschedules a call under review has decided that its attempt is over.
        const isDecided = (ledgerOf.get(callId) ?? []).some(
          (row) =>
            row.actor !== null &&
            row.type === "call.rescheduled" &&
            row.at <= next.claimed_at &&
            row.at >= attempt.claimed_at,
        );
        // Told by the order of the call's history: the clock may have been set back in between. The newest comes first.
        const chain = chainOf(calls.get(callId)?.ledger_head ?? 0, ledgerOf.get(callId) ?? []);
        const dialed = chain.findIndex((row) => row.type === "call.dialing" && row.attempt_id === next.id);
        const isOver = chain
          .slice(dialed + 1)
          .some((row) => row.attempt_id === attempt.id && ends.has(row.type));
        if (!isOver && !isDecided)
          yield {
            what: `attempt ${next.number} was claimed before ${attempt.number} was known to be over`,
            callId,
          };
        for (const dial of dialsOf.get(callId) ?? []) {
          const following = (dialsOf.get(callId) ?? []).find((one) => one.attempt?.id === next.id);
          if (
            dial.attempt?.id === attempt.id &&
            following !== undefined &&
            dial.witness.endedAt > following.witness.acceptedAt
          )
            yield {
              what: `attempt ${attempt.number} was alive when ${next.number} was dialed`,
              callId,
              at: dial.witness.endedAt,
            };
        }
      }
    }
  },
};
