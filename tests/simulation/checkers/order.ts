import type { Report } from "../../../src/domain/report.ts";
import type { Checker } from "../checker.ts";

/** I3: the next attempt is claimed only once the one before it is known to be over, and truly is. */
export const order: Checker = {
  name: "I3",
  promise: "A call's next attempt starts only after the one before is known to have ended.",
  *check({ history, attemptsOf, reportsOf, dialsOf, ledgerOf }) {
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
        const endKnownAt = (reportsOf.get(attempt.id) ?? [])
          .filter((row) => (JSON.parse(row.body) as Report).kind === "ended")
          .reduce((first, row) => Math.min(first, row.received_at), Infinity);
        if (endKnownAt > next.claimed_at && !isDecided)
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
