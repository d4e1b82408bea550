import type { Checker } from "../checker.ts";

/** What was claimed before the clock jumped may still leave; then nothing does until the clock has been steady. */
const claimedBeforeMs = 2100;
const steadyMs = 29_000;
const jumpMs = 1000;

/** I19: after a jump of the clock nothing is dialed for half a minute. */
export const clockFence: Checker = {
  name: "I19",
  promise: "After a jump of the clock nothing is dialed until it has been steady for half a minute.",
  *check({ history, dials }) {
    for (const step of history.steps) {
      if (Math.abs(step.ms) <= jumpMs || !step.isWrong) continue;
      for (const { request, call } of dials) {
        const sinceMs = request.at - step.at;
        if (request.incarnation === step.incarnation && sinceMs > claimedBeforeMs && sinceMs < steadyMs)
          yield {
            what: `${request.attemptId} was dialed ${sinceMs} ms after the clock jumped by ${step.ms} ms`,
            at: request.at,
            callId: call?.id ?? 0,
          };
      }
    }
  },
};
