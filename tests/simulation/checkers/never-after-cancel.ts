import { afterwards } from "../../../src/programs/appointments/rules.ts";
import type { Checker } from "../checker.ts";
import { reignOf } from "../visit-facts.ts";

const effectMs = 1000;

/** I22: nothing recalls, or confirms, what was canceled, begun or moved away from that time. */
export const neverAfterCancel: Checker = {
  name: "I22",
  promise: "After a cancellation or a move was answered, nobody is told of the appointment as it was.",
  *check({ visits }) {
    for (const { what, visit, kind, startsAt, at, callId } of visits.tellings) {
      if (kind in afterwards) continue;
      const ended = reignOf(visit, startsAt)?.ended ?? null;
      if (ended?.heardAt === undefined || ended.heardAt === null) continue;
      if (at > ended.heardAt + effectMs)
        yield {
          what: `${what} left ${at - ended.heardAt} ms after the ${ended.what} of ${visit.external} was answered`,
          at,
          ...(callId !== null && { callId }),
        };
    }
  },
};
