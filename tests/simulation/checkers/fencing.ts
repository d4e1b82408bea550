import type { Checker } from "../checker.ts";

/** I12: only the process that claimed an attempt, while it owned it, sends its request. */
export const fencing: Checker = {
  name: "I12",
  promise: "Only the owner of an attempt sends its request, before its deadline and inside its fence.",
  *check({ dials, history }) {
    for (const { request, attempt, call } of dials) {
      if (attempt === null) continue;
      const callId = call?.id ?? 0;
      const life = history.lives.filter((one) => one.number === request.incarnation);
      const startedAt = life.find((one) => one.event === "start")?.at ?? 0;
      const hasSteppedClock = history.plan.classes.includes("clock");
      if (attempt.claimed_at < startedAt && !hasSteppedClock)
        yield { what: `${request.attemptId} was claimed by a process that is gone`, at: request.at, callId };
      if (attempt.placing_at === null)
        yield { what: `${request.attemptId} was sent without a fence`, at: request.at, callId };
      if (request.wall >= attempt.deadline_at)
        yield {
          what: `${request.attemptId} was sent ${request.wall - attempt.deadline_at} ms after its deadline`,
          at: request.at,
          callId,
        };
    }
  },
};
