import type { Checker } from "../checker.ts";

/** I21: each thing about an appointment reaches each address once at most, whatever died or answered nothing meanwhile. */
export const toldOnce: Checker = {
  name: "I21",
  promise: "A client is told each thing about an appointment once.",
  *check({ visits }) {
    const taken = new Map<string, string>();
    for (const { what, visit, kind, startsAt, address, isTaken, at, callId } of visits.tellings) {
      if (!isTaken) continue;
      const key = [visit.external, kind, startsAt, callId === null ? address : ""].join(" ");
      const before = taken.get(key);
      // A call that nobody answered is made again by its own rules, which are judged elsewhere.
      if (before !== undefined && (callId === null || before !== String(callId)))
        yield {
          what: `${what} told ${visit.external} of ${new Date(startsAt).toISOString()} again`,
          at,
          ...(callId !== null && { callId }),
        };
      taken.set(key, callId === null ? what : String(callId));
    }
  },
};
