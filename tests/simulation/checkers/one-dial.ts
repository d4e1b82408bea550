import type { Checker } from "../checker.ts";

/** I2: an attempt reaches the network once at most, and a call never has two dials alive at once. */
export const oneDial: Checker = {
  name: "I2",
  promise: "An attempt is dialed at most once, and never two at once for one call.",
  *check({ history, dials, dialsOf }) {
    const requested = new Map<string, number>();
    for (const { attemptKey } of history.requests)
      requested.set(attemptKey, (requested.get(attemptKey) ?? 0) + 1);
    for (const [key, count] of requested) {
      if (count > 1) {
        const dial = dials.find((one) => one.witness.attemptKey === key);
        yield {
          what: `attempt ${dial?.request.attemptId ?? key} was requested ${count} times`,
          ...(dial === undefined ? {} : { at: dial.request.at, callId: dial.call?.id ?? 0 }),
        };
      }
    }
    for (const [callId, own] of dialsOf) {
      const inOrder = own.toSorted((a, b) => a.witness.acceptedAt - b.witness.acceptedAt);
      for (const [index, dial] of inOrder.entries()) {
        const next = inOrder[index + 1];
        if (next !== undefined && next.witness.acceptedAt < dial.witness.endedAt)
          yield {
            what: `${next.request.attemptId} was dialed while ${dial.request.attemptId} was alive until ${dial.witness.endedAt}`,
            at: next.witness.acceptedAt,
            callId,
          };
      }
    }
    for (const dial of dials) {
      if (dial.attempt === null || dial.call === null)
        yield {
          what: `${dial.request.attemptId} was dialed without a stored intent`,
          at: dial.witness.acceptedAt,
        };
    }
  },
};
