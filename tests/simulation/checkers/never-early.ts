import type { Checker } from "../checker.ts";

/** I5: nothing rings before its due instant, by the clock that the machine had then. */
export const neverEarly: Checker = {
  name: "I5",
  promise: "Nothing is dialed before it is due.",
  *check({ dials }) {
    for (const { request, attempt, call } of dials) {
      if (attempt !== null && request.wall < attempt.due_at)
        yield {
          what: `${request.attemptId} was dialed ${attempt.due_at - request.wall} ms early`,
          at: request.at,
          callId: call?.id ?? 0,
        };
    }
  },
};
